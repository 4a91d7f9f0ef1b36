//! A database per test: an SQLite file, or a database in a PostgreSQL cluster that lives as long as this
//! test process.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use tempfile::TempDir;

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
        let mut admin = AsyncPgConnection::establish(&url(cluster, "postgres"))
            .await
            .unwrap();
        admin
            .batch_execute(&format!("CREATE DATABASE {name}"))
            .await
            .unwrap();
        Self {
            url: url(cluster, &name),
            _folder: None,
        }
    }

    /// While others use it. PostgreSQL only.
    pub async fn drop(&self) {
        let (_, name) = self.url.rsplit_once('/').unwrap();
        let cluster = tokio::task::spawn_blocking(cluster).await.unwrap();
        let mut admin = AsyncPgConnection::establish(&url(cluster, "postgres"))
            .await
            .unwrap();
        admin
            .batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)"))
            .await
            .unwrap();
    }
}

/// Through a unix socket, whose folder takes the place of the host.
fn url(cluster: &Path, database: &str) -> String {
    let host = cluster.display().to_string().replace('/', "%2F");
    format!("postgres://postgres@{host}/{database}")
}

/// The folder with the cluster's socket.
fn cluster() -> &'static Path {
    static CLUSTER: OnceLock<PathBuf> = OnceLock::new();
    CLUSTER.get_or_init(start_cluster)
}

fn start_cluster() -> PathBuf {
    let (initdb, postgres) = (program("initdb"), program("postgres"));
    // Short, because the path of a unix socket may have 107 bytes.
    let folder = PathBuf::from(format!("/tmp/izin-pg-{}", std::process::id()));
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
    // The shell waits for the end of our pipe: whenever and however this process ends, the cluster does too.
    let serve = format!(
        "{} -D data -k {folder} -c listen_addresses= -c fsync=off -c synchronous_commit=off \
         -c full_page_writes=off -c max_connections=300 > log 2>&1 & server=$!; \
         cat; kill -QUIT $server; wait $server; cd /; rm -rf {folder}",
        postgres.display(),
        folder = folder.display(),
    );
    #[expect(
        clippy::zombie_processes,
        reason = "it outlives every test and ends with this process"
    )]
    let mut child = shell(&folder, &serve)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    // Held open until the process ends.
    std::mem::forget(child.stdin.take());
    wait_until_ready(&folder);
    folder
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
