//! Rounds through the consents that PayNet could have otherwise: slowly, one after the other, by one replica at a time. How far a round
//! has come is kept in the database, so it goes on where it was after a restart or on another replica. While PayNet is down it pauses.

use std::time::Duration;

use chrono::TimeDelta;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::compare::{CompareError, Comparison};
use crate::clock::SharedClock;
use crate::config;
use crate::ids::ConsentId;
use crate::store::{At, Cursor, Page, Settled, Store, StoreError, StoreResult};

/// How often a replica looks whether there is something to do.
const IDLE: Duration = Duration::from_secs(2);
/// How long the cursor is ours, beside the pause to the next consent; a batch is given back well before.
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
        let mut failures = Failures::default();
        while !stop.is_cancelled() {
            let batch = self.batch(&holder, &mut failures, &stop).await;
            if let Err(error) = &batch {
                tracing::warn!(%error, "the comparison with PayNet cannot go on; trying again");
            }
            if !matches!(batch, Ok(true)) {
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = tokio::time::sleep(IDLE) => {}
                }
            }
        }
    }

    /// The next few consents, if it is our turn; whether there may be more at once.
    async fn batch(
        &self,
        holder: &str,
        failures: &mut Failures,
        stop: &CancellationToken,
    ) -> StoreResult<bool> {
        let (clock, store) = (&self.comparison.clock, &self.comparison.store);
        let began = clock.now();
        let every = self.pace.between_rounds;
        let lease = LEASE + TimeDelta::from_std(self.pace.gap()).unwrap_or_default();
        let leased = store
            .lease_reconcile(holder, At(began), lease, every)
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
            cursor.not_before = None;
            match self.comparison.of(consent, false).await {
                Ok(compared) => cursor.checked += i64::from(compared.is_some()),
                Err(error) if failures.are_enough(&consent.id, &error) => {
                    tracing::error!(consent = %consent.id, %error, "passed over in this round");
                }
                Err(error) => {
                    tracing::info!(%error, "the comparison with PayNet pauses");
                    cursor.not_before = Some(At(clock.now() + pause(&error)));
                    complete = false;
                    break;
                }
            }
            cursor.after_id = consent.id.to_string();
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

/// How often the one consent that a round is at could not be compared: one alone must not keep the others waiting for ever.
#[derive(Default)]
struct Failures {
    at: Option<ConsentId>,
    count: u32,
}

impl Failures {
    const ENOUGH: u32 = 5;

    fn are_enough(&mut self, id: &ConsentId, error: &CompareError) -> bool {
        if self.at.as_ref() != Some(id) {
            *self = Self {
                at: Some(id.clone()),
                count: 0,
            };
        }
        self.count += 1;
        let is_unreadable = matches!(error, CompareError::Store(StoreError::Damaged(_)));
        is_unreadable || self.count >= Self::ENOUGH
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_consent_does_not_keep_the_others_waiting() {
        let id = |id: &str| ConsentId::parse(id).unwrap();
        let unheard = CompareError::Unavailable {
            detail: "status 500".into(),
            retry_after: None,
        };
        let mut failures = Failures::default();
        let mut fails = |at: &str| failures.are_enough(&id(at), &unheard);
        assert!(!fails("c-1"));
        let often: Vec<bool> = (0..5).map(|_| fails("c-2")).collect();
        assert_eq!(often, [false, false, false, false, true]);
        assert!(!fails("c-3"));
        let unreadable = CompareError::Store(StoreError::Damaged("account_id"));
        assert!(failures.are_enough(&id("c-4"), &unreadable));
    }

    #[test]
    fn a_pause_is_a_minute_or_what_paynet_asks() {
        for (asked, expected) in [(None, 60), (Some(5), 60), (Some(200), 200)] {
            let error = CompareError::Unavailable {
                detail: String::new(),
                retry_after: asked.map(Duration::from_secs),
            };
            assert_eq!(pause(&error), TimeDelta::seconds(expected));
        }
    }
}
