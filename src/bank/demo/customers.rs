//! The demo bank's customers, read from `config/demo/bank.toml`, and what the contract says of them.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate};
use figment::Figment;
use figment::providers::{Format, Toml};
use serde::Deserialize;

use crate::bank::BankError;
use crate::bank::types::{
    Account, AccountKind, AccountSummary, Balance, CreditDebitIndicator, CreditTerms, Currency,
    Customer, Eligibility, IdType, LoanTerms, Money, SignedMoney, StatementBalance,
};
use crate::ids::{AccountReference, CustomerId};
use crate::money::{DecimalAmount, Rate};

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
    pub reference: AccountReference,
    number: String,
    name: String,
    kind: AccountKind,
    sen: u32,
    credit: Option<DemoCredit>,
    loan: Option<DemoLoan>,
    eligibility: Option<Eligibility>,
    outage: Option<Outage>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DemoCredit {
    limit_sen: u32,
    interest_rate: Rate,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DemoLoan {
    principal_sen: u32,
    origination_date: NaiveDate,
    maturity_date: NaiveDate,
    interest_rate: Rate,
    instalment_sen: u32,
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
        .map_err(|error| BankError::unavailable(error.to_string()))
}

impl DemoCustomer {
    pub fn profile(&self) -> Customer {
        Customer {
            sub: self.id.clone(),
            name: Some(self.name()),
            given_name: Some(self.given_name.clone()),
            family_name: Some(self.family_name.clone()),
            preferred_username: Some(self.username.clone()),
            picture: None,
            email: Some(format!("{}@example.my", self.username)),
            email_verified: Some(true),
            id_type: IdType::Nric,
            id_number: Some(self.nric.clone()),
            hashed_id_number: None,
        }
    }

    pub fn name(&self) -> String {
        format!("{} {}", self.given_name, self.family_name)
    }

    pub fn account(&self, reference: &AccountReference) -> Option<&DemoAccount> {
        self.accounts
            .iter()
            .find(|account| account.reference == *reference)
    }
}

impl DemoAccount {
    /// Why its data is not given now, if so.
    pub fn refusal(&self) -> Option<BankError> {
        match (self.eligibility(), self.outage) {
            (Eligibility::Eligible, None) => None,
            (Eligibility::Eligible, Some(Outage::Unavailable)) => {
                Some(BankError::AccountUnavailable)
            }
            (Eligibility::Closed, _) => Some(BankError::AccountGone),
            _ => Some(BankError::AccountBlocked),
        }
    }

    fn eligibility(&self) -> Eligibility {
        self.eligibility.unwrap_or(Eligibility::Eligible)
    }

    pub fn summary(&self) -> AccountSummary {
        AccountSummary {
            reference: self.reference.clone(),
            number: self.number.clone(),
            name: self.name.clone(),
            kind: self.kind,
            eligibility: self.eligibility(),
        }
    }

    pub fn details(&self, holder: String) -> Account {
        Account {
            reference: self.reference.clone(),
            number: self.number.clone(),
            name: self.name.clone(),
            holder,
            kind: self.kind,
            credit: self.credit.as_ref().map(|terms| CreditTerms {
                limit: money(terms.limit_sen),
                interest_rate: terms.interest_rate.clone(),
                minimum_payment: money(self.sen / 20),
                payment_due: None,
            }),
            loan: self.loan.as_ref().map(|loan| LoanTerms {
                principal: money(loan.principal_sen),
                origination_date: Some(loan.origination_date),
                maturity_date: Some(loan.maturity_date),
                interest_rate: loan.interest_rate.clone(),
                minimum_payment: money(loan.instalment_sen),
                payment_due: None,
            }),
            custom_data: None,
        }
    }

    /// Loans and cards are owed; everything else is the customer's. A card also has the balance of the last statement.
    pub fn balance(&self, now: DateTime<FixedOffset>) -> Balance {
        let owed = matches!(
            self.kind,
            AccountKind::CreditCard | AccountKind::HirePurchase | AccountKind::Mortgage
        );
        let direction = if owed {
            CreditDebitIndicator::Debit
        } else {
            CreditDebitIndicator::Credit
        };
        let available = match &self.credit {
            Some(terms) => Some(terms.limit_sen.saturating_sub(self.sen)),
            None => (!owed).then_some(self.sen),
        };
        let first_of_month = now.date_naive().with_day(1);
        let statement = first_of_month.filter(|_| self.kind == AccountKind::CreditCard);
        Balance {
            as_of: now,
            current: signed(self.sen, direction),
            available: available.map(|sen| signed(sen, CreditDebitIndicator::Credit)),
            credit_lines_included: self.credit.is_some(),
            statement: statement.map(|date| StatementBalance {
                balance: signed(self.sen / 2, direction),
                date,
            }),
            custom_data: None,
        }
    }
}

pub(super) fn money(sen: u32) -> Money {
    Money {
        amount: DecimalAmount::of_hundredths(sen),
        currency: Currency::Myr,
    }
}

fn signed(sen: u32, credit_debit_indicator: CreditDebitIndicator) -> SignedMoney {
    SignedMoney {
        credit_debit_indicator,
        amount: DecimalAmount::of_hundredths(sen),
        currency: Currency::Myr,
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
