//! The five-minute clock, the end of terms, and the sweeping of what has expired.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::clock::SharedClock;
use crate::config::TimeoutUpdate;
use crate::consent::{Command, Outcome, apply};
use crate::store::{At, Store, StoreError, StoreResult};

const EVERY: Duration = Duration::from_secs(5);
const BATCH: i64 = 100;

#[derive(Clone)]
pub struct Deadlines {
    pub clock: SharedClock,
    pub deliveries: Arc<Notify>,
    pub store: Store,
    /// Whether PayNet is told; it has a clock of its own (ADR 0001).
    pub update: TimeoutUpdate,
}

impl Deadlines {
    pub async fn run(self, stop: CancellationToken) {
        let mut tick = tokio::time::interval(EVERY);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = tick.tick() => {}
            }
            if let Err(error) = self.end_all(&stop).await {
                tracing::warn!(%error, "deadlines could not be looked after; trying again");
            }
            if let Err(error) = self.store.sweep(At(self.clock.now())).await {
                tracing::warn!(%error, "expired rows could not be deleted; trying again");
            }
        }
    }

    /// Batch after batch: PayNet's consents end at the end of a day, many at the same moment.
    async fn end_all(&self, stop: &CancellationToken) -> StoreResult<()> {
        while self.end_undecided().await? == BATCH && !stop.is_cancelled() {}
        while self.end_terms().await? == BATCH && !stop.is_cancelled() {}
        Ok(())
    }

    /// No data leaves after the term anyhow; this is for the record, and for the customer to be told. Answers how many ended.
    async fn end_terms(&self) -> StoreResult<i64> {
        let now = self.clock.now();
        let mut ended = 0;
        for consent in self.store.ending(At(now), BATCH).await? {
            let Ok(Outcome::Changed(change)) = apply(&consent, Command::TermEnded, now) else {
                continue;
            };
            match self.store.commit(&change).await {
                Ok(()) => {
                    tracing::info!(consent = %consent.id, "its term has ended");
                    self.deliveries.notify_one();
                    ended += 1;
                }
                Err(StoreError::Stale) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(ended)
    }

    async fn end_undecided(&self) -> StoreResult<i64> {
        let now = self.clock.now();
        let mut ended = 0;
        for consent in self.store.undecided(At(now), BATCH).await? {
            let Ok(Outcome::Changed(mut change)) = apply(&consent, Command::ClockRanOut, now)
            else {
                continue;
            };
            if self.update == TimeoutUpdate::None {
                change.intent = None;
            }
            match self.store.commit(&change).await {
                Ok(()) => {
                    tracing::info!(consent = %consent.id, "nobody decided in time");
                    self.deliveries.notify_one();
                    ended += 1;
                }
                // The customer decided at this very moment, or another replica was faster.
                Err(StoreError::Stale) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(ended)
    }
}
