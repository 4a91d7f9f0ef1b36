//! Looking at a database without changing it: nothing is created, no migration is applied, and PostgreSQL is told to refuse writes.

mod writable;

use std::collections::BTreeSet;
use std::time::Duration;

use diesel::migration::{Migration, MigrationSource};
use diesel::sql_types::{BigInt, Bool, Text};
use diesel_async::{AsyncConnection, RunQueryDsl, SimpleAsyncConnection};
use tokio::time::timeout;

use super::{MIGRATIONS, StoreError, StoreResult, pg, unavailable};
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
}

/// What PostgreSQL says of itself and of us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresFacts {
    /// Of all clients together.
    pub max_connections: i64,
    pub user: String,
    pub is_superuser: bool,
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
    #[diesel(sql_type = Bool)]
    has_migrations: bool,
}

#[derive(diesel::QueryableByName)]
struct Applied {
    #[diesel(sql_type = Text)]
    version: String,
}

/// `url` as for [`super::Store::open`]. A file of SQLite must be there already.
pub async fn inspect(url: &str) -> StoreResult<Inspection> {
    let late = |_| Err(unavailable("no answer in time"));
    timeout(PATIENCE, look(url)).await.unwrap_or_else(late)
}

async fn look(url: &str) -> StoreResult<Inspection> {
    #[cfg(feature = "embedded")]
    if let Some(path) = url.strip_prefix("sqlite:") {
        return sqlite_file(path).await;
    }
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return postgres(url).await;
    }
    Err(StoreError::Url(super::EXPECTED_URL.into()))
}

const VERSIONS: &str = "SELECT version FROM __diesel_schema_migrations";

async fn postgres(url: &str) -> StoreResult<Inspection> {
    const SERVER: &str = "SELECT current_setting('server_version') AS version, \
        current_setting('max_connections')::bigint AS max_connections, \
        current_user::text AS user_name, \
        (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS is_superuser, \
        to_regclass('__diesel_schema_migrations') IS NOT NULL AS has_migrations";
    let mut conn = pg::Conn::establish(url).await.map_err(unavailable)?;
    let obstacle = writable::postgres(&mut conn).await?;
    conn.batch_execute("SET default_transaction_read_only = on")
        .await?;
    let server: Server = diesel::sql_query(SERVER).get_result(&mut conn).await?;
    let applied = if server.has_migrations {
        diesel::sql_query(VERSIONS).load(&mut conn).await?
    } else {
        Vec::new()
    };
    Ok(Inspection {
        server: format!("PostgreSQL {}", server.version),
        migrations: compared(applied, &known::<diesel::pg::Pg>()?),
        obstacle,
        postgres: Some(PostgresFacts {
            max_connections: server.max_connections,
            user: server.user_name,
            is_superuser: server.is_superuser,
        }),
    })
}

#[cfg(feature = "embedded")]
async fn sqlite_file(path: &str) -> StoreResult<Inspection> {
    #[derive(diesel::QueryableByName)]
    struct File {
        #[diesel(sql_type = Text)]
        version: String,
        #[diesel(sql_type = BigInt)]
        tables: i64,
    }
    const FILE: &str = "SELECT sqlite_version() AS version, \
        (SELECT count(*) FROM sqlite_master WHERE name = '__diesel_schema_migrations') AS tables";
    let mut conn = super::sqlite::Conn::establish(&read_only(path))
        .await
        .map_err(unavailable)?;
    let file: File = diesel::sql_query(FILE).get_result(&mut conn).await?;
    let applied = if file.tables > 0 {
        diesel::sql_query(VERSIONS).load(&mut conn).await?
    } else {
        Vec::new()
    };
    Ok(Inspection {
        server: format!("SQLite {}", file.version),
        migrations: compared(applied, &known::<diesel::sqlite::Sqlite>()?),
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

fn compared(applied: Vec<Applied>, known: &BTreeSet<String>) -> Migrations {
    let applied: BTreeSet<String> = applied.into_iter().map(|row| row.version).collect();
    let only_in = |these: &BTreeSet<String>, those: &BTreeSet<String>| {
        these.difference(those).cloned().collect()
    };
    Migrations {
        pending: only_in(known, &applied),
        unknown: only_in(&applied, known),
        applied: applied.into_iter().collect(),
    }
}

#[cfg(all(test, feature = "embedded"))]
mod tests {
    use super::*;
    use crate::store::Store;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_look_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a 100% new?#.db");
        let url = format!("sqlite:{}", path.display());
        assert!(inspect(&url).await.is_err(), "there is no such file");
        assert!(!path.exists());

        std::fs::write(&path, b"").unwrap();
        let empty = inspect(&url).await.unwrap().migrations;
        assert!(empty.applied.is_empty() && !empty.pending.is_empty());
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 0);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_is_applied_and_what_is_not() {
        let (store, folder) = crate::store::tests::store().await;
        let url = format!("sqlite:{}", folder.path().join("izin.db").display());
        let found = inspect(&url).await.unwrap();
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
        let found = inspect(&url).await.unwrap().migrations;
        assert_eq!(found.unknown, ["9999"]);
        assert!(!found.pending.is_empty());
    }
}
