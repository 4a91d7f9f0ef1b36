//! Faults on order: what PayNet's own endpoints answer next, one entry per call, so that a provider's recovery can be proved.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use poem::{
    Endpoint, IntoResponse, Request, Response,
    http::{Method, StatusCode},
    web::Json,
};
use serde_json::{Value, json};

use super::{
    Platform,
    data::interaction_id,
    error::{ApiError, refuse},
};
use crate::{clock::Clock, listener::LostAnswer};

/// An endpoint of the platform that a Data Provider calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    ConsumerJwks,
    Discovery,
    PaynetJwks,
    RetrieveConsent,
    RevokeConsent,
    Token,
    UpdateConsent,
}

impl Operation {
    fn of(method: &Method, path: &str) -> Option<Self> {
        let segments: Vec<_> = path.trim_matches('/').split('/').collect();
        match (method.as_str(), segments.as_slice()) {
            ("GET", [".well-known", "openid-configuration"]) => Some(Self::Discovery),
            ("GET", ["v1", "oauth", "jwks"] | ["v1", "oauth", "jwks", "paynet"]) => {
                Some(Self::PaynetJwks)
            }
            ("GET", ["v1", "oauth", "jwks", _]) => Some(Self::ConsumerJwks),
            ("POST", ["token"]) => Some(Self::Token),
            ("GET", ["v1", "consents", _]) => Some(Self::RetrieveConsent),
            ("PATCH" | "POST", ["v1", "consents", _]) => Some(Self::UpdateConsent),
            ("POST", ["v1", "consents", _, "revoke"]) => Some(Self::RevokeConsent),
            _ => None,
        }
    }
}

/// What happens to one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The call is not processed: 429, and when to come again.
    Busy(RetryAfter),
    /// The call is processed, and the answer's `Date` is so many seconds away from now.
    ClockOff(i64),
    /// The call is processed, after a while.
    Delay(Duration),
    /// The call is not processed; this comes instead, with status 200.
    Document(HostileDocument),
    /// The call is processed, and the connection closes instead of answering.
    LostAnswer,
    /// The call is not processed, and the connection closes.
    LostRequest,
    /// The call is not processed; the answer points elsewhere.
    Redirect,
    /// The call is not processed; this status with PayNet's error body.
    Status(u16),
    /// The call is not processed: 404, as for a consent that PayNet does not know.
    UnknownConsent,
}

/// The two forms of `Retry-After` (RFC 9110 §10.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    /// A date, so many seconds from the machine's now.
    Date(i64),
    Seconds(u32),
}

impl RetryAfter {
    fn value(self) -> String {
        match self {
            Self::Date(seconds) => http_date(seconds),
            Self::Seconds(seconds) => seconds.to_string(),
        }
    }
}

/// So many seconds from the machine's now.
fn http_date(seconds: i64) -> String {
    let date = Clock::machine() + TimeDelta::seconds(seconds);
    date.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// What nobody should be brought down by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostileDocument {
    /// Bytes that are no JSON.
    Garbage,
    /// Ten megabytes of JSON.
    Huge,
    /// A consent in which the identity number of the demo's first customer stands where a text belongs.
    IdentityNumbers,
    /// An HTML page.
    Page,
    /// A key set with ten thousand keys.
    TenThousandKeys,
}

