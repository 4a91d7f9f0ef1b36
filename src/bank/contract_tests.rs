//! `core-bank-1.yaml` enforced by whoever serves it: requests made from the document itself, of which those that are as documented
//! reach the bank, and no other.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use izin_codegen::probes::{Probe, misjudged};
use poem::{Endpoint, Request};

use super::served;
use super::types::{
    Account, AccountList, Balance, Capabilities, Customer, Notice, NoticeReceipt, TransactionPage,
};
use super::{BankError, CoreBank};
use crate::generated::core_bank::DOCUMENT;
use crate::generated::core_bank::server::{
    GetAccountParams, GetBalanceParams, GetCapabilitiesParams, GetCustomerParams,
    ListAccountsParams, ListTransactionsParams, OPERATIONS, SendNoticeParams,
};

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

#[tokio::test]
async fn every_documented_constraint_is_enforced() {
    let service = served::routes(Arc::new(Reached), None);
    let ids: Vec<&str> = OPERATIONS.iter().map(|operation| operation.id).collect();
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
        let operation = OPERATIONS.iter().find(|it| it.id == id).unwrap();
        operation.documents(status)
    };
    let wrong = misjudged(DOCUMENT, &ids, REACHED, serve, documents);
    let (wrong, asked) = (wrong.await.unwrap(), asked.into_inner());
    assert!(wrong.is_empty(), "{} of {asked}: {wrong:#?}", wrong.len());
    assert!(asked > 100, "only {asked} requests were made");
}
