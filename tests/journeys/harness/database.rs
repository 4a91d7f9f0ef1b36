//! A database per test: an SQLite file, or a database in a PostgreSQL cluster that lives as long as this
//! test process. Stories that stop PostgreSQL have a cluster of their own.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use tempfile::TempDir;

use super::{Proxy, Upstream};

pub struct Database {
    pub url: String,
    /// Keeps the file while the test runs.
    _folder: Option<TempDir>,
}

impl Database {
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("izin.db").display());
        Self {
            url,
            _folder: Some(folder),
        }
    }

    pub async fn postgres() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let cluster = tokio::task::spawn_blocking(cluster).await.unwrap();
        let name = format!("t{}", COUNT.fetch_add(1, Ordering::Relaxed));
        cluster.create(&name).await;
        Self {
            url: cluster.url(&name),
            _folder: None,
        }
    }

    /// PostgreSQL at the other end of a proxy.
    pub async fn behind_a_proxy() -> (Self, Proxy) {
        let direct = Self::postgres().await;
        let cluster = tokio::task::spawn_blocking(cluster).await.unwrap();
        let proxy = Proxy::before([Upstream::Unix(cluster.socket())]).await;
        let (_, name) = direct.url.rsplit_once('/').unwrap();
        let url = format!("postgres://postgres@{}/{name}", proxy.address);
        let behind = Self { url, _folder: None };
        (behind, proxy)
    }

    /// While others use it. PostgreSQL only.
    pub async fn drop(&self) {
        let (_, name) = self.url.rsplit_once('/').unwrap();
        let cluster = tokio::task::spawn_blocking(cluster).await.unwrap();
        let sql = format!("DROP DATABASE {name} WITH (FORCE)");
        cluster.tells(&sql).await;
    }
}

/// The cluster that all stories share.
fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| Cluster::start(Commits::MayBeLost))
}

/// What PostgreSQL does about commits when it is stopped without warning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Commits {
    /// Faster, for stories in which PostgreSQL stays.
    MayBeLost,
    /// As in production, but for a power cut: nothing waits for the disk.
    Stand,
}

/// PostgreSQL, on a unix socket only, until this process ends.
pub struct Cluster {
    folder: PathBuf,
    commits: Commits,
    server: Child,
}

impl Cluster {
    pub fn start(commits: Commits) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        // Short, because the path of a unix socket may have 107 bytes.
        let folder = PathBuf::from(format!("/tmp/izin-pg-{}-{count}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let init = format!(
            "{} -D data -U postgres -A trust -E UTF8 --no-locale -N > init.log 2>&1",
            program("initdb").display()
        );
        let initialised = shell(&folder, &init).status().unwrap().success();
        assert!(
            initialised,
            "initdb failed, see {}/init.log",
            folder.display()
        );
        let server = serve(&folder, commits);
        Self {
            folder,
            commits,
            server,
        }
    }

    /// A database of its own.
    pub async fn create(&self, name: &str) {
        self.tells(&format!("CREATE DATABASE {name}")).await;
    }

    /// Through the unix socket, whose folder takes the place of the host.
    pub fn url(&self, database: &str) -> String {
        let host = self.folder.display().to_string().replace('/', "%2F");
        format!("postgres://postgres@{host}/{database}")
    }

    /// PostgreSQL's own name for it.
    pub fn socket(&self) -> PathBuf {
        self.folder.join(".s.PGSQL.5432")
    }

    /// As its superuser, beside whoever uses it.
    pub async fn tells(&self, sql: &str) {
        self.tells_in("postgres", sql).await;
    }

    /// In one of its databases.
    pub fn tells_in<'a>(&self, database: &str, sql: &'a str) -> impl Future<Output = ()> + use<'a> {
        let url = self.url(database);
        async move {
            let mut admin = AsyncPgConnection::establish(&url).await.unwrap();
            admin.batch_execute(sql).await.unwrap();
        }
    }

    /// As `pg_ctl stop -m immediate`: every connection ends, and nothing is written down.
    pub fn stops_immediately(&mut self) {
        let mut orders = self.server.stdin.take().unwrap();
        orders.write_all(b"again\n").unwrap();
        self.server.wait().unwrap();
    }

    /// After [`Self::stops_immediately`]: it recovers, and is ready when this returns.
    pub fn starts_again(&mut self) {
        self.server = serve(&self.folder, self.commits);
    }
}

fn serve(folder: &Path, commits: Commits) -> Child {
    let settings = match commits {
        Commits::MayBeLost => "-c synchronous_commit=off -c full_page_writes=off",
        Commits::Stand => "",
    };
    // The shell waits for a word or for the end of our pipe: whenever and however this process ends, the cluster does too.
    let serve = format!(
        "{} -D data -k {folder} -c listen_addresses= -c fsync=off {settings} \
         -c max_connections=300 >> log 2>&1 & server=$!; \
         read -r again; kill -QUIT $server; wait $server; [ -n \"$again\" ] || {{ cd /; rm -rf {folder}; }}",
        program("postgres").display(),
        folder = folder.display(),
    );
    let child = shell(folder, &serve).stdin(Stdio::piped()).spawn().unwrap();
    wait_until_ready(folder);
    child
}

/// An open socket is not readiness: the eighth line of postmaster.pid says so.
fn wait_until_ready(folder: &Path) {
    let status = folder.join("data/postmaster.pid");
    for _ in 0..2_000 {
        let ready = std::fs::read_to_string(&status).is_ok_and(|text| {
            text.lines()
                .nth(7)
                .is_some_and(|line| line.trim() == "ready")
        });
        if ready {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("PostgreSQL did not start, see {}/log", folder.display());
}

/// PostgreSQL refuses to run as root: then it runs as nobody.
fn shell(folder: &Path, script: &str) -> Command {
    let root = Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|id| id.stdout == b"0\n");
    let mut command = if root {
        let owned = Command::new("chown")
            .arg("-R")
            .arg("nobody")
            .arg(folder)
            .status();
        assert!(owned.unwrap().success(), "chown failed");
        let mut command = Command::new("setpriv");
        command.args(["--reuid=nobody", "--clear-groups", "sh"]);
        command
    } else {
        Command::new("sh")
    };
    command.arg("-c").arg(script).current_dir(folder);
    command
}

fn program(name: &str) -> PathBuf {
    let configured = std::env::var_os("PG_BIN").map(PathBuf::from);
    let debian = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let path = std::env::var_os("PATH").unwrap_or_default();
    configured
        .into_iter()
        .chain(debian.map(|version| version.path().join("bin")))
        .chain(std::env::split_paths(&path))
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
        .unwrap_or_else(|| panic!("{name} is missing: ./test installs PostgreSQL, or set PG_BIN"))
}
