//! From PayNet's verified link to a session in the customer's browser.
//!
//! The link itself can be opened again and again (its signature carries no time), so it opens nothing by
//! itself: it yields a handle that works once and for a short time, and a consent has one live session.

use chrono::TimeDelta;

use super::Authorization;
use super::session::{Journey, Session};
use crate::ids::ConsentId;
use crate::paynet::RetrieveError;
use crate::secret::{NoRandomness, Secret, fingerprint, random_token};
use crate::store::{At, HandleRecord, StoreError};

/// From the redirect to the customer's browser following it.
const HANDLE_LIFE: TimeDelta = TimeDelta::minutes(2);

/// Why no session can begin. None of these ever redirects anywhere.
#[derive(Debug, thiserror::Error)]
pub enum BeginRefusal {
    #[error("redirect_uri is not in the allow-list")]
    ForeignRedirect,
    #[error("the link was used before or has expired")]
    HandleSpent,
    #[error("there is no such consent")]
    UnknownConsent,
    #[error("not possible for the moment: {0}")]
    Unavailable(String),
}

impl From<StoreError> for BeginRefusal {
    fn from(error: StoreError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<NoRandomness> for BeginRefusal {
    fn from(error: NoRandomness) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl Authorization {
    /// `consent_id` was signed by PayNet; `redirect_uri` was not. Answers the one-time handle.
    pub async fn begin(
        &self,
        consent_id: &ConsentId,
        redirect_uri: &str,
    ) -> Result<Secret, BeginRefusal> {
        let redirect = self
            .redirects
            .check(redirect_uri)
            .ok_or(BeginRefusal::ForeignRedirect)?;
        self.known_or_retrieved(consent_id)
            .await
            .map_err(|error| match error {
                RetrieveError::NotFound => BeginRefusal::UnknownConsent,
                other => BeginRefusal::Unavailable(other.to_string()),
            })?;
        let handle = random_token()?;
        let record = HandleRecord {
            consent_id: consent_id.clone(),
            redirect_uri: redirect.as_str().to_owned(),
            expires_at: self.clock.now() + HANDLE_LIFE,
        };
        self.store
            .save_handle(&fingerprint(&handle), &record)
            .await?;
        Ok(handle)
    }

    /// Uses the handle up and opens the session whose id goes into the browser's cookie. A session that
    /// was open for the same consent ends.
    pub async fn enter(&self, handle: &Secret) -> Result<Session, BeginRefusal> {
        let record = self
            .store
            .take_handle(&fingerprint(handle), self.now())
            .await?
            .ok_or(BeginRefusal::HandleSpent)?;
        let journey = Journey::start(record.redirect_uri, random_token()?);
        Ok(self.open_session(&record.consent_id, journey).await?)
    }

    /// Also used after the sign-in, so that a session id known before it is worth nothing after it.
    pub(super) async fn open_session(
        &self,
        consent_id: &ConsentId,
        journey: Journey,
    ) -> Result<Session, StoreError> {
        let id = random_token().map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let expires_at = At(self.clock.now() + self.session_life);
        let state = serde_json::json!(journey);
        self.store
            .open_session(&fingerprint(&id), consent_id, state, expires_at)
            .await?;
        Ok(Session {
            id,
            consent_id: consent_id.clone(),
            journey,
            version: 1,
        })
    }
}
