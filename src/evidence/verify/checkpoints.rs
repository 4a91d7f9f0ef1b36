//! Checkpoints: each signed, each naming the one before, and everything that they cover still there.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use izin_jose::{Jwk, KeyId};

use super::finding::Findings;
use super::{CHAINS, Report, Verification};
use crate::evidence::checkpoint::{Checkpoint, Count, Unproven, digest, fingerprint};
use crate::store::{ACCESS, CheckpointRow, LEDGER, StoreResult, StretchRow};

/// Checkpoints read at a time.
const PAGE: i64 = 100;

/// A checkpoint that somebody kept outside the database.
#[derive(Debug, Clone)]
pub struct HeldCheckpoint {
    pub path: PathBuf,
    checkpoint: Checkpoint,
    jws: String,
}

impl HeldCheckpoint {
    /// Proven by one of these keys.
    pub fn read(path: &Path, text: &str, keys: &HashMap<KeyId, Jwk>) -> Result<Self, Unproven> {
        let jws = text.trim().to_owned();
        Ok(Self {
            path: path.to_owned(),
            checkpoint: Checkpoint::proven(&jws, keys)?,
            jws,
        })
    }
}

/// How far the checkpoints go.
pub struct Covered {
    pub up_to: DateTime<Utc>,
    pub entries: u64,
    pub accesses: u64,
}

/// The one before, for the next.
struct Previous {
    number: i32,
    fingerprint: String,
    /// None: unreadable.
    checkpoint: Option<Checkpoint>,
}

/// By key id: the first and the last checkpoint that it signed.
type UnknownKeys = BTreeMap<String, (i32, i32)>;

