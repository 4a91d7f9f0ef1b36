//! Honest calls of the contract `core-bank`.

use chrono::NaiveDate;
use http::Method;
use serde_json::Value;
use uuid::Uuid;

use super::{Call, Contract, IDEMPOTENCY_KEY};

/// How the kit calls itself where a Data Consumer is named.
pub(crate) const DC_ID: &str = "izin-bank-check";

/// Days from and to, both included, in Malaysian time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Period {
    pub(crate) from: NaiveDate,
    pub(crate) to: NaiveDate,
}

impl Period {
    pub(crate) fn day(day: NaiveDate) -> Self {
        Self { from: day, to: day }
    }
}

impl Call {
    pub(crate) fn core_capabilities() -> Self {
        Self::core("getCapabilities", "/capabilities")
    }

    pub(crate) fn customer(customer: &str) -> Self {
        Self::core("getCustomer", &format!("/customers/{customer}"))
    }

    pub(crate) fn accounts(customer: &str) -> Self {
        Self::core("listAccounts", &format!("/customers/{customer}/accounts"))
    }

    pub(crate) fn account(customer: &str, reference: &str) -> Self {
        let path = format!("/customers/{customer}/accounts/{reference}");
        Self::core("getAccount", &path).for_a_consumer()
    }

    pub(crate) fn balance(customer: &str, reference: &str) -> Self {
        let path = format!("/customers/{customer}/accounts/{reference}/balance");
        Self::core("getBalance", &path).for_a_consumer()
    }

    pub(crate) fn transactions(
        customer: &str,
        reference: &str,
        period: Period,
        page_size: usize,
    ) -> Self {
        let path = format!("/customers/{customer}/accounts/{reference}/transactions");
        Self::core("listTransactions", &path)
            .for_a_consumer()
            .query("from_date", period.from.to_string())
            .query("to_date", period.to.to_string())
            .query("page_size", page_size.to_string())
    }

    pub(crate) fn notice(customer: &str, key: Uuid, notice: &Value) -> Self {
        let mut call = Self::core("sendNotice", &format!("/customers/{customer}/notices"));
        call.method = Method::POST;
        call.json(notice).header(IDEMPOTENCY_KEY, key.to_string())
    }

    fn core(operation: &'static str, path: &str) -> Self {
        let path = format!("/core-bank/v1{path}");
        Self::new(Contract::CoreBank, operation, Method::GET, path)
    }

    /// The headers of a call on behalf of a Data Consumer.
    fn for_a_consumer(self) -> Self {
        self.header("x-consent-id", Uuid::new_v4().to_string())
            .header("x-dc-id", DC_ID)
            .header("x-purpose", "pfm")
    }
}
