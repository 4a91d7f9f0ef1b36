//! One chain of the ledger, entry by entry: each in its place, behind the one before, and with the data that was hashed.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::finding::Findings;
use super::{Runs, has_line_feed};
use crate::consent::{INSTALLATION, Status, sealed};
use crate::evidence::Act;
use crate::store::LedgerRow;

/// What has been read of a chain.
#[derive(Debug)]
pub struct Chain {
    pub name: String,
    pub last_seq: i32,
    pub last_at: DateTime<Utc>,
    /// After the last entry; none where that cannot be told.
    pub status: Option<Status>,
    /// The data of the entry `registered`.
    pub registered: Option<Value>,
    /// The data of the entry `approved`.
    pub approved: Option<Value>,
    /// The receipt's hash, as the decision's entry has it.
    pub receipt: Option<String>,
    /// Whether the decision's entry has been erased, so that a receipt can be neither expected nor held against it.
    pub decision_is_erased: bool,
    /// Entries without data, and the last of them.
    pub erased: Option<(u64, i32)>,
    /// The last entry that says that retention erased.
    erasure: Option<Erasure>,
    /// Whether a run on record did; told by [`Self::erasures_are_recorded`].
    is_erased: bool,
    /// Of the installation's erased entries: the time of the latest, if all are about exports.
    erased_exports: Option<DateTime<Utc>>,
    hash: String,
    /// Not the hash of what should be before the next entry.
    torn: bool,
}

/// What a chain says of retention.
#[derive(Debug, Clone, Copy)]
struct Erasure {
    seq: i32,
    /// None: that cannot be read.
    run: Option<i32>,
    /// The time of the entry before.
    ended: DateTime<Utc>,
}

