//! The five-minute clock, the end of terms, and the sweeping of what has expired.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::clock::SharedClock;
use crate::config::TimeoutUpdate;
use crate::consent::{Command, Outcome, apply};
use crate::store::{At, Store, StoreError};

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
            for looked_after in [self.end_undecided().await, self.end_terms().await] {
                if let Err(error) = looked_after {
                    tracing::warn!(%error, "deadlines could not be looked after; trying again");
                }
            }
            if let Err(error) = self.store.sweep(At(self.clock.now())).await {
                tracing::warn!(%error, "expired rows could not be deleted; trying again");
            }
        }
    }

    /// No data leaves after the term anyhow; this is for the record, and for the customer to be told.
    async fn end_terms(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        for consent in self.store.ending(At(now), BATCH).await? {
            let Ok(Outcome::Changed(change)) = apply(&consent, Command::TermEnded, now) else {
                continue;
            };
            match self.store.commit(&change).await {
                Ok(()) => {
                    tracing::info!(consent = %consent.id, "its term has ended");
                    self.deliveries.notify_one();
                }
                Err(StoreError::Stale) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn end_undecided(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
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
                }
                // The customer decided at this very moment, or another replica was faster.
                Err(StoreError::Stale) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
