//! The consent as this service keeps it.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{ConsentId, CustomerId, DcId, DpId};

/// PayNet's states (ADR 0001) plus our own `deciding`: the customer has approved and PayNet has not
/// yet accepted. No data leaves in that state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    AwaitingAuthorization,
    Deciding,
    Authorized,
    Suspended,
    Rejected,
    Failed,
    Expired,
    Revoked,
}

impl Status {
    /// In the order of a consent's life.
    pub const ALL: [Self; 8] = [
        Self::AwaitingAuthorization,
        Self::Deciding,
        Self::Authorized,
        Self::Suspended,
        Self::Rejected,
        Self::Failed,
        Self::Expired,
        Self::Revoked,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AwaitingAuthorization => "awaiting_authorization",
            Self::Deciding => "deciding",
            Self::Authorized => "authorized",
            Self::Suspended => "suspended",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// Nothing ever leaves these.
    pub const fn is_terminal(self) -> bool {
        matches!(
            self,
            Self::Rejected | Self::Failed | Self::Expired | Self::Revoked
        )
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
        pub enum $name { $(#[serde(rename = $word)] $variant),* }

        impl $name {
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            pub fn parse(text: &str) -> Option<Self> {
                match text { $($word => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

words!(
    /// What the consumer may read.
    #[expect(clippy::enum_variant_names, reason = "PayNet's names; every permission is to read")]
    Permission {
        ReadAccounts = "read_accounts",
        ReadBalances = "read_balances",
        ReadTransactions = "read_transactions",
    }
);
words!(
    /// Why the consumer wants it.
    Purpose {
        PersonalFinance = "pfm",
        CreditUnderwriting = "credit_underwriting",
    }
);
words!(
    /// PayNet's reason codes (ADR 0001).
    ReasonCode {
        Duplicate = "duplicate",
        FormatError = "format_error",
        InactiveAccount = "inactive_account",
        InactiveProvider = "inactive_provider",
        InternalError = "internal_error",
        NotAllowed = "not_allowed",
        ProviderError = "provider_error",
        Timeout = "timeout",
        ValidationError = "validation_error",
    }
);

/// Who brought a change about, as the customer is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    Bank,
    Customer,
    DataConsumer,
    Platform,
    /// The end of the consent's term.
    Term,
}

/// What a customer is told about the sharing of their data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    Expired,
    /// Approved, and not accepted by PayNet: nothing was shared.
    Failed,
    Resumed,
    Started,
    Stopped,
    Suspended,
}

/// Compulsory for `rejected` and `suspended`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusReason {
    pub code: ReasonCode,
    pub description: Option<String>,
}

/// A consent and all that decides about a data call except the accounts, which are rows of their own.
#[derive(Debug, Clone, PartialEq)]
pub struct Consent {
    pub id: ConsentId,
    pub dc_id: DcId,
    pub dp_id: DpId,
    /// PayNet's URN of the consent's shape.
    pub urn: String,
    pub purpose: Purpose,
    pub permissions: Vec<Permission>,
    pub status: Status,
    pub reason: Option<StatusReason>,
    pub expires_at: DateTime<Utc>,
    /// The customer must have decided by then (five minutes after PayNet created the consent).
    pub decide_by: DateTime<Utc>,
    /// Who approved. `None` until then.
    pub customer: Option<CustomerId>,
    pub created_at: DateTime<Utc>,
    /// PayNet's `updated_at` of the newest report we took in.
    pub platform_updated_at: Option<DateTime<Utc>>,
    pub changed_at: DateTime<Utc>,
    /// Counts the changes; the ledger's sequence number, and the guard against lost updates.
    pub version: i32,
}
