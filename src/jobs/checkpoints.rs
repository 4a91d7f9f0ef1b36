//! Signed checkpoints over the ledger and the access log, every few minutes. Several replicas may try; the number is the database's
//! primary key, so one of them makes it.
//!
//! A row may be committed after others that are younger, and replicas' clocks differ. So each checkpoint looks back a while behind the
//! one before, and takes what is not covered yet; nothing older is ever read again.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio_util::sync::CancellationToken;

use crate::clock::SharedClock;
use crate::evidence::{Checkpoint, Count, Unproven, digest, fingerprint};
use crate::ids::DpId;
use crate::keys::SigningKeys;
use crate::store::{ACCESS, At, CheckpointRow, LEDGER, Store, StoreError, StoreResult, StretchRow};

/// Much longer than a transaction takes and than replicas' clocks may differ.
const LOOK_BACK: TimeDelta = TimeDelta::minutes(15);

/// What one checkpoint covers at most, so that the first after a long time does not take everything at once.
const SLICE: TimeDelta = TimeDelta::days(1);

/// When nothing happens: so that it shows that nothing was to be covered.
const AT_LEAST_EVERY: TimeDelta = TimeDelta::days(1);

/// Chains asked for at a time.
const CHAINS: usize = 500;

#[derive(Clone)]
pub struct Checkpoints {
    pub clock: SharedClock,
    pub dp_id: DpId,
    pub every: Duration,
    /// Where each is written as a file as well.
    pub folder: Option<PathBuf>,
    pub signing: SigningKeys,
    pub store: Store,
}

