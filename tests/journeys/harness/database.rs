//! A database per test: an SQLite file, or a database in a PostgreSQL cluster that lives as long as this test process. Stories that stop
//! PostgreSQL have a cluster of their own.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use diesel_async::{AsyncConnection, AsyncPgConnection};
use tempfile::TempDir;

use super::{Cluster, Proxy, Upstream};

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
            _folder: Some(folder),
            ..Self::at(&url)
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
        cluster.create(&name).await;
        Self::at(&cluster.url("postgres", &name))
    }

    /// PostgreSQL at the other end of a proxy.
    pub async fn behind_a_proxy() -> (Self, Proxy) {
        let (cluster, name) = Self::new_name().await;
        cluster.create(&name).await;
        let proxy = Proxy::before([Upstream::Unix(cluster.socket())]).await;
        let url = format!("postgres://postgres@{}/{name}", proxy.address);
        (Self::at(&url), proxy)
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
            cluster.tells(&statement).await;
        }
        Self {
            owner_url: Some(cluster.url(&owner, &name)),
            ..Self::at(&cluster.url(&service, &name))
        }
    }

    /// All transactions are of that level where nothing else is said. PostgreSQL only.
    pub async fn isolated(self, level: &str) -> Self {
        let name = self.name();
        let set = format!("ALTER DATABASE {name} SET default_transaction_isolation = '{level}'");
        shared().await.tells(&set).await;
        self
    }

    /// As a superuser. PostgreSQL only.
    pub async fn admin(&self) -> AsyncPgConnection {
        let url = shared().await.url("postgres", self.name());
        AsyncPgConnection::establish(&url).await.unwrap()
    }

    /// While others use it. PostgreSQL only.
    pub async fn drop(&self) {
        let drop = format!("DROP DATABASE {} WITH (FORCE)", self.name());
        shared().await.tells(&drop).await;
    }

    /// What the server said of it so far. PostgreSQL only.
    pub async fn log(&self) -> String {
        let log = std::fs::read_to_string(shared().await.folder.join("log")).unwrap();
        let ours = format!("<{}>", self.name());
        log.lines().filter(|line| line.starts_with(&ours)).collect()
    }

    fn name(&self) -> &str {
        self.url.rsplit_once('/').unwrap().1
    }

    async fn new_name() -> (&'static Cluster, String) {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("t{}", COUNT.fetch_add(1, Ordering::Relaxed));
        (shared().await, name)
    }
}

/// The cluster that all stories share.
async fn shared() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    let settings = "-c log_line_prefix='<%d>'";
    let start = move || CLUSTER.get_or_init(|| Cluster::start("all", |_| (), settings));
    tokio::task::spawn_blocking(start).await.unwrap()
}
