//! Somebody who can write the database. The formulas are written down a second time here, from docs/evidence.md, with another library.

use chrono::{DateTime, SecondsFormat, Utc};
use diesel::prelude::QueryableByName;
use diesel::sql_types::BigInt;
use diesel_async::sync_connection_wrapper::SyncConnectionWrapper;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use izin::lab::{ConsentId, Store};

pub enum Attacker {
    Postgres(Box<AsyncPgConnection>),
    Sqlite(SyncConnectionWrapper<diesel::SqliteConnection>),
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

impl Attacker {
    pub async fn at(url: &str) -> Self {
        match url.strip_prefix("sqlite:") {
            Some(path) => {
                let mut conn = SyncConnectionWrapper::establish(path).await.unwrap();
                conn.batch_execute("PRAGMA busy_timeout = 10000")
                    .await
                    .unwrap();
                Self::Sqlite(conn)
            }
            None => Self::Postgres(Box::new(AsyncPgConnection::establish(url).await.unwrap())),
        }
    }

    pub async fn does(&mut self, sql: &str) {
        let done = match self {
            Self::Postgres(conn) => conn.batch_execute(sql).await,
            Self::Sqlite(conn) => conn.batch_execute(sql).await,
        };
        done.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// Rows that `from` (a table, with a condition if wanted) has.
    pub async fn counts(&mut self, from: &str) -> i64 {
        let query = diesel::sql_query(format!("SELECT count(*) AS count FROM {from}"));
        let count: Result<Count, _> = match self {
            Self::Postgres(conn) => query.get_result(&mut **conn).await,
            Self::Sqlite(conn) => query.get_result(conn).await,
        };
        count.unwrap().count
    }

    /// Another text in an entry, and every hash of the chain computed anew.
    pub async fn rewrites(
        &mut self,
        store: &Store,
        consent: &str,
        change: impl Fn(&str) -> String,
    ) {
        let id = ConsentId::parse(consent.to_owned()).unwrap();
        let mut previous = String::new();
        for row in store.ledger_of(&id).await.unwrap() {
            let data = change(row.data.as_deref().unwrap());
            let data_sha256 = LedgerHashes::data(row.salt.as_deref().unwrap(), &data);
            let place = (row.chain.as_str(), row.seq, row.kind.as_str(), row.at.0);
            previous = LedgerHashes::entry(&previous, place, &data_sha256);
            self.does(&format!(
                "UPDATE ledger SET data = '{}', data_sha256 = '{data_sha256}', hash = '{previous}' \
                 WHERE chain = '{consent}' AND seq = {}",
                data.replace('\'', "''"),
                row.seq
            ))
            .await;
        }
    }

    /// The other consumer in place of the one that asked, in all rows of the segment from the first on.
    pub async fn rewrites_accesses(&mut self, store: &Store, consent: &str, consumer: &str) {
        let id = ConsentId::parse(consent.to_owned()).unwrap();
        let mut rows = store.accesses(&id).await.unwrap();
        rows.sort_by_key(|row| row.position);
        let mut previous = String::new();
        for row in rows {
            let text = format!(
                "{previous}\n{}\n{}\n{}\n{}\n{consumer}\n{}\n{}\n{}\n{}",
                row.segment,
                row.position,
                moment(row.at.0),
                row.consent_id,
                row.category,
                row.outcome,
                row.interaction_id,
                row.personal_sha256,
            );
            previous = sha256(&text);
            self.does(&format!(
                "UPDATE access_log SET dc_id = '{consumer}', hash = '{previous}' \
                 WHERE segment = '{}' AND position = {}",
                row.segment, row.position
            ))
            .await;
        }
    }
}

/// As docs/evidence.md has them.
pub struct LedgerHashes;

impl LedgerHashes {
    pub fn data(salt: &str, data: &str) -> String {
        sha256(&format!("{salt}\n{data}"))
    }

    pub fn entry(
        previous: &str,
        (chain, seq, kind, at): (&str, i32, &str, DateTime<Utc>),
        data_sha256: &str,
    ) -> String {
        let at = moment(at);
        sha256(&format!(
            "{previous}\n{chain}\n{seq}\n{kind}\n{at}\n{data_sha256}"
        ))
    }
}

fn moment(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

fn sha256(text: &str) -> String {
    openssl::sha::sha256(text.as_bytes())
        .iter()
        .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}
