//! What the consumer asks PayNet for and what it reads in the answers.

use chrono::{DateTime, FixedOffset};
use serde::Deserialize;

use super::money::Money;
use crate::platform::{consent::Consent, consents::end_of_day_after};

const CONSENT_DAYS: i64 = 90;

/// A provider in PayNet's list.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct ListedProvider {
    pub(super) provider_id: String,
    pub(super) name: String,
    pub(super) status: String,
}

impl ListedProvider {
    pub(super) fn online(&self) -> bool {
        self.status == "online"
    }
}

/// What the consumer asks for, as it shows it to the person first.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    pub(super) purpose: String,
    pub(super) permissions: &'static [&'static str],
    pub(super) expires_at: DateTime<FixedOffset>,
}

impl Wish {
    pub(super) fn new(purpose: &str) -> Self {
        Self {
            purpose: purpose.to_owned(),
            permissions: &["read_accounts", "read_balances", "read_transactions"],
            expires_at: end_of_day_after(CONSENT_DAYS),
        }
    }
}

/// Tokens and the consent they stand for.
#[derive(Clone, Debug)]
pub(super) struct Access {
    pub(super) bearer: String,
    pub(super) refresh: String,
    pub(super) consent: Consent,
}

/// An opened balance.
#[derive(Clone, Debug)]
pub(super) struct Balance {
    pub(super) current: Money,
    pub(super) available: Option<Money>,
    /// Interaction id of the call, for questions to the bank.
    pub(super) reference: String,
}

#[derive(Deserialize)]
pub(super) struct TokenAnswer {
    pub(super) access_token: String,
    pub(super) refresh_token: String,
    pub(super) authorization_details: Vec<AuthorizationDetail>,
}

#[derive(Deserialize)]
pub(super) struct AuthorizationDetail {
    pub(super) consent: Consent,
}

#[derive(Deserialize)]
pub(super) struct Envelope {
    pub(super) data: String,
}

#[derive(Deserialize)]
pub(super) struct BalanceDocument {
    pub(super) data: BalanceObject,
}

#[derive(Deserialize)]
pub(super) struct BalanceObject {
    pub(super) current_balance: Money,
    pub(super) available_balance: Option<Money>,
}
