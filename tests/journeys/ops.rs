//! The operations listener: health, readiness, the documents, and trying them out beside the simulator.

use http::Method;
use izin::Institution;
use izin::lab::{Config, DEMO, Service, SystemClock};
use izin_simulator::{Answer, NewConsent, RawRequest};
use serde_json::{Value, json};

use crate::harness::{ConsentStory, Database, TestApp, on_both_databases, settings};

on_both_databases!(
    alive_and_ready,
    the_documents_as_they_are,
    trying_out_what_paynet_calls,
    trying_out_a_data_call,
    what_a_tester_fills_in_wins,
    what_we_call_is_only_shown,
    only_for_the_testers_own_pages
);

const DOCUMENT: &str = "ofp-dp-1.2.2";
const TRY: &str = "/try/ofp-dp-1.2.2";
const BALANCES: [&str; 1] = ["read_balances"];

fn request<'a>(app: &'a TestApp, method: Method, path: &str) -> RawRequest<'a> {
    let ops = app.service.ops_url.as_ref().unwrap();
    app.simulator.request(method, format!("{ops}{path}"))
}

async fn get(app: &TestApp, path: &str) -> Answer {
    request(app, Method::GET, path).send().await.unwrap()
}

fn balances_of(consent: &ConsentStory<'_>) -> String {
    let (account, id) = (consent.account(), &consent.id);
    format!("{TRY}/v1/accounts/{account}/balances?consent_id={id}")
}

/// The header or query parameter that the proxy added.
fn added<'a>(told: &'a Value, name: &str) -> Option<&'a str> {
    told["request"]["added"][name].as_str()
}

async fn alive_and_ready(database: Database) {
    let app = TestApp::start(database).await;
    for (path, status) in [("/health", "ok"), ("/ready", "ready")] {
        let answer = get(&app, path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.json(), json!({ "status": status }));
        assert!(answer.header("x-fapi-interaction-id").is_some());
    }
    app.stop().await;
}

/// Without its database the process lives and is not ready.
#[tokio::test(flavor = "multi_thread")]
async fn not_ready_without_the_database() {
    let app = TestApp::start(Database::postgres().await).await;
    app.loses_its_database().await;
    assert_eq!(get(&app, "/health").await.status, 200);
    let answer = get(&app, "/ready").await;
    let expected = (503, Some("temporarily_unavailable".to_owned()));
    assert_eq!(answer.refusal(), expected, "{}", answer.text());
    assert!(answer.header("x-fapi-interaction-id").is_some());
    app.stop().await;
}

async fn the_documents_as_they_are(database: Database) {
    let app = TestApp::start(database).await;
    let index = get(&app, "/docs").await.text();
    let yaml = format!("/docs/{DOCUMENT}.yaml");
    assert!(
        index.contains("Open Finance Platform for Data Providers"),
        "{index}"
    );
    assert!(index.contains("8 served, 7 called"), "{index}");
    assert!(index.contains(&yaml), "{index}");

    let file = format!("{}/openapi/{DOCUMENT}.yaml", env!("CARGO_MANIFEST_DIR"));
    assert_eq!(get(&app, &yaml).await.body, std::fs::read(file).unwrap());
    let json = get(&app, &format!("/docs/{DOCUMENT}.json")).await.json();
    assert_eq!(json["info"]["version"], "1.2.2");

    let page = get(&app, &format!("/docs/{DOCUMENT}")).await;
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("connect-src 'self'"), "{policy}");
    assert!(page.text().contains("operationId\": \"getAccountBalances"));

    let unknown = get(&app, "/docs/another-1").await;
    assert_eq!(unknown.refusal(), (404, Some("invalid_request".to_owned())));
    app.stop().await;
}

async fn trying_out_what_paynet_calls(database: Database) {
    let app = TestApp::start(database).await;
    let told = get(&app, &format!("{TRY}/v1/health")).await.json();
    assert_eq!(told["status"], 200, "{told}");
    assert_eq!(told["body"], json!({ "status": "ok" }));
    assert_eq!(told["request"]["client_certificate"], "paynet-client");

    let new = NewConsent::new("kira-budget", "bank-contoh").permissions(&BALANCES);
    let consent = app.simulator.store_consent(new);
    let event = json!({ "event_type": "consent_created", "data": consent });
    let posted = request(&app, Method::POST, &format!("{TRY}/v1/consents/events")).json(&event);
    let told = posted.send().await.unwrap().json();
    assert_eq!(told["status"], 200, "{told}");
    assert!(added(&told, "x-fapi-signature").is_some());

    let as_token = request(&app, Method::POST, &format!("{TRY}/v1/consents/events"))
        .body("application/jwt", event.to_string());
    let told = as_token.send().await.unwrap().json();
    assert_eq!(told["status"], 200, "{told}");
    assert!(added(&told, "body").is_some());

    let consent = app.known(&consent.consent_id);
    let link = format!("{TRY}/v1/oauth/authorize?consent_id={}", consent.id);
    let shown = get(&app, &link).await;
    let told = shown.json();
    assert_eq!((shown.status, &told["status"]), (200, &json!(303)));
    let location = told["headers"]["location"].as_str().unwrap();
    assert!(location.starts_with(&app.service.public_url), "{location}");

    app.approves(&consent).await;
    let userinfo = format!("{TRY}/v1/oauth/userinfo?consent_id={}", consent.id);
    let told = get(&app, &userinfo).await.json();
    assert_eq!(told["status"], 200, "{told}");
    assert!(told["body"]["sub"].is_string(), "{told}");
    app.stop().await;
}

