//! `/try/{document}/…`: completes the tester's request as the counterparties would, sends it to our own webhooks listener, and answers
//! with everything there is to see: what was added, the answer as it came, and what was inside.

use std::sync::Arc;

use izin_simulator::{CLIENT_CERTIFICATE, Exchange, Proof, TestRequest};
use poem::http::{HeaderMap, StatusCode};
use poem::web::Json;
use poem::{Endpoint, IntoResponse, Request, Response};
use serde_json::{Map, Value, json};

use super::operation::Found;
use super::{TryIt, same_origin};
use crate::generated::runtime::{MAX_BODY, Operation};
use crate::http::{ApiError, ErrorCode};
use crate::ids::ConsentId;
use crate::ops::Ops;
use crate::ops::documents::Shelved;
use crate::trust::RequestSignature;

/// What counterparties fill in; the document's examples of these are not meant.
const FILLED_IN: [&str; 6] = [
    "redirect_uri",
    "signature",
    "x-enc-kid",
    "x-fapi-interaction-id",
    "x-fapi-signature",
    "x-signature",
];
/// More than is taken, so that the refusal can be tried as well.
const LARGEST_BODY: usize = 2 * MAX_BODY;

pub struct Call;

impl Endpoint for Call {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        same_origin::check(&request)?;
        let ops = request.extensions().get::<Arc<Ops>>().cloned();
        let ops = ops.ok_or_else(|| ApiError::internal("the listener has no state"))?;
        let Some(try_it) = &ops.try_it else {
            return Err(ApiError::internal("trying out is not switched on").into());
        };
        let body = request.take_body().into_bytes_limit(LARGEST_BODY).await?;
        let (shelved, path) = addressed(&ops, request.uri().path())?;
        let found = Found::by(shelved, request.method().as_str(), path).ok_or_else(|| {
            ApiError::new(ErrorCode::NotFound, "the document has no such operation")
        })?;
        let operation = found.served.ok_or_else(|| not_ours(found.id))?;
        let test = TestRequest {
            method: operation.method.to_owned(),
            path: path.to_owned(),
            query: filled_in_query(&request, &found)?,
            headers: filled_in_headers(request.headers(), &found),
            body: body.to_vec(),
            proof: proof(operation.signature),
        };
        let exchange = send(&ops, try_it, test).await?;
        Ok(told(operation, &exchange))
    }
}

/// The document and the path within it.
fn addressed<'a>(ops: &'a Ops, path: &'a str) -> Result<(&'a Shelved, &'a str), ApiError> {
    let unknown = || ApiError::new(ErrorCode::NotFound, "there is no such document");
    let rest = path.strip_prefix("/try/").ok_or_else(unknown)?;
    let slash = rest.find('/').ok_or_else(unknown)?;
    let (name, path) = rest.split_at(slash);
    Ok((ops.library.find(name).ok_or_else(unknown)?, path))
}

fn not_ours(id: &str) -> ApiError {
    ApiError::invalid_request(format!(
        "{id} is an operation that Izin calls; it can be read here, not tried out"
    ))
}

fn filled_in_query(
    request: &Request,
    found: &Found<'_>,
) -> Result<Vec<(String, String)>, ApiError> {
    let mut query: Vec<(String, String)> = request
        .params()
        .map_err(|_| ApiError::invalid_request("the query cannot be read"))?;
    query.retain(|(name, value)| is_testers(found, name, value));
    Ok(query)
}

/// Only what belongs to the interface; a browser sends more.
fn filled_in_headers(headers: &HeaderMap, found: &Found<'_>) -> Vec<(String, String)> {
    let texts = headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    texts
        .filter(|(name, _)| ["accept", "content-type"].contains(name) || name.starts_with("x-"))
        .filter(|(name, value)| is_testers(found, name, value))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn is_testers(found: &Found<'_>, name: &str, value: &str) -> bool {
    !FILLED_IN.contains(&name) || !found.is_example(name, value)
}

fn proof(signature: RequestSignature) -> Proof {
    match signature {
        RequestSignature::Account => Proof::Consumer,
        RequestSignature::AuthorizeQuery => Proof::PaynetInQuery,
        RequestSignature::Event => Proof::PaynetOverBody,
        RequestSignature::Nothing => Proof::Nothing,
        RequestSignature::Userinfo => Proof::PaynetOverConsent,
    }
}

/// The consumer of the consent asks; for a consent we do not know, any of them will do.
async fn send(ops: &Ops, try_it: &TryIt, request: TestRequest) -> Result<Exchange, ApiError> {
    let consent_id = request.query_value("consent_id").map(ConsentId::parse);
    let consent = match consent_id {
        Some(Ok(id)) => ops.store.consent(&id).await?,
        _ => None,
    };
    let dc_id = consent.as_ref().map(|consent| consent.dc_id.as_str());
    let sent = try_it.counterparties.send(request, dc_id).await;
    sent.map_err(|error| {
        let description = "the test proxy got no answer from the webhooks listener";
        ApiError::new(ErrorCode::TemporarilyUnavailable, description).detailed(error.to_string())
    })
}

/// With the status of the answer, except that a redirect is shown and not followed. What testers look for comes first.
fn told(operation: &Operation, exchange: &Exchange) -> Response {
    let answer = &exchange.answer;
    let mut told = json!({ "status": answer.status() });
    if operation.sealed && answer.status() == 200 {
        told["opened"] = opened(exchange);
        told["sealed"] = exchange.body();
    } else {
        told["body"] = exchange.body();
    }
    told["headers"] = header_map(exchange.headers()).into();
    told["request"] = sent(operation, exchange);
    let status = StatusCode::from_u16(answer.status()).unwrap_or(StatusCode::BAD_GATEWAY);
    let status = if status.is_redirection() {
        StatusCode::OK
    } else {
        status
    };
    Json(told).with_status(status).into_response()
}

/// The request as it went out, and what of it was not the tester's.
fn sent(operation: &Operation, exchange: &Exchange) -> Value {
    let added = exchange.added.iter();
    let added: Map<String, Value> = added
        .map(|addition| (addition.name.clone(), addition.value.clone().into()))
        .collect();
    json!({
        "method": operation.method,
        "url": exchange.url,
        "client_certificate": CLIENT_CERTIFICATE,
        "added": added,
    })
}

/// What was signed, without what was encrypted in it, and that in plain text.
fn opened(exchange: &Exchange) -> Value {
    let answer = &exchange.answer;
    if let Some(problem) = &answer.problem {
        return json!({ "problem": problem });
    }
    let mut claims = answer.claims.clone().unwrap_or_default();
    if let Some(claims) = claims.as_object_mut() {
        claims.remove("data");
    }
    json!({ "claims": claims, "plaintext": answer.plaintext })
}

fn header_map(headers: &HeaderMap) -> Map<String, Value> {
    let texts = headers.iter().map(|(name, value)| {
        let text = String::from_utf8_lossy(value.as_bytes());
        (name.to_string(), Value::from(text))
    });
    texts.collect()
}
