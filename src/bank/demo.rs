//! The demo bank: a few fictional customers that between them have every kind of account and every state
//! the pages must explain. It also keeps their passwords, because the demo signs in on our own pages.

mod customers;
mod movements;
mod paging;
mod sign_in;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use uuid::Uuid;

use super::types::{
    Account, AccountList, Balance, Capabilities, Customer, Notice, NoticeReceipt, TransactionPage,
};
use super::{BankError, CoreBank, Period};
use crate::clock::{SharedClock, malaysian};
use crate::generated::core_bank::server::{
    GetAccountParams, GetBalanceParams, GetCapabilitiesParams, GetCustomerParams,
    ListAccountsParams, ListTransactionsParams, SendNoticeParams,
};
use crate::ids::{AccountReference, CustomerId};
use crate::secret::random_token;
use customers::{DemoAccount, DemoCustomer};
use paging::{Cursors, Question};
use sign_in::SecondFactors;

/// The environment variable with the demo customers' TOTP secret (Base32).
pub const TOTP_SECRET_VARIABLE: &str = "IZIN_DEMO_TOTP";
const DEFAULT_TOTP_SECRET: &str = "JBSWY3DPEHPK3PXP";

pub struct DemoBank {
    customers: Vec<DemoCustomer>,
    second_factors: SecondFactors,
    clock: SharedClock,
    cursors: Cursors,
    locks: sign_in::Locks,
    /// By idempotency key, with whom each was for.
    notices: Mutex<HashMap<Uuid, (CustomerId, Notice, NoticeReceipt)>>,
}

impl DemoBank {
    pub fn new(clock: SharedClock) -> Result<Self, BankError> {
        let secret =
            std::env::var(TOTP_SECRET_VARIABLE).unwrap_or_else(|_| DEFAULT_TOTP_SECRET.to_owned());
        let key = random_token().map_err(|error| BankError::unavailable(error.to_string()))?;
        Ok(Self {
            customers: customers::load()?,
            second_factors: SecondFactors::with_secret(&secret)?,
            clock,
            cursors: Cursors::sealed_with(key.expose()),
            locks: sign_in::Locks::default(),
            notices: Mutex::default(),
        })
    }

    #[cfg(feature = "lab")]
    /// The user names to try, with what each of them shows.
    pub fn showcase(&self) -> Vec<(&str, &str)> {
        self.customers
            .iter()
            .map(|customer| (customer.username.as_str(), customer.shows.as_str()))
            .collect()
    }

    fn find(&self, id: &CustomerId) -> Result<&DemoCustomer, BankError> {
        self.customers
            .iter()
            .find(|customer| customer.id == *id)
            .ok_or(BankError::CustomerUnknown)
    }

    /// An account whose data may be given now.
    fn open_account(
        &self,
        customer: &CustomerId,
        reference: &AccountReference,
    ) -> Result<(&DemoCustomer, &DemoAccount), BankError> {
        let customer = self.find(customer)?;
        let account = customer.account(reference).ok_or(BankError::AccountGone)?;
        match account.refusal() {
            Some(refusal) => Err(refusal),
            None => Ok((customer, account)),
        }
    }
}

impl CoreBank for DemoBank {
    async fn get_capabilities(
        &self,
        _params: GetCapabilitiesParams,
    ) -> Result<Capabilities, BankError> {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Ok(Capabilities {
            contract_version: "1.0".to_owned(),
            implementation: Some(concat!("izin demo bank ", env!("CARGO_PKG_VERSION")).to_owned()),
            operations: names(&[
                "getCustomer",
                "listAccounts",
                "getAccount",
                "getBalance",
                "listTransactions",
                "sendNotice",
            ]),
            features: names(&[
                "pending_transactions",
                "statement_balance",
                "transfer_methods",
                "merchant_details",
            ]),
            history_months: movements::HISTORY_MONTHS,
        })
    }

    async fn get_customer(&self, params: GetCustomerParams) -> Result<Customer, BankError> {
        Ok(self.find(&params.customer_id)?.profile())
    }

    async fn list_accounts(&self, params: ListAccountsParams) -> Result<AccountList, BankError> {
        let accounts = &self.find(&params.customer_id)?.accounts;
        Ok(AccountList {
            accounts: accounts.iter().map(DemoAccount::summary).collect(),
        })
    }

    async fn get_account(&self, params: GetAccountParams) -> Result<Account, BankError> {
        let (customer, account) =
            self.open_account(&params.customer_id, &params.account_reference)?;
        Ok(account.details(customer.name()))
    }

    async fn get_balance(&self, params: GetBalanceParams) -> Result<Balance, BankError> {
        let (_, account) = self.open_account(&params.customer_id, &params.account_reference)?;
        Ok(account.balance(malaysian(self.clock.now())))
    }

    async fn list_transactions(
        &self,
        params: ListTransactionsParams,
    ) -> Result<TransactionPage, BankError> {
        let (_, account) = self.open_account(&params.customer_id, &params.account_reference)?;
        let period = Period {
            from: params.from_date,
            to: params.to_date,
        };
        if period.from > period.to {
            let problem = "from_date is after to_date";
            return Err(BankError::InvalidRequest(problem.to_owned()));
        }
        let question = Question {
            customer: &params.customer_id,
            account: &params.account_reference,
            period,
        };
        let all = movements::of(account, period, malaysian(self.clock.now()));
        let limit = usize::try_from(params.page_size).unwrap_or_default();
        self.cursors
            .page(&question, all, params.cursor.as_deref(), limit)
    }

    /// Keeps it in memory: the demo has no channel to a customer.
    async fn send_notice(
        &self,
        params: SendNoticeParams,
        body: Notice,
    ) -> Result<NoticeReceipt, BankError> {
        self.find(&params.customer_id)?;
        let mut notices = self.notices.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((customer, notice, receipt)) = notices.get(&params.idempotency_key) {
            return if *customer == params.customer_id && *notice == body {
                Ok(receipt.clone())
            } else {
                Err(BankError::IdempotencyConflict)
            };
        }
        let receipt = NoticeReceipt {
            reference: format!("NTF-{}", Uuid::new_v4()),
        };
        tracing::info!(kind = %body.kind, consent = %body.consent_id, "the demo bank tells its customer");
        let kept = (params.customer_id, body, receipt.clone());
        notices.insert(params.idempotency_key, kept);
        Ok(receipt)
    }
}
