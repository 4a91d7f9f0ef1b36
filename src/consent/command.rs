//! What can happen to a consent, and what comes of it: the vocabulary of the state machine in
//! `transition.rs`.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::evidence::LedgerEntry;
use super::state::{Actor, Consent, NoticeKind, Permission, Purpose, Status, StatusReason};
use crate::ids::{AccountId, ConsentId, CustomerId, DcId, DpId};

/// A consent that PayNet told us of and that we have not seen before.
#[derive(Debug, Clone, PartialEq)]
pub struct NewConsent {
    pub id: ConsentId,
    pub dc_id: DcId,
    pub dp_id: DpId,
    pub urn: String,
    pub purpose: Purpose,
    pub permissions: Vec<Permission>,
    pub status: Status,
    pub reason: Option<StatusReason>,
    pub expires_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
    pub updated_at: Option<DateTime<Utc>>,
    pub updated_by: Option<Actor>,
}

/// PayNet's word on a consent we know.
#[derive(Debug, Clone, PartialEq)]
pub struct PlatformReport {
    pub status: Status,
    pub reason: Option<StatusReason>,
    pub updated_at: Option<DateTime<Utc>>,
    pub by: Option<Actor>,
}

impl NewConsent {
    /// What it says of a consent that is known already.
    pub fn report(&self) -> PlatformReport {
        PlatformReport {
            status: self.status,
            reason: self.reason.clone(),
            updated_at: self.updated_at,
            by: self.updated_by,
        }
    }
}

/// Who the customer is, in the form PayNet compares between parties.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    pub id_type: String,
    /// Base64 with padding of the SHA-256 of the normalised number: 44 characters.
    pub hashed_id_number: String,
}

impl Identity {
    /// The hash that PayNet compares: without spaces and hyphens, upper case, SHA-256, Base64 with padding
    /// (44 characters; ADR 0001).
    pub fn of(id_type: &str, number: &str) -> Self {
        use base64::Engine as _;
        let normal: String = number
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .flat_map(char::to_uppercase)
            .collect();
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, normal.as_bytes());
        let hashed_id_number = base64::engine::general_purpose::STANDARD.encode(digest);
        Self {
            id_type: id_type.to_owned(),
            hashed_id_number,
        }
    }
}

/// How and when the customer signed in; goes into the `id_token`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInFacts {
    pub acr: String,
    pub amr: Vec<String>,
    pub at: DateTime<Utc>,
}

/// A chosen account as PayNet and the consumer will see it.
#[expect(clippy::struct_field_names, reason = "PayNet's names")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountSnapshot {
    pub account_id: AccountId,
    pub account_number: String,
    pub account_name: String,
}

/// What must still be told to PayNet. Holds facts, never a token: those are signed at delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "update", rename_all = "snake_case")]
pub enum Intent {
    Authorize {
        customer: CustomerId,
        identity: Identity,
        signed_in: SignInFacts,
        accounts: Vec<AccountSnapshot>,
    },
    Reject {
        reason: StatusReason,
    },
    Revoke {
        by: Actor,
        /// In the words of whoever revoked.
        reason: Option<String>,
    },
}

/// What the bank must still tell the customer. The rest is looked up when it does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    pub kind: NoticeKind,
    pub caused_by: Actor,
    /// When it happened.
    pub at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// What PayNet answered when it was asked: its present word, whatever its time says.
    Adopt(PlatformReport),
    /// The customer agreed.
    Approve {
        customer: CustomerId,
        identity: Identity,
        signed_in: SignInFacts,
        accounts: Vec<AccountSnapshot>,
        /// Hash of the receipt stored beside the decision.
        receipt_sha256: String,
    },
    /// Nobody decided in time.
    ClockRanOut,
    /// PayNet accepted our Update Consent.
    PlatformAccepted,
    /// PayNet will never accept our Update Consent.
    PlatformRefused { detail: String },
    /// The customer declined, cancelled, or has nothing to share.
    Reject {
        reason: StatusReason,
        receipt_sha256: Option<String>,
    },
    /// PayNet reports the state of the consent.
    Report(PlatformReport),
    /// An operator puts back a delivery that was parked. The state stays as it is; this is for the record.
    Retry {
        delivery: String,
        operator: String,
        reason: String,
    },
    /// Stopped at our side, by the customer or by the bank.
    Revoke {
        by: Actor,
        /// For the record and for PayNet.
        reason: Option<String>,
        /// Who did it for the bank; for the record only.
        operator: Option<String>,
    },
    /// The consent's own end has come.
    TermEnded,
}

/// A new state with everything that must be stored together with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    pub consent: Consent,
    pub ledger: LedgerEntry,
    /// For PayNet.
    pub intent: Option<Intent>,
    /// For the customer, through the bank.
    pub notice: Option<Notice>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    Changed(Box<Change>),
    /// The report would open data again, and nothing proves that it is the newest: PayNet must be asked.
    Uncertain,
    /// Nothing to do, and why: a repeated, outdated or meaningless report.
    Unchanged(&'static str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TransitionRefusal {
    #[error("the consent was already decided: it is {0}")]
    AlreadyDecided(Status),
    #[error("no account was chosen")]
    NoAccounts,
    #[error("the consent is {0}, so there is nothing to settle")]
    NothingToSettle(Status),
    #[error("the consent is {0}, so there is nothing to stop")]
    NothingToStop(Status),
    #[error("the consent has not reached its end")]
    NotEnded,
    #[error("the time to decide is over")]
    TooLate,
}
