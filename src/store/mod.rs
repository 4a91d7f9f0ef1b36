//! All state between requests. Diesel over PostgreSQL, or over an embedded SQLite file; the queries are
//! written once (`queries/`) and compiled for both.
//!
//! Writes that must not be lost halfway are run to their end by [`detached`], even if the connection that
//! asked for them goes away.

mod access;
#[macro_use]
mod dispatch;
mod inspect;
mod migrate;
#[cfg_attr(
    feature = "embedded",
    expect(
        clippy::duplicate_mod,
        reason = "queries/ is compiled once per dialect"
    )
)]
mod pg;
mod privileges;
mod retry;
mod rows;
mod schema;
#[cfg(feature = "embedded")]
mod sqlite;
#[cfg(all(test, feature = "embedded"))]
pub(crate) mod tests;
mod tls;
mod types;

use chrono::{DateTime, Utc};
use diesel_async::pooled_connection::PoolError;
use diesel_async::pooled_connection::deadpool::Pool;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use secrecy::ExposeSecret;
use serde_json::Value;

use crate::ids::{AccountId, AccountReference, ConsentId, CustomerId};
pub use access::{Access, Patience, Tls};
pub use inspect::{Migrations, PostgresFacts, inspect};
pub use privileges::Deviation;
pub use rows::{
    AccessRow, Damaged, Delivery, EventRow, Lease, LedgerRow, Message, OutboxRow, ReceiptRow,
};
pub use types::At;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/common");

const EXPECTED_URL: &str = "expected sqlite:PATH or postgres://…";

pub type StoreResult<T> = Result<T, StoreError>;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It could not be put into an order with what others did at the same time. Only [`retry`] sees it.
    #[error("{0}")]
    Conflict(String),
    #[error("database: {0}")]
    Database(diesel::result::Error),
    /// A stored value that this release cannot read.
    #[error("unreadable value in {0}")]
    Damaged(&'static str),
    #[error("the schema: {0}")]
    Schema(String),
    /// Somebody else changed the row since it was read: read it again.
    #[error("the row was changed meanwhile")]
    Stale,
    #[error("no database connection: {0}")]
    Unavailable(String),
    #[error("[database] url: {0}")]
    Url(String),
}

impl From<diesel::result::Error> for StoreError {
    /// A connection that broke, a statement that took too long and a locked file pass by themselves. PostgreSQL's code of a deadlock
    /// does not come through the driver, so it is known by its text.
    fn from(error: diesel::result::Error) -> Self {
        use diesel::result::{DatabaseErrorKind as Kind, Error};
        const PASSING: [&str; 5] = [
            "database is locked",
            "lock timeout",
            "statement timeout",
            "terminating connection",
            "the database system is",
        ];
        let Error::DatabaseError(kind, information) = &error else {
            return Self::Database(error);
        };
        let message = information.message();
        if matches!(kind, Kind::SerializationFailure) || message == "deadlock detected" {
            return Self::Conflict(message.to_owned());
        }
        let passing = matches!(kind, Kind::ClosedConnection | Kind::UnableToSendCommand)
            || PASSING.iter().any(|text| message.contains(text));
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
    /// Connects lazily; [`Self::migrate`] and [`Self::ping`] prove the connection.
    pub fn connect(access: Access, pool_size: usize) -> StoreResult<Self> {
        let url = access.url.expose_secret();
        #[cfg(feature = "embedded")]
        if url.starts_with(sqlite::SCHEME) {
            return Ok(Self::Sqlite(open_pool!(sqlite, access, 1)));
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self::Pg(open_pool!(pg, access, pool_size)));
        }
        Err(StoreError::Url(EXPECTED_URL.into()))
    }

    /// Without TLS, for tests.
    #[cfg(any(test, feature = "lab"))]
    pub fn open(url: &str, pool_size: usize) -> StoreResult<Self> {
        let access = Access {
            url: url.into(),
            tls: None,
            patience: Patience::default(),
        };
        Self::connect(access, pool_size)
    }

    /// Brings the schema up to date, however many others do at the same time, and answers the versions that were applied.
    pub async fn migrate(&self) -> StoreResult<Vec<String>> {
        let mut tries = retry::Tries::default();
        loop {
            let outcome = match self {
                Self::Pg(pool) => bring_up_to_date!(pg, pool, None),
                #[cfg(feature = "embedded")]
                Self::Sqlite(pool) => bring_up_to_date!(sqlite, pool, None),
            };
            match outcome {
                Err(StoreError::Conflict(problem)) => tries.again(problem).await?,
                outcome => return outcome,
            }
        }
    }

    /// The same as the owner of the tables, who then leaves `role` what the service needs and nothing else. PostgreSQL only.
    pub async fn migrate_for(&self, role: &str) -> StoreResult<(Vec<String>, Deviation)> {
        let pool = match self {
            Self::Pg(pool) => pool,
            #[cfg(feature = "embedded")]
            Self::Sqlite(_) => return Err(StoreError::Url("SQLite has no roles".into())),
        };
        let schema = privileges::schema_for(&mut *checkout(pool).await?, role).await?;
        let grants = privileges::grants(&schema, role);
        let mut tries = retry::Tries::default();
        let applied = loop {
            match bring_up_to_date!(pg, pool, Some(grants.clone())) {
                Err(StoreError::Conflict(problem)) => tries.again(problem).await?,
                outcome => break outcome?,
            }
        };
        let deviation = privileges::deviation(&mut *checkout(pool).await?, role).await?;
        Ok((applied, deviation))
    }

    /// What of the schema is there.
    pub async fn migrations(&self) -> StoreResult<Migrations> {
        match self {
            Self::Pg(pool) => inspect::of_postgres(&mut *checkout(pool).await?).await,
            #[cfg(feature = "embedded")]
            Self::Sqlite(pool) => inspect::of_sqlite(&mut *checkout(pool).await?).await,
        }
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
    [OPERATIONS]
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
    postpone(lease: &Lease, next: At, error: &str) -> ();
    park(lease: &Lease, now: At, error: &str) -> ();
    is_undelivered(consent: &ConsentId) -> bool;
    queue(parked: bool, limit: i64) -> Vec<OutboxRow>;
    retry(id: &str, now: At) -> bool;
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
}
