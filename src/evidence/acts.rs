//! What operators did to the installation itself, in a chain of its own in the ledger.

use serde_json::Value;

use crate::clock::SharedClock;
use crate::store::{At, Store, StoreError, StoreResult};

/// A kind of entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Somebody is about to read evidence out.
    Exported,
    RetentionFinished,
    RetentionStarted,
}

impl Act {
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Exported => "exported",
            Self::RetentionFinished => "retention_finished",
            Self::RetentionStarted => "retention_started",
        }
    }
}

/// Answers the entry's number.
pub async fn record(
    store: &Store,
    clock: &SharedClock,
    act: Act,
    data: &Value,
) -> StoreResult<i32> {
    loop {
        let at = At(clock.now());
        match store.append_act(act.kind(), at, &data.to_string()).await {
            // Somebody else has done something at this moment.
            Err(StoreError::Stale) => {}
            other => return other,
        }
    }
}
