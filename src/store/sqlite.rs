//! SQLite: the embedded database of the demo and of pilots. One process, one writer.

use std::future::{Ready, ready};

use diesel::{ConnectionError, ConnectionResult};
use diesel_async::{AsyncConnection, SimpleAsyncConnection};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use secrecy::ExposeSecret;

use super::connect_options::ConnectOptions;

/// Stands before the path.
pub const SCHEME: &str = "sqlite:";

pub type Conn =
    diesel_async::sync_connection_wrapper::SyncConnectionWrapper<diesel::SqliteConnection>;

/// The pool has a single connection, so nobody else can claim a row.
macro_rules! locked {
    ($query:expr) => {
        $query
    };
}

/// Part of a transaction: SQLite inserts row by row.
macro_rules! insert_all {
    ($conn:expr, $table:expr, $rows:expr) => {
        for row in $rows {
            diesel::insert_into($table)
                .values(row)
                .execute($conn)
                .await?;
        }
    };
}

/// Write-ahead log, every commit on disk: a decision must survive a power cut here as well. What is erased is overwritten.
const SETTINGS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                        PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 5000; \
                        PRAGMA secure_delete = ON;";

pub fn connect(options: ConnectOptions) -> BoxFuture<'static, ConnectionResult<Conn>> {
    async move {
        let url = options.url.expose_secret();
        let mut conn = Conn::establish(url.trim_start_matches(SCHEME)).await?;
        conn.batch_execute(SETTINGS)
            .await
            .map_err(ConnectionError::CouldntSetupConfiguration)?;
        Ok(conn)
    }
    .boxed()
}

/// Nothing to prepare.
pub fn before_migrations(_conn: &mut Conn) -> Ready<Result<(), diesel::result::Error>> {
    ready(Ok(()))
}

/// For reading everything as it is at one moment.
const FREEZE: &str = "PRAGMA query_only = ON; BEGIN";

#[path = "queries/mod.rs"]
mod queries;
pub use queries::*;
