//! A remote document that is fetched by one caller at a time, kept while it is fresh, and served stale for a
//! limited time when its source does not answer.

use std::sync::Arc;

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

struct State<T> {
    copy: Option<(Arc<T>, DateTime<Utc>)>,
    tried_at: Option<DateTime<Utc>>,
    failure: Option<(String, DateTime<Utc>)>,
}

pub struct Cached<T> {
    freshness: Freshness,
    state: Mutex<State<T>>,
}

impl<T> Cached<T> {
    pub fn new(freshness: Freshness) -> Self {
        let state = State {
            copy: None,
            tried_at: None,
            failure: None,
        };
        Self {
            freshness,
            state: Mutex::new(state),
        }
    }

    /// The copy, fetched if there is none, if it is too old, or if it has not what is `wanted`. Whether the
    /// copy that comes back has it is for the caller to see.
    pub async fn get(
        &self,
        now: DateTime<Utc>,
        wanted: impl Fn(&T) -> bool,
        fetch: impl Future<Output = Result<T, String>>,
    ) -> Result<Arc<T>, String> {
        // Held during the fetch: whoever else wants the document waits for the one answer.
        let mut state = self.state.lock().await;
        if let Some((copy, fetched_at)) = &state.copy {
            let fresh = now - *fetched_at < self.freshness.fresh_for;
            let tried = state
                .tried_at
                .is_some_and(|at| now - at < self.freshness.refetch_every);
            if fresh && (wanted(copy) || tried) {
                return Ok(copy.clone());
            }
        }
        let recent = state
            .failure
            .as_ref()
            .filter(|(_, at)| now - *at < AFTER_FAILURE);
        let outcome = if let Some((cause, _)) = recent {
            Err(cause.clone())
        } else {
            state.tried_at = Some(now);
            fetch.await
        };
        match outcome {
            Ok(document) => {
                let document = Arc::new(document);
                state.copy = Some((document.clone(), now));
                state.failure = None;
                Ok(document)
            }
            Err(cause) => self.stale(&mut state, cause, now),
        }
    }

    fn stale(
        &self,
        state: &mut State<T>,
        cause: String,
        now: DateTime<Utc>,
    ) -> Result<Arc<T>, String> {
        let known = state
            .failure
            .as_ref()
            .is_some_and(|(_, at)| now - *at < AFTER_FAILURE);
        if !known {
            state.failure = Some((cause.clone(), now));
        }
        match &state.copy {
            Some((copy, fetched_at)) if now - *fetched_at < self.freshness.stale_for => {
                tracing::warn!(%cause, "using the last known copy");
                Ok(copy.clone())
            }
            _ => Err(cause),
        }
    }
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
        fetched: AtomicUsize,
        start: DateTime<Utc>,
    }

    impl Source {
        fn new() -> Self {
            let start = DateTime::UNIX_EPOCH;
            Self {
                cached: Cached::new(FRESHNESS),
                fetched: AtomicUsize::new(0),
                start,
            }
        }

        async fn get(
            &self,
            seconds: i64,
            wanted: u32,
            answer: Result<u32, &str>,
        ) -> Result<u32, String> {
            let fetch = async {
                self.fetched.fetch_add(1, Ordering::SeqCst);
                answer.map_err(str::to_owned)
            };
            let now = self.start + TimeDelta::seconds(seconds);
            self.cached
                .get(now, |copy| *copy == wanted, fetch)
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
}
