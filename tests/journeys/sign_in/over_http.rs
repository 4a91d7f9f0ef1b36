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
use izin::lab::registration;
use izin_simulator::{Customer, NewConsent, Simulator, SimulatorOptions};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{at_the_password, says, types_code, types_the_password};
use crate::harness::{Database, Process, pki, serve_file, write_secret};

const TOKEN: &str = "the-bearer-token-of-this-test";
/// Not to be found in a log by chance.
const CODE: &str = "KX7Q2M";

/// Path and body of every call that came with the token and an id.
type Calls = Arc<Mutex<Vec<(String, Value)>>>;

async fn serve() -> (SocketAddr, Calls) {
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
        let asked = serde_json::from_slice(&body).unwrap_or_default();
        let path = head.uri.path().to_owned();
        let answer = said(&path, &asked);
        calls.lock().unwrap().push((path, asked));
        answer
    };
    let response = Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .body(Full::new(answer.to_string().into()));
    Ok(response.unwrap())
}

fn said(path: &str, asked: &Value) -> (u16, Value) {
    let after = |minutes| (Utc::now() + TimeDelta::minutes(minutes)).to_rfc3339();
    match path {
        "/sign-in/v1/capabilities" => (
            200,
            json!({ "contract_version": "1.0", "operations": ["checkPassword"], "methods": ["sent_code"] }),
        ),
        "/sign-in/v1/phrases" if asked["username"] == "nurul" => {
            (200, json!({ "phrase": "rain on a tin roof" }))
        }
        "/sign-in/v1/phrases" => (404, json!({ "error": "username_unknown" })),
        "/sign-in/v1/password-checks" if asked["password"] == "melati" => (
            200,
            json!({ "outcome": "right", "sign_in": {
                "sign_in_id": "sign-in-over-http-1", "customer_id": "CIF-1001",
                "expires_at": after(10), "methods": ["approval", "sent_code"],
            } }),
        ),
        "/sign-in/v1/second-factors" => (
            201,
            json!({
                "challenge_id": "challenge-over-http-1", "method": "sent_code", "sent_to": "secure message in the app",
                "poll_after_seconds": 5, "expires_at": after(3),
            }),
        ),
        "/sign-in/v1/second-factor-checks" if asked["code"] == CODE => (
            200,
            json!({ "outcome": "right", "signed_in": {
                "customer_id": "CIF-1001", "acr": "urn:bank:acr", "amr": ["pwd", "otp"], "at": after(0),
            } }),
        ),
        "/sign-in/v1/password-checks" | "/sign-in/v1/second-factor-checks" => {
            (200, json!({ "outcome": "wrong" }))
        }
        _ => (404, json!({ "error": "not_found" })),
    }
}

/// The customer comes to the accounts; the bank was told what it needs; and with everything logged that can be, neither password
/// nor code nor token is in the log.
#[tokio::test(flavor = "multi_thread")]
async fn the_bank_is_asked_and_no_secret_is_logged() {
    let (bank, calls) = serve().await;
    let simulator = Simulator::start(SimulatorOptions::new(pki().clone()))
        .await
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    write_secret(&token, &format!("{TOKEN}\n"));
    let database = Database::sqlite();
    let config = serve_file(folder.path(), &database.url, &simulator, None);
    let section = format!(
        "\n[sign_in]\nchecked_by = \"http\"\n[sign_in.http]\nurl = \"http://{bank}\"\ntoken_file = {}\n",
        json!(token)
    );
    let text = std::fs::read_to_string(&config).unwrap() + &section;
    std::fs::write(&config, text).unwrap();
    let log = folder.path().join("log");
    let process = Process::serve_logging(&config, &log);
    let url = format!("http://{}", process.public);
    let provider = registration(pki(), process.webhooks.port(), &url).unwrap();
    simulator.register_provider(provider).unwrap();
    let new = NewConsent::new("kira-budget", "bank-contoh");
    let consent = simulator.create_consent(new).await.unwrap().consent_id;

    let mut customer = Customer::new(pki()).unwrap();
    let link = simulator.authorize_url(&consent).await.unwrap();
    at_the_password(&mut customer, &link).await;
    says(customer.page().unwrap(), "rain on a tin roof");
    let wrong = customer.page().unwrap();
    let wrong = wrong.submit_with("continue", &[("password", "cempaka")]);
    says(&wrong.await.unwrap(), "username or password is not correct");
    let page = types_the_password(&customer).await;
    says(&page, "secure message in the app");
    let accounts = types_code(&page, CODE).await;
    assert_eq!(accounts.screen(), "accounts", "{}", accounts.summary());
    process.kill();
    simulator.stop().await;

    let calls = calls.lock().unwrap().clone();
    let of = |path: &str| calls.iter().rfind(|(called, _)| called.ends_with(path));
    let (_, start) = of("/second-factors").expect("a code was sent");
    assert_eq!(
        *start,
        json!({
            "sign_in_id": "sign-in-over-http-1", "method": "sent_code", "reason": "share_data",
            "dc_name": "kira-budget", "language": "en",
        })
    );
    let (_, check) = of("/second-factor-checks").expect("the code was checked");
    assert_eq!(check["challenge_id"], "challenge-over-http-1");
    assert!(of("/capabilities").is_some(), "asked at start");

    let log = std::fs::read_to_string(&log).unwrap();
    assert!(log.contains("the bank's sign-in answers"), "{log:.2000}");
    for secret in ["melati", "cempaka", CODE, TOKEN] {
        let leak = log.lines().find(|line| line.contains(secret));
        assert_eq!(leak, None, "a secret is in the log");
    }
}
