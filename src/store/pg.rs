//! PostgreSQL: the database of production.

use diesel::ConnectionResult;
use diesel_async::AsyncConnection;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

pub type Conn = diesel_async::AsyncPgConnection;

/// Lets several replicas claim rows without waiting for one another.
macro_rules! locked {
    ($query:expr) => {
        $query.for_update().skip_locked()
    };
}

pub fn connect(url: &str) -> BoxFuture<'_, ConnectionResult<Conn>> {
    Conn::establish(url).boxed()
}

#[path = "queries/mod.rs"]
mod queries;
pub use queries::*;
