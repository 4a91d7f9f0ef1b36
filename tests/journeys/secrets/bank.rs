//! A bank that answers `openapi/sign-in-1.yaml` over HTTP, written from the document and not from our types.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use chrono::{TimeDelta, Utc};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;

pub const TOKEN: &str = "the-bearer-token-of-this-test";
pub const USERNAME: &str = "nurul";
pub const PASSWORD: &str = "melati-dan-cempaka";
pub const PHRASE: &str = "a heron above the padi";
/// Who that is at the demo bank.
pub const CUSTOMER: &str = "CIF-1001";
pub const SIGN_IN_ID: &str = "sign-in-over-http-1";

/// Path and body of every call that came with the token and an id.
#[derive(Clone, Default)]
pub struct Calls(Arc<Mutex<Vec<(String, Value)>>>);

impl Calls {
    /// The body of the last call whose path ends so.
    pub fn last(&self, path: &str) -> Option<Value> {
        let calls = self.0.lock().unwrap();
        let found = calls.iter().rfind(|(called, _)| called.ends_with(path));
        found.map(|(_, body)| body.clone())
    }

    /// How many codes were sent.
    pub fn sent(&self) -> usize {
        let calls = self.0.lock().unwrap();
        let starts = calls
            .iter()
            .filter(|(path, _)| path.ends_with("/second-factors"));
        starts.count()
    }
}

/// The code that was sent with this challenge; not to be found in a log by chance.
pub fn code(challenge: usize) -> String {
    format!("KX7Q2M{challenge}")
}

fn challenge_id(challenge: usize) -> String {
    format!("challenge-over-http-{challenge}")
}

pub async fn serve() -> (SocketAddr, Calls) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let calls = Calls::default();
    let heard = calls.clone();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let heard = heard.clone();
            let service = hyper::service::service_fn(move |request| answer(request, heard.clone()));
            let connection = hyper::server::conn::http1::Builder::new();
            tokio::spawn(connection.serve_connection(TokioIo::new(stream), service));
        }
    });
    (address, calls)
}

async fn answer(
    request: Request<Incoming>,
    calls: Calls,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let header = |name: &str| head.headers.get(name).and_then(|it| it.to_str().ok());
    let (status, answer) = if header("authorization") != Some(&format!("Bearer {TOKEN}")) {
        (401, json!({ "error": "invalid_client" }))
    } else if header("x-request-id").is_none() {
        (400, json!({ "error": "invalid_request" }))
    } else {
        let body = body.collect().await.unwrap().to_bytes();
        let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
        let path = head.uri.path().to_owned();
        calls.0.lock().unwrap().push((path.clone(), asked.clone()));
        said(&path, &asked, calls.sent())
    };
    let response = Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .body(Full::new(answer.to_string().into()));
    Ok(response.unwrap())
}

fn said(path: &str, asked: &Value, sent: usize) -> (u16, Value) {
    let after = |minutes| (Utc::now() + TimeDelta::minutes(minutes)).to_rfc3339();
    match path {
        "/sign-in/v1/capabilities" => (
            200,
            json!({ "contract_version": "1.0", "operations": ["checkPassword"], "methods": ["sent_code"] }),
        ),
        "/sign-in/v1/phrases" if asked["username"] == USERNAME => {
            (200, json!({ "phrase": PHRASE }))
        }
        "/sign-in/v1/phrases" => (404, json!({ "error": "username_unknown" })),
        "/sign-in/v1/password-checks" if asked["password"] == PASSWORD => (
            200,
            json!({ "outcome": "right", "sign_in": {
                "sign_in_id": SIGN_IN_ID, "customer_id": CUSTOMER,
                "expires_at": after(10), "methods": ["approval", "sent_code"],
            } }),
        ),
        "/sign-in/v1/second-factors" => (
            201,
            json!({
                "challenge_id": challenge_id(sent), "method": "sent_code", "sent_to": "secure message in the app",
                "poll_after_seconds": 5, "expires_at": after(3),
            }),
        ),
        "/sign-in/v1/second-factor-checks"
            if asked["code"] == code(sent) && asked["challenge_id"] == challenge_id(sent) =>
        {
            (
                200,
                json!({ "outcome": "right", "signed_in": {
                "customer_id": CUSTOMER, "acr": "urn:bank:acr", "amr": ["pwd", "otp"], "at": after(0),
            } }),
            )
        }
        "/sign-in/v1/password-checks" | "/sign-in/v1/second-factor-checks" => {
            (200, json!({ "outcome": "wrong" }))
        }
        _ => (404, json!({ "error": "not_found" })),
    }
}
