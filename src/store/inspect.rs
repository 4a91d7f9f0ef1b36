//! Looking at a database without changing it: nothing is created, no migration is applied, and PostgreSQL is told to refuse writes.

mod writable;

use std::collections::BTreeSet;
use std::time::Duration;

use diesel::migration::{Migration, MigrationSource};
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
#[cfg(feature = "embedded")]
use diesel_async::AsyncConnection;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use secrecy::ExposeSecret;
use tokio::time::timeout;

use super::{
    ConnectOptions, Deviation, MIGRATIONS, StoreError, StoreResult, pg, privileges, unavailable,
};
pub use writable::Obstacle;

/// For a connection and the few questions.
const PATIENCE: Duration = Duration::from_secs(5);

/// A database as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// Name and version, for example `PostgreSQL 17.2`.
    pub server: String,
    pub migrations: Migrations,
    /// Why the service could not write there. None: it could, as far as can be known without writing.
    pub obstacle: Option<Obstacle>,
    /// None: SQLite.
    pub postgres: Option<PostgresFacts>,
}

/// What of the schema is there, in the order of the versions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Migrations {
    pub applied: Vec<String>,
    pub pending: Vec<String>,
    /// Applied, and not of this release.
    pub unknown: Vec<String>,
    /// A release must know this one to work with the database; empty: any will do.
    pub needed: String,
}

impl Migrations {
    /// A newer release has changed the database such that this one cannot work with it.
    pub fn is_too_new(&self) -> bool {
        self.unknown.iter().any(|version| *version <= self.needed)
    }
}

/// What PostgreSQL says of itself and of us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresFacts {
    /// Of all clients together.
    pub max_connections: i64,
    pub user: String,
    pub is_superuser: bool,
    /// The version of TLS on our connection, if it is encrypted.
    pub tls: Option<String>,
    /// Where our user's rights are not those that the service needs.
    pub rights: Deviation,
}

#[derive(diesel::QueryableByName)]
struct Server {
    #[diesel(sql_type = Text)]
    version: String,
    #[diesel(sql_type = BigInt)]
    max_connections: i64,
    #[diesel(sql_type = Text)]
    user_name: String,
    #[diesel(sql_type = Bool)]
    is_superuser: bool,
    #[diesel(sql_type = Nullable<Text>)]
    tls: Option<String>,
}

#[derive(diesel::QueryableByName)]
struct Version {
    #[diesel(sql_type = Text)]
    version: String,
}

/// A file of SQLite must be there already.
pub async fn inspect(options: ConnectOptions) -> StoreResult<Inspection> {
    let late = |_| Err(unavailable("no answer in time"));
    timeout(PATIENCE, look(options)).await.unwrap_or_else(late)
}

async fn look(options: ConnectOptions) -> StoreResult<Inspection> {
    let url = options.url.expose_secret();
    #[cfg(feature = "embedded")]
    if let Some(path) = url.strip_prefix(super::sqlite::SCHEME) {
        return sqlite_file(path).await;
    }
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return postgres(options).await;
    }
    Err(StoreError::Url(super::EXPECTED_URL.into()))
}

#[derive(diesel::QueryableByName)]
struct Tables {
    #[diesel(sql_type = Bool)]
    migrations: bool,
    #[diesel(sql_type = Bool)]
    guard: bool,
}

const VERSIONS: &str = "SELECT version FROM __diesel_schema_migrations";
const NEEDED: &str = "SELECT needs AS version FROM schema_guard";

/// Of one connection, whichever its dialect.
macro_rules! migrations {
    ($conn:expr, $backend:ty, $tables:literal) => {{
        let tables: Tables = diesel::sql_query($tables).get_result($conn).await?;
        let applied = if tables.migrations {
            diesel::sql_query(VERSIONS).load($conn).await?
        } else {
            Vec::new()
        };
        let needed: Vec<Version> = if tables.guard {
            diesel::sql_query(NEEDED).load($conn).await?
        } else {
            Vec::new()
        };
        Ok(compared(applied, needed, &known::<$backend>()?))
    }};
}

pub(super) async fn of_postgres(conn: &mut pg::Conn) -> StoreResult<Migrations> {
    migrations!(
        conn,
        diesel::pg::Pg,
        "SELECT to_regclass('__diesel_schema_migrations') IS NOT NULL AS migrations, \
         to_regclass('schema_guard') IS NOT NULL AS guard"
    )
}

#[cfg(feature = "embedded")]
pub(super) async fn of_sqlite(conn: &mut super::sqlite::Conn) -> StoreResult<Migrations> {
    migrations!(
        conn,
        diesel::sqlite::Sqlite,
        "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = '__diesel_schema_migrations') AS migrations, \
         EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'schema_guard') AS guard"
    )
}

