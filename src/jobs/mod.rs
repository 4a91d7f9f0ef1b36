//! Background work, one job per file. All of it can run on several replicas at once.

mod checkpoints;
mod compare;
mod deadlines;
mod deliver;
mod notices;
mod reconcile;
mod retry;

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use tokio_util::sync::CancellationToken;

pub use checkpoints::Checkpoints;
pub use compare::{Compared, Comparison};
pub use deadlines::Deadlines;
pub use deliver::Deliveries;
pub use reconcile::{Pace, Reconcile, page};
pub use retry::{Retried, Retry, retry};

/// So that a defect that comes again at once does not fill the log.
const PAUSE: Duration = Duration::from_secs(if cfg!(test) { 0 } else { 1 });

/// Runs a job until it ends by itself, and again from the beginning if it panics: nobody would miss it before decisions stay
/// undelivered.
pub async fn kept_running<F: Future<Output = ()>>(
    name: &'static str,
    stop: CancellationToken,
    job: impl Fn(CancellationToken) -> F,
) {
    while AssertUnwindSafe(job(stop.clone()))
        .catch_unwind()
        .await
        .is_err()
    {
        tracing::error!(job = name, "a job panicked; it begins again");
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_job_that_panics_begins_again() {
        let begun = AtomicU32::new(0);
        let job = |_| async { assert!(begun.fetch_add(1, Ordering::SeqCst) >= 2, "a defect") };
        kept_running("test", CancellationToken::new(), job).await;
        assert_eq!(begun.into_inner(), 3);
    }
}
