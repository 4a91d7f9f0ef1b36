//! The demo bank's customers, read from `config/demo/bank.toml`.

use figment::Figment;
use figment::providers::{Format, Toml};
use serde::Deserialize;

use crate::bank::{
    AccountKind, BankAccount, BankBalance, BankError, CreditTerms, Customer, Eligibility, Signed,
};
use crate::consent::Identity;
use crate::ids::CustomerId;
use crate::money::{Direction, Ringgit};

const DATA: &str = include_str!("../../../config/demo/bank.toml");

#[derive(Deserialize)]
struct Data {
    customer: Vec<DemoCustomer>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoCustomer {
    pub username: String,
    pub password: String,
    /// The customer's own phrase, shown before the password is asked for.
    pub phrase: String,
    /// What there is to see with this customer.
    #[cfg_attr(
        not(feature = "lab"),
        expect(dead_code, reason = "only the demo shows it")
    )]
    pub shows: String,
    pub id: CustomerId,
    given_name: String,
    family_name: String,
    nric: String,
    pub accounts: Vec<DemoAccount>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoAccount {
    pub reference: String,
    number: String,
    name: String,
    kind: AccountKind,
    sen: u64,
    /// For credit.
    limit_sen: Option<u64>,
    eligibility: Option<Eligibility>,
    outage: Option<Outage>,
}

/// What a data call gets instead of data.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Outage {
    Blocked,
    Unavailable,
}

pub fn load() -> Result<Vec<DemoCustomer>, BankError> {
    let data: Result<Data, _> = Figment::from(Toml::string(DATA)).extract();
    data.map(|data| data.customer)
        .map_err(|error| BankError::Unavailable(error.to_string()))
}

impl DemoCustomer {
    pub fn profile(&self) -> Customer {
        Customer {
            id: self.id.clone(),
            name: self.name(),
            given_name: self.given_name.clone(),
            family_name: self.family_name.clone(),
            preferred_username: self.username.clone(),
            email: format!("{}@example.my", self.username),
            email_verified: true,
            identity: Identity::of("nric", &self.nric),
        }
    }

    pub fn name(&self) -> String {
        format!("{} {}", self.given_name, self.family_name)
    }
}

impl DemoAccount {
    pub fn outage(&self) -> Option<BankError> {
        self.outage.map(|outage| match outage {
            Outage::Blocked => BankError::AccountBlocked,
            Outage::Unavailable => BankError::AccountUnavailable,
        })
    }

    pub fn details(&self, holder: &str) -> BankAccount {
        BankAccount {
            reference: self.reference.clone(),
            number: self.number.clone(),
            name: self.name.clone(),
            holder: holder.to_owned(),
            kind: self.kind,
            eligibility: self.eligibility.unwrap_or(Eligibility::Eligible),
            credit: self.limit_sen.map(|limit| CreditTerms {
                limit: Ringgit::saturating(limit),
                minimum_payment: Ringgit::saturating(self.sen / 20),
                interest_basis_points: 1_500,
                payment_due: None,
            }),
        }
    }

    /// Loans and cards are owed; everything else is the customer's.
    pub fn balance(&self) -> BankBalance {
        let owed = matches!(
            self.kind,
            AccountKind::CreditCard | AccountKind::HirePurchase | AccountKind::Mortgage
        );
        let direction = if owed {
            Direction::Debit
        } else {
            Direction::Credit
        };
        let available = match self.limit_sen {
            Some(limit) => Some(limit.saturating_sub(self.sen)),
            None => (!owed).then_some(self.sen),
        };
        BankBalance {
            current: Signed {
                amount: Ringgit::saturating(self.sen),
                direction,
            },
            available: available.map(|sen| Signed {
                amount: Ringgit::saturating(sen),
                direction: Direction::Credit,
            }),
            credit_lines_included: self.limit_sen.is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_is_readable_and_covers_every_reason() {
        let customers = load().unwrap();
        let accounts: Vec<_> = customers.iter().flat_map(|one| &one.accounts).collect();
        for reason in [
            Eligibility::Business,
            Eligibility::Closed,
            Eligibility::Dormant,
            Eligibility::ForeignCurrency,
            Eligibility::Joint,
            Eligibility::Minor,
            Eligibility::Unsupported,
            Eligibility::Withheld,
        ] {
            assert!(
                accounts
                    .iter()
                    .any(|account| account.eligibility == Some(reason)),
                "{reason:?}"
            );
        }
    }
}
