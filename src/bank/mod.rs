//! What this service asks of a bank's own systems, and nothing of how they do it.
//!
//! The contract is `openapi/core-bank-1.yaml`; a bank implements the trait generated from it ([`CoreBank`]) or answers the same
//! operations over HTTP. The rest of the service asks through [`Bank`], whose data methods take a
//! [`Grant`](crate::consent::Grant), which only `consent::permit` makes: data without a valid consent cannot be asked for.
//! An answer that breaks the contract is no answer: it ends as [`BankError::Unavailable`] and an alert, never as wrong data.

mod asking;
mod contract;
#[cfg(all(test, feature = "lab"))]
mod contract_tests;
mod demo;
mod error;
pub mod http;
mod questions;
mod rules;
#[cfg(feature = "lab")]
mod served;

use crate::generated::core_bank::types::{AccountKind, AccountNumber};

pub use crate::generated::core_bank::server::{CoreBank, DynCoreBank};
pub use crate::generated::core_bank::types;
pub use asking::{Asking, Broken, Implementation, judged, rule};
pub use demo::DemoBank;
pub use error::BankError;
pub use questions::{Bank, Customer, Period, TransactionsQuestion};
#[cfg(feature = "lab")]
pub use served::ServedBank;

/// An account's number as the consumer and the customer see it: a card's shows the first six and last four digits (ADR 0001),
/// others are whole.
pub fn shared_number(kind: AccountKind, number: &AccountNumber) -> String {
    match kind {
        AccountKind::CreditCard => mask(number, 6),
        _ => number.clone(),
    }
}

/// For our own pages, where a passer-by may look: the last four digits only.
pub fn masked_number(number: &AccountNumber) -> String {
    mask(number, 0)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_keep_the_last_four() {
        assert_eq!(mask("5123456789012346", 6), "512345******2346");
        assert_eq!(mask("512345******2346", 6), "512345******2346");
        assert_eq!(mask("7001234567", 0), "******4567");
        assert_eq!(mask("123", 0), "123");
    }
}
