//! Putting back a delivery that was parked, as an operator orders it. Who and why goes into the consent's history.

use crate::clock::SharedClock;
use crate::consent::{Change, Command, Outcome, apply};
use crate::ids::ConsentId;
use crate::store::{At, OutboxRow, Store, StoreError, StoreResult};

/// Who puts it back, and why.
#[derive(Debug, Clone)]
pub struct Retry {
    pub operator: String,
    pub reason: String,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retried {
    PutBack,
    /// There is no consent whose history could say so.
    Unrecorded,
    /// It is not parked any more.
    NotParked,
}

pub async fn retry(
    store: &Store,
    clock: &SharedClock,
    parked: &OutboxRow,
    order: &Retry,
) -> StoreResult<Retried> {
    loop {
        let record = record(store, clock, parked, order).await?;
        let now = At(clock.now());
        match store.retry(&parked.id, now, record.as_ref()).await {
            Ok(true) if record.is_some() => return Ok(Retried::PutBack),
            Ok(true) => return Ok(Retried::Unrecorded),
            Ok(false) => return Ok(Retried::NotParked),
            // Something happened to the consent meanwhile: look again.
            Err(StoreError::Stale) => {}
            Err(error) => return Err(error),
        }
    }
}

/// `None` where the row names no consent that can be read, which may be why it was parked.
async fn record(
    store: &Store,
    clock: &SharedClock,
    parked: &OutboxRow,
    order: &Retry,
) -> StoreResult<Option<Change>> {
    let Ok(id) = ConsentId::parse(parked.consent_id.clone()) else {
        return Ok(None);
    };
    let consent = match store.consent(&id).await {
        Ok(Some(consent)) => consent,
        Ok(None) | Err(StoreError::Damaged(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let command = Command::Retry {
        delivery: parked.id.clone(),
        operator: order.operator.clone(),
        reason: order.reason.clone(),
    };
    match apply(&consent, command, clock.now()) {
        Ok(Outcome::Changed(change)) => Ok(Some(*change)),
        _ => Ok(None),
    }
}
