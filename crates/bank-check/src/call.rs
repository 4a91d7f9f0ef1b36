//! A request as the kit means it, and what came back.
//!
//! Requests are written verbatim, not through a client that would tidy them: leaving out a required header or sending `%2e%2e` is what
//! the kit is for. What may be shown of an exchange is decided here.

mod core_bank;
mod sign_in;

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{HeaderMap, Method};
use serde_json::Value;
use url::form_urlencoded::byte_serialize;
use uuid::Uuid;

pub(crate) use self::core_bank::Period;
use crate::report::Detail;

/// How much of a path is shown; the over-long ids of the catalogue are cut.
const SHOWN_PATH: usize = 160;
pub(crate) const REQUEST_ID: &str = "x-request-id";
pub(crate) const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// Which of the two documents an operation stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Contract {
    CoreBank,
    SignIn,
}

/// As whom a call is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Identity {
    /// Neither certificate nor token.
    Nobody,
    /// With everything that the operator gave.
    Own,
    /// With the certificate, if there is one, and a token that nobody issued.
    WrongToken,
}

/// How far an answer is judged by the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// By nothing but its status: the request may not even have reached the bank's program, but only a proxy before it.
    Status,
    Whole,
}

#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) contract: Contract,
    pub(crate) operation: &'static str,
    pub(crate) method: Method,
    /// Below the base address, as it goes over the wire.
    pub(crate) path: String,
    query: Vec<(&'static str, String)>,
    /// Already encoded; goes behind the rest of the query.
    raw_query: Option<String>,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Option<Bytes>,
    pub(crate) identity: Identity,
    pub(crate) scope: Scope,
    /// In which ways the request is not the honest one.
    how: Vec<String>,
}

impl Call {
    fn new(contract: Contract, operation: &'static str, method: Method, path: String) -> Self {
        Self {
            contract,
            operation,
            method,
            path,
            query: Vec::new(),
            raw_query: None,
            headers: vec![(REQUEST_ID, Uuid::new_v4().to_string())],
            body: None,
            identity: Identity::Own,
            scope: Scope::Whole,
            how: Vec::new(),
        }
    }

    /// Says how the request differs, for the report.
    pub(crate) fn how(mut self, how: impl Into<String>) -> Self {
        self.how.push(how.into());
        self
    }

    pub(crate) fn identity(mut self, identity: Identity) -> Self {
        self.identity = identity;
        self
    }

    pub(crate) fn scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    /// Replaces the header, or sets it.
    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.into()));
        self
    }

    /// Sends the header once more.
    pub(crate) fn another_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn without_header(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self
    }

    /// Replaces the parameter, or sets it.
    pub(crate) fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.retain(|(known, _)| *known != name);
        self.query.push((name, value.into()));
        self
    }

    pub(crate) fn without_query(mut self, name: &str) -> Self {
        self.query.retain(|(known, _)| *known != name);
        self
    }

    /// Something behind the query that is not to be encoded.
    pub(crate) fn raw_query(mut self, text: impl Into<String>) -> Self {
        self.raw_query = Some(text.into());
        self
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.bytes("application/json", body.to_string())
    }

    pub(crate) fn bytes(mut self, media_type: &str, body: impl Into<Bytes>) -> Self {
        self.body = Some(body.into());
        self.header("content-type", media_type)
    }

    /// The `x-request-id` that was sent, if there was exactly one.
    pub(crate) fn request_id(&self) -> Option<&str> {
        let mut ids = self.headers.iter().filter(|(name, _)| *name == REQUEST_ID);
        match (ids.next(), ids.next()) {
            (Some((_, id)), None) => Some(id),
            _ => None,
        }
    }

    /// Path and query as they go into the request line.
    pub(crate) fn target(&self, base: &str) -> String {
        self.written(base, |_, value| byte_serialize(value.as_bytes()).collect())
    }

    /// The same for the report: ids stay, cursors do not, and it has an end.
    pub(crate) fn shown(&self) -> String {
        let path = self.written("", |name, value| match name {
            "cursor" => "…".to_owned(),
            _ => value.to_owned(),
        });
        let request = format!("{} {}", self.method, printable(&path, SHOWN_PATH));
        if self.how.is_empty() {
            return request;
        }
        format!("{request} ({})", self.how.join(", "))
    }

    fn written(&self, base: &str, value_of: impl Fn(&str, &str) -> String) -> String {
        let pairs = self.query.iter();
        let pairs = pairs.map(|(name, value)| format!("{name}={}", value_of(name, value)));
        let query: Vec<String> = pairs.chain(self.raw_query.clone()).collect();
        let mut target = format!("{base}{}", self.path);
        if !query.is_empty() {
            target.push('?');
            target.push_str(&query.join("&"));
        }
        target
    }
}

