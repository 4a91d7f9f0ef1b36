//! PayNet's clock. Tests turn it forward instead of sleeping through the five-minute window or an access token's life.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};

/// The time at PayNet: the machine's, plus what was skipped.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    skipped_milliseconds: AtomicI64,
}

impl Clock {
    pub(crate) fn now(&self) -> DateTime<Utc> {
        let skipped = self.skipped_milliseconds.load(Ordering::Relaxed);
        Self::machine() + TimeDelta::milliseconds(skipped)
    }

    /// What a signed claim must say: the receiver compares it with its own, unmoved clock.
    pub(crate) fn machine() -> DateTime<Utc> {
        Utc::now()
    }

    pub(crate) fn skip(&self, duration: Duration) {
        let milliseconds = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        self.skipped_milliseconds
            .fetch_add(milliseconds, Ordering::Relaxed);
    }
}
