//! All state between requests. Diesel over PostgreSQL, or over an embedded SQLite file; the queries are
//! written once (`queries/`) and compiled for both.
//!
//! Writes that must not be lost halfway are run to their end by [`detached`], even if the connection that
//! asked for them goes away.

mod access_log;
mod connect_options;
#[macro_use]
mod dispatch;
mod evidence_rows;
mod figures;
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
mod reconcile;
mod retry;
mod rows;
mod schema;
#[cfg(feature = "embedded")]
mod sqlite;
#[cfg(all(test, feature = "embedded"))]
pub(crate) mod tests;
mod tls;
mod types;

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel_async::pooled_connection::PoolError;
use diesel_async::pooled_connection::deadpool::Pool;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use secrecy::ExposeSecret;
use serde_json::Value;

use crate::ids::{AccountId, AccountReference, ConsentId, CustomerId};
pub use access_log::AccessLog;
pub use connect_options::{ConnectOptions, Patience, Tls};
pub use evidence_rows::{ACCESS, Access, AccessRow, CheckpointRow, LEDGER, LedgerRow, StretchRow};
pub use figures::Figures;
pub use inspect::{Inspection, Migrations, Obstacle, PostgresFacts, inspect};
pub use privileges::Deviation;
pub use reconcile::{Cursor, DifferenceRow, Page, Recorded, Settled};
pub use rows::{
    ConsentRow, Damaged, DecisionRow, Delivery, EventRow, Lease, Message, OutboxRow, ReceiptRow,
    Recipient,
};
pub use types::At;

/// How much longer than PostgreSQL, which gives up by itself (`statement_timeout`), we wait for it to say so; a server that has vanished
/// without a word never says anything.
const GRACE: Duration = Duration::from_secs(1);

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
    /// Without its row in the access log no data leaves.
    #[error("the access could not be logged: {0}")]
    Unlogged(String),
    #[error("[database] url: {0}")]
    Url(String),
}

impl From<diesel::result::Error> for StoreError {
    /// A connection that broke or was ended, a statement or a lock that took too long and a locked file pass by themselves. PostgreSQL's
    /// codes of most of it do not come through the driver, so they are known by their texts.
    fn from(error: diesel::result::Error) -> Self {
        use diesel::result::{DatabaseErrorKind as Kind, Error};
        const PASSING: [&str; 4] = [
            "canceling statement due to",
            "database is locked",
            "terminating connection",
            "the database system is",
        ];
        let (kind, information) = match &error {
            Error::DatabaseError(kind, information) => (kind, information),
            // The connection was lost within a transaction, which PostgreSQL then rolls back by itself.
            Error::BrokenTransactionManager | Error::RollbackErrorOnCommit { .. } => {
                return Self::Unavailable(error.to_string());
            }
            _ => return Self::Database(error),
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
    /// Where the session stands from now on, so that whoever decided is told so, whatever dies in between.
    pub session: Option<SessionMove>,
}

/// The new state of the session with this fingerprint, whatever its version.
#[derive(Debug, Clone)]
pub struct SessionMove {
    pub sha256: String,
    pub state: Value,
}

/// How much of what is personal retention takes away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Erasable {
    pub consents: u64,
    /// Ledger entries whose data goes.
    pub entries: u64,
    /// Rows of the access log whose customer and account go.
    pub accesses: u64,
    pub receipts: u64,
    pub decisions: u64,
    /// Raw events.
    pub events: u64,
    /// Which account was shared.
    pub accounts: u64,
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
    /// And the longest that an operation is waited for.
    Pg(Pool<pg::Conn>, Duration),
    #[cfg(feature = "embedded")]
    Sqlite(Pool<sqlite::Conn>),
}

impl Store {
    /// Connects lazily; [`Self::migrate`] and [`Self::ping`] prove the connection.
    pub fn connect(options: ConnectOptions, pool_size: usize) -> StoreResult<Self> {
        let url = options.url.expose_secret();
        #[cfg(feature = "embedded")]
        if url.starts_with(sqlite::SCHEME) {
            return Ok(Self::Sqlite(open_pool!(sqlite, options, 1)));
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let longest = options.patience.statement + GRACE;
            return Ok(Self::Pg(open_pool!(pg, options, pool_size), longest));
        }
        Err(StoreError::Url(EXPECTED_URL.into()))
    }

