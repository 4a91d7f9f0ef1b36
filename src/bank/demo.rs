//! The demo bank: a few fictional customers that between them have every kind of account and every state
//! the pages must explain. It also keeps their passwords, because the demo signs in on our own pages.

mod customers;

use async_trait::async_trait;
use chrono::{Datelike, NaiveDate, TimeDelta};

use super::{
    BankAccount, BankBalance, BankError, BankTransaction, CoreBank, Customer, Period, Signed,
};
use crate::clock::{SharedClock, malaysian};
use crate::consent::Grant;
use crate::ids::CustomerId;
use crate::money::{Direction, Ringgit};
use crate::sign_in::{CheckedPassword, PasswordCheck, SecondFactor, SignInError};
use customers::{DemoAccount, DemoCustomer};

/// The environment variable with the demo customers' TOTP secret (Base32).
pub const TOTP_SECRET_VARIABLE: &str = "IZIN_DEMO_TOTP";
const DEFAULT_TOTP_SECRET: &str = "JBSWY3DPEHPK3PXP";

pub struct DemoBank {
    customers: Vec<DemoCustomer>,
    totp: totp_rs::TOTP,
    clock: SharedClock,
}

impl DemoBank {
    pub fn new(clock: SharedClock) -> Result<Self, BankError> {
        let secret =
            std::env::var(TOTP_SECRET_VARIABLE).unwrap_or_else(|_| DEFAULT_TOTP_SECRET.to_owned());
        Ok(Self {
            customers: customers::load()?,
            totp: totp(&secret)?,
            clock,
        })
    }

    #[cfg(feature = "lab")]
    /// The second-factor code of this moment, for the demo's start page.
    pub fn current_code(&self) -> String {
        self.totp.generate(self.seconds())
    }

    #[cfg(feature = "lab")]
    /// The user names to try, with what each of them shows.
    pub fn showcase(&self) -> Vec<(&str, &str)> {
        self.customers
            .iter()
            .map(|customer| (customer.username.as_str(), customer.shows.as_str()))
            .collect()
    }

    fn seconds(&self) -> u64 {
        u64::try_from(self.clock.now().timestamp()).unwrap_or_default()
    }

    fn find(&self, id: &CustomerId) -> Result<&DemoCustomer, BankError> {
        self.customers
            .iter()
            .find(|customer| customer.id == *id)
            .ok_or_else(|| BankError::Unavailable("no such customer".into()))
    }

    fn find_account(
        &self,
        grant: &Grant,
        reference: &str,
    ) -> Result<(&DemoCustomer, &DemoAccount), BankError> {
        let customer = self.find(grant.customer())?;
        let account = customer
            .accounts
            .iter()
            .find(|account| account.reference == reference)
            .ok_or(BankError::AccountGone)?;
        match account.outage() {
            Some(error) => Err(error),
            None => Ok((customer, account)),
        }
    }
}

fn totp(secret: &str) -> Result<totp_rs::TOTP, BankError> {
    let bad =
        |problem: String| BankError::Unavailable(format!("{TOTP_SECRET_VARIABLE}: {problem}"));
    let bytes = totp_rs::Secret::Encoded(secret.to_owned())
        .to_bytes()
        .map_err(|problem| bad(problem.to_string()))?;
    // Unchecked, because the customary demo secret is shorter than RFC 4226 asks of real ones.
    Ok(totp_rs::TOTP::new_unchecked(
        totp_rs::Algorithm::SHA1,
        6,
        1,
        30,
        bytes,
    ))
}

#[async_trait]
impl CoreBank for DemoBank {
    async fn customer(&self, customer: &CustomerId) -> Result<Customer, BankError> {
        Ok(self.find(customer)?.profile())
    }

    async fn accounts(&self, customer: &CustomerId) -> Result<Vec<BankAccount>, BankError> {
        let customer = self.find(customer)?;
        let (accounts, holder) = (&customer.accounts, customer.name());
        Ok(accounts
            .iter()
            .map(|account| account.details(&holder))
            .collect())
    }

    async fn account(&self, grant: &Grant, reference: &str) -> Result<BankAccount, BankError> {
        let (customer, account) = self.find_account(grant, reference)?;
        Ok(account.details(&customer.name()))
    }

    async fn balance(&self, grant: &Grant, reference: &str) -> Result<BankBalance, BankError> {
        let (_, account) = self.find_account(grant, reference)?;
        Ok(account.balance())
    }

    async fn transactions(
        &self,
        grant: &Grant,
        reference: &str,
        period: Period,
    ) -> Result<Vec<BankTransaction>, BankError> {
        let (_, account) = self.find_account(grant, reference)?;
        let today = malaysian(self.clock.now()).date_naive();
        let mut found = history(account, today);
        found.retain(|transaction| {
            (period.from..=period.to).contains(&malaysian(transaction.at).date_naive())
        });
        Ok(found)
    }
}

/// Ninety days of plausible movements, the same at every call on one day.
fn history(account: &DemoAccount, today: NaiveDate) -> Vec<BankTransaction> {
    let moves = [
        (5, "Kedai Runcit Maju", 4_530, Direction::Debit),
        (12, "Tenaga bill payment", 12_875, Direction::Debit),
        (25, "Salary", 485_000, Direction::Credit),
        (27, "Transfer to Aminah", 20_000, Direction::Debit),
    ];
    let days = (0..90).filter_map(|back| today.checked_sub_signed(TimeDelta::days(back)));
    days.flat_map(|day| {
        moves
            .iter()
            .filter(move |(of_month, ..)| day.day() == *of_month)
            .filter_map(move |(_, description, sen, direction)| {
                Some(BankTransaction {
                    id: format!("{}-{day}", account.reference),
                    at: day.and_hms_opt(4, 30, 0)?.and_utc(),
                    value: Signed {
                        amount: Ringgit::saturating(*sen),
                        direction: *direction,
                    },
                    description: (*description).to_owned(),
                    settled: true,
                })
            })
    })
    .collect()
}

#[async_trait]
impl PasswordCheck for DemoBank {
    async fn phrase(&self, username: &str) -> Result<Option<String>, SignInError> {
        let known = self
            .customers
            .iter()
            .find(|customer| customer.username == username);
        Ok(known.map(|customer| customer.phrase.clone()))
    }

    async fn check_password(
        &self,
        username: &str,
        password: &str,
    ) -> Result<CheckedPassword, SignInError> {
        use subtle::ConstantTimeEq;
        let known = self
            .customers
            .iter()
            .find(|customer| customer.username == username);
        let expected = known.map_or("", |customer| customer.password.as_str());
        let equal: bool = expected.as_bytes().ct_eq(password.as_bytes()).into();
        match known {
            Some(customer) if equal => Ok(CheckedPassword::Right(customer.id.clone())),
            _ => Ok(CheckedPassword::Wrong),
        }
    }

    async fn check_second_factor(
        &self,
        _customer: &CustomerId,
        code: &str,
    ) -> Result<SecondFactor, SignInError> {
        if self.totp.check(code, self.seconds()) {
            Ok(SecondFactor::Right {
                acr: "urn:izin:acr:two-factor",
                amr: "otp",
            })
        } else {
            Ok(SecondFactor::Wrong)
        }
    }
}