impl HostileDocument {
    fn response(self) -> Response {
        let json = "application/json";
        let (content_type, body) = match self {
            Self::Garbage => (json, vec![0xff; 100]),
            Self::Huge => (
                json,
                format!(r#"{{"keys":[],"padding":"{}"}}"#, "x".repeat(10 << 20)).into_bytes(),
            ),
            Self::IdentityNumbers => (json, br#"{"consent_id":900101145566}"#.to_vec()),
            Self::Page => ("text/html", br#"{"keys":[]}"#.to_vec()),
            Self::TenThousandKeys => {
                let key = r#"{"kty":"oct"}"#;
                let keys = vec![key; 10_000].join(",");
                (json, format!(r#"{{"keys":[{keys}]}}"#).into_bytes())
            }
        };
        Response::builder().content_type(content_type).body(body)
    }
}

/// Wraps an endpoint of the platform: counts calls, applies the faults that were ordered, and echoes the interaction id.
pub(crate) struct Faulty<E> {
    platform: Arc<Platform>,
    inner: E,
}

impl<E> Faulty<E> {
    pub(crate) fn new(platform: Arc<Platform>, inner: E) -> Self {
        Self { platform, inner }
    }
}

impl<E: Endpoint> Endpoint for Faulty<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let fault = Operation::of(request.method(), request.uri().path())
            .and_then(|operation| self.platform.count(operation));
        let interaction_id = interaction_id(&request);
        let mut response = self.answer_or_fail(request, fault).await;
        if let Ok(id) = interaction_id.parse() {
            response.headers_mut().insert("x-fapi-interaction-id", id);
        }
        Ok(response)
    }
}

impl<E: Endpoint> Faulty<E> {
    async fn answer_or_fail(&self, request: Request, fault: Option<Fault>) -> Response {
        match fault {
            None => self.answer(request).await,
            Some(Fault::Busy(again)) => {
                let mut response = ordered_status(429);
                if let Ok(again) = again.value().parse() {
                    response.headers_mut().insert("retry-after", again);
                }
                response
            }
            Some(Fault::ClockOff(seconds)) => {
                let mut response = self.answer(request).await;
                if let Ok(date) = http_date(seconds).parse() {
                    response.headers_mut().insert("date", date);
                }
                response
            }
            Some(Fault::Delay(duration)) => {
                tokio::time::sleep(duration).await;
                self.answer(request).await
            }
            Some(Fault::Document(document)) => document.response(),
            Some(Fault::LostAnswer) => {
                let mut response = self.answer(request).await;
                response.extensions_mut().insert(LostAnswer);
                response
            }
            Some(Fault::LostRequest) => {
                let mut response = Response::default();
                response.extensions_mut().insert(LostAnswer);
                response
            }
            Some(Fault::Redirect) => Response::builder()
                .status(StatusCode::FOUND)
                .header("location", self.platform.issuer())
                .finish(),
            Some(Fault::Status(status)) => ordered_status(status),
            Some(Fault::UnknownConsent) => ordered_answer(StatusCode::NOT_FOUND, "invalid_request"),
        }
    }

    async fn answer(&self, mut request: Request) -> Response {
        let operation = Operation::of(request.method(), request.uri().path());
        if self.platform.dialect.keys_at_root
            && let Some(answer) = self.platform.keys_at_root(operation, request.uri().path())
        {
            return answer;
        }
        if let Err(refused) = self.platform.translate_method(&mut request) {
            return refuse(refused.into());
        }
        if let Some(document) = self.platform.document(request.uri().path()) {
            return Json(document).into_response();
        }
        match self.inner.call(request).await {
            Ok(output) => output.into_response(),
            Err(error) => refuse(error),
        }
    }
}

fn ordered_status(status: u16) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let code = if status == StatusCode::SERVICE_UNAVAILABLE {
        "temporarily_unavailable"
    } else {
        "server_error"
    };
    ordered_answer(status, code)
}

fn ordered_answer(status: StatusCode, code: &str) -> Response {
    let body = serde_json::json!({
        "error": code,
        "error_description": "a fault ordered by the test",
    });
    let mut response = Response::builder()
        .status(status)
        .content_type("application/json");
    if matches!(status.as_u16(), 429 | 503) {
        response = response.header("retry-after", "1");
    }
    response.body(body.to_string())
}

impl Platform {
    /// The contract has Update Consent as a PATCH; where it is a POST, that is what PATCH is not.
    fn translate_method(&self, request: &mut Request) -> Result<(), ApiError> {
        let update =
            Operation::of(request.method(), request.uri().path()) == Some(Operation::UpdateConsent);
        if !(update && self.dialect.update_by_post) {
            return Ok(());
        }
        if request.method() != Method::POST {
            return Err(ApiError::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "invalid_request",
                "Update Consent is a POST",
            ));
        }
        request.set_method(Method::PATCH);
        Ok(())
    }

    /// Written by hand, because the contract demands `jwks_uri`.
    fn keys_at_root(&self, operation: Option<Operation>, path: &str) -> Option<Response> {
        let issuer = self.issuer();
        match operation? {
            Operation::Discovery => Some(
                Json(json!({"issuer": issuer, "token_endpoint": format!("{issuer}/token")}))
                    .into_response(),
            ),
            Operation::PaynetJwks if path == "/v1/oauth/jwks" => {
                Some(Json(self.published_keys()).into_response())
            }
            Operation::PaynetJwks => Some(refuse(
                ApiError::not_found("PayNet's keys are elsewhere").into(),
            )),
            _ => None,
        }
    }

    /// Instead of the key set at this path.
    fn document(&self, path: &str) -> Option<Value> {
        let dc_id = path.strip_prefix("/v1/oauth/jwks/")?;
        self.state().documents.get(dc_id).cloned()
    }

    pub(crate) fn publish_document(&self, dc_id: &str, document: Value) {
        self.state().documents.insert(dc_id.to_owned(), document);
    }

    fn count(&self, operation: Operation) -> Option<Fault> {
        let mut state = self.state();
        *state.calls.entry(operation).or_default() += 1;
        state.faults.get_mut(&operation)?.pop_front()
    }

    pub(crate) fn order_faults(
        &self,
        operation: Operation,
        faults: impl IntoIterator<Item = Fault>,
    ) {
        let mut state = self.state();
        state.faults.entry(operation).or_default().extend(faults);
    }

    pub(crate) fn calls(&self, operation: Operation) -> u64 {
        self.state().calls.get(&operation).copied().unwrap_or(0)
    }
}
