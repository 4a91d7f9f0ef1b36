//! `GET /metrics`: the service's numbers for Prometheus. Those about the database are read by one query, at most every few seconds however
//! many ask. While it does not answer they are left out, and the others are told.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use poem::http::header;
use poem::web::Data;
use poem::{Response, handler};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::Ops;
use crate::clock::SharedClock;
use crate::consent::DifferenceKind;
use crate::http::ApiError;
use crate::metrics::{MEDIA_TYPE, Metrics};
use crate::store::{At, Figures, Store};

const PATIENCE: Duration = Duration::from_secs(2);
/// So long what the database said is told again.
const FRESH: TimeDelta = TimeDelta::seconds(3);

const RECIPIENTS: [&str; 2] = ["bank", "paynet"];
const STATES: [&str; 3] = ["due", "parked", "waiting"];

/// The service's numbers, and when the database was last asked for its part.
pub struct Scrape {
    asked_at: Mutex<Option<DateTime<Utc>>>,
    clock: SharedClock,
    metrics: Arc<Metrics>,
    store: Store,
}

impl Scrape {
    pub fn new(metrics: Arc<Metrics>, store: Store, clock: SharedClock) -> Self {
        Self {
            asked_at: Mutex::new(None),
            clock,
            metrics,
            store,
        }
    }

    async fn refresh(&self) {
        let mut asked_at = self.asked_at.lock().await;
        let now = self.clock.now();
        if asked_at.is_some_and(|at| now - at < FRESH) {
            return;
        }
        *asked_at = Some(now);
        match timeout(PATIENCE, self.store.figures(At(now))).await {
            Ok(Ok(figures)) => self.show(&figures, now),
            Ok(Err(error)) => self.forget(&error.to_string()),
            Err(_) => self.forget("no answer in time"),
        }
    }

    fn show(&self, figures: &Figures, now: DateTime<Utc>) {
        let Metrics {
            outbox, reconcile, ..
        } = &*self.metrics;
        for recipient in RECIPIENTS {
            let theirs = || {
                figures
                    .deliveries
                    .iter()
                    .filter(move |one| one.recipient == recipient)
            };
            for state in STATES {
                let found = theirs().find(|one| one.state == state);
                outbox.set_deliveries(recipient, state, found.map_or(0, |one| one.count));
            }
            let waiting = theirs().filter(|one| one.state != "parked");
            let oldest = waiting.map(|one| (now - one.oldest.0).num_seconds()).max();
            outbox.set_oldest(recipient, oldest.unwrap_or_default().max(0));
        }
        for kind in DifferenceKind::ALL {
            let kind = kind.as_str();
            let found = figures.differences.iter().find(|(name, _)| name == kind);
            reconcile.set_differences(kind, found.map_or(0, |(_, count)| *count));
        }
        let finished = figures.round_finished.map(|at| at.0.timestamp());
        reconcile.set_round(figures.checked, finished);
    }

    fn forget(&self, error: &str) {
        tracing::warn!(error, "the database's numbers are not known");
        self.metrics.outbox.forget();
        self.metrics.reconcile.forget();
    }
}

#[handler]
pub async fn scrape(ops: Data<&Arc<Ops>>) -> poem::Result<Response> {
    ops.scrape.refresh().await;
    let text = ops.scrape.metrics.text().map_err(ApiError::internal)?;
    Ok(Response::builder()
        .header(header::CONTENT_TYPE, MEDIA_TYPE)
        .body(text))
}
