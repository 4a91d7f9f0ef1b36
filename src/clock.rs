//! Time, injected. Nothing below `app` asks the operating system what time it is, so that expiry, the
//! five-minute clock and token windows can be tested to the second.

use std::sync::Arc;

use chrono::{DateTime, FixedOffset, NaiveDate, SubsecRound, TimeDelta, Utc};

/// How far Malaysian clocks are ahead of UTC.
const EIGHT_HOURS: TimeDelta = TimeDelta::hours(8);

/// A source of the present moment, always in UTC and cut to microseconds (what both databases keep).
pub trait Clock: Send + Sync {
    fn now(&self) -> DateTime<Utc>;
}

/// Shared by everything that needs the time.
pub type SharedClock = Arc<dyn Clock>;

/// The same moment on Malaysian clocks: `+08:00` all year, without summer time.
pub fn malaysian(at: DateTime<Utc>) -> DateTime<FixedOffset> {
    let zone = i32::try_from(EIGHT_HOURS.num_seconds()).ok();
    zone.and_then(FixedOffset::east_opt)
        .map_or_else(|| at.fixed_offset(), |zone| at.with_timezone(&zone))
}

/// The day on Malaysian clocks; `None` at the end of all calendars.
pub fn malaysian_day(at: DateTime<Utc>) -> Option<NaiveDate> {
    let local = at.checked_add_signed(EIGHT_HOURS)?;
    Some(local.date_naive())
}

/// The operating system's clock.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now().trunc_subsecs(6)
    }
}

/// The operating system's clock moved by an offset that a test may change at any time.
#[cfg(any(test, feature = "lab"))]
#[derive(Debug, Default)]
pub struct ShiftedClock(std::sync::atomic::AtomicI64);

#[cfg(any(test, feature = "lab"))]
impl ShiftedClock {
    /// Moves the clock forward (or back, if negative) by whole seconds.
    pub fn advance(&self, by: chrono::TimeDelta) {
        self.0
            .fetch_add(by.num_seconds(), std::sync::atomic::Ordering::SeqCst);
    }
}

#[cfg(any(test, feature = "lab"))]
impl Clock for ShiftedClock {
    fn now(&self) -> DateTime<Utc> {
        let shift = self.0.load(std::sync::atomic::Ordering::SeqCst);
        SystemClock.now() + chrono::TimeDelta::seconds(shift)
    }
}
