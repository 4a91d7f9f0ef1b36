//! All state between requests. Diesel over PostgreSQL, or over an embedded SQLite file; the queries are
//! written once (`queries/`) and compiled for both.
//!
//! Writes that must not be lost halfway are run to their end by [`detached`], even if the connection that
//! asked for them goes away.

#[macro_use]
mod dispatch;
mod figures;
mod inspect;
#[cfg_attr(
    feature = "embedded",
    expect(
        clippy::duplicate_mod,
        reason = "queries/ is compiled once per dialect"
    )
)]
mod pg;
mod reconcile;
mod rows;
mod schema;
#[cfg(feature = "embedded")]
mod sqlite;
#[cfg(all(test, feature = "embedded"))]
pub(crate) mod tests;
mod types;

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel_async::pooled_connection::PoolError;
use diesel_async::pooled_connection::deadpool::Pool;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use serde_json::Value;

use crate::ids::{AccountId, AccountReference, ConsentId, CustomerId};
pub use figures::Figures;
pub use inspect::{Migrations, PostgresFacts, inspect};
pub use reconcile::{Cursor, DifferenceRow, Page, Recorded, Settled};
pub use rows::{
    AccessRow, Damaged, Delivery, EventRow, Lease, LedgerRow, Message, OutboxRow, ReceiptRow,
};
pub use types::At;

/// How long a request waits for a connection, or for one to be made.
const CHECKOUT_TIMEOUT: Duration = Duration::from_secs(3);

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/common");

const EXPECTED_URL: &str = "expected sqlite:PATH or postgres://…";

pub type StoreResult<T> = Result<T, StoreError>;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("database: {0}")]
    Database(diesel::result::Error),
    /// A stored value that this release cannot read.
    #[error("unreadable value in {0}")]
    Damaged(&'static str),
    /// Somebody else changed the row since it was read: read it again.
    #[error("the row was changed meanwhile")]
    Stale,
    #[error("no database connection: {0}")]
    Unavailable(String),
    #[error("[database] url: {0}")]
    Url(String),
}

impl From<diesel::result::Error> for StoreError {
    /// A connection that broke, a statement that took too long and a locked file pass by themselves.
    fn from(error: diesel::result::Error) -> Self {
        use diesel::result::{DatabaseErrorKind as Kind, Error};
        let Error::DatabaseError(kind, information) = &error else {
            return Self::Database(error);
        };
        let message = information.message();
        let passing = matches!(
            kind,
            Kind::ClosedConnection | Kind::SerializationFailure | Kind::UnableToSendCommand
        ) || message.contains("database is locked")
            || message.contains("statement timeout");
        if passing {
            Self::Unavailable(message.to_owned())
        } else {
            Self::Database(error)
        }
    }
}

/// What is stored with a decision, beside the consent's change.
#[derive(Debug, Clone, Default)]
pub struct DecisionRecord {
    pub customer: Option<CustomerId>,
    pub sign_in: Option<Value>,
    pub accounts: Vec<AccountId>,
    pub receipt: Option<crate::consent::Receipt>,
}

/// Which consents are wanted.
#[derive(Debug, Clone, Default)]
pub struct ConsentFilter {
    pub status: Option<crate::consent::Status>,
    pub customer: Option<CustomerId>,
    pub consumer: Option<crate::ids::DcId>,
    pub limit: i64,
}

/// What a one-time handle stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandleRecord {
    pub consent_id: ConsentId,
    pub redirect_uri: String,
    pub expires_at: DateTime<Utc>,
}

#[derive(Debug, Clone)]
pub struct SessionRecord {
    pub consent_id: ConsentId,
    pub state: Value,
    pub version: i32,
}

/// How far the news for PayNet has come.
#[cfg(any(test, feature = "lab"))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryState {
    pub attempts: i32,
    pub parked: bool,
    pub last_error: Option<String>,
}

/// The database, whichever it is.
#[derive(Clone)]
pub enum Store {
    Pg(Pool<pg::Conn>),
    #[cfg(feature = "embedded")]
    Sqlite(Pool<sqlite::Conn>),
}

impl Store {
    /// `sqlite:PATH` or `postgres://…`. Connects lazily; [`Self::migrate`] proves the connection.
    pub fn open(url: &str, pool_size: usize) -> StoreResult<Self> {
        #[cfg(feature = "embedded")]
        if let Some(path) = url.strip_prefix("sqlite:") {
            return Ok(Self::Sqlite(open_pool!(sqlite, path, 1)));
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self::Pg(open_pool!(pg, url, pool_size)));
        }
        Err(StoreError::Url(EXPECTED_URL.into()))
    }

    /// Brings the schema up to date. Replicas may start together and migrations take no lock: whoever loses
    /// the race tries again and finds nothing to do.
    pub async fn migrate(&self) -> StoreResult<()> {
        const TRIES: u32 = 5;
        for attempt in 1.. {
            let outcome = match self {
                Self::Pg(pool) => run_migrations!(pg, pool),
                #[cfg(feature = "embedded")]
                Self::Sqlite(pool) => run_migrations!(sqlite, pool),
            };
            match outcome {
                Err(error) if attempt >= TRIES => return Err(error),
                Err(_) => tokio::time::sleep(std::time::Duration::from_millis(200)).await,
                Ok(()) => break,
            }
        }
        Ok(())
    }
}

