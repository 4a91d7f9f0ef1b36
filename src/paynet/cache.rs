//! A remote document that is fetched by one caller at a time, kept while it is fresh, and served stale for a
//! limited time when its source does not answer.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::Mutex;

/// After a failure nobody tries again for so long: callers waiting in line learn of it at once.
const AFTER_FAILURE: TimeDelta = TimeDelta::seconds(5);

/// How long a copy may be used.
#[derive(Debug, Clone, Copy)]
pub struct Freshness {
    pub fresh_for: TimeDelta,
    /// A fresh copy that lacks what is wanted is fetched again, but not more often than this.
    pub refetch_every: TimeDelta,
    /// When the source does not answer.
    pub stale_for: TimeDelta,
}

type Copy<T> = (Arc<T>, DateTime<Utc>);

struct Inner<T> {
    freshness: Freshness,
    /// Read without waiting for a fetch that others have under way.
    copy: RwLock<Option<Copy<T>>>,
    attempts: Mutex<Attempts>,
    /// How often everything was forgotten: what was asked for before is not kept afterwards.
    forgotten: AtomicU64,
}

#[derive(Default)]
struct Attempts {
    last: Option<DateTime<Utc>>,
    failure: Option<(String, DateTime<Utc>)>,
}

pub struct Cached<T>(Arc<Inner<T>>);

impl<T: Send + Sync + 'static> Cached<T> {
    pub fn new(freshness: Freshness) -> Self {
        Self(Arc::new(Inner {
            freshness,
            copy: RwLock::new(None),
            attempts: Mutex::default(),
            forgotten: AtomicU64::new(0),
        }))
    }

    /// The copy, fetched if there is none, if it is too old, or if it has not what is `wanted`. Whether the
    /// copy that comes back has it is for the caller to see.
    ///
    /// Who finds what is wanted in a fresh copy never waits. A fetch goes on when its caller goes away.
    pub async fn get(
        &self,
        now: DateTime<Utc>,
        wanted: impl Fn(&T) -> bool + Send + 'static,
        fetch: impl Future<Output = Result<T, String>> + Send + 'static,
    ) -> Result<Arc<T>, String> {
        if let Some((copy, _)) = self.0.fresh(now)
            && wanted(&copy)
        {
            return Ok(copy);
        }
        let inner = self.0.clone();
        let fetching = tokio::spawn(async move { inner.fetched(now, wanted, fetch).await });
        fetching
            .await
            .unwrap_or_else(|error| Err(error.to_string()))
    }

    /// Makes the next call fetch. What is being fetched now serves those who wait for it and nobody else.
    pub fn forget(&self) {
        self.0.forgotten.fetch_add(1, Ordering::AcqRel);
        self.forget_if(|_| true);
    }

    /// Makes the next call fetch, if the copy is this one.
    pub fn forget_if(&self, is_it: impl FnOnce(&T) -> bool) {
        let mut copy = self.0.copy.write().unwrap_or_else(PoisonError::into_inner);
        if copy.as_ref().is_some_and(|(copy, _)| is_it(copy)) {
            *copy = None;
        }
    }
}

impl<T> Inner<T> {
    async fn fetched(
        &self,
        now: DateTime<Utc>,
        wanted: impl Fn(&T) -> bool,
        fetch: impl Future<Output = Result<T, String>>,
    ) -> Result<Arc<T>, String> {
        // Held during the fetch: whoever else needs the document waits for the one answer.
        let mut attempts = self.attempts.lock().await;
        if let Some((copy, _)) = self.fresh(now) {
            let tried = attempts
                .last
                .is_some_and(|at| within(at, now, self.freshness.refetch_every));
            if tried || wanted(&copy) {
                return Ok(copy);
            }
        }
        let recent = attempts
            .failure
            .as_ref()
            .filter(|(_, at)| within(*at, now, AFTER_FAILURE));
        if let Some((cause, _)) = recent {
            return self.stale(now, cause.clone());
        }
        attempts.last = Some(now);
        let forgotten = self.forgotten.load(Ordering::Acquire);
        match fetch.await {
            Ok(document) => {
                let document = Arc::new(document);
                self.store((document.clone(), now), forgotten);
                attempts.failure = None;
                Ok(document)
            }
            Err(cause) => {
                attempts.failure = Some((cause.clone(), now));
                self.stale(now, cause)
            }
        }
    }