#[derive(Debug, thiserror::Error)]
pub enum CheckpointProblem {
    #[error(
        "the last checkpoint in the database is not ours ({0}): see what izin ledger verify finds"
    )]
    NotOurs(#[from] Unproven),
    #[error(
        "the last checkpoint in the database is of the future: see what izin ledger verify finds, and the clocks"
    )]
    OfTheFuture,
    #[error(
        "the last checkpoint in the database has the number {0}, which it cannot have: see what izin ledger verify finds"
    )]
    Number(i32),
    #[error(
        "the checkpoints in the database cover entry {1} of {0}, which is not there: see what izin ledger verify finds"
    )]
    BeyondTheEnd(String, i32),
    #[error(transparent)]
    Sign(#[from] izin_jose::SignError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is to be covered next.
struct Uncovered {
    stretches: Vec<StretchRow>,
    up_to: DateTime<Utc>,
    /// Whether there may be more.
    is_all: bool,
}

/// The last checkpoint.
struct Known {
    checkpoint: Checkpoint,
    /// Up to when it and those before cover everything. None: that is not proven.
    up_to: Option<DateTime<Utc>>,
}

impl Known {
    fn is_old(&self, now: DateTime<Utc>) -> bool {
        self.checkpoint.at + AT_LEAST_EVERY <= now
    }
}

impl Checkpoints {
    pub async fn run(self, stop: CancellationToken) {
        let mut tick = tokio::time::interval(self.every);
        let mut stopped = false;
        while !stopped {
            tokio::select! {
                // One more: what is written from now on waits for the next start.
                () = stop.cancelled() => stopped = true,
                _ = tick.tick() => {}
            }
            if let Err(error) = self.write().await {
                tracing::error!(%error, "no checkpoint was made; trying again");
            }
        }
    }

    /// Covers everything that is not covered yet.
    pub async fn write(&self) -> Result<(), CheckpointProblem> {
        loop {
            match self.write_next().await {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    /// Whether there may be more to do.
    async fn write_next(&self) -> Result<bool, CheckpointProblem> {
        let last = self.store.last_checkpoint().await?;
        let now = self.clock.now();
        let previous = last.as_ref().map(|row| self.known(row, now)).transpose()?;
        let known = previous.as_ref().and_then(|previous| previous.up_to);
        let before = last.as_ref().map_or(0, |row| row.number);
        let number = before.checked_add(1).filter(|number| *number > 0);
        let number = number.ok_or(CheckpointProblem::Number(before))?;
        let found = self
            .uncovered(number, known.unwrap_or(DateTime::UNIX_EPOCH), now)
            .await?;
        let is_due = previous
            .as_ref()
            .is_none_or(|previous| previous.up_to.is_none() || previous.is_old(now));
        if found.stretches.is_empty() && !is_due {
            return Ok(false);
        }
        let before = previous.as_ref().map(|previous| &previous.checkpoint);
        let ledger = before.map(|before| before.ledger);
        let access = before.map(|before| before.access);
        let checkpoint = Checkpoint {
            number,
            dp_id: self.dp_id.to_string(),
            at: now,
            previous: last.as_ref().map(|row| fingerprint(&row.jws)),
            up_to: known.map_or(found.up_to, |known| known.max(found.up_to)),
            ledger: Count::of(LEDGER, &found.stretches, ledger),
            access: Count::of(ACCESS, &found.stretches, access),
            digest: digest(&found.stretches),
        };
        let signer = self.signing.current()?;
        let jws = checkpoint.sign(&*signer).await?;
        let row = CheckpointRow {
            number,
            at: At(now),
            jws,
        };
        let added = self.store.add_checkpoint(&row, &found.stretches).await;
        if matches!(added, Err(StoreError::Stale)) && self.is_made(number).await? {
            return Ok(false);
        }
        added?;
        tracing::info!(
            number,
            sha256 = %fingerprint(&row.jws),
            entries = checkpoint.ledger.entries,
            accesses = checkpoint.access.entries,
            "checkpoint"
        );
        self.write_file(&row).await;
        Ok(!found.is_all)
    }

    /// Whether another replica has made it.
    async fn is_made(&self, number: i32) -> StoreResult<bool> {
        let last = self.store.last_checkpoint().await?;
        Ok(last.is_some_and(|row| row.number >= number))
    }

    /// The last one, unless somebody else made it, so that we would go on from where nothing is covered.
    fn known(&self, row: &CheckpointRow, now: DateTime<Utc>) -> Result<Known, CheckpointProblem> {
        let keys = self.signing.published();
        let keys = keys.keys().iter();
        let keys = keys
            .map(|key| (key.key_id().clone(), key.clone()))
            .collect();
        let (checkpoint, is_proven) = match Checkpoint::proven(&row.jws, &keys) {
            // The service was at rest for longer than the key was published, or it is forged. So we go on after it, and look at
            // everything again.
            Err(Unproven::UnknownKey(key)) => {
                tracing::warn!(
                    number = row.number,
                    key,
                    "the last checkpoint was signed by a key that is not configured"
                );
                (Checkpoint::claimed(&row.jws)?, false)
            }
            other => (other?, true),
        };
        if checkpoint.number != row.number {
            return Err(CheckpointProblem::Number(row.number));
        }
        if checkpoint.up_to > now {
            return Err(CheckpointProblem::OfTheFuture);
        }
        Ok(Known {
            up_to: is_proven.then_some(checkpoint.up_to),
            checkpoint,
        })
    }

    async fn uncovered(
        &self,
        checkpoint: i32,
        known: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Uncovered, CheckpointProblem> {
        let mut since = known;
        loop {
            let oldest = self.store.oldest_entry(At(since)).await?;
            let Some(At(oldest)) = oldest else {
                return Ok(Uncovered {
                    stretches: Vec::new(),
                    up_to: now - LOOK_BACK,
                    is_all: true,
                });
            };
            let until = oldest + SLICE;
            let is_all = until > now;
            let mut stretches = self.stretches(checkpoint, LEDGER, (oldest, until)).await?;
            stretches.extend(self.stretches(checkpoint, ACCESS, (oldest, until)).await?);
            if is_all || !stretches.is_empty() {
                return Ok(Uncovered {
                    stretches,
                    up_to: if is_all { now } else { until } - LOOK_BACK,
                    is_all,
                });
            }
            since = until - LOOK_BACK;
        }
    }

    /// What of these hours no checkpoint covers.
    async fn stretches(
        &self,
        checkpoint: i32,
        log: &str,
        (since, until): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Vec<StretchRow>, CheckpointProblem> {
        let mut stretches = Vec::new();
        let heads = self.store.heads(log, At(since), At(until)).await?;
        for heads in heads.chunks(CHAINS) {
            let chains: Vec<_> = heads.iter().map(|(chain, _)| chain.clone()).collect();
            let covered = self.store.covered(log, &chains).await?;
            let covered: HashMap<_, _> = covered.into_iter().collect();
            let after = |chain: &String| covered.get(chain).copied().unwrap_or_default();
            let beyond = heads.iter().filter(|(chain, seq)| *seq < after(chain));
            let beyond = beyond.map(|(chain, _)| (chain.clone(), after(chain)));
            self.are_there(log, beyond.collect()).await?;
            let new = heads.iter().filter(|(chain, seq)| *seq > after(chain));
            let (chains, numbers): (Vec<_>, Vec<_>) = new.cloned().unzip();
            if chains.is_empty() {
                continue;
            }
            let hashes = self.store.hashes(log, &chains, &numbers).await?;
            let hashes = hashes
                .into_iter()
                .map(|(chain, seq, hash)| ((chain, seq), hash));
            let mut hashes: HashMap<_, _> = hashes.collect();
            for place in chains.into_iter().zip(numbers) {
                let Some(head) = hashes.remove(&place) else {
                    continue;
                };
                let (chain, last_seq) = place;
                stretches.push(StretchRow {
                    log: log.to_owned(),
                    first_seq: after(&chain) + 1,
                    last_seq,
                    chain,
                    head,
                    checkpoint,
                });
            }
        }
        Ok(stretches)
    }

    /// What is covered was there when it was. Another replica may have covered what came since we looked; but where nothing is, somebody
    /// else says so, and we would leave out what comes.
    async fn are_there(
        &self,
        log: &str,
        places: Vec<(String, i32)>,
    ) -> Result<(), CheckpointProblem> {
        if places.is_empty() {
            return Ok(());
        }
        let (chains, numbers): (Vec<_>, Vec<_>) = places.iter().cloned().unzip();
        let hashes = self.store.hashes(log, &chains, &numbers).await?;
        let there: HashSet<_> = hashes
            .into_iter()
            .map(|(chain, seq, _)| (chain, seq))
            .collect();
        for place in places {
            if !there.contains(&place) {
                return Err(CheckpointProblem::BeyondTheEnd(place.0, place.1));
            }
        }
        Ok(())
    }

    /// The database has it; a file that could not be written is told, and the next covers what it would have.
    async fn write_file(&self, row: &CheckpointRow) {
        let Some(folder) = self.folder.clone() else {
            return;
        };
        let (number, text) = (row.number, format!("{}\n", row.jws));
        let write = move || write_new(&folder, number, &text);
        let written = tokio::task::spawn_blocking(write).await;
        if let Ok(Err(error)) = written {
            tracing::error!(number, %error, "the checkpoint could not be written to evidence.checkpoint_dir");
        }
    }
}

/// Whole or not at all, and never over another: if the database was begun anew, these files are what proves it.
fn write_new(folder: &Path, number: i32, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    let path = folder.join(file_name(number));
    if path.try_exists()? {
        let told =
            "there is one of that number already: the database's checkpoints were begun anew";
        return Err(std::io::Error::new(std::io::ErrorKind::AlreadyExists, told));
    }
    let unfinished = folder.join(format!(".{}-{}", file_name(number), std::process::id()));
    let mut file = std::fs::File::create(&unfinished)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&unfinished, &path)?;
    std::fs::File::open(folder)?.sync_all()
}

/// Such that their order is that of the numbers.
fn file_name(number: i32) -> String {
    format!("checkpoint-{number:09}.jws")
}
