//! One consent held against what PayNet has. What differs is recorded; of PayNet's word only that is taken which the state machine takes
//! from PayNet anyhow, and data is never opened again by what is not PayNet's newest word.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use crate::clock::SharedClock;
use crate::consent::{
    Change, Command, Consent, Difference, DifferenceKind, Outcome, Status, apply, differences,
};
use crate::paynet::{Paynet, RemoteConsent, RetrieveError};
use crate::store::{At, Recorded, Store, StoreError, StoreResult};

#[derive(Clone)]
pub struct Comparison {
    pub clock: SharedClock,
    pub deliveries: Arc<Notify>,
    pub paynet: Paynet,
    pub store: Store,
}

/// What came of one look.
#[derive(Debug, Default)]
pub struct Compared {
    pub open: Vec<Difference>,
    /// PayNet's word was taken.
    pub adopted: Option<Difference>,
}

#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// Nothing is wrong with this consent: nobody can be asked for the moment.
    #[error("{detail}")]
    Unavailable {
        detail: String,
        retry_after: Option<Duration>,
    },
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Comparison {
    /// `None`: not now, because something is on its way to PayNet or changed meanwhile. `dry`: nothing is written.
    pub async fn of(&self, consent: &Consent, dry: bool) -> Result<Option<Compared>, CompareError> {
        if self.store.is_undelivered(&consent.id).await? {
            return Ok(None);
        }
        let remote = match self.paynet.retrieve_consent(&consent.id).await {
            Ok(remote) => Ok(remote),
            Err(RetrieveError::NotFound) => Err((DifferenceKind::Unknown, "not there".to_owned())),
            Err(RetrieveError::Unusable(why)) => Err((DifferenceKind::Unusable, why)),
            Err(RetrieveError::Unavailable {
                detail,
                retry_after,
            }) => {
                return Err(CompareError::Unavailable {
                    detail,
                    retry_after,
                });
            }
        };
        // As it was when PayNet answered, or it is compared with something that PayNet could not know.
        let still = self.store.consent(&consent.id).await?;
        let same = still.is_some_and(|still| still.version == consent.version);
        if !same || self.store.is_undelivered(&consent.id).await? {
            return Ok(None);
        }
        let (mut found, change) = match remote {
            Ok(remote) => {
                let accounts = self.store.consented_accounts(&consent.id).await?;
                let theirs = remote.accounts.as_deref();
                let found = differences(consent, &accounts, &remote.consent, theirs);
                (found, self.adoptable(consent, &remote))
            }
            Err((kind, told)) => (vec![Difference::without_theirs(consent, kind, &told)], None),
        };
        let mut compared = Compared::default();
        if let Some(change) = &change {
            let is_status = |one: &Difference| one.kind == DifferenceKind::Status;
            let at = found.iter().position(is_status);
            compared.adopted = at.map(|at| found.remove(at));
            if !dry && !self.adopt(change).await? {
                return Ok(None);
            }
        }
        compared.open = found;
        if !dry {
            self.record(consent, &compared).await?;
        }
        Ok(Some(compared))
    }

    /// Takes PayNet's word if the state machine does. An end is taken as PayNet's present word, because it has just been asked. What can
    /// be undone must not be older than what is known, and what would open data again must be its newest word, as in an event.
    fn adoptable(&self, consent: &Consent, remote: &RemoteConsent) -> Option<Change> {
        let report = remote.report();
        let command = if matches!(report.status, Status::Authorized | Status::Suspended) {
            Command::Report(report)
        } else {
            Command::Adopt(report)
        };
        match apply(consent, command, self.clock.now()) {
            Ok(Outcome::Changed(change)) if change.consent.status != consent.status => {
                Some(*change)
            }
            _ => None,
        }
    }

    /// Whether it was: something may have happened to the consent meanwhile.
    async fn adopt(&self, change: &Change) -> StoreResult<bool> {
        match self.store.commit(change).await {
            Ok(()) => {
                self.deliveries.notify_one();
                Ok(true)
            }
            Err(StoreError::Stale) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn record(&self, consent: &Consent, compared: &Compared) -> StoreResult<()> {
        let adopted = compared.adopted.as_ref();
        let now = At(self.clock.now());
        let recorded = self
            .store
            .record_differences(&consent.id, &compared.open, adopted, now)
            .await?;
        let Recorded { opened, closed } = recorded;
        let id = &consent.id;
        for kind in opened {
            tracing::warn!(consent = %id, reason = reason(kind), "PayNet has this consent otherwise");
        }
        if let Some(one) = adopted {
            let (reason, from, to) = (reason(one.kind), &one.ours, &one.theirs);
            tracing::warn!(consent = %id, reason, from, to, "PayNet had this consent otherwise; its word was taken");
        }
        for kind in closed {
            tracing::info!(consent = %id, kind, "PayNet has this consent as we do again");
        }
        Ok(())
    }
}

/// The stable word for alerts; docs/metrics.md lists them.
const fn reason(kind: DifferenceKind) -> &'static str {
    match kind {
        DifferenceKind::Accounts => "reconcile.accounts",
        DifferenceKind::Consumer => "reconcile.consumer",
        DifferenceKind::Expiry => "reconcile.expiry",
        DifferenceKind::Permissions => "reconcile.permissions",
        DifferenceKind::Purpose => "reconcile.purpose",
        DifferenceKind::Status => "reconcile.status",
        DifferenceKind::Unknown => "reconcile.unknown",
        DifferenceKind::Unusable => "reconcile.unusable",
    }
}