/// The consent as it comes back from its row, for tests.
#[cfg(feature = "lab")]
pub fn kept(consent: &crate::consent::Consent) -> StoreResult<crate::consent::Consent> {
    rows::ConsentRow::from(consent).try_into()
}

fn unavailable(error: impl std::fmt::Display) -> StoreError {
    StoreError::Unavailable(error.to_string())
}

async fn checkout<M: deadpool::managed::Manager<Error = PoolError>>(
    pool: &deadpool::managed::Pool<M>,
) -> StoreResult<deadpool::managed::Object<M>> {
    pool.get().await.map_err(unavailable)
}

/// Runs a write to its end even if the caller is dropped: a browser that goes away must not undo a
/// decision halfway, nor cost the pool a connection.
pub async fn detached<T: Send + 'static>(
    write: impl Future<Output = T> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::spawn(write).await.map_err(unavailable)
}

operations! {
    consent(id: &ConsentId) -> Option<crate::consent::Consent>;
    consented_accounts(id: &ConsentId) -> Vec<AccountId>;
    undecided(now: At, limit: i64) -> Vec<crate::consent::Consent>;
    ending(now: At, limit: i64) -> Vec<crate::consent::Consent>;
    find_consents(wanted: &ConsentFilter) -> Vec<crate::consent::Consent>;
    consented_references(id: &ConsentId) -> Vec<AccountReference>;
    record_event(event: EventRow, change: Option<&crate::consent::Change>) -> ();
    commit(change: &crate::consent::Change) -> ();
    decide(change: &crate::consent::Change, record: &DecisionRecord) -> ();
    settle(lease: &Lease, change: Option<&crate::consent::Change>) -> ();
    account_id_for(customer: &CustomerId, reference: &AccountReference) -> AccountId;
    bank_reference(account: &AccountId) -> Option<AccountReference>;
    claim_deliveries(limit: i64, now: At, lease: chrono::TimeDelta) -> Vec<Result<Delivery, Damaged>>;
    postpone(lease: &Lease, next: At, asked_by_recipient: bool, error: &str) -> ();
    park(lease: &Lease, now: At, error: &str) -> ();
    is_undelivered(consent: &ConsentId) -> bool;
    queue(parked: bool, limit: i64) -> Vec<OutboxRow>;
    retry(id: &str, now: At, record: Option<&crate::consent::Change>) -> bool;
    hasten(consent: &ConsentId, now: At, again: At) -> bool;
    reconcile_page(after: &str, settled: Settled, limit: i64) -> Page;
    lease_reconcile(holder: &str, now: At, lease: chrono::TimeDelta, every: chrono::TimeDelta) -> Option<Cursor>;
    save_reconcile(cursor: &Cursor) -> ();
    record_differences(
        consent: &ConsentId, open: &[crate::consent::Difference],
        adopted: Option<&crate::consent::Difference>, now: At
    ) -> Recorded;
    find_differences(closed: bool, limit: i64) -> Vec<DifferenceRow>;
    figures(now: At) -> Figures;
    accesses(consent: &ConsentId) -> Vec<AccessRow>;
    ledger_of(consent: &ConsentId) -> Vec<LedgerRow>;
    receipt(consent: &ConsentId) -> Option<ReceiptRow>;
    save_handle(sha256: &str, handle: &HandleRecord) -> ();
    take_handle(sha256: &str, now: At) -> Option<HandleRecord>;
    open_session(sha256: &str, consent: &ConsentId, state: Value, expires_at: At) -> ();
    session(sha256: &str, now: At) -> Option<SessionRecord>;
    save_session(sha256: &str, state: Value, version: i32) -> ();
    first_use(issuer: &str, jti: &str, expires_at: At) -> bool;
    was_used(issuer: &str, jti: &str, now: At) -> bool;
    count_failure(subject: &str, now: At, until: At) -> i32;
    failures(subject: &str, now: At) -> i32;
    take_back_failure(subject: &str) -> ();
    forget_failures(subject: &str) -> ();
    log_access(row: AccessRow) -> ();
    installation_secret(name: &str, fresh: &str) -> String;
    sweep(now: At) -> usize;
    ping() -> ();
}

#[cfg(any(test, feature = "lab"))]
operations! {
    deliveries(consent: &ConsentId) -> Vec<DeliveryState>;
    events_of(consent: &ConsentId) -> Vec<EventRow>;
}
