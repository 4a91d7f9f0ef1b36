//! Serving data: consent → [`Grant`] → bank → PayNet's objects. Every call leaves a row in the access log
//! before its answer leaves us.

mod mapping;

use crate::authorization::Settling;
use crate::bank::{Bank, BankError, TransactionsQuestion};
use crate::clock::SharedClock;
use crate::consent::{Consent, DataCall, Grant, Permission, PermitRefusal, Status, permit};
use crate::generated::ofp_dp::types;
use crate::http::{ApiError, ErrorCode};
use crate::ids::{AccountId, AccountReference};
use crate::store::{Access, AccessLog, At, Store};
use crate::trust::{AccountCall, UserinfoCall};

#[derive(Clone)]
pub struct Resources {
    pub access_log: AccessLog,
    pub bank: Bank,
    pub bank_name: String,
    pub clock: SharedClock,
    pub settling: Settling,
    pub store: Store,
}

/// A permitted call with the bank's own reference of the account.
struct Permitted {
    grant: Grant,
    reference: AccountReference,
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
        let request = call.interaction_id.uuid();
        let question = self.bank.account(request, grant, reference);
        let account = self.logged(call, grant, question).await?;
        Ok(types::AccountData {
            data: mapping::account(grant, account, &self.bank_name),
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
        let request = call.interaction_id.uuid();
        let question = self.bank.balance(request, grant, reference);
        let balance = self.logged(call, grant, question).await?;
        Ok(types::BalanceData {
            data: mapping::balance(grant, balance),
        })
    }

    /// One page: the newest `page_size` of the period.
    pub async fn transactions(
        &self,
        call: &AccountCall,
        account_id: &AccountId,
        question: TransactionsQuestion,
    ) -> Result<types::TransactionsData, ApiError> {
        let permitted = self
            .permitted(call, account_id, Permission::ReadTransactions)
            .await?;
        let Permitted { grant, reference } = &permitted;
        let request = call.interaction_id.uuid();
        let question = self.bank.transactions(request, grant, reference, &question);
        let found = self.logged(call, grant, question).await?;
        Ok(types::TransactionsData {
            data: found
                .into_iter()
                .map(|one| mapping::transaction(grant, one))
                .collect(),
            meta: types::PageMeta {
                next_page_params: None,
            },
        })
    }

    /// Who approved this consent. PayNet asks while it issues the consumer's tokens.
    pub async fn userinfo(&self, call: &UserinfoCall) -> Result<types::UserInfo, ApiError> {
        let invalid = |why: &'static str| {
            ApiError::new(ErrorCode::ConsentInvalid, "the consent is not authorized").because(why)
        };
        let consent: Consent = self
            .store
            .consent(&call.consent_id)
            .await?
            .ok_or_else(|| invalid("consent.unknown"))?;
        let consent = self.settling.settled(consent).await?;
        let customer = match (&consent.status, &consent.customer) {
            (Status::Authorized, Some(customer)) if self.clock.now() < consent.expires_at => {
                customer
            }
            _ => return Err(invalid("consent.not_in_force")),
        };
        let request = call.interaction_id.uuid();
        let found = self.bank.customer(request, customer).await;
        Ok(mapping::userinfo(found.map_err(bank_error)?))
    }

    async fn permitted(
        &self,
        call: &AccountCall,
        account_id: &AccountId,
        permission: Permission,
    ) -> Result<Permitted, ApiError> {
        let consent = self.store.consent(&call.consent_id).await?;
        let consent = consent.ok_or_else(|| refused(PermitRefusal::OtherConsumer))?;
        // Only for whom it may come to something.
        let consent = if consent.dc_id == call.dc_id {
            self.settling.settled(consent).await?
        } else {
            consent
        };
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

    /// Asks the bank and logs the access, whatever came of it.
    async fn logged<T>(
        &self,
        call: &AccountCall,
        grant: &Grant,
        question: impl Future<Output = Result<T, BankError>>,
    ) -> Result<T, ApiError> {
        let answer = question.await;
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

    async fn log(
        &self,
        call: &AccountCall,
        data_call: &DataCall,
        customer: Option<&crate::ids::CustomerId>,
        outcome: &str,
    ) -> Result<(), ApiError> {
        let access = Access {
            at: At(self.clock.now()),
            consent_id: data_call.consent_id.to_string(),
            dc_id: data_call.dc_id.to_string(),
            category: data_call.permission.as_str().to_owned(),
            outcome: outcome.to_owned(),
            interaction_id: call.interaction_id.to_string(),
            customer_id: customer.map(ToString::to_string),
            account_id: data_call.account_id.to_string(),
        };
        Ok(self.access_log.log(access).await?)
    }
}

fn refused(refusal: PermitRefusal) -> ApiError {
    let (code, reason) = match refusal {
        PermitRefusal::AccountNotCovered => {
            (ErrorCode::ConsentInvalid, "consent.account_not_covered")
        }
        PermitRefusal::Expired => (ErrorCode::ConsentInvalid, "consent.expired"),
        PermitRefusal::NotAuthorized(_) => (ErrorCode::ConsentInvalid, "consent.not_in_force"),
        PermitRefusal::OtherConsumer => (ErrorCode::ConsentInvalid, "consent.other_consumer"),
        PermitRefusal::PermissionMissing => (ErrorCode::InvalidScope, "consent.permission_missing"),
    };
    ApiError::new(code, refusal.to_string()).because(reason)
}

/// What PayNet and the consumer learn of it: a code and our own words, never the bank's.
fn bank_error(error: BankError) -> ApiError {
    let (code, told) = match &error {
        BankError::AccountBlocked => (
            ErrorCode::AccountTemporarilyBlocked,
            "the account is temporarily blocked",
        ),
        BankError::AccountGone | BankError::CustomerUnknown => (
            ErrorCode::PermanentAccountAccessFailure,
            "the account is not available any more",
        ),
        BankError::AccountUnavailable | BankError::Unsupported(_) => (
            ErrorCode::TransientAccountAccessFailure,
            "the account's data is not available for the moment",
        ),
        BankError::Unavailable { retry_after, .. } => {
            let retry_after = *retry_after;
            let unavailable = ApiError::unavailable(error).because("bank.unavailable");
            return ApiError {
                retry_after: retry_after.or(unavailable.retry_after),
                ..unavailable
            };
        }
        _ => return ApiError::unavailable(error).because("bank.unavailable"),
    };
    ApiError::new(code, told).detailed(error.to_string())
}
