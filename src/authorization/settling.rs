//! A consent in `deciding`: approved here, and PayNet's word on it is missing. Whoever needs that word has its delivery made at once
//! instead of after the pause it is in, and from the second attempt on a delivery begins with asking PayNet what it has (ADR 11).
//!
//! It knows nothing of PayNet: the one lease on the delivery is what keeps replicas and calls from asking side by side.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::Notify;

use super::Authorization;
use crate::clock::SharedClock;
use crate::consent::{Consent, Status};
use crate::ids::ConsentId;
use crate::store::{At, Store, StoreResult};

/// A call waits so long for PayNet's word. PayNet gives five seconds for everything, and the bank may take four.
const PATIENCE: Duration = Duration::from_millis(800);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// One consent is hastened once in this time, however many calls there are.
const ONCE_IN: TimeDelta = TimeDelta::seconds(30);

#[derive(Clone)]
pub struct Settling {
    pub clock: SharedClock,
    pub deliveries: Arc<Notify>,
    pub store: Store,
}

impl Authorization {
    pub fn settling(&self) -> Settling {
        Settling {
            clock: self.clock.clone(),
            deliveries: self.deliveries.clone(),
            store: self.store.clone(),
        }
    }
}

impl Settling {
    /// The consent with PayNet's word, if that comes soon; else as it is.
    pub async fn settled(&self, consent: Consent) -> StoreResult<Consent> {
        // What is parked waits for an operator, and no call waits for that.
        if consent.status != Status::Deciding || !self.store.is_undelivered(&consent.id).await? {
            return Ok(consent);
        }
        self.hasten(&consent.id).await?;
        let word = tokio::time::timeout(PATIENCE, self.word_on(&consent.id)).await;
        // Without it the call is refused, whatever the reason.
        let word = word.ok().and_then(Result::ok).flatten();
        Ok(word.unwrap_or(consent))
    }

    /// Has the delivery made at once, unless it was hastened before or PayNet has asked to be left alone.
    pub async fn hasten(&self, id: &ConsentId) -> StoreResult<()> {
        let now = self.clock.now();
        let again = At(now + ONCE_IN);
        if self.store.hasten(id, At(now), again).await? {
            tracing::info!(consent = %id, "its delivery is made at once: somebody needs PayNet's word");
            self.deliveries.notify_one();
        }
        Ok(())
    }

    async fn word_on(&self, id: &ConsentId) -> StoreResult<Option<Consent>> {
        loop {
            match self.store.consent(id).await? {
                Some(consent) if consent.status == Status::Deciding => {
                    tokio::time::sleep(LOOK_AGAIN).await;
                }
                other => return Ok(other),
            }
        }
    }
}
