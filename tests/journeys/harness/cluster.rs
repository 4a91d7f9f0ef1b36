//! A PostgreSQL of our own, from the programs on this machine.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};

/// Settings for stories in which PostgreSQL stops: what it has committed stands, as in production, but for a power cut.
pub const COMMITS_STAND: &str = "-c synchronous_commit=on -c full_page_writes=on";

/// Lives until it is dropped, and no longer than this process. On a unix socket only, unless its settings say otherwise.
pub struct Cluster {
    pub folder: PathBuf,
    settings: String,
    server: Child,
}

impl Cluster {
    /// `prepare` may put files into the cluster's folder and change what is in its `data`, before it starts with `settings`. By default
    /// nothing waits for the disk, so that commits may be lost when it is stopped without warning.
    pub fn start(name: &str, prepare: impl FnOnce(&Path), settings: &str) -> Self {
        // Short, because the path of a unix socket may have 107 bytes. TMPDIR decides where.
        let folder = format!("izin-pg-{}-{name}", std::process::id());
        let folder = std::env::temp_dir().join(folder);
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
        prepare(&folder);
        let server = serve(&folder, settings);
        Self {
            folder,
            settings: settings.to_owned(),
            server,
        }
    }

    /// Through the unix socket.
    pub fn url(&self, user: &str, database: &str) -> String {
        // Its folder takes the place of the host.
        let host = self.folder.display().to_string().replace('/', "%2F");
        format!("postgres://{user}@{host}/{database}")
    }

    /// A database of its own.
    pub async fn create(&self, name: &str) {
        self.tells(&format!("CREATE DATABASE {name}")).await;
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
        let url = self.url("postgres", database);
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
        self.server = serve(&self.folder, &self.settings);
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.server.stdin.take());
        let _ = self.server.wait();
    }
}

fn serve(folder: &Path, settings: &str) -> Child {
    // The shell waits for a word or for the end of our pipe: whenever and however this process ends, the cluster does too.
    let serve = format!(
        "{} -D data -k {folder} -c listen_addresses= -c fsync=off -c synchronous_commit=off -c full_page_writes=off \
         -c max_connections=300 {settings} >> log 2>&1 & server=$!; \
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
