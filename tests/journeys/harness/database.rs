//! A database per test: an SQLite file, or a database in a PostgreSQL cluster that lives as long as this
//! test process.

use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use tempfile::TempDir;

pub struct Database {
    pub url: String,
    /// Of whoever owns the tables, if that is not the user of `url`.
    pub owner_url: Option<String>,
    /// Keeps the file while the test runs.
    _folder: Option<TempDir>,
}

impl Database {
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("izin.db").display());
        Self {
            url,
            owner_url: None,
            _folder: Some(folder),
        }
    }

    /// That is there already, and stays.
    pub fn at(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            owner_url: None,
            _folder: None,
        }
    }

    pub async fn postgres() -> Self {
        let (cluster, name) = Self::new_name().await;
        execute(cluster, &format!("CREATE DATABASE {name}")).await;
        Self {
            url: url(cluster, "postgres", &name),
            owner_url: None,
            _folder: None,
        }
    }

    /// With one role that owns the database and one that may only connect to it.
    pub async fn with_roles() -> Self {
        let (cluster, name) = Self::new_name().await;
        let (owner, service) = (format!("{name}_owner"), format!("{name}_service"));
        for statement in [
            format!("CREATE ROLE {owner} LOGIN"),
            format!("CREATE ROLE {service} LOGIN"),
            format!("CREATE DATABASE {name} OWNER {owner}"),
        ] {
            execute(cluster, &statement).await;
        }
        Self {
            url: url(cluster, &service, &name),
            owner_url: Some(url(cluster, &owner, &name)),
            _folder: None,
        }
    }

    /// All transactions are of that level where nothing else is said. PostgreSQL only.
    pub async fn isolated(self, level: &str) -> Self {
        let name = self.name();
        let cluster = tokio::task::spawn_blocking(cluster).await.unwrap();
        let set = format!("ALTER DATABASE {name} SET default_transaction_isolation = '{level}'");
        execute(cluster, &set).await;
        self
    }

    /// As a superuser. PostgreSQL only.
    pub async fn admin(&self) -> AsyncPgConnection {
        let cluster = tokio::task::spawn_blocking(cluster).await.unwrap();
        let url = url(cluster, "postgres", self.name());
        AsyncPgConnection::establish(&url).await.unwrap()
    }

    /// What the server said of it so far. PostgreSQL only.
    pub fn log(&self) -> String {
        let log = std::fs::read_to_string(cluster().join("log")).unwrap();
        let ours = format!("<{}>", self.name());
        log.lines().filter(|line| line.starts_with(&ours)).collect()
    }

    fn name(&self) -> &str {
        self.url.rsplit_once('/').unwrap().1
    }

    async fn new_name() -> (&'static Path, String) {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let cluster = tokio::task::spawn_blocking(cluster).await.unwrap();
        (
            cluster,
            format!("t{}", COUNT.fetch_add(1, Ordering::Relaxed)),
        )
    }

    /// While others use it. PostgreSQL only.
    pub async fn drop(&self) {
        let cluster = tokio::task::spawn_blocking(cluster).await.unwrap();
        let name = self.name();
        execute(cluster, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
    }
}

async fn execute(cluster: &Path, statement: &str) {
    let url = url(cluster, "postgres", "postgres");
    let mut admin = AsyncPgConnection::establish(&url).await.unwrap();
    admin.batch_execute(statement).await.unwrap();
}

/// Through a unix socket, whose folder takes the place of the host.
pub fn url(cluster: &Path, user: &str, database: &str) -> String {
    let host = cluster.display().to_string().replace('/', "%2F");
    format!("postgres://{user}@{host}/{database}")
}

/// The folder with the socket of the cluster that all tests share.
fn cluster() -> &'static Path {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    &CLUSTER
        .get_or_init(|| {
            Cluster::start(
                "all",
                |_| (),
                "-c listen_addresses= -c log_line_prefix='<%d>'",
            )
        })
        .folder
}

/// Lives until it is dropped, and no longer than this process.
pub struct Cluster {
    pub folder: PathBuf,
    _ends_with_it: ChildStdin,
}

impl Cluster {
    /// `prepare` may put files into the cluster's folder and change what is in its `data`, before it starts with such settings.
    pub fn start(name: &str, prepare: impl FnOnce(&Path), settings: &str) -> Self {
        let (initdb, postgres) = (program("initdb"), program("postgres"));
        // Short, because the path of a unix socket may have 107 bytes. TMPDIR decides where.
        let folder = format!("izin-pg-{}-{name}", std::process::id());
        let folder = std::env::temp_dir().join(folder);
        std::fs::create_dir_all(&folder).unwrap();
        let init = format!(
            "{} -D data -U postgres -A trust -E UTF8 --no-locale -N > init.log 2>&1",
            initdb.display()
        );
        let initialised = shell(&folder, &init).status().unwrap().success();
        assert!(
            initialised,
            "initdb failed, see {}/init.log",
            folder.display()
        );
        prepare(&folder);
        // The shell waits for the end of our pipe: whenever and however this process ends, the cluster does too.
        let serve = format!(
            "{} -D data -k {folder} -c fsync=off -c synchronous_commit=off \
             -c full_page_writes=off -c max_connections=300 {settings} > log 2>&1 & server=$!; \
             cat; kill -QUIT $server; wait $server; cd /; rm -rf {folder}",
            postgres.display(),
            folder = folder.display(),
        );
        #[expect(
            clippy::zombie_processes,
            reason = "it ends with the pipe, at the latest with this process"
        )]
        let mut child = shell(&folder, &serve)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        wait_until_ready(&folder);
        Self {
            folder,
            _ends_with_it: child.stdin.take().unwrap(),
        }
    }
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