    fn copy(&self) -> Option<Copy<T>> {
        self.copy
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn fresh(&self, now: DateTime<Utc>) -> Option<Copy<T>> {
        self.copy()
            .filter(|(_, fetched_at)| within(*fetched_at, now, self.freshness.fresh_for))
    }

    fn store(&self, fetched: Copy<T>, forgotten: u64) {
        let mut copy = self.copy.write().unwrap_or_else(PoisonError::into_inner);
        if self.forgotten.load(Ordering::Acquire) == forgotten {
            *copy = Some(fetched);
        }
    }

    fn stale(&self, now: DateTime<Utc>, cause: String) -> Result<Arc<T>, String> {
        match self.copy() {
            Some((copy, fetched_at)) if within(fetched_at, now, self.freshness.stale_for) => {
                tracing::warn!(%cause, "using the last known copy");
                Ok(copy)
            }
            _ => Err(cause),
        }
    }
}

/// Less than `span` ago. What lies in the future by more than that was noted before the clock was set back.
fn within(at: DateTime<Utc>, now: DateTime<Utc>, span: TimeDelta) -> bool {
    (now - at).abs() < span
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const FRESHNESS: Freshness = Freshness {
        fresh_for: TimeDelta::minutes(15),
        refetch_every: TimeDelta::minutes(1),
        stale_for: TimeDelta::hours(4),
    };

    struct Source {
        cached: Cached<u32>,
        fetched: Arc<AtomicUsize>,
        start: DateTime<Utc>,
    }

    impl Source {
        fn new() -> Self {
            let start = DateTime::UNIX_EPOCH;
            Self {
                cached: Cached::new(FRESHNESS),
                fetched: Arc::default(),
                start,
            }
        }

        async fn get(
            &self,
            seconds: i64,
            wanted: u32,
            answer: Result<u32, &str>,
        ) -> Result<u32, String> {
            let (fetched, answer) = (self.fetched.clone(), answer.map_err(str::to_owned));
            let fetch = async move {
                fetched.fetch_add(1, Ordering::SeqCst);
                answer
            };
            let now = self.start + TimeDelta::seconds(seconds);
            self.cached
                .get(now, move |copy| *copy == wanted, fetch)
                .await
                .map(|copy| *copy)
        }

        fn fetched(&self) -> usize {
            self.fetched.load(Ordering::SeqCst)
        }
    }

    #[tokio::test]
    async fn a_fresh_copy_is_not_fetched_again() {
        let source = Source::new();
        assert_eq!(source.get(0, 1, Ok(1)).await, Ok(1));
        assert_eq!(source.get(899, 1, Ok(2)).await, Ok(1));
        assert_eq!(source.get(900, 1, Ok(2)).await, Ok(2));
        assert_eq!(source.fetched(), 2);
    }

    #[tokio::test]
    async fn what_is_missing_is_fetched_once_a_minute() {
        let source = Source::new();
        source.get(0, 1, Ok(1)).await.unwrap();
        assert_eq!(source.get(59, 2, Ok(2)).await, Ok(1), "tried a moment ago");
        assert_eq!(source.get(60, 2, Ok(2)).await, Ok(2), "a rotated key works");
        assert_eq!(source.get(61, 3, Ok(3)).await, Ok(2));
        assert_eq!(source.fetched(), 2);
    }

    #[tokio::test]
    async fn a_silent_source_is_not_asked_by_everybody_in_line() {
        let source = Source::new();
        assert_eq!(source.get(0, 1, Err("down")).await, Err("down".to_owned()));
        assert_eq!(source.get(4, 1, Ok(1)).await, Err("down".to_owned()));
        assert_eq!(source.get(5, 1, Ok(1)).await, Ok(1));
        assert_eq!(source.fetched(), 2);
    }

    #[tokio::test]
    async fn a_stale_copy_serves_for_a_limited_time() {
        let source = Source::new();
        source.get(0, 1, Ok(1)).await.unwrap();
        assert_eq!(source.get(4 * 3600 - 1, 1, Err("down")).await, Ok(1));
        assert_eq!(
            source.get(4 * 3600 + 60, 1, Err("down")).await,
            Err("down".to_owned())
        );
    }

    #[tokio::test]
    async fn what_was_asked_for_before_it_was_forgotten_is_not_kept() {
        let cached = Arc::new(Cached::new(FRESHNESS));
        let during = cached.clone();
        let fetch = async move {
            during.forget();
            Ok(1)
        };
        let now = DateTime::UNIX_EPOCH;
        let first = cached.get(now, |_| true, fetch).await;
        assert_eq!(first.as_deref(), Ok(&1));
        let second = cached.get(now, |_| true, async { Ok(2) }).await;
        assert_eq!(second.as_deref(), Ok(&2));
    }

    #[tokio::test]
    async fn a_copy_from_the_future_is_not_fresh() {
        let source = Source::new();
        source.get(86_400, 1, Ok(1)).await.unwrap();
        assert_eq!(
            source.get(0, 1, Ok(2)).await,
            Ok(2),
            "the clock was set back"
        );
        assert_eq!(source.fetched(), 2);
    }
}
