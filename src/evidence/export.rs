//! Exports as JSON Lines, for a regulator or a customer who asks: one object a line, each with its `type`, streamed.
//! docs/evidence.md has the fields.

use std::collections::BTreeSet;
use std::io::{self, Write};

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::Watch;
use super::acts::{Act, record};
use crate::clock::SharedClock;
use crate::consent::INSTALLATION;
use crate::ids::{ConsentId, CustomerId};
use crate::store::{
    AccessRow, At, CheckpointRow, DecisionRow, EventRow, LedgerRow, ReceiptRow, Store, StoreError,
};

/// Rows read at a time.
const PAGE: i64 = 500;

#[derive(Debug, thiserror::Error)]
pub enum ExportProblem {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("there is no consent {0}")]
    UnknownConsent(ConsentId),
    #[error("the export cannot be written: {0}")]
    Write(#[from] io::Error),
}

/// What is to be exported.
#[derive(Debug, Clone)]
pub enum Wanted {
    Consent(ConsentId),
    /// All consents in which this customer had a part.
    Customer(CustomerId),
    /// Everything of that time, of which the end is not part.
    Period {
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    },
}

impl Wanted {
    fn described(&self) -> Value {
        match self {
            Self::Consent(id) => json!({ "consent": id }),
            Self::Customer(id) => json!({ "customer": id }),
            Self::Period { from, to } => json!({ "from": from, "to": to }),
        }
    }
}

pub struct Export<'a> {
    pub store: Store,
    pub clock: SharedClock,
    pub out: &'a mut (dyn Write + Send),
    pub watch: &'a dyn Watch,
    /// Lines written.
    pub lines: u64,
}

