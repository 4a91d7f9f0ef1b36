//! The decision flow without any HTML: from PayNet's link to a stored decision.
//!
//! `begin` turns a verified link into a one-time handle, `enter` turns the handle into a session, the
//! session walks through [`Step`]s, and `approve` or `decline` stores the one decision with its receipt,
//! ledger entry and delivery in a single transaction.

mod accounts;
mod begin;
mod decide;
mod session;
mod settling;
mod stop;

use std::sync::Arc;

use chrono::TimeDelta;
use tokio::sync::Notify;

use crate::bank::Bank;
use crate::clock::SharedClock;
use crate::config::{Config, WireProfile};
use crate::consent::{Consent, Status, register};
use crate::ids::{ConsentId, DpId};
use crate::paynet::{Paynet, RetrieveError};
use crate::sign_in::PasswordSignIn;
use crate::store::{At, Store, StoreError};
use crate::trust::RedirectPolicy;

pub use accounts::OfferedAccount;
pub use begin::BeginRefusal;
pub use decide::{DecideError, Decline, ReviewedText};
pub use session::{Chosen, Session, Step};
pub use settling::Settling;
pub use stop::{Stop, stop_sharing};

/// Everything the flow needs. Cheap to clone.
#[derive(Clone)]
pub struct Authorization {
    pub bank: Bank,
    pub clock: SharedClock,
    pub deliveries: Arc<Notify>,
    pub dp_id: DpId,
    pub paynet: Paynet,
    pub profile: WireProfile,
    pub redirects: RedirectPolicy,
    pub session_life: TimeDelta,
    pub sign_in: Arc<PasswordSignIn>,
    pub store: Store,
    pub window: TimeDelta,
}

impl Authorization {
    pub fn new(parts: AuthorizationParts, config: &Config) -> Self {
        let AuthorizationParts {
            bank,
            clock,
            deliveries,
            dp_id,
            paynet,
            sign_in,
            store,
        } = parts;
        Self {
            bank,
            clock,
            deliveries,
            dp_id,
            paynet,
            profile: config.ofp.profile.clone(),
            redirects: RedirectPolicy::new(&config.ofp.redirect_uris),
            session_life: TimeDelta::minutes(config.ui.session_minutes),
            sign_in,
            store,
            window: TimeDelta::minutes(config.ofp.authorization_minutes),
        }
    }

    pub async fn consent(&self, id: &ConsentId) -> Result<Option<Consent>, StoreError> {
        self.store.consent(id).await
    }

    /// The consent, asked of PayNet if we have not heard of it (its event may be late or lost).
    pub async fn known_or_retrieved(&self, id: &ConsentId) -> Result<Consent, RetrieveError> {
        let unavailable = |error: StoreError| RetrieveError::Unavailable {
            detail: error.to_string(),
            retry_after: None,
        };
        if let Some(known) = self.store.consent(id).await.map_err(unavailable)? {
            return Ok(known);
        }
        let remote = self.paynet.retrieve_consent(id).await?;
        let change = register(remote.consent, self.window, self.clock.now());
        match self.store.commit(&change).await {
            Ok(()) => Ok(change.consent),
            // Its event came in at the same moment.
            Err(StoreError::Stale) => {
                let known = self.store.consent(id).await.map_err(unavailable)?;
                known.ok_or(RetrieveError::NotFound)
            }
            Err(error) => Err(unavailable(error)),
        }
    }

    fn now(&self) -> At {
        At(self.clock.now())
    }
}

/// The rooms below that [`Authorization`] is made of.
pub struct AuthorizationParts {
    pub bank: Bank,
    pub clock: SharedClock,
    pub deliveries: Arc<Notify>,
    pub dp_id: DpId,
    pub paynet: Paynet,
    pub sign_in: Arc<PasswordSignIn>,
    pub store: Store,
}

/// Whether the customer can still decide about this consent.
pub fn is_open(consent: &Consent, now: At) -> bool {
    consent.status == Status::AwaitingAuthorization
        && now.0 < consent.decide_by
        && now.0 < consent.expires_at
}