impl Verification<'_> {
    pub(super) async fn checkpoints(
        &self,
        report: &mut Report,
        findings: &mut Findings,
    ) -> StoreResult<Covered> {
        let last = self.store.last_checkpoint().await?;
        let numbers = last.map(|row| u64::try_from(row.number).unwrap_or_default());
        self.watch.begins("checkpoints", numbers);
        let mut previous: Option<Previous> = None;
        let mut unknown = UnknownKeys::new();
        // Also those that are none: what belongs to them must not pass for covered.
        let mut after = i32::MIN;
        loop {
            let page = self.store.checkpoints_after(after, PAGE).await?;
            if page.is_empty() {
                break;
            }
            for row in page {
                after = row.number;
                if row.number < 1 {
                    findings.add(
                        "checkpoint.forged",
                        format!("checkpoint {}", row.number),
                        "the first has the number 1: somebody else added it, and what is listed under it counts for nothing",
                    );
                    continue;
                }
                self.held_against_files(&row, findings);
                let next = self
                    .checkpoint(&row, previous.as_ref(), &mut unknown, findings)
                    .await?;
                report.checkpoints += 1;
                if let Some(checkpoint) = &next.checkpoint {
                    report.last_checkpoint = Some(checkpoint.at);
                }
                previous = Some(next);
                self.watch.done(1);
            }
        }
        for (key, (first, last)) in unknown {
            findings.add(
                "checkpoint.unknown_key",
                format!("checkpoints {first} to {last}"),
                format!("signed by the key {key}, which is not among those given: pass its certificate with --keys"),
            );
        }
        let number = previous.as_ref().map_or(0, |previous| previous.number);
        self.missing_of_the_held(number, findings);
        let checkpoint = previous.and_then(|previous| previous.checkpoint);
        Ok(Covered {
            up_to: checkpoint
                .as_ref()
                .map_or(DateTime::UNIX_EPOCH, |last| last.up_to),
            entries: checkpoint.as_ref().map_or(0, |last| last.ledger.total),
            accesses: checkpoint.as_ref().map_or(0, |last| last.access.total),
        })
    }

    fn held_against_files(&self, row: &CheckpointRow, findings: &mut Findings) {
        for held in &self.held {
            if held.checkpoint.number == row.number && held.jws != row.jws {
                findings.add(
                    "checkpoint.replaced",
                    format!("checkpoint {}", row.number),
                    format!(
                        "the database's is not the one in {}, which was signed at {}: checkpoints were made anew, and what they cover may have been too",
                        held.path.display(),
                        held.checkpoint.at.to_rfc3339(),
                    ),
                );
            }
        }
    }

    fn missing_of_the_held(&self, last: i32, findings: &mut Findings) {
        for held in &self.held {
            let Checkpoint {
                number,
                at,
                ledger,
                access,
                ..
            } = &held.checkpoint;
            if *number > last {
                findings.add(
                    "checkpoint.gone",
                    format!("checkpoint {number}"),
                    format!(
                        "{} proves that it was signed at {} over {} ledger entries and {} accesses, and the database's checkpoints end at {last}: their end was cut off",
                        held.path.display(),
                        at.to_rfc3339(),
                        ledger.total,
                        access.total,
                    ),
                );
            }
        }
    }

    async fn checkpoint(
        &self,
        row: &CheckpointRow,
        previous: Option<&Previous>,
        unknown: &mut UnknownKeys,
        findings: &mut Findings,
    ) -> StoreResult<Previous> {
        let place = format!("checkpoint {}", row.number);
        let expected = previous.map_or(0, |previous| previous.number) + 1;
        if row.number != expected {
            findings.add(
                "checkpoint.removed",
                place.clone(),
                format!("the ones from {expected} on are missing before it"),
            );
        }
        let checkpoint = match Checkpoint::proven(&row.jws, &self.keys) {
            Ok(checkpoint) => Some(checkpoint),
            Err(Unproven::UnknownKey(key)) => {
                let range = unknown.entry(key).or_insert((row.number, row.number));
                range.1 = row.number;
                Checkpoint::claimed(&row.jws).ok()
            }
            Err(problem) => {
                findings.add("checkpoint.forged", place.clone(), problem.to_string());
                Checkpoint::claimed(&row.jws).ok()
            }
        };
        if let Some(checkpoint) = &checkpoint {
            self.succession(row, checkpoint, previous, findings);
            let stretches = self.store.stretches_of(row.number).await?;
            let before = previous.and_then(|previous| previous.checkpoint.as_ref());
            let ledger = Count::of(LEDGER, &stretches, before.map(|before| before.ledger));
            let access = Count::of(ACCESS, &stretches, before.map(|before| before.access));
            if digest(&stretches) != checkpoint.digest
                || (ledger, access) != (checkpoint.ledger, checkpoint.access)
            {
                findings.add(
                    "checkpoint.coverage",
                    place,
                    "the list of what it covers is not the one that was signed: lines were changed, added or removed",
                );
            }
            for stretches in stretches.chunks(CHAINS) {
                for log in [LEDGER, ACCESS] {
                    self.heads(log, stretches, findings).await?;
                }
            }
        }
        Ok(Previous {
            number: row.number,
            fingerprint: fingerprint(&row.jws),
            checkpoint,
        })
    }

    /// That it is the next, and one of ours.
    fn succession(
        &self,
        row: &CheckpointRow,
        checkpoint: &Checkpoint,
        previous: Option<&Previous>,
        findings: &mut Findings,
    ) {
        let place = format!("checkpoint {}", row.number);
        if checkpoint.number != row.number || checkpoint.at != row.at.0 {
            findings.add(
                "checkpoint.edited",
                place.clone(),
                format!(
                    "what was signed is number {} of {}",
                    checkpoint.number,
                    checkpoint.at.to_rfc3339()
                ),
            );
        }
        let named = checkpoint.previous.as_deref();
        if named != previous.map(|previous| previous.fingerprint.as_str()) {
            findings.add(
                "checkpoint.replaced",
                place.clone(),
                "it was signed after another checkpoint than the one before it",
            );
        }
        if let Some(ours) = &self.dp_id
            && *ours != checkpoint.dp_id
        {
            findings.add(
                "checkpoint.foreign",
                place,
                format!("it was made by {}, and we are {ours}", checkpoint.dp_id),
            );
        }
    }

    /// That every stretch still ends as it did.
    async fn heads(
        &self,
        log: &str,
        stretches: &[StretchRow],
        findings: &mut Findings,
    ) -> StoreResult<()> {
        let stretches: Vec<_> = stretches.iter().filter(|one| one.log == log).collect();
        if stretches.is_empty() {
            return Ok(());
        }
        let chains: Vec<_> = stretches.iter().map(|one| one.chain.clone()).collect();
        let numbers: Vec<_> = stretches.iter().map(|one| one.last_seq).collect();
        let hashes = self.store.hashes(log, &chains, &numbers).await?;
        let hashes = hashes
            .into_iter()
            .map(|(chain, seq, hash)| ((chain, seq), hash));
        let hashes: HashMap<_, _> = hashes.collect();
        let (name, entry) = if log == LEDGER {
            ("consent", "entry")
        } else {
            ("segment", "row")
        };
        for stretch in stretches {
            let StretchRow {
                chain,
                first_seq,
                last_seq,
                checkpoint,
                ..
            } = stretch;
            let place = format!("{name} {chain}");
            match hashes.get(&(chain.clone(), *last_seq)) {
                Some(hash) if *hash == stretch.head => {}
                Some(_) => findings.add(
                    if log == LEDGER { "ledger.recomputed" } else { "access.recomputed" },
                    place,
                    format!("{entry} {last_seq} is not the one that checkpoint {checkpoint} covers: it, or one before it, was changed and the hashes were computed anew"),
                ),
                None => findings.add(
                    if log == LEDGER { "ledger.removed" } else { "access.removed" },
                    place,
                    format!("{entry} {last_seq} is gone; checkpoint {checkpoint} proves that there were {first_seq} to {last_seq}"),
                ),
            }
        }
        Ok(())
    }
}
