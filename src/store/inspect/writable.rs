//! Whether anything can be written into a database, found out without writing. What our role may do with which table is in
//! `privileges.rs`.

use std::fmt;

use diesel::sql_types::Bool;
use diesel_async::RunQueryDsl;

use super::pg;
use crate::store::StoreResult;

/// What keeps us from writing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// PostgreSQL replays what another server writes.
    Standby,
    /// `default_transaction_read_only` is on for us.
    ReadOnly,
    /// The file, or the folder in which SQLite must make files beside it.
    Place(String),
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Standby => f.write_str("the server is a standby, which takes no writes"),
            Self::ReadOnly => f.write_str("default_transaction_read_only is on"),
            Self::Place(path) => write!(f, "{path} cannot be written"),
        }
    }
}

#[derive(diesel::QueryableByName)]
struct Mode {
    #[diesel(sql_type = Bool)]
    is_standby: bool,
    #[diesel(sql_type = Bool)]
    is_read_only: bool,
}

const MODE: &str = "SELECT pg_is_in_recovery() AS is_standby, \
    current_setting('default_transaction_read_only')::bool AS is_read_only";

/// To be asked before the session is told to refuse writes.
pub async fn postgres(conn: &mut pg::Conn) -> StoreResult<Option<Obstacle>> {
    let mode: Mode = diesel::sql_query(MODE).get_result(conn).await?;
    if mode.is_standby {
        return Ok(Some(Obstacle::Standby));
    }
    if mode.is_read_only {
        return Ok(Some(Obstacle::ReadOnly));
    }
    Ok(None)
}

/// As the system answers for our user; nothing is opened.
#[cfg(feature = "embedded")]
pub fn sqlite(path: &str) -> Option<Obstacle> {
    use rustix::fs::{Access, AtFlags, CWD, accessat};
    // Where a link leads, SQLite makes its files.
    let file = std::fs::canonicalize(path).ok()?;
    let places = [Some(&*file), file.parent()].into_iter().flatten();
    let mut refused =
        places.filter(|place| accessat(CWD, *place, Access::WRITE_OK, AtFlags::EACCESS).is_err());
    Some(Obstacle::Place(refused.next()?.display().to_string()))
}
