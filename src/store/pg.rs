//! PostgreSQL: the database of production.

use diesel::{ConnectionError, ConnectionResult};
use diesel_async::{AsyncConnection, SimpleAsyncConnection};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

pub type Conn = diesel_async::AsyncPgConnection;

/// Lets several replicas claim rows without waiting for one another.
macro_rules! locked {
    ($query:expr) => {
        $query.for_update().skip_locked()
    };
}

/// Part of a transaction: several rows in one statement.
macro_rules! insert_all {
    ($conn:expr, $table:expr, $rows:expr) => {
        diesel::insert_into($table)
            .values($rows)
            .execute($conn)
            .await?;
    };
}

/// No request waits longer for an answer: PayNet gives five seconds for everything.
const SETTINGS: &str = "SET statement_timeout = '4s'; SET lock_timeout = '3s';";

pub fn connect(url: &str) -> BoxFuture<'_, ConnectionResult<Conn>> {
    async move {
        let mut conn = Conn::establish(url).await?;
        conn.batch_execute(SETTINGS)
            .await
            .map_err(ConnectionError::CouldntSetupConfiguration)?;
        Ok(conn)
    }
    .boxed()
}

/// A migration may take as long as it takes.
pub async fn before_migrations(conn: &mut Conn) -> Result<(), diesel::result::Error> {
    conn.batch_execute("SET statement_timeout = 0; SET lock_timeout = 0;")
        .await
}

/// For reading everything as it is at one moment.
const FREEZE: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

#[path = "queries/mod.rs"]
mod queries;
pub use queries::*;
