//! Retention: when a consent has been over for long enough, everything personal about it is erased: who the customer was, which accounts,
//! what they saw and how they signed in. What happened, when, and that nobody changed it, stays.
//!
//! Erasing is an entry of the consent's own chain, which names the run, and the run is an entry of the installation's chain. One
//! transaction per consent: a run that is killed leaves nothing half done, and the next goes on.

use chrono::{DateTime, Months, Utc};
use serde::Serialize;
use serde_json::json;

use super::Watch;
use super::acts::{Act, record};
use crate::clock::SharedClock;
use crate::config;
use crate::consent::{Consent, erasure};
use crate::ids::CustomerId;
use crate::store::{At, Erasable, Store, StoreError};

/// Consents looked at together.
const PAGE: i64 = 200;

#[derive(Debug, thiserror::Error)]
pub enum RetentionProblem {
    #[error("{0} years before now is no date")]
    NoDate(u32),
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub struct Retention {
    store: Store,
    clock: SharedClock,
    /// Consents that ended before this are erased.
    pub cutoff: DateTime<Utc>,
    /// The same for raw events, which may go earlier.
    pub events_cutoff: DateTime<Utc>,
}

/// What a run did, or would do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    #[serde(flatten)]
    pub erased: Erasable,
    /// Raw events of consents that are kept.
    pub earlier_events: u64,
    /// Entries about exports.
    pub exports: u64,
    /// Consents that changed at that moment, or that cannot be read: they wait for the next run.
    pub left: u64,
}

impl Totals {
    fn add(&mut self, more: Erasable) {
        let total = &mut self.erased;
        total.consents += more.consents;
        total.entries += more.entries;
        total.accesses += more.accesses;
        total.receipts += more.receipts;
        total.decisions += more.decisions;
        total.events += more.events;
        total.accounts += more.accounts;
    }
}

impl Retention {
    pub fn new(
        store: Store,
        clock: SharedClock,
        config: &config::Retention,
    ) -> Result<Self, RetentionProblem> {
        let now = clock.now();
        let ago = |years: u32| {
            let months = years.checked_mul(12).map(Months::new);
            let then = months.and_then(|months| now.checked_sub_months(months));
            then.ok_or(RetentionProblem::NoDate(years))
        };
        let cutoff = ago(config.evidence_years)?;
        let events_cutoff = ago(config.event_years())?;
        Ok(Self {
            store,
            clock,
            cutoff,
            events_cutoff,
        })
    }

    /// What [`Self::run`] would do now.
    pub async fn rehearse(&self, watch: &dyn Watch) -> Result<Totals, RetentionProblem> {
        watch.begins("looking at ended consents", None);
        let mut totals = Totals::default();
        let mut after = String::new();
        loop {
            let page = self.store.erasable(At(self.cutoff), &after, PAGE).await?;
            let Some(last) = page.last() else {
                break;
            };
            after.clone_from(&last.consent_id);
            let ids: Vec<_> = page.iter().map(|row| row.consent_id.clone()).collect();
            totals.add(self.store.count_erasable(&ids).await?);
            watch.done(ids.len() as u64);
        }
        totals.earlier_events = self
            .store
            .count_events_between(At(self.cutoff), At(self.events_cutoff))
            .await?;
        totals.exports = self
            .store
            .count_acts(Act::Exported.kind(), At(self.cutoff))
            .await?;
        Ok(totals)
    }

    /// `by` and `why` go into the record.
    pub async fn run(
        &self,
        by: &str,
        why: &str,
        watch: &dyn Watch,
    ) -> Result<Totals, RetentionProblem> {
        let started = json!({
            "operator": by, "reason": why,
            "ended_before": self.cutoff, "events_of_ended_before": self.events_cutoff,
        });
        let run = record(&self.store, &self.clock, Act::RetentionStarted, &started).await?;
        let mut totals = Totals::default();
        watch.begins("erasing ended consents", None);
        let mut after = String::new();
        loop {
            let page = self.store.erasable(At(self.cutoff), &after, PAGE).await?;
            let Some(last) = page.last() else {
                break;
            };
            after.clone_from(&last.consent_id);
            for row in page {
                let id = row.consent_id.clone();
                match Consent::try_from(row) {
                    Ok(consent) => self.erase(&consent, run, &mut totals).await?,
                    Err(error) => {
                        tracing::error!(consent = %id, %error, "a consent is unreadable and was not erased");
                        totals.left += 1;
                    }
                }
                watch.done(1);
            }
        }
        watch.begins("deleting raw events", None);
        loop {
            let gone = self
                .store
                .erase_events(At(self.events_cutoff), PAGE)
                .await?;
            if gone == 0 {
                break;
            }
            totals.earlier_events += gone as u64;
            watch.done(gone as u64);
        }
        let exports = Act::Exported.kind();
        totals.exports = self.store.erase_acts(exports, At(self.cutoff)).await? as u64;
        let finished = json!({ "run": run, "erased": totals });
        record(&self.store, &self.clock, Act::RetentionFinished, &finished).await?;
        Ok(totals)
    }

    async fn erase(
        &self,
        consent: &Consent,
        run: i32,
        totals: &mut Totals,
    ) -> Result<(), RetentionProblem> {
        let customer = consent.customer.as_ref().map(CustomerId::as_str);
        let Some(change) = erasure(consent, run, self.clock.now()) else {
            totals.left += 1;
            return Ok(());
        };
        match self.store.erase(&change, customer).await {
            Ok(erased) => totals.add(erased),
            // PayNet reported something at this moment.
            Err(StoreError::Stale) => totals.left += 1,
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}
