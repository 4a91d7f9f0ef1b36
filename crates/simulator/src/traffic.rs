//! What scripts asked of a provider, counted, and the answers in which it admits a failure of its own.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

/// More failures than anybody reads.
const MAX_FAILURES: usize = 1_000;

/// Clones count together. Requests of PayNet's own, such as announcements, are not among them.
#[derive(Clone, Debug, Default)]
pub struct Traffic(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    requests: AtomicU64,
    failures: Mutex<Vec<String>>,
}

impl Traffic {
    /// Requests that were sent, whatever became of them.
    pub fn requests(&self) -> u64 {
        self.0.requests.load(Ordering::Relaxed)
    }

    /// Answers with a status of 5xx, oldest first: method, address without its query, and status. The first thousand are kept.
    pub fn failures(&self) -> Vec<String> {
        self.kept().clone()
    }

    pub(crate) fn sent(&self) {
        self.0.requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn answered(&self, method: &str, url: &str, status: u16) {
        if status < 500 {
            return;
        }
        let mut kept = self.kept();
        if kept.len() < MAX_FAILURES {
            let address = url.split('?').next().unwrap_or_default();
            kept.push(format!("{method} {address} {status}"));
        }
    }

    fn kept(&self) -> MutexGuard<'_, Vec<String>> {
        let kept = self.0.failures.lock();
        kept.unwrap_or_else(PoisonError::into_inner)
    }
}
