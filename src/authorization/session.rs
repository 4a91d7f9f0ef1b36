//! Where a customer stands. Kept in the database, so that any replica can take the next request.

use serde::{Deserialize, Serialize};

use super::Authorization;
use crate::ids::{AccountId, ConsentId, CustomerId};
use crate::secret::{Secret, fingerprint};
use crate::sign_in::{OpenSignIn, SecondFactor, SignedIn};
use crate::store::StoreError;

/// A live session. `id` is what the cookie holds; the database knows its fingerprint only.
#[derive(Clone)]
pub struct Session {
    pub id: Secret,
    pub consent_id: ConsentId,
    pub journey: Journey,
    pub(super) version: i32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Journey {
    /// As PayNet's link had it; checked against the allow-list again before any use.
    pub redirect_uri: String,
    /// Every form must bring it back.
    pub csrf: Secret,
    /// `en` or `ms`, once chosen.
    pub language: Option<String>,
    pub step: Step,
}

/// An account the customer ticked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chosen {
    pub account_id: AccountId,
}

/// Which screen comes next, and what has been established so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "at", rename_all = "snake_case")]
pub enum Step {
    Username {
        typed: String,
    },
    Phrase {
        username: String,
    },
    Password {
        username: String,
    },
    SecondFactor {
        open: OpenSignIn,
        factor: SecondFactor,
    },
    Accounts {
        signed_in: SignedIn,
        chosen: Vec<Chosen>,
    },
    Review {
        signed_in: SignedIn,
        chosen: Vec<Chosen>,
    },
    /// The consent's own state says the rest.
    Decided {
        customer: Option<CustomerId>,
    },
}

impl Step {
    /// The fixed name of the step's screen.
    pub fn screen(&self) -> &'static str {
        match self {
            Self::Username { .. } => "username",
            Self::Phrase { .. } => "phrase",
            Self::Password { .. } => "password",
            Self::SecondFactor { .. } => "otp",
            Self::Accounts { .. } => "accounts",
            Self::Review { .. } => "review",
            Self::Decided { .. } => "result",
        }
    }

    /// Who is known to be there. Before the second factor nobody is.
    pub fn signed_in(&self) -> Option<&SignedIn> {
        match self {
            Self::Accounts { signed_in, .. } | Self::Review { signed_in, .. } => Some(signed_in),
            _ => None,
        }
    }
}

impl Journey {
    pub(super) fn start(redirect_uri: String, csrf: Secret) -> Self {
        Self {
            redirect_uri,
            csrf,
            language: None,
            step: Step::Username {
                typed: String::new(),
            },
        }
    }
}

impl Authorization {
    /// `None`: unknown, expired, or replaced by a newer session of the same consent.
    pub async fn session(&self, id: &Secret) -> Result<Option<Session>, StoreError> {
        let Some(record) = self.store.session(&fingerprint(id), self.now()).await? else {
            return Ok(None);
        };
        let journey = serde_json::from_value(record.state)
            .map_err(|_| StoreError::Damaged("authorization_sessions.state"))?;
        let (consent_id, version) = (record.consent_id, record.version);
        Ok(Some(Session {
            id: id.clone(),
            consent_id,
            journey,
            version,
        }))
    }

    /// Stores the session's journey. [`StoreError::Stale`] if another request was faster.
    pub async fn save(&self, session: &mut Session) -> Result<(), StoreError> {
        let state = serde_json::json!(session.journey);
        self.store
            .save_session(&fingerprint(&session.id), state, session.version)
            .await?;
        session.version += 1;
        Ok(())
    }

    /// Goes on with the customer known, under a new session id.
    pub async fn sign_in_session(
        &self,
        session: &Session,
        signed_in: SignedIn,
    ) -> Result<Session, StoreError> {
        let step = Step::Accounts {
            signed_in,
            chosen: Vec::new(),
        };
        let journey = Journey {
            step,
            ..session.journey.clone()
        };
        self.open_session(&session.consent_id, journey).await
    }
}