impl Chain {
    pub fn begin(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            last_seq: 0,
            last_at: DateTime::UNIX_EPOCH,
            status: None,
            registered: None,
            approved: None,
            receipt: None,
            decision_is_erased: false,
            erased: None,
            erasure: None,
            is_erased: false,
            erased_exports: Some(DateTime::UNIX_EPOCH),
            hash: String::new(),
            torn: false,
        }
    }

    pub fn is_installation(&self) -> bool {
        self.name == INSTALLATION
    }

    pub fn place(&self) -> String {
        if self.is_installation() {
            "installation".to_owned()
        } else {
            format!("consent {}", self.name)
        }
    }

    /// Whether retention erased this consent, in a run that is on record.
    pub fn is_erased(&self) -> bool {
        self.is_erased
    }

    /// Whether an entry says that retention erased it, and no run on record did.
    pub fn claims_erasure(&self) -> bool {
        self.erasure.is_some() && !self.is_erased
    }

    pub fn add(&mut self, row: &LedgerRow, findings: &mut Findings) {
        let place = format!("{}, entry {}", self.place(), row.seq);
        let first = i64::from(self.last_seq) + 1;
        let last = i64::from(row.seq) - 1;
        if row.seq < 1 {
            let means = "the first entry has the number 1: somebody else added it";
            findings.add("ledger.edited", place.clone(), means);
            self.torn = true;
        } else if last >= first {
            let means = if last == first {
                format!("entry {first} was removed before it")
            } else {
                format!("entries {first} to {last} were removed before it")
            };
            findings.add("ledger.removed", place.clone(), means);
            self.torn = true;
        }
        let data_fits = self.data_fits(row, &place, findings);
        let is_plain = !has_line_feed(&[&row.chain, &row.kind]);
        let fits = is_plain && row.link().hash(&self.hash) == row.hash;
        if !self.torn && !fits {
            findings.add(
                "ledger.edited",
                place,
                "its hash is not that of what stands there: it was changed, or it is not where it was",
            );
        }
        self.torn = false;
        self.hash.clone_from(&row.hash);
        let data = row.data.as_deref().filter(|_| data_fits);
        self.understand(row, data.and_then(|data| serde_json::from_str(data).ok()));
        self.last_seq = row.seq.max(0);
        self.last_at = row.at.0;
    }

    fn data_fits(&mut self, row: &LedgerRow, place: &str, findings: &mut Findings) -> bool {
        let edited = match (&row.data, &row.salt, &row.data_sha256) {
            (Some(data), Some(salt), Some(sha256)) => {
                (sealed(salt, data) != *sha256).then_some("its data is not what was hashed")
            }
            // Older than salts: the entry's hash covers the data itself.
            (Some(data), None, None) => {
                (!data.starts_with('{')).then_some("a hash stands where its data was")
            }
            (None, None, Some(_)) => {
                let count = self.erased.map_or(0, |(count, _)| count) + 1;
                self.erased = Some((count, row.seq));
                None
            }
            _ => Some("data, salt and hash of its data are not complete"),
        };
        if let Some(means) = edited {
            findings.add("ledger.edited", place, means);
        }
        edited.is_none()
    }

    /// What an entry says of the consent's state, the accounts and the receipt.
    fn understand(&mut self, row: &LedgerRow, data: Option<Value>) {
        let status = |name: &str| {
            let text = data.as_ref()?[name].as_str()?;
            Status::parse(text)
        };
        match row.kind.as_str() {
            "registered" => {
                self.status = status("status");
                self.registered = data;
            }
            "approved" | "rejected" => {
                let is_approval = row.kind == "approved";
                self.status = Some(if is_approval {
                    Status::Deciding
                } else {
                    Status::Rejected
                });
                let receipt = data.as_ref().and_then(|data| data["receipt"].as_str());
                self.receipt = receipt.map(str::to_owned);
                self.decision_is_erased = data.is_none();
                if is_approval {
                    self.approved = data;
                }
            }
            "reported" => self.status = status("to"),
            "timed_out" | "refused" => self.status = Some(Status::Failed),
            "accepted" => self.status = Some(Status::Authorized),
            "stopped" => self.status = Some(Status::Revoked),
            "expired" => self.status = Some(Status::Expired),
            "erased" => {
                let run = data.as_ref().and_then(|data| data["run"].as_i64());
                self.erasure = Some(Erasure {
                    seq: row.seq,
                    run: run.and_then(|run| i32::try_from(run).ok()),
                    ended: self.last_at,
                });
            }
            kind if row.data.is_none() => {
                let is_export = kind == Act::Exported.kind();
                let latest = self.erased_exports.filter(|_| is_export);
                self.erased_exports = latest.map(|latest| latest.max(row.at.0));
            }
            // Nothing changes.
            _ => {}
        }
    }

    /// Data may be missing only where retention says that it erased it, and retention can say so only of a run that is on record.
    pub fn erasures_are_recorded(&mut self, runs: &Runs, findings: &mut Findings) {
        self.is_erased = self.erasure.is_some_and(|erasure| {
            let cutoff = erasure.run.and_then(|run| runs.get(&run));
            cutoff.is_some_and(|cutoff| erasure.ended < *cutoff)
        });
        if self.claims_erasure() {
            let seq = self.erasure.map_or(self.last_seq, |erasure| erasure.seq);
            findings.add(
                "ledger.erased",
                format!("{}, entry {seq}", self.place()),
                "it says that retention erased the consent, and no run of retention that is on record did",
            );
        }
        let Some((_, last_erased)) = self.erased else {
            return;
        };
        let is_recorded = if self.is_installation() {
            let latest = runs.values().max();
            self.erased_exports
                .is_some_and(|export| latest.is_some_and(|cutoff| export < *cutoff))
        } else {
            self.is_erased
                && self
                    .erasure
                    .is_some_and(|erasure| last_erased < erasure.seq)
        };
        if !is_recorded {
            findings.add(
                "ledger.erased",
                format!("{}, entry {last_erased}", self.place()),
                "its data is missing, and no run of retention that is on record erased it",
            );
        }
    }
}
