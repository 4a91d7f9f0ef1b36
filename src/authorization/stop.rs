//! Stopping a consent at our side: locally at once, then at PayNet and for the customer by the outbox.

use crate::clock::SharedClock;
use crate::consent::{Actor, Command, Outcome, TransitionRefusal, apply};
use crate::ids::ConsentId;
use crate::store::{Store, StoreError};

#[derive(Debug, thiserror::Error)]
pub enum StopRefusal {
    #[error(transparent)]
    Refused(#[from] TransitionRefusal),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("there is no such consent")]
    Unknown,
}

/// Who stops a consent, and why.
#[derive(Debug, Clone)]
pub struct Stop {
    pub by: Actor,
    /// For the record and for PayNet.
    pub reason: Option<String>,
    /// Who did it for the bank.
    pub operator: Option<String>,
}

/// Whether anything was stopped by this call: `false` if it had been before. From the moment this answers, the next data call is
/// refused, on every replica.
pub async fn stop_sharing(
    store: &Store,
    clock: &SharedClock,
    id: &ConsentId,
    stop: &Stop,
) -> Result<bool, StopRefusal> {
    loop {
        let consent = store.consent(id).await?.ok_or(StopRefusal::Unknown)?;
        let command = Command::Revoke {
            by: stop.by,
            reason: stop.reason.clone(),
            operator: stop.operator.clone(),
        };
        let Outcome::Changed(change) = apply(&consent, command, clock.now())? else {
            return Ok(false);
        };
        match store.commit(&change).await {
            Ok(()) => return Ok(true),
            // Something happened to it meanwhile: look again.
            Err(StoreError::Stale) => {}
            Err(error) => return Err(error.into()),
        }
    }
}
