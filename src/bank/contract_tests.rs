//! `core-bank-1.yaml` and `sign-in-1.yaml` enforced by whoever serves them: requests made from the documents themselves, of which
//! those that are as documented reach the bank, and no other.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use izin_codegen::probes::{Probe, misjudged};
use poem::{Endpoint, Request};

use super::served;
use super::types::{
    Account, AccountList, Balance, Capabilities, Customer, Notice, NoticeReceipt, TransactionPage,
};
use super::{BankError, CoreBank};
use crate::generated::core_bank::server::{
    GetAccountParams, GetBalanceParams, GetCapabilitiesParams, GetCustomerParams,
    ListAccountsParams, ListTransactionsParams, SendNoticeParams,
};
use crate::generated::runtime::Operation;
use crate::generated::sign_in::server::SignIn;
use crate::generated::{core_bank, sign_in};

/// What every operation here answers, so that a request which reached one can be told from one that was refused before.
const REACHED: u16 = 503;

struct Reached;

fn reached<T>() -> Result<T, BankError> {
    Err(BankError::unavailable("the bank was reached"))
}

impl CoreBank for Reached {
    async fn get_capabilities(&self, _: GetCapabilitiesParams) -> Result<Capabilities, BankError> {
        reached()
    }

    async fn get_customer(&self, _: GetCustomerParams) -> Result<Customer, BankError> {
        reached()
    }

    async fn list_accounts(&self, _: ListAccountsParams) -> Result<AccountList, BankError> {
        reached()
    }

    async fn get_account(&self, _: GetAccountParams) -> Result<Account, BankError> {
        reached()
    }

    async fn get_balance(&self, _: GetBalanceParams) -> Result<Balance, BankError> {
        reached()
    }

    async fn list_transactions(
        &self,
        _: ListTransactionsParams,
    ) -> Result<TransactionPage, BankError> {
        reached()
    }

    async fn send_notice(
        &self,
        _: SendNoticeParams,
        _: Notice,
    ) -> Result<NoticeReceipt, BankError> {
        reached()
    }
}

impl SignIn for Reached {
    async fn get_capabilities(
        &self,
        _: sign_in::server::GetCapabilitiesParams,
    ) -> Result<sign_in::types::Capabilities, BankError> {
        reached()
    }

    async fn look_up_phrase(
        &self,
        _: sign_in::server::LookUpPhraseParams,
        _: sign_in::types::PhraseQuery,
    ) -> Result<sign_in::types::Phrase, BankError> {
        reached()
    }

    async fn check_password(
        &self,
        _: sign_in::server::CheckPasswordParams,
        _: sign_in::types::PasswordCheck,
    ) -> Result<sign_in::types::PasswordOutcome, BankError> {
        reached()
    }

    async fn start_second_factor(
        &self,
        _: sign_in::server::StartSecondFactorParams,
        _: sign_in::types::SecondFactorStart,
    ) -> Result<sign_in::types::Challenge, BankError> {
        reached()
    }

    async fn get_second_factor(
        &self,
        _: sign_in::server::GetSecondFactorParams,
    ) -> Result<sign_in::server::GetSecondFactorOutput, BankError> {
        reached()
    }

    async fn check_second_factor(
        &self,
        _: sign_in::server::CheckSecondFactorParams,
        _: sign_in::types::SecondFactorCheck,
    ) -> Result<sign_in::types::SecondFactorOutcome, BankError> {
        reached()
    }
}

#[tokio::test]
async fn every_documented_constraint_is_enforced() {
    enforces(core_bank::DOCUMENT, core_bank::server::OPERATIONS, 100).await;
    enforces(sign_in::DOCUMENT, sign_in::server::OPERATIONS, 70).await;
}

async fn enforces(document: &str, operations: &[Operation], at_least: usize) {
    let service = served::routes(Arc::new(Reached), Arc::new(Reached), None);
    let ids: Vec<&str> = operations.iter().map(|operation| operation.id).collect();
    let asked = AtomicUsize::new(0);
    let serve = async |probe: &Probe| {
        asked.fetch_add(1, Ordering::Relaxed);
        let mut request = Request::builder()
            .method(probe.method.parse().unwrap())
            .uri_str(&probe.uri);
        for (name, value) in &probe.headers {
            request = request.header(name, value);
        }
        let request = match &probe.body {
            None => request.finish(),
            Some((media, content)) => request.content_type(media).body(content.clone()),
        };
        service.get_response(request).await.status().as_u16()
    };
    let documents = |id: &str, status| {
        let operation = operations.iter().find(|it| it.id == id).unwrap();
        operation.documents(status)
    };
    let wrong = misjudged(document, &ids, REACHED, serve, documents);
    let (wrong, asked) = (wrong.await.unwrap(), asked.into_inner());
    assert!(wrong.is_empty(), "{} of {asked}: {wrong:#?}", wrong.len());
    assert!(asked > at_least, "only {asked} requests were made");
}