async fn postgres(options: ConnectOptions) -> StoreResult<Inspection> {
    const SERVER: &str = "SELECT current_setting('server_version') AS version, \
        current_setting('max_connections')::bigint AS max_connections, \
        current_user::text AS user_name, \
        (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS is_superuser, \
        (SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl) AS tls";
    let mut conn = pg::connect(options).await.map_err(unavailable)?;
    let obstacle = writable::postgres(&mut conn).await?;
    conn.batch_execute("SET default_transaction_read_only = on")
        .await?;
    let server: Server = diesel::sql_query(SERVER).get_result(&mut conn).await?;
    let migrations = of_postgres(&mut conn).await?;
    let rights = privileges::deviation(&mut conn, &server.user_name).await?;
    Ok(Inspection {
        server: format!("PostgreSQL {}", server.version),
        migrations,
        obstacle,
        postgres: Some(PostgresFacts {
            max_connections: server.max_connections,
            user: server.user_name,
            is_superuser: server.is_superuser,
            tls: server.tls,
            rights,
        }),
    })
}

#[cfg(feature = "embedded")]
async fn sqlite_file(path: &str) -> StoreResult<Inspection> {
    let mut conn = super::sqlite::Conn::establish(&read_only(path))
        .await
        .map_err(unavailable)?;
    let file: Version = diesel::sql_query("SELECT sqlite_version() AS version")
        .get_result(&mut conn)
        .await?;
    Ok(Inspection {
        server: format!("SQLite {}", file.version),
        migrations: of_sqlite(&mut conn).await?,
        obstacle: writable::sqlite(path),
        postgres: None,
    })
}

/// As an address, in which SQLite takes what to do with the file (sqlite.org/uri.html).
#[cfg(feature = "embedded")]
fn read_only(path: &str) -> String {
    let mut address = String::from("file:");
    for character in path.chars() {
        match character {
            '%' => address.push_str("%25"),
            '?' => address.push_str("%3f"),
            '#' => address.push_str("%23"),
            other => address.push(other),
        }
    }
    address.push_str("?mode=ro");
    address
}

fn known<DB: diesel::backend::Backend>() -> StoreResult<BTreeSet<String>> {
    let migrations: Vec<Box<dyn Migration<DB>>> = MIGRATIONS.migrations().map_err(unavailable)?;
    let versions = migrations
        .iter()
        .map(|one| one.name().version().to_string());
    Ok(versions.collect())
}

fn compared(applied: Vec<Version>, needed: Vec<Version>, known: &BTreeSet<String>) -> Migrations {
    let applied: BTreeSet<String> = applied.into_iter().map(|row| row.version).collect();
    let only_in = |these: &BTreeSet<String>, those: &BTreeSet<String>| {
        these.difference(those).cloned().collect()
    };
    Migrations {
        pending: only_in(known, &applied),
        unknown: only_in(&applied, known),
        applied: applied.into_iter().collect(),
        needed: needed
            .into_iter()
            .map(|row| row.version)
            .max()
            .unwrap_or_default(),
    }
}

#[cfg(all(test, feature = "embedded"))]
mod tests {
    use super::*;
    use crate::store::{Patience, Store};

    async fn look_at(url: &str) -> StoreResult<Inspection> {
        inspect(ConnectOptions {
            url: url.into(),
            tls: None,
            patience: Patience::default(),
        })
        .await
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_look_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a 100% new?#.db");
        let url = format!("sqlite:{}", path.display());
        assert!(look_at(&url).await.is_err(), "there is no such file");
        assert!(!path.exists());

        std::fs::write(&path, b"").unwrap();
        let empty = look_at(&url).await.unwrap().migrations;
        assert!(empty.applied.is_empty() && !empty.pending.is_empty());
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 0);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_is_applied_and_what_is_not() {
        let (store, folder) = crate::store::tests::store().await;
        let url = format!("sqlite:{}", folder.path().join("izin.db").display());
        let found = look_at(&url).await.unwrap();
        assert!(found.server.starts_with("SQLite 3"), "{found:?}");
        assert!(!found.migrations.applied.is_empty());
        assert!(found.migrations.pending.is_empty() && found.migrations.unknown.is_empty());

        let Store::Sqlite(pool) = &store else {
            panic!("these tests run on SQLite")
        };
        let mut conn = crate::store::checkout(pool).await.unwrap();
        diesel::sql_query(
            "UPDATE __diesel_schema_migrations SET version = '9999' WHERE version = '0001'",
        )
        .execute(&mut *conn)
        .await
        .unwrap();
        let found = look_at(&url).await.unwrap().migrations;
        assert_eq!(found.unknown, ["9999"]);
        assert!(!found.pending.is_empty() && !found.is_too_new());

        diesel::sql_query("UPDATE schema_guard SET needs = '9999'")
            .execute(&mut *conn)
            .await
            .unwrap();
        assert!(look_at(&url).await.unwrap().migrations.is_too_new());
    }
}
