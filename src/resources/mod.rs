//! Serving data: consent → [`Grant`] → bank → PayNet's objects. Every call leaves a row in the access log
//! before its answer leaves us.

mod mapping;

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use crate::bank::{BankError, CoreBank, Period};
use crate::clock::SharedClock;
use crate::consent::{Consent, DataCall, Grant, Permission, PermitRefusal, Status, permit};
use crate::generated::ofp_dp::types;
use crate::http::{ApiError, ErrorCode};
use crate::ids::{AccountId, ConsentId};
use crate::store::{AccessRow, At, Store};
use crate::trust::AccountCall;

#[derive(Clone)]
pub struct Resources {
    pub bank: Arc<dyn CoreBank>,
    pub bank_name: String,
    /// What the bank has to answer in.
    pub bank_timeout: Duration,
    pub clock: SharedClock,
    pub store: Store,
}

/// A permitted call with the bank's own reference of the account.
struct Permitted {
    grant: Grant,
    reference: String,
}

impl Resources {
    pub async fn account(
        &self,
        call: &AccountCall,
        account_id: &AccountId,
    ) -> Result<types::AccountData, ApiError> {
        let permitted = self
            .permitted(call, account_id, Permission::ReadAccounts)
            .await?;
        let Permitted { grant, reference } = &permitted;
        let account = self
            .ask(call, grant, self.bank.account(grant, reference))
            .await?;
        Ok(types::AccountData {
            data: mapping::account(grant, &account, &self.bank_name),
        })
    }

    pub async fn balance(
        &self,
        call: &AccountCall,
        account_id: &AccountId,
    ) -> Result<types::BalanceData, ApiError> {
        let permitted = self
            .permitted(call, account_id, Permission::ReadBalances)
            .await?;
        let Permitted { grant, reference } = &permitted;
        let balance = self
            .ask(call, grant, self.bank.balance(grant, reference))
            .await?;
        Ok(types::BalanceData {
            data: mapping::balance(grant, &balance),
        })
    }

    /// One page: the newest `page_size` of the period.
    pub async fn transactions(
        &self,
        call: &AccountCall,
        account_id: &AccountId,
        period: Period,
        page_size: usize,
    ) -> Result<types::TransactionsData, ApiError> {
        let permitted = self
            .permitted(call, account_id, Permission::ReadTransactions)
            .await?;
        let Permitted { grant, reference } = &permitted;
        let mut found = self
            .ask(
                call,
                grant,
                self.bank.transactions(grant, reference, period),
            )
            .await?;
        found.truncate(page_size);
        Ok(types::TransactionsData {
            data: found
                .iter()
                .map(|one| mapping::transaction(grant, one))
                .collect(),
            meta: types::PageMeta {
                next_page_params: None,
            },
        })
    }

    /// Who approved this consent. PayNet asks while it issues the consumer's tokens.
    pub async fn userinfo(&self, consent_id: &ConsentId) -> Result<types::UserInfo, ApiError> {
        let invalid = |why: &'static str| {
            ApiError::new(ErrorCode::ConsentInvalid, "the consent is not authorized").because(why)
        };
        let consent: Consent = self
            .store
            .consent(consent_id)
            .await?
            .ok_or_else(|| invalid("unknown consent"))?;
        let customer = match (&consent.status, &consent.customer) {
            (Status::Authorized, Some(customer)) if self.clock.now() < consent.expires_at => {
                customer
            }
            _ => return Err(invalid("not in force")),
        };
        let found = self
            .in_time(self.bank.customer(customer))
            .await
            .map_err(bank_error)?;
        mapping::userinfo(&found)
    }

    async fn permitted(
        &self,
        call: &AccountCall,
        account_id: &AccountId,
        permission: Permission,
    ) -> Result<Permitted, ApiError> {
        let consent = self.store.consent(&call.consent_id).await?;
        let consent = consent.ok_or_else(|| refused(PermitRefusal::OtherConsumer))?;
        let accounts = self.store.consented_accounts(&call.consent_id).await?;
        let data_call = DataCall {
            consent_id: call.consent_id.clone(),
            dc_id: call.dc_id.clone(),
            account_id: account_id.clone(),
            permission,
        };
        match permit(&consent, &accounts, &data_call, self.clock.now()) {
            Ok(grant) => {
                let reference = self.store.bank_reference(grant.account_id()).await?;
                let reference =
                    reference.ok_or_else(|| ApiError::internal("an account without reference"))?;
                Ok(Permitted { grant, reference })
            }
            Err(refusal) => {
                self.log(call, &data_call, consent.customer.as_ref(), "refused")
                    .await?;
                Err(refused(refusal))
            }
        }
    }

    /// Asks the bank within the budget and logs the access, whatever came of it.
    async fn ask<T>(
        &self,
        call: &AccountCall,
        grant: &Grant,
        question: impl Future<Output = Result<T, BankError>>,
    ) -> Result<T, ApiError> {
        let answer = self.in_time(question).await;
        let data_call = DataCall {
            consent_id: grant.consent_id().clone(),
            dc_id: grant.dc_id().clone(),
            account_id: grant.account_id().clone(),
            permission: grant.permission(),
        };
        let outcome = if answer.is_ok() {
            "shared"
        } else {
            "unavailable"
        };
        self.log(call, &data_call, Some(grant.customer()), outcome)
            .await?;
        answer.map_err(bank_error)
    }

    async fn in_time<T>(
        &self,
        question: impl Future<Output = Result<T, BankError>>,
    ) -> Result<T, BankError> {
        tokio::time::timeout(self.bank_timeout, question)
            .await
            .unwrap_or_else(|_| Err(BankError::Unavailable("no answer in time".into())))
    }

    async fn log(
        &self,
        call: &AccountCall,
        data_call: &DataCall,
        customer: Option<&crate::ids::CustomerId>,
        outcome: &str,
    ) -> Result<(), ApiError> {
        let row = AccessRow {
            id: Uuid::new_v4().to_string(),
            at: At(self.clock.now()),
            consent_id: data_call.consent_id.to_string(),
            dc_id: data_call.dc_id.to_string(),
            customer_id: customer.map(ToString::to_string),
            account_id: data_call.account_id.to_string(),
            category: data_call.permission.as_str().to_owned(),
            outcome: outcome.to_owned(),
            interaction_id: call.interaction_id.to_string(),
        };
        Ok(self.store.log_access(row).await?)
    }
}

fn refused(refusal: PermitRefusal) -> ApiError {
    let code = match refusal {
        PermitRefusal::PermissionMissing => ErrorCode::InvalidScope,
        _ => ErrorCode::ConsentInvalid,
    };
    ApiError::new(code, refusal.to_string())
}

fn bank_error(error: BankError) -> ApiError {
    let code = match &error {
        BankError::AccountBlocked => ErrorCode::AccountTemporarilyBlocked,
        BankError::AccountGone => ErrorCode::PermanentAccountAccessFailure,
        BankError::AccountUnavailable => ErrorCode::TransientAccountAccessFailure,
        BankError::Unavailable(_) => return ApiError::unavailable(error),
    };
    ApiError::new(code, error.to_string())
}
