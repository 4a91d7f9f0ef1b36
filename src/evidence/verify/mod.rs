//! Verification: everything is read and computed again, at one moment, page by page, and nothing is written.
//!
//! What proves what: an entry's hash, that it stands behind the one before; a checkpoint's signature, that a chain went up to that hash
//! when it was signed; a checkpoint that was kept elsewhere, that the database's checkpoints are those that were made. Entries since the
//! last checkpoint are proven by their chain alone.

mod access;
mod chain;
mod checkpoints;
mod consents;
mod finding;
mod ledger;

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use izin_jose::{Jwk, KeyId};
use serde::Serialize;

use super::Watch;
use crate::store::{Store, StoreError, StoreResult};
pub use checkpoints::HeldCheckpoint;
pub use finding::Finding;
use finding::Findings;

/// Rows read at a time.
const PAGE: i64 = 1000;

/// Chains asked for at a time.
const CHAINS: usize = 500;

/// While entries are made, checkpoints are; an entry that is so much older than the newest was forgotten.
const OVERDUE: TimeDelta = TimeDelta::hours(2);

pub struct Verification<'a> {
    /// With a pool of one connection.
    pub store: Store,
    pub keys: HashMap<KeyId, Jwk>,
    /// Whose checkpoints are expected, if that is configured.
    pub dp_id: Option<String>,
    pub held: Vec<HeldCheckpoint>,
    pub watch: &'a dyn Watch,
}

/// What was read, and what was found.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    pub intact: bool,
    /// The first of them.
    pub findings: Vec<Finding>,
    pub findings_in_all: u64,
    pub checkpoints: u64,
    pub last_checkpoint: Option<DateTime<Utc>>,
    pub held_checkpoints: u64,
    pub chains: u64,
    pub entries: u64,
    pub segments: u64,
    pub accesses: u64,
    /// Entries and accesses since the last checkpoint.
    pub not_covered_yet: u64,
    /// Entries whose data retention has erased.
    pub erased_entries: u64,
    pub erased_accesses: u64,
    pub retention_runs: u64,
}

/// What both logs are held against.
struct Bounds {
    /// Entries of before this are covered.
    up_to: DateTime<Utc>,
    /// Entries of before this should be.
    due: DateTime<Utc>,
}

/// A run of retention, by its number in the installation's chain.
type Runs = HashMap<i32, DateTime<Utc>>;

impl Verification<'_> {
    pub async fn run(self) -> Result<Report, StoreError> {
        self.store.freeze().await?;
        let mut report = Report {
            held_checkpoints: self.held.len() as u64,
            ..Report::default()
        };
        let mut findings = Findings::default();
        let covered = self.checkpoints(&mut report, &mut findings).await?;
        let newest = self.store.newest_entry().await?;
        let newest = newest.map_or(DateTime::UNIX_EPOCH, |at| at.0);
        let bounds = Bounds {
            up_to: covered.up_to,
            due: newest - OVERDUE,
        };
        let runs = self.retention_runs(&mut findings).await?;
        report.retention_runs = runs.len() as u64;
        self.watch
            .begins("ledger", Some(covered.entries).filter(|count| *count > 0));
        let claimed = self
            .ledger(&bounds, &runs, &mut report, &mut findings)
            .await?;
        self.watch.begins(
            "access log",
            Some(covered.accesses).filter(|count| *count > 0),
        );
        self.access_log(&bounds, &claimed, &mut report, &mut findings)
            .await?;
        self.watch.begins("consents", None);
        self.consents_without_history(&mut findings).await?;
        report.findings_in_all = findings.in_all;
        report.findings = findings.first;
        report.intact = report.findings_in_all == 0;
        Ok(report)
    }

    /// Up to which moment each run erased. A run of what is yet to end is none.
    async fn retention_runs(&self, findings: &mut Findings) -> StoreResult<Runs> {
        let chain = [crate::consent::INSTALLATION.to_owned()];
        let kind = super::Act::RetentionStarted.kind();
        let started = self.store.entries_of_kind(kind, &chain).await?;
        let cutoff = |data: &str| {
            let data: serde_json::Value = serde_json::from_str(data).ok()?;
            let cutoff = DateTime::parse_from_rfc3339(data["ended_before"].as_str()?).ok()?;
            Some(cutoff.to_utc())
        };
        let mut runs = Runs::new();
        for row in &started {
            let Some(cutoff) = row.data.as_deref().and_then(cutoff) else {
                continue;
            };
            if cutoff > row.at.0 {
                findings.add(
                    "ledger.erased",
                    format!("installation, entry {}", row.seq),
                    "a run of retention is said to have erased what ended after it began: it is none of ours",
                );
                continue;
            }
            runs.insert(row.seq, cutoff);
        }
        Ok(runs)
    }
}

/// What is between fields in what is hashed: nothing that is stored may have one.
fn has_line_feed(fields: &[&str]) -> bool {
    fields.iter().any(|field| field.contains('\n'))
}
