//! The closed sets of facts that a screen has words for: each value is part of a message key in the locale files (`account-savings`,
//! `page-expired-heading`), and a test proves that each has its words in both languages.

use serde::Serialize;

/// The four steps of the journey as customers count them.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    SignIn,
    Confirm,
    Accounts,
    Review,
}

impl Step {
    pub const ALL: [Self; 4] = [Self::SignIn, Self::Confirm, Self::Accounts, Self::Review];

    /// Counted from one.
    pub fn number(self) -> usize {
        self as usize + 1
    }
}

/// Kinds of account that customers have a word for.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccountKind {
    CreditCard,
    Current,
    EWallet,
    Fund,
    HirePurchase,
    Mortgage,
    Pension,
    Savings,
}

impl AccountKind {
    /// For the tests that look for each one's words.
    #[cfg(test)]
    pub const ALL: [Self; 8] = [
        Self::CreditCard,
        Self::Current,
        Self::EWallet,
        Self::Fund,
        Self::HirePurchase,
        Self::Mortgage,
        Self::Pension,
        Self::Savings,
    ];
}

/// Why an account is shown but cannot be chosen. A reason that would tip off a suspect is `Neutral`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unavailable {
    Business,
    Closed,
    Dormant,
    ForeignCurrency,
    Joint,
    Minor,
    Neutral,
    Unsupported,
}

impl Unavailable {
    /// For the tests that look for each one's words.
    #[cfg(test)]
    pub const ALL: [Self; 8] = [
        Self::Business,
        Self::Closed,
        Self::Dormant,
        Self::ForeignCurrency,
        Self::Joint,
        Self::Minor,
        Self::Neutral,
        Self::Unsupported,
    ];
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    CreditUnderwriting,
    Pfm,
}

impl Purpose {
    /// For the tests that look for each one's words.
    #[cfg(test)]
    pub const ALL: [Self; 2] = [Self::CreditUnderwriting, Self::Pfm];
}

/// What one permission means to a customer (rule R2).
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DataCluster {
    Accounts,
    Balances,
    Transactions,
}

impl DataCluster {
    pub const ALL: [Self; 3] = [Self::Accounts, Self::Balances, Self::Transactions];

    /// Reads one of PayNet's `permissions`. There is no "other": a permission without words cannot be consented to.
    pub fn from_permission(permission: &str) -> Option<Self> {
        match permission {
            "read_accounts" => Some(Self::Accounts),
            "read_balances" => Some(Self::Balances),
            "read_transactions" => Some(Self::Transactions),
            _ => None,
        }
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// PayNet has accepted the decision.
    Approved,
    /// The clock ran out and nobody knows yet how PayNet saw it.
    Checking,
    /// Nothing was shared, for a technical reason.
    Failed,
    /// Decided here, not yet accepted by PayNet.
    Finishing,
    /// The customer said no.
    Rejected,
}

impl Outcome {
    pub const ALL: [Self; 5] = [
        Self::Approved,
        Self::Checking,
        Self::Failed,
        Self::Finishing,
        Self::Rejected,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Checking => "checking",
            Self::Failed => "failed",
            Self::Finishing => "finishing",
            Self::Rejected => "rejected",
        }
    }

    /// After how many seconds the page asks again; the page does so without a script.
    pub fn refresh_seconds(self) -> Option<u32> {
        match self {
            Self::Finishing => Some(2),
            Self::Checking => Some(5),
            Self::Approved | Self::Failed | Self::Rejected => None,
        }
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorReason {
    AlreadyDecided,
    Expired,
    /// Something broke on our side.
    Internal,
    /// The link's signature or return address cannot be trusted.
    InvalidLink,
    /// Too many wrong attempts for one customer.
    Locked,
    Maintenance,
    /// The customer has no second factor that these pages can ask for.
    NoSecondFactor,
    NotFound,
    SessionLost,
    /// Too many requests from one address.
    Throttled,
    UnknownConsent,
}

impl ErrorReason {
    pub const ALL: [Self; 11] = [
        Self::AlreadyDecided,
        Self::Expired,
        Self::Internal,
        Self::InvalidLink,
        Self::Locked,
        Self::Maintenance,
        Self::NoSecondFactor,
        Self::NotFound,
        Self::SessionLost,
        Self::Throttled,
        Self::UnknownConsent,
    ];

    /// Value of `data-reason`.
    pub fn name(self) -> &'static str {
        match self {
            Self::AlreadyDecided => "already-decided",
            Self::Expired => "expired",
            Self::Internal => "internal",
            Self::InvalidLink => "invalid-link",
            Self::Locked => "locked",
            Self::Maintenance => "maintenance",
            Self::NoSecondFactor => "no-second-factor",
            Self::NotFound => "not-found",
            Self::SessionLost => "session-lost",
            Self::Throttled => "throttled",
            Self::UnknownConsent => "unknown-consent",
        }
    }
}

/// What the customer has to correct. Each is shown in a summary at the top and, in the same words, at the field (rule U7).
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FormError {
    AccountsMissing,
    AccountsUnknown,
    OtpExpired,
    OtpMissing,
    /// Of a code that was sent: a new one is on its way.
    OtpSentExpired,
    OtpSentMissing,
    OtpSentUsed,
    OtpSentWrong,
    OtpWrong,
    PasswordMissing,
    /// Between the screens too much time went by for the bank.
    SignInLapsed,
    /// Same words for an unknown username and a wrong password (rule L6).
    SignInWrong,
    UsernameMissing,
}

impl FormError {
    /// For the tests that look for each one's words.
    #[cfg(test)]
    pub const ALL: [Self; 13] = [
        Self::AccountsMissing,
        Self::AccountsUnknown,
        Self::OtpExpired,
        Self::OtpMissing,
        Self::OtpSentExpired,
        Self::OtpSentMissing,
        Self::OtpSentUsed,
        Self::OtpSentWrong,
        Self::OtpWrong,
        Self::PasswordMissing,
        Self::SignInLapsed,
        Self::SignInWrong,
        Self::UsernameMissing,
    ];
}
