//! PostgreSQL: the database of production.

use std::error::Error;
use std::time::Duration;

use diesel::{ConnectionError, ConnectionResult};
use diesel_async::SimpleAsyncConnection;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use secrecy::ExposeSecret;
use tokio_postgres::config::SslMode;
use tokio_postgres::{Config, NoTls};

use super::connect_options::{ConnectOptions, Patience};
use super::tls::Connector;

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

pub fn connect(options: ConnectOptions) -> BoxFuture<'static, ConnectionResult<Conn>> {
    async move {
        let mut conn = open(&options).await?;
        conn.batch_execute(&settings(&options.patience))
            .await
            .map_err(ConnectionError::CouldntSetupConfiguration)?;
        Ok(conn)
    }
    .boxed()
}

/// TLS is what [`ConnectOptions`] says, whatever the address says: there is no falling back.
async fn open(options: &ConnectOptions) -> ConnectionResult<Conn> {
    let config = options.url.expose_secret().parse::<Config>();
    // What is wrong with it could be a password at the wrong place.
    let mut config = config
        .map_err(|_| ConnectionError::InvalidConnectionUrl("the address cannot be read".into()))?;
    config.connect_timeout(options.patience.connect);
    if config.get_application_name().is_none() {
        config.application_name("izin");
    }
    if let Some(tls) = &options.tls {
        config.ssl_mode(SslMode::Require);
        let tls = Connector(tls.current());
        let (client, connection) = config.connect(tls).await.map_err(|error| told(&error))?;
        Conn::try_from_client_and_connection(client, connection).await
    } else {
        config.ssl_mode(SslMode::Disable);
        let (client, connection) = config.connect(NoTls).await.map_err(|error| told(&error))?;
        Conn::try_from_client_and_connection(client, connection).await
    }
}

/// With its causes, which the driver's own text leaves out.
fn told(error: &tokio_postgres::Error) -> ConnectionError {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let text = inner.to_string();
        if !told.contains(&text) {
            told.push_str(": ");
            told.push_str(&text);
        }
        cause = inner.source();
    }
    ConnectionError::BadConnection(told)
}

fn settings(patience: &Patience) -> String {
    let set = |name: &str, limit: Duration| format!("SET {name} = {};", limit.as_millis());
    [
        set("statement_timeout", patience.statement),
        set("lock_timeout", patience.lock),
        set(
            "idle_in_transaction_session_timeout",
            patience.idle_in_transaction,
        ),
    ]
    .concat()
}

/// A migration may take as long as it takes.
pub async fn before_migrations(conn: &mut Conn) -> Result<(), diesel::result::Error> {
    let unlimited = Patience {
        idle_in_transaction: Duration::ZERO,
        lock: Duration::ZERO,
        statement: Duration::ZERO,
        checkout: Duration::ZERO,
        connect: Duration::ZERO,
    };
    conn.batch_execute(&settings(&unlimited)).await
}

/// For reading everything as it is at one moment.
const FREEZE: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

#[path = "queries/mod.rs"]
mod queries;
pub use queries::*;