async fn trying_out_a_data_call(database: Database) {
    let app = TestApp::start(database).await;
    let consent = app.approved_consent(&BALANCES).await;
    let index = get(&app, "/try").await.text();
    assert!(index.contains(&consent.id) && index.contains(&consent.account()));

    let told = get(&app, &balances_of(&consent)).await.json();
    assert_eq!(told["status"], 200, "{told}");
    for name in [
        "x-signature",
        "x-fapi-signature",
        "x-enc-kid",
        "x-fapi-interaction-id",
    ] {
        assert!(added(&told, name).is_some(), "{name}: {told}");
    }
    assert_eq!(told["sealed"]["status"], "success");
    assert_eq!(told["opened"]["claims"]["iss"], "bank-contoh");
    let balance = &told["opened"]["plaintext"]["data"];
    assert_eq!(*balance, consent.balance().await.data());

    let dated = "&from_date=2026-01-01&page_size=10";
    let transactions = balances_of(&consent).replace("/balances", "/transactions") + dated;
    let refused = get(&app, &transactions).await;
    assert_eq!(refused.status, 403, "no permission for these");
    assert_eq!(refused.json()["body"]["error"], "AccessToken.InvalidScope");
    app.stop().await;
}

/// Swagger UI fills in the document's examples, which are nobody's words.
async fn what_a_tester_fills_in_wins(database: Database) {
    let app = TestApp::start(database).await;
    let consent = app.approved_consent(&BALANCES).await;
    let balances = balances_of(&consent);
    let with = async |name: &str, value: &str| {
        let request = request(&app, Method::GET, &balances).header(name, value);
        request.send().await.unwrap().json()
    };
    let example = "0vlYgCw2yDqV2kmbVXvJ1vR2wQkqjSDzXvKVpZ0Gd3A";
    let told = with("x-enc-kid", example).await;
    assert_eq!(told["status"], 200, "{told}");

    let told = with("x-enc-kid", "a-key-of-mine").await;
    assert_eq!(
        (&told["status"], &told["body"]["error"]),
        (&json!(400), &json!("invalid_request"))
    );
    assert_eq!(added(&told, "x-enc-kid"), None);

    let told = with("x-signature", "e30.e30.e30").await;
    assert_eq!(told["body"]["error"], "JWS.InvalidSignature", "{told}");
    app.stop().await;
}

async fn what_we_call_is_only_shown(database: Database) {
    let app = TestApp::start(database).await;
    let answer = get(&app, &format!("{TRY}/v1/consents/c-1")).await;
    assert_eq!(answer.refusal(), (400, Some("invalid_request".to_owned())));
    let text = answer.text();
    assert!(
        text.contains("retrieveConsent is an operation that Izin calls"),
        "{text}"
    );
    let nothing = get(&app, &format!("{TRY}/v1/nothing")).await;
    assert_eq!(nothing.status, 404);
    app.stop().await;
}

/// Any page that the tester's browser visits could send requests to this machine.
async fn only_for_the_testers_own_pages(database: Database) {
    let app = TestApp::start(database).await;
    for (name, value) in [("origin", "https://evil.example"), ("host", "evil.example")] {
        let request = request(&app, Method::GET, &format!("{TRY}/v1/health")).header(name, value);
        let answer = request.send().await.unwrap();
        let expected = (403, Some("access_denied".to_owned()));
        assert_eq!(answer.refusal(), expected, "{name}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_try_it_there_is_no_proxy() {
    let app = TestApp::start_with(Database::sqlite(), "ops.try_it = false").await;
    for path in ["/try", "/try/ofp-dp-1.2.2/v1/health"] {
        assert_eq!(get(&app, path).await.status, 404, "{path}");
    }
    let page = get(&app, &format!("/docs/{DOCUMENT}")).await.text();
    assert!(page.contains("supportedSubmitMethods: []"));
    assert!(!page.contains("/try/"));
    app.stop().await;
}

/// As PayNet's counterpart in earnest, Izin does not start with a test proxy.
#[tokio::test(flavor = "multi_thread")]
async fn it_does_not_start_with_a_test_proxy_in_earnest() {
    let app = TestApp::start(Database::sqlite()).await;
    let database = Database::sqlite();
    let settings = settings(&database.url, &app.simulator).to_toml().unwrap();
    for (extra, told) in [
        (
            "environment = \"production\"",
            "ops.try_it is refused with environment",
        ),
        (
            "ofp.resource_server = \"https://rs.paynet.example\"",
            "ops.try_it is refused unless ofp.resource_server is loopback",
        ),
        (
            "listeners.ops.address = \"0.0.0.0:0\"",
            "listeners.ops.address must be loopback",
        ),
    ] {
        let config = Config::from_layers(&[DEMO, &settings, extra]).unwrap();
        let clock = std::sync::Arc::new(SystemClock);
        let refused = Service::start(config, clock, Institution::default())
            .await
            .err();
        let problem = refused.expect(extra).to_string();
        assert!(problem.contains(told), "{extra}: {problem}");
    }
    app.stop().await;
}
