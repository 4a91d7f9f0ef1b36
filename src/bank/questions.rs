//! The questions that the rest of the service asks, each within the time budget and with its answer held against the contract.

use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveDate;
use uuid::Uuid;

use super::asking::{Asking, Implementation, judged};
use super::{BankError, DynCoreBank, rules, shared_number};
use crate::clock::SharedClock;
use crate::consent::{Grant, Identity, Purpose};
use crate::generated::core_bank::server::{
    GetAccountParams, GetBalanceParams, GetCapabilitiesParams, GetCustomerParams,
    ListAccountsParams, ListTransactionsParams, SendNoticeParams,
};
use crate::generated::core_bank::types;
use crate::ids::{AccountReference, CustomerId};

/// The bank's core systems. Cheap to clone.
#[derive(Clone)]
pub struct Bank {
    core: Arc<dyn DynCoreBank>,
    clock: SharedClock,
    asking: Asking,
}

/// Who a customer is. The number of the identity document has been forgotten.
#[derive(Debug, Clone)]
pub struct Customer {
    pub profile: types::Customer,
    pub identity: Identity,
}

/// Whole days in Malaysian time, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    pub from: NaiveDate,
    pub to: NaiveDate,
}

/// Which transactions.
#[derive(Debug, Clone)]
pub struct TransactionsQuestion {
    pub period: Period,
    /// 10 to 500.
    pub page_size: i32,
}

impl Bank {
    /// `budget` is what the bank has for one question, repetitions included.
    pub fn new(
        core: Arc<dyn DynCoreBank>,
        clock: SharedClock,
        implementation: Implementation,
        budget: Duration,
    ) -> Self {
        Self {
            core,
            clock,
            asking: Asking {
                implementation,
                budget,
            },
        }
    }

    /// What the bank offers. Concerns no customer.
    pub async fn capabilities(&self) -> Result<types::Capabilities, BankError> {
        let params = GetCapabilitiesParams {
            x_request_id: Uuid::new_v4(),
        };
        self.asking
            .ask("getCapabilities", self.core.get_capabilities(params))
            .await
    }

    /// Who the customer is. `request` is the id of this call in both sides' logs.
    pub async fn customer(
        &self,
        request: Uuid,
        customer: &CustomerId,
    ) -> Result<Customer, BankError> {
        let params = GetCustomerParams {
            customer_id: customer.clone(),
            x_request_id: request,
        };
        let profile = self
            .asking
            .ask("getCustomer", self.core.get_customer(params));
        let (profile, identity) = judged("getCustomer", rules::customer(profile.await?, customer))?;
        Ok(Customer { profile, identity })
    }

    /// All accounts of the customer, also those that cannot be shared, in the order of the bank's own channels.
    pub async fn accounts(
        &self,
        request: Uuid,
        customer: &CustomerId,
    ) -> Result<Vec<types::AccountSummary>, BankError> {
        let params = ListAccountsParams {
            customer_id: customer.clone(),
            x_request_id: request,
        };
        let list = self
            .asking
            .ask("listAccounts", self.core.list_accounts(params));
        let mut accounts = judged("listAccounts", rules::accounts(list.await?))?;
        for account in &mut accounts {
            account.number = shared_number(account.kind, &account.number);
        }
        Ok(accounts)
    }

    /// One account. `reference` is the bank's own, as [`Self::accounts`] gave it.
    pub async fn account(
        &self,
        request: Uuid,
        grant: &Grant,
        reference: &AccountReference,
    ) -> Result<types::Account, BankError> {
        let params = GetAccountParams {
            customer_id: grant.customer().clone(),
            account_reference: reference.clone(),
            x_request_id: request,
            x_consent_id: grant.consent_id().clone(),
            x_dc_id: grant.dc_id().clone(),
            x_purpose: purpose(grant),
        };
        let account = self.asking.ask("getAccount", self.core.get_account(params));
        let mut account = judged("getAccount", rules::account(account.await?, reference))?;
        account.number = shared_number(account.kind, &account.number);
        Ok(account)
    }

    /// The balance of this moment, pending transactions excluded.
    pub async fn balance(
        &self,
        request: Uuid,
        grant: &Grant,
        reference: &AccountReference,
    ) -> Result<types::Balance, BankError> {
        let params = GetBalanceParams {
            customer_id: grant.customer().clone(),
            account_reference: reference.clone(),
            x_request_id: request,
            x_consent_id: grant.consent_id().clone(),
            x_dc_id: grant.dc_id().clone(),
            x_purpose: purpose(grant),
        };
        let balance = self.asking.ask("getBalance", self.core.get_balance(params));
        let balance = rules::balance(balance.await?, self.clock.now());
        judged("getBalance", balance)
    }

    /// The newest transactions of a period, however many pages the bank makes of them.
    pub async fn transactions(
        &self,
        request: Uuid,
        grant: &Grant,
        reference: &AccountReference,
        question: &TransactionsQuestion,
    ) -> Result<Vec<types::Transaction>, BankError> {
        let pages = self.pages(request, grant, reference, question);
        let late = |_| {
            let problem = "listTransactions: the pages did not come in time";
            Err(BankError::unavailable(problem))
        };
        let all = tokio::time::timeout(self.asking.budget, pages).await;
        all.unwrap_or_else(late)
    }

    /// Hands a notice over; the bank tells the customer. The same `key` for every repetition of the same notice.
    pub async fn notify(
        &self,
        key: Uuid,
        customer: &CustomerId,
        notice: types::Notice,
    ) -> Result<(), BankError> {
        let params = SendNoticeParams {
            customer_id: customer.clone(),
            x_request_id: Uuid::new_v4(),
            idempotency_key: key,
        };
        let accepted = self.core.send_notice(params, notice);
        self.asking.ask("sendNotice", accepted).await?;
        Ok(())
    }

    async fn pages(
        &self,
        request: Uuid,
        grant: &Grant,
        reference: &AccountReference,
        question: &TransactionsQuestion,
    ) -> Result<Vec<types::Transaction>, BankError> {
        const SMALLEST_PAGE: i32 = 10;
        let wanted = usize::try_from(question.page_size).unwrap_or_default();
        let mut found = Vec::new();
        let mut cursor = None;
        loop {
            let missing = i32::try_from(wanted - found.len()).unwrap_or(i32::MAX);
            let params = ListTransactionsParams {
                customer_id: grant.customer().clone(),
                account_reference: reference.clone(),
                from_date: question.period.from,
                to_date: question.period.to,
                page_size: missing.max(SMALLEST_PAGE),
                cursor,
                x_request_id: request,
                x_consent_id: grant.consent_id().clone(),
                x_dc_id: grant.dc_id().clone(),
                x_purpose: purpose(grant),
            };
            let page_size = params.page_size;
            let page = self.core.list_transactions(params);
            let page = self.asking.ask("listTransactions", page).await?;
            let page = judged("listTransactions", rules::page(page, page_size))?;
            found.extend(page.transactions);
            cursor = page.next_cursor;
            // A page with another behind it is never empty, so this comes to an end.
            if cursor.is_none() || found.len() >= wanted {
                break;
            }
        }
        let found = rules::transactions(found, question.period);
        let mut found = judged("listTransactions", found)?;
        found.truncate(wanted);
        Ok(found)
    }
}

fn purpose(grant: &Grant) -> types::Purpose {
    match grant.purpose() {
        Purpose::CreditUnderwriting => types::Purpose::CreditUnderwriting,
        Purpose::PersonalFinance => types::Purpose::Pfm,
    }
}