/// An answer that was read to its end.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    pub(crate) call: Call,
    pub(crate) sent_at: DateTime<Utc>,
    /// From before the request until the last byte of the answer, connecting included.
    pub(crate) elapsed: Duration,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The body, if it is JSON.
    pub(crate) json: Option<Value>,
    /// `error` of the body, if it is a code of this contract.
    pub(crate) code: Option<String>,
}

impl Exchange {
    /// `error` of the body, if it is a code of this contract and so may be shown.
    pub(crate) fn error_code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// The body if the status is this one and it is JSON.
    pub(crate) fn json_if(&self, status: u16) -> Option<&Value> {
        self.json.as_ref().filter(|_| self.status == status)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(crate) fn detail(&self, problem: impl Into<String>) -> Detail {
        Detail {
            sent: Some(self.call.shown()),
            came: Some(self.came()),
            problem: problem.into(),
        }
    }

    /// Status and code, or what is known of the body where an error has no code.
    pub(crate) fn came(&self) -> String {
        match self.error_code() {
            Some(code) => format!("{} {code}", self.status),
            None if self.status < 400 => self.status.to_string(),
            None if self.json.is_none() => format!("{}, a body that is not JSON", self.status),
            None => format!("{}, JSON without a code of the contract", self.status),
        }
    }
}

/// Text of outside origin for a terminal: visible ASCII, cut at the end.
pub(crate) fn printable(text: &str, most: usize) -> String {
    let visible = |letter: char| match letter {
        ' '..='~' | '…' => letter,
        _ => '?',
    };
    let mut shown: String = text.chars().take(most).map(visible).collect();
    if text.chars().nth(most).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call() -> Call {
        let path = "/core-bank/v1/customers/CIF-1".to_owned();
        Call::new(Contract::CoreBank, "getCustomer", Method::GET, path)
    }

    #[test]
    fn targets_are_encoded_and_raw_ones_are_not() {
        let call = call().query("cursor", "a+b/c=").raw_query("x=%00");
        let target = call.target("/base");
        assert_eq!(
            target,
            "/base/core-bank/v1/customers/CIF-1?cursor=a%2Bb%2Fc%3D&x=%00"
        );
    }

    #[test]
    fn the_report_sees_no_cursor_and_no_endless_path() {
        let mut call = call().query("cursor", "secret").how("without x-purpose");
        assert_eq!(
            call.shown(),
            "GET /core-bank/v1/customers/CIF-1?cursor=… (without x-purpose)"
        );
        call.path = format!("/\u{1b}[31m{}", "a".repeat(5000));
        assert!(call.shown().chars().count() < 250);
        assert!(!call.shown().contains('\u{1b}'));
    }

    #[test]
    fn headers_are_replaced_repeated_and_left_out() {
        assert!(call().request_id().is_some());
        assert_eq!(call().header(REQUEST_ID, "x").request_id(), Some("x"));
        assert_eq!(call().another_header(REQUEST_ID, "x").request_id(), None);
        assert_eq!(call().without_header(REQUEST_ID).request_id(), None);
    }
}
