//! What this service asks of a bank's own systems, and nothing of how they do it.
//!
//! The data methods take a [`Grant`], which only `consent::permit` makes: data without a valid consent
//! cannot be asked for. Amounts are whole sen, times carry their zone, and every failure is one of
//! [`BankError`]'s, so that the answer to PayNet does not depend on the bank's wording.

mod demo;

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;

use crate::consent::{Grant, Identity};
use crate::ids::CustomerId;
use crate::money::{Direction, Ringgit};

pub use demo::DemoBank;

/// The bank's core systems. Implementations must answer within the budget of a data call (PayNet waits five
/// seconds in all).
#[async_trait]
pub trait CoreBank: Send + Sync {
    /// Who the customer is.
    async fn customer(&self, customer: &CustomerId) -> Result<Customer, BankError>;

    /// All accounts of the customer, also those that cannot be shared, in the order of the bank's own
    /// channels.
    async fn accounts(&self, customer: &CustomerId) -> Result<Vec<BankAccount>, BankError>;

    /// One account. `reference` is the bank's own, as [`Self::accounts`] gave it.
    async fn account(&self, grant: &Grant, reference: &str) -> Result<BankAccount, BankError>;

    /// The balance of this moment, pending transactions excluded.
    async fn balance(&self, grant: &Grant, reference: &str) -> Result<BankBalance, BankError>;

    /// Transactions in the period (both days included), newest first.
    async fn transactions(
        &self,
        grant: &Grant,
        reference: &str,
        period: Period,
    ) -> Result<Vec<BankTransaction>, BankError>;
}

/// Why the bank has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BankError {
    /// This account is out for the moment, by a rule of the bank.
    #[error("the account is temporarily blocked")]
    AccountBlocked,
    /// This account will never be available again.
    #[error("the account is closed or unknown")]
    AccountGone,
    /// This account's data is out for the moment, for a technical reason.
    #[error("the account's data is not available for the moment")]
    AccountUnavailable,
    /// The systems themselves do not answer, or not sensibly.
    #[error("the bank's systems are not available: {0}")]
    Unavailable(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    pub id: CustomerId,
    pub name: String,
    pub given_name: String,
    pub family_name: String,
    pub preferred_username: String,
    pub email: String,
    pub email_verified: bool,
    pub identity: Identity,
}

/// What kind of account it is, in PayNet's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
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

/// Whether an account can be shared, and if not, why: the words on the page depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Eligibility {
    Eligible,
    Business,
    Closed,
    Dormant,
    ForeignCurrency,
    Joint,
    Minor,
    Unsupported,
    /// The customer is not told the reason.
    Withheld,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankAccount {
    /// The bank's own reference; it never leaves our database.
    pub reference: String,
    /// The full number. It is masked where it must be.
    pub number: String,
    pub name: String,
    pub holder: String,
    pub kind: AccountKind,
    pub eligibility: Eligibility,
    /// For credit.
    pub credit: Option<CreditTerms>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreditTerms {
    pub limit: Ringgit,
    pub minimum_payment: Ringgit,
    /// Hundredths of a percent per year.
    pub interest_basis_points: u32,
    pub payment_due: Option<NaiveDate>,
}

impl BankAccount {
    /// As the consumer and the customer see it: credit numbers show the first six and last four digits
    /// (ADR 0001), others are whole.
    pub fn shared_number(&self) -> String {
        match self.kind {
            AccountKind::CreditCard => mask(&self.number, 6),
            _ => self.number.clone(),
        }
    }

    /// For our own pages, where a passer-by may look: the last four digits only.
    pub fn masked_number(&self) -> String {
        mask(&self.number, 0)
    }
}

fn mask(number: &str, head: usize) -> String {
    let length = number.chars().count();
    number
        .chars()
        .enumerate()
        .map(|(at, digit)| {
            if at < head || at + 4 >= length {
                digit
            } else {
                '*'
            }
        })
        .collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signed {
    pub amount: Ringgit,
    pub direction: Direction,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankBalance {
    pub current: Signed,
    pub available: Option<Signed>,
    /// Whether `available` counts credit lines.
    pub credit_lines_included: bool,
}

/// Whole days in Malaysian time, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    pub from: NaiveDate,
    pub to: NaiveDate,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankTransaction {
    /// Unique at the bank.
    pub id: String,
    pub at: DateTime<Utc>,
    pub value: Signed,
    pub description: String,
    pub settled: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_keep_the_last_four() {
        assert_eq!(mask("5123456789012346", 6), "512345******2346");
        assert_eq!(mask("7001234567", 0), "******4567");
        assert_eq!(mask("123", 0), "123");
    }
}
