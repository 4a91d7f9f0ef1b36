//! Whether the service could write into a database, found out without writing.

use std::fmt;

use diesel::sql_types::{Bool, Text};
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
    /// Our role lacks these, each as `PRIVILEGE on table`.
    Privileges(Vec<String>),
    /// The file, or the folder in which SQLite must make files beside it.
    Place(String),
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Standby => f.write_str("the server is a standby, which takes no writes"),
            Self::ReadOnly => f.write_str("default_transaction_read_only is on"),
            Self::Privileges(missing) => write!(f, "no {}", missing.join(", no ")),
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

#[derive(diesel::QueryableByName)]
struct Missing {
    #[diesel(sql_type = Text)]
    missing: String,
}

const MODE: &str = "SELECT pg_is_in_recovery() AS is_standby, \
    current_setting('default_transaction_read_only')::bool AS is_read_only";

/// Every table is read and added to. Evidence is never changed or taken away, so that a role need not be allowed to; what waits and
/// what ends is. Tables that are not there yet are a matter of migrations.
const PRIVILEGES: &str = "SELECT privilege || ' on ' || name AS missing FROM ( \
        SELECT name, privilege FROM unnest(ARRAY['consents', 'accounts', 'consent_accounts', 'consent_events', 'decisions', \
            'receipts', 'outbox', 'authorization_handles', 'authorization_sessions', 'seen_tokens', 'throttles', \
            'installation_secrets', 'access_log', 'ledger']) AS name, unnest(ARRAY['SELECT', 'INSERT']) AS privilege \
        UNION ALL \
        SELECT name, privilege FROM unnest(ARRAY['outbox', 'authorization_sessions', 'throttles']) AS name, \
            unnest(ARRAY['UPDATE', 'DELETE']) AS privilege \
    ) AS needed \
    WHERE to_regclass(name) IS NOT NULL AND NOT has_table_privilege(to_regclass(name), privilege) \
    ORDER BY name, privilege";

/// To be asked before the session is told to refuse writes.
pub async fn postgres(conn: &mut pg::Conn) -> StoreResult<Option<Obstacle>> {
    let mode: Mode = diesel::sql_query(MODE).get_result(conn).await?;
    if mode.is_standby {
        return Ok(Some(Obstacle::Standby));
    }
    if mode.is_read_only {
        return Ok(Some(Obstacle::ReadOnly));
    }
    let missing: Vec<Missing> = diesel::sql_query(PRIVILEGES).load(conn).await?;
    let missing: Vec<String> = missing.into_iter().map(|row| row.missing).collect();
    Ok((!missing.is_empty()).then_some(Obstacle::Privileges(missing)))
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