impl Export<'_> {
    /// Who wants it, and why, goes into the record before anything is read.
    pub async fn run(
        mut self,
        wanted: &Wanted,
        operator: &str,
        reason: &str,
    ) -> Result<u64, ExportProblem> {
        if let Wanted::Consent(id) = wanted
            && self.store.consent_rows(&[id.to_string()]).await?.is_empty()
        {
            return Err(ExportProblem::UnknownConsent(id.clone()));
        }
        let data = json!({
            "operator": operator, "reason": reason, "wanted": wanted.described(),
        });
        record(&self.store, &self.clock, Act::Exported, &data).await?;
        self.watch.begins("exporting", None);
        match wanted {
            Wanted::Consent(id) => self.consents(&[id.to_string()]).await?,
            Wanted::Customer(id) => self.customer(id).await?,
            Wanted::Period { from, to } => self.period(*from, *to).await?,
        }
        self.out.flush()?;
        Ok(self.lines)
    }

    fn put(&mut self, line: &Value) -> io::Result<()> {
        writeln!(self.out, "{line}")?;
        self.lines += 1;
        self.watch.done(1);
        Ok(())
    }

    async fn customer(&mut self, id: &CustomerId) -> Result<(), ExportProblem> {
        let mut after = String::new();
        loop {
            let ids = self.store.consents_of(id.as_str(), &after, PAGE).await?;
            let Some(last) = ids.last() else {
                return Ok(());
            };
            after.clone_from(last);
            self.consents(&ids).await?;
        }
    }

    async fn consents(&mut self, ids: &[String]) -> Result<(), ExportProblem> {
        for id in ids {
            let of_one = std::slice::from_ref(id);
            let key = ConsentId::parse(id.clone())
                .map_err(|_| StoreError::Damaged("consents.consent_id"))?;
            for row in self.store.ledger_of(&key).await? {
                self.put(&ledger(&row))?;
            }
            self.decided(of_one).await?;
            for row in self.store.events_of(id).await? {
                self.put(&event(&row))?;
            }
            let all_time = (DateTime::UNIX_EPOCH, DateTime::<Utc>::MAX_UTC);
            self.accesses(Some(id), all_time).await?;
            for row in self.store.checkpoints_covering(of_one).await? {
                self.put(&checkpoint(&row))?;
            }
        }
        Ok(())
    }

    /// The receipts and decisions of these consents.
    async fn decided(&mut self, ids: &[String]) -> Result<(), ExportProblem> {
        for row in self.store.decisions_of(ids).await? {
            self.put(&decision(&row))?;
        }
        for row in self.store.receipts_of(ids).await? {
            self.put(&receipt(&row))?;
        }
        Ok(())
    }

    async fn period(
        &mut self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<(), ExportProblem> {
        let mut after = (At(from), String::new(), 0);
        loop {
            let place = (after.0, after.1.as_str(), after.2);
            let page = self.store.ledger_between(place, At(to), PAGE).await?;
            let Some(last) = page.last() else {
                break;
            };
            after = (last.at, last.chain.clone(), last.seq);
            let mut decided = BTreeSet::new();
            for row in &page {
                self.put(&ledger(row))?;
                if matches!(row.kind.as_str(), "approved" | "rejected") {
                    decided.insert(row.chain.clone());
                }
            }
            if !decided.is_empty() {
                let decided: Vec<_> = decided.into_iter().collect();
                self.decided(&decided).await?;
            }
        }
        let mut after = (At(from), String::new(), String::new());
        loop {
            let place = (after.0, after.1.as_str(), after.2.as_str());
            let page = self.store.events_between(place, At(to), PAGE).await?;
            let Some(last) = page.last() else {
                break;
            };
            after = (
                last.received_at,
                last.consent_id.clone(),
                last.body_sha256.clone(),
            );
            for row in &page {
                self.put(&event(row))?;
            }
        }
        self.accesses(None, (from, to)).await?;
        let mut number = 0;
        loop {
            let period = (At(from), At(to));
            let page = self.store.checkpoints_between(number, period, PAGE).await?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            number = last.number;
            for row in &page {
                self.put(&checkpoint(row))?;
            }
        }
    }

    async fn accesses(
        &mut self,
        consent: Option<&str>,
        (from, to): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<(), ExportProblem> {
        let mut after = (At(from), String::new(), 0);
        loop {
            let place = (after.0, after.1.as_str(), after.2);
            let page = self
                .store
                .accesses_between(consent, place, At(to), PAGE)
                .await?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = (last.at, last.segment.clone(), last.position);
            for row in &page {
                self.put(&access(row))?;
            }
        }
    }
}

/// As it is hashed.
fn moment(at: At) -> String {
    at.0.to_rfc3339_opts(SecondsFormat::Micros, true)
}

fn ledger(row: &LedgerRow) -> Value {
    let consent = Some(&row.chain).filter(|chain| *chain != INSTALLATION);
    json!({
        "type": "ledger", "consent_id": consent, "chain": row.chain, "seq": row.seq, "kind": row.kind,
        "at": moment(row.at), "data": row.data, "salt": row.salt, "data_sha256": row.data_sha256,
        "hash": row.hash,
    })
}

fn access(row: &AccessRow) -> Value {
    json!({
        "type": "access", "consent_id": row.consent_id, "segment": row.segment,
        "position": row.position, "at": moment(row.at), "dc_id": row.dc_id,
        "category": row.category, "outcome": row.outcome, "interaction_id": row.interaction_id,
        "customer_id": row.customer_id, "account_id": row.account_id, "salt": row.salt,
        "personal_sha256": row.personal_sha256, "hash": row.hash,
    })
}

fn receipt(row: &ReceiptRow) -> Value {
    json!({
        "type": "receipt", "consent_id": row.consent_id, "language": row.language,
        "template_hash": row.template_hash, "text": row.text, "sha256": row.sha256,
        "created_at": moment(row.created_at),
    })
}

fn decision(row: &DecisionRow) -> Value {
    json!({
        "type": "decision", "consent_id": row.consent_id, "decision": row.decision,
        "customer_id": row.customer_id, "sign_in": row.sign_in,
        "decided_at": moment(row.decided_at),
    })
}

fn event(row: &EventRow) -> Value {
    json!({
        "type": "event", "consent_id": row.consent_id, "event_type": row.event_type,
        "received_at": moment(row.received_at), "body_sha256": row.body_sha256, "body": row.body,
    })
}

fn checkpoint(row: &CheckpointRow) -> Value {
    json!({
        "type": "checkpoint", "number": row.number, "at": moment(row.at), "jws": row.jws,
    })
}
