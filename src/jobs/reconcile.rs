//! Rounds through the consents that PayNet could have otherwise: slowly, one after the other, by one replica at a time. How far a round
//! has come is kept in the database, so it goes on where it was after a restart or on another replica. While PayNet is down it pauses.

use std::time::Duration;

use chrono::TimeDelta;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::compare::{CompareError, Comparison};
use crate::clock::SharedClock;
use crate::config;
use crate::consent::Consent;
use crate::store::{At, Cursor, Page, Settled, Store, StoreError, StoreResult};

/// How often a replica looks whether there is something to do.
const IDLE: Duration = Duration::from_secs(2);
/// How long the cursor is ours; a batch is given back well before.
const LEASE: TimeDelta = TimeDelta::seconds(60);
const BATCH_TIME: TimeDelta = TimeDelta::seconds(20);
/// After PayNet could not be asked, unless it said how long.
const PAUSE: TimeDelta = TimeDelta::minutes(1);

/// Consents that ended in this time are looked at as well: PayNet might go on with them.
const ENDED_WITHIN: TimeDelta = TimeDelta::hours(48);
/// The end itself may still be on its way.
const ENDED_BEFORE: TimeDelta = TimeDelta::minutes(5);

#[derive(Clone)]
pub struct Reconcile {
    pub comparison: Comparison,
    pub pace: Pace,
}

/// How fast it goes.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// A minute; 0: the job is off.
    consents: u32,
    between_rounds: TimeDelta,
}

impl From<&config::Reconcile> for Pace {
    fn from(config: &config::Reconcile) -> Self {
        Self {
            consents: config.per_minute,
            between_rounds: TimeDelta::minutes(config.every_minutes),
        }
    }
}

impl Pace {
    /// Between two questions.
    pub fn gap(self) -> Duration {
        Duration::from_secs(60) / self.consents.max(1)
    }

    /// Ten seconds' worth.
    fn batch(self) -> i64 {
        i64::from(self.consents / 6).clamp(1, 100)
    }
}

/// What comes after a place in the order of ids.
pub async fn page(
    store: &Store,
    clock: &SharedClock,
    after: &str,
    limit: i64,
) -> StoreResult<Page> {
    let now = clock.now();
    let settled = Settled {
        since: At(now - ENDED_WITHIN),
        until: At(now - ENDED_BEFORE),
    };
    store.reconcile_page(after, settled, limit).await
}

impl Reconcile {
    pub async fn run(self, stop: CancellationToken) {
        if self.pace.consents == 0 {
            return;
        }
        let holder = Uuid::new_v4().to_string();
        while !stop.is_cancelled() {
            match self.batch(&holder, &stop).await {
                Ok(true) => {}
                Ok(false) => {
                    tokio::select! {
                        () = stop.cancelled() => {}
                        () = tokio::time::sleep(IDLE) => {}
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "the comparison with PayNet cannot go on; trying again");
                    tokio::select! {
                        () = stop.cancelled() => {}
                        () = tokio::time::sleep(IDLE) => {}
                    }
                }
            }
        }
    }

    /// The next few consents, if it is our turn; whether there may be more at once.
    async fn batch(&self, holder: &str, stop: &CancellationToken) -> StoreResult<bool> {
        let (clock, store) = (&self.comparison.clock, &self.comparison.store);
        let began = clock.now();
        let every = self.pace.between_rounds;
        let leased = store
            .lease_reconcile(holder, At(began), LEASE, every)
            .await?;
        let Some(mut cursor) = leased else {
            return Ok(false);
        };
        let page = page(store, clock, &cursor.after_id, self.pace.batch()).await?;
        let mut complete = true;
        for consent in &page.consents {
            if stop.is_cancelled() || clock.now() - began > BATCH_TIME {
                complete = false;
                break;
            }
            if let Err(error) = self.compared(consent, &mut cursor).await {
                cursor.not_before = Some(At(clock.now() + pause(&error)));
                tracing::info!(%error, "the comparison with PayNet pauses");
                complete = false;
                break;
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(self.pace.gap()) => {}
            }
        }
        if complete {
            self.turn(&mut cursor, page.next);
        }
        match store.save_reconcile(&cursor).await {
            Ok(()) => Ok(cursor.not_before.is_none()
                && cursor.finished_at.is_none_or(|at| at < cursor.started_at)),
            // This took so long that another replica went on.
            Err(StoreError::Stale) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn compared(&self, consent: &Consent, cursor: &mut Cursor) -> Result<(), CompareError> {
        cursor.not_before = None;
        self.comparison.of(consent, false).await?;
        cursor.after_id = consent.id.to_string();
        cursor.checked += 1;
        Ok(())
    }

    /// To the next page, or the end of the round.
    fn turn(&self, cursor: &mut Cursor, next: Option<String>) {
        cursor.not_before = None;
        if let Some(next) = next {
            cursor.after_id = next;
            return;
        }
        cursor.finished_at = Some(At(self.comparison.clock.now()));
        let checked = cursor.checked;
        tracing::info!(checked, "a round of the comparison with PayNet is over");
    }
}

fn pause(error: &CompareError) -> TimeDelta {
    let asked = match error {
        CompareError::Unavailable { retry_after, .. } => *retry_after,
        CompareError::Store(_) => None,
    };
    let asked = asked.and_then(|pause| TimeDelta::from_std(pause).ok());
    asked.unwrap_or_default().max(PAUSE)
}
