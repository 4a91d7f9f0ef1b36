//! How customers prove who they are. However they do it, it ends in one type, `SignedIn`, and nothing later knows how it came
//! about.
//!
//! This release has one kind: our own pages ask for user name, password and second factor, and the bank checks them. The bank
//! implements [`SignIn`], generated from `openapi/sign-in-1.yaml`, or answers the same operations over HTTP.

mod checks;
mod decoy;
mod pages;
mod rules;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::store::StoreError;
use types::SecondFactorMethod;

pub use crate::bank::BankError;
pub use crate::generated::sign_in::server::{
    CheckPasswordParams, CheckSecondFactorParams, GetCapabilitiesParams, GetSecondFactorOutput,
    GetSecondFactorParams, LookUpPhraseParams, SignIn, StartSecondFactorParams,
};
pub use crate::generated::sign_in::types;
pub use crate::ids::{CustomerId, InvalidId};
pub use crate::secret::Secret;

pub(crate) use checks::Checks;
pub(crate) use pages::PasswordSignIn;

/// A customer who has proved who they are, with how and when, in the bank's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SignedIn {
    pub customer: CustomerId,
    pub acr: String,
    pub amr: Vec<String>,
    pub at: DateTime<Utc>,
}

/// A sign-in whose password was right and whose second factor is awaited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OpenSignIn {
    /// The bank's.
    pub id: String,
    pub customer: CustomerId,
    /// Those not tried in vain so far, in the bank's order.
    pub methods: Vec<SecondFactorMethod>,
}

/// How a customer is asked for the second factor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "snake_case")]
pub(crate) enum SecondFactor {
    /// A code that the bank sends.
    SentCode {
        order: CodeOrder,
        /// `None` until the bank has answered.
        challenge: Option<Challenge>,
    },
    /// A code from the customer's authenticator.
    Totp,
}

/// The wish for a code to be sent. The bank sends one code for one order, however often it hears of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CodeOrder {
    key: Uuid,
    language: types::Language,
}

/// A code that was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Challenge {
    pub id: String,
    /// For the customer to recognise.
    pub sent_to: Option<String>,
    pub expires_at: DateTime<Utc>,
}

impl SecondFactor {
    /// The first of the bank's methods that our pages can ask for.
    pub fn first_of(methods: &[SecondFactorMethod], language: types::Language) -> Option<Self> {
        methods.iter().find_map(|method| match method {
            SecondFactorMethod::Approval => None,
            SecondFactorMethod::SentCode => Some(Self::new_code(language)),
            SecondFactorMethod::Totp => Some(Self::Totp),
        })
    }

    /// A code that is yet to be sent.
    pub fn new_code(language: types::Language) -> Self {
        let key = Uuid::new_v4();
        Self::SentCode {
            order: CodeOrder { key, language },
            challenge: None,
        }
    }

    pub fn method(&self) -> SecondFactorMethod {
        match self {
            Self::SentCode { .. } => SecondFactorMethod::SentCode,
            Self::Totp => SecondFactorMethod::Totp,
        }
    }

    fn challenge(&self) -> Option<&Challenge> {
        match self {
            Self::SentCode { challenge, .. } => challenge.as_ref(),
            Self::Totp => None,
        }
    }
}

/// What the bank is told of the browser. Not its address: behind a proxy or load balancer what we see is that one's.
#[derive(Debug, Clone)]
pub(crate) struct Visitor {
    /// The id of the page's request in our log.
    pub request: Uuid,
    agent: Option<String>,
}

impl Visitor {
    /// `agent` is the header User-Agent.
    pub fn new(request: Uuid, agent: Option<&str>) -> Self {
        const LONGEST_AGENT: usize = 256;
        let agent: Option<String> = agent.map(|agent| agent.chars().take(LONGEST_AGENT).collect());
        let printable = |agent: &String| agent.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        let agent = agent.filter(|agent| !agent.is_empty() && printable(agent));
        Self { request, agent }
    }
}

/// The outcome of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Attempt<T> {
    Passed(T),
    Failed,
    /// Too many failures, by our count or the bank's; further attempts are not even looked at.
    Locked {
        /// How long that lasts, if the bank does not mean for longer.
        minutes: u32,
    },
    /// Right, but used before: a code works once.
    Spent,
    /// The code that was sent is too old.
    Expired,
    /// The bank does not know the sign-in any more.
    Gone,
    /// The customer does not have this second factor (any more).
    NotOffered,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum SignInError {
    #[error("sign-in: {0}")]
    Bank(#[from] BankError),
    #[error("sign-in: {0}")]
    Randomness(#[from] crate::secret::NoRandomness),
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[cfg(all(test, feature = "embedded"))]
mod tests;