    /// Without TLS, for tests.
    #[cfg(any(test, feature = "lab"))]
    pub fn open(url: &str, pool_size: usize) -> StoreResult<Self> {
        let options = ConnectOptions {
            url: url.into(),
            tls: None,
            patience: Patience::default(),
        };
        Self::connect(options, pool_size)
    }

    /// Brings the schema up to date, however many others do at the same time, and answers the versions that were applied.
    pub async fn migrate(&self) -> StoreResult<Vec<String>> {
        let mut tries = retry::Tries::default();
        loop {
            let outcome = match self {
                Self::Pg(pool, _) => bring_up_to_date!(pg, pool, None),
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
            Self::Pg(pool, _) => pool,
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
            Self::Pg(pool, _) => inspect::of_postgres(&mut *checkout(pool).await?).await,
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
    claim_deliveries(recipient: Recipient, limit: i64, now: At, lease: chrono::TimeDelta) -> Vec<Result<Delivery, Damaged>>;
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
    append_act(kind: &str, at: At, data: &str) -> i32;
    append_accesses(rows: &[AccessRow]) -> ();
    last_checkpoint() -> Option<CheckpointRow>;
    oldest_entry(since: At) -> Option<At>;
    newest_entry() -> Option<At>;
    heads(log: &str, since: At, until: At) -> Vec<(String, i32)>;
    covered(log: &str, chains: &[String]) -> Vec<(String, i32)>;
    hashes(log: &str, chains: &[String], numbers: &[i32]) -> Vec<(String, i32, String)>;
    add_checkpoint(checkpoint: &CheckpointRow, covers: &[StretchRow]) -> ();
    installation_secret(name: &str, fresh: &str) -> String;
    sweep(now: At) -> usize;
    ping() -> ();
}

// Evidence (docs/decisions/0009-evidence.md).
operations! {
    checkpoints_after(number: i32, limit: i64) -> Vec<CheckpointRow>;
    checkpoints_between(after: i32, period: (At, At), limit: i64) -> Vec<CheckpointRow>;
    checkpoints_covering(chains: &[String]) -> Vec<CheckpointRow>;
    stretches_of(checkpoint: i32) -> Vec<StretchRow>;
    ledger_page(after: (&str, i32), limit: i64) -> Vec<LedgerRow>;
    access_page(after: (&str, i32), limit: i64) -> Vec<AccessRow>;
    consent_ids(after: &str, limit: i64) -> Vec<String>;
    chains_among(chains: &[String]) -> Vec<String>;
    consent_rows(ids: &[String]) -> Vec<ConsentRow>;
    receipts_of(ids: &[String]) -> Vec<ReceiptRow>;
    decisions_of(ids: &[String]) -> Vec<DecisionRow>;
    accounts_of(ids: &[String]) -> Vec<(String, String)>;
    entries_of_kind(kind: &str, chains: &[String]) -> Vec<LedgerRow>;
    ledger_between(after: (At, &str, i32), until: At, limit: i64) -> Vec<LedgerRow>;
    accesses_between(consent: Option<&str>, after: (At, &str, i32), until: At, limit: i64) -> Vec<AccessRow>;
    events_between(after: (At, &str, &str), until: At, limit: i64) -> Vec<EventRow>;
    events_of(consent: &str) -> Vec<EventRow>;
    consents_of(customer: &str, after: &str, limit: i64) -> Vec<String>;
    freeze() -> ();
    erasable(cutoff: At, after: &str, limit: i64) -> Vec<ConsentRow>;
    count_erasable(ids: &[String]) -> Erasable;
    erase(change: &crate::consent::Change, customer: Option<&str>) -> Erasable;
    erase_events(cutoff: At, limit: i64) -> usize;
    count_events_between(since: At, until: At) -> u64;
    count_acts(kind: &str, cutoff: At) -> u64;
    erase_acts(kind: &str, cutoff: At) -> usize;
}

#[cfg(any(test, feature = "lab"))]
operations! {
    deliveries(consent: &ConsentId) -> Vec<DeliveryState>;
}
