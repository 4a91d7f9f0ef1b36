//! Our own keys over time: a successor takes over, files change under a running service, and the private key need not be with us.

pub mod command;
mod rotation;
mod token;

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use http::Method;
use izin::lab::Clock;
use izin_jose::{KeyId, UnverifiedJws};
use izin_simulator::{DataAnswer, DataCall, DataTweak, Fault, Leaf, NewConsent, Operation, Usage};
use openssl::pkcs12::Pkcs12;
use openssl::pkey::PKey;
use openssl::x509::X509;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::harness::{
    ConsentStory, Database, TestApp, Tls, eventually, on_both_databases, pki, tls_connection,
    write_secret,
};

on_both_databases!(
    a_refused_token_is_replaced_once,
    a_renewed_client_certificate,
    a_signing_key_takes_over,
);

const HOUR: TimeDelta = TimeDelta::hours(1);

pub fn key_id(name: &str) -> String {
    KeyId::of_certificate(&pki().certificate_der(name).unwrap()).to_string()
}

/// An entry of `signing.keys`.
fn entry(name: &str, times: &str) -> String {
    format!(
        "{{ certificate = {}, private_key = {}{times} }}",
        json!(pki().certificate_file(name)),
        json!(pki().key_file(name))
    )
}

fn signing(entries: &[String]) -> String {
    format!("[signing]\nkeys = [{}]\n", entries.join(", "))
}

/// Once, although a story runs on two databases at a time.
fn issue(name: &'static str, usage: Usage) {
    static ISSUED: Mutex<Vec<&str>> = Mutex::new(Vec::new());
    let mut issued = ISSUED.lock().unwrap();
    if issued.contains(&name) {
        return;
    }
    issued.push(name);
    let leaf = Leaf::trusted(name, "Bank Contoh", usage);
    pki().issue(&leaf).unwrap();
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The key that signed an answer.
fn signed_by(answer: &DataAnswer) -> String {
    assert_eq!(answer.status(), 200, "{}", answer.answer.text());
    assert_eq!(answer.problem, None);
    let token = answer.answer.json()["data"].as_str().unwrap().to_owned();
    let jws = UnverifiedJws::parse(&token).unwrap();
    jws.header().kid.clone().unwrap().to_string()
}

/// A data call an hour from now, with both clocks turned forward.
async fn balance_an_hour_later(app: &TestApp, consent: &ConsentStory<'_>) -> DataAnswer {
    app.clock.advance(HOUR);
    let call = DataCall::balances(&consent.id, consent.account());
    let call = call.with(DataTweak::Aged(-3600.0));
    app.simulator.data_call(call).await.unwrap()
}

async fn published(app: &TestApp) -> Vec<String> {
    let url = format!("{}/v1/oauth/jwks", app.service.public_url);
    let answer = app
        .simulator
        .request(Method::GET, url)
        .send()
        .await
        .unwrap();
    let keys = answer.json()["keys"].as_array().cloned().unwrap();
    let kid = |key: &Value| key["kid"].as_str().unwrap().to_owned();
    keys.iter().map(kid).collect()
}

/// Published at once, signing from its time on, and the old one published for a day after its last signature.
async fn a_signing_key_takes_over(database: Database) {
    issue("dp-signing-next", Usage::Signing);
    let (old, new) = (key_id("dp-signing"), key_id("dp-signing-next"));
    let app = TestApp::start(database).await;
    let consent = app.approved_consent(&["read_balances"]).await;
    assert_eq!(published(&app).await, std::slice::from_ref(&old));

    let handover = app.clock.now() + HOUR;
    let entries = [
        entry(
            "dp-signing",
            &format!(", until = {}", json!(time(handover))),
        ),
        entry(
            "dp-signing-next",
            &format!(", from = {}", json!(time(handover))),
        ),
    ];
    app.reload(&signing(&entries)).await.unwrap();
    assert_eq!(published(&app).await, [old.clone(), new.clone()]);
    assert_eq!(signed_by(&consent.balance().await), old);

    assert_eq!(signed_by(&balance_an_hour_later(&app, &consent).await), new);
    assert_eq!(published(&app).await, [old, new.clone()]);

    app.clock.advance(HOUR * 25);
    assert_eq!(published(&app).await, [new]);
    app.stop().await;
}

/// A token is bound to the client certificate it was asked for with, so that a new certificate needs a new token. Nobody else is to
/// notice.
async fn a_renewed_client_certificate(database: Database) {
    issue("dp-client-next", Usage::Client);
    let app = TestApp::start(database).await;
    app.approved_consent(&["read_balances"]).await;
    assert_eq!(app.simulator.calls(Operation::Token), 1);

    let renewed = format!(
        "[ofp]\nclient_certificate = {}\nclient_private_key = {}\n",
        json!(pki().certificate_file("dp-client-next")),
        json!(pki().key_file("dp-client-next")),
    );
    app.reload(&renewed).await.unwrap();
    let certificate = pki().certificate("dp-client-next").unwrap();
    app.is_registered(|provider| provider.client_certificate(certificate));
    let consent = app.approved_consent(&["read_balances"]).await;
    assert_eq!(consent.balance().await.status(), 200);
    assert_eq!(app.simulator.calls(Operation::Token), 2);
    // The second PATCH went out with the second token, and no other.
    assert_eq!(app.simulator.calls(Operation::UpdateConsent), 2);
    app.stop().await;
}

/// PayNet forgets a token before its time: the call is sent again with another one, and nobody notices. A second refusal is an answer.
async fn a_refused_token_is_replaced_once(database: Database) {
    let app = TestApp::start(database).await;
    for (refusals, screen, calls) in [(1, "username", 2), (2, "error", 4)] {
        let faults = vec![Fault::Status(401); refusals];
        app.simulator
            .order_faults(Operation::RetrieveConsent, faults);
        // Nobody announced it, so it is retrieved.
        let new = NewConsent::new("kira-budget", "bank-contoh");
        let consent = app.simulator.store_consent(new);
        let link = app.known(&consent.consent_id).link().await;
        let page = app.customer().open(&link).await.unwrap();
        assert_eq!(page.screen(), screen, "{}", page.summary());
        assert_eq!(app.simulator.calls(Operation::RetrieveConsent), calls);
    }
    // The first, its successor, and one after each of the second call's refusals but the last.
    assert_eq!(app.simulator.calls(Operation::Token), 3);
    app.stop().await;
}

/// The files of a listener's key, where they can be changed.
struct ListenerFiles {
    folder: tempfile::TempDir,
}

impl ListenerFiles {
    fn new() -> Self {
        let files = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        files.hold("dp-server");
        files
    }

    /// Copies keep the mode.
    fn hold(&self, name: &str) {
        std::fs::copy(pki().certificate_file(name), self.path("server.crt")).unwrap();
        std::fs::copy(pki().key_file(name), self.path("server.key")).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn settings(&self) -> String {
        format!(
            "[listeners.webhooks]\ncertificate = {}\nprivate_key = {}\n",
            json!(self.path("server.crt")),
            json!(self.path("server.key"))
        )
    }
}

/// PayNet's connection to the webhooks listener.
async fn connected(app: &TestApp) -> Tls {
    tls_connection(app.service.webhooks_address, "paynet-client").await
}

/// x5t#S256 of what the listener presented.
fn presented(stream: &Tls) -> String {
    let chain = stream.get_ref().1.peer_certificates().unwrap();
    KeyId::of_certificate(&chain[0]).to_string()
}

/// One HTTP/1.1 exchange on an open connection.
async fn asks_for_health(stream: &mut Tls) -> String {
    begins(stream).await;
    ends(stream).await
}

async fn begins(stream: &mut Tls) {
    let half = b"GET /v1/health HTTP/1.1\r\nhost: localhost\r\n";
    stream.write_all(half).await.unwrap();
    stream.flush().await.unwrap();
}

async fn ends(stream: &mut Tls) -> String {
    stream.write_all(b"accept: */*\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let mut part = [0; 4096];
    while !String::from_utf8_lossy(&answer).contains("\"status\"") {
        let read = stream.read(&mut part).await.unwrap();
        assert!(read > 0, "the connection was closed");
        answer.extend_from_slice(&part[..read]);
    }
    let answer = String::from_utf8_lossy(&answer);
    answer.lines().next().unwrap().to_owned()
}

/// Connections live on, even in the middle of a request, and new ones see the new certificate.
#[tokio::test(flavor = "multi_thread")]
async fn no_connection_ends() {
    issue("dp-server-next", Usage::Server);
    let files = ListenerFiles::new();
    let app = TestApp::start_with(Database::sqlite(), &files.settings()).await;
    let mut open = connected(&app).await;
    assert_eq!(asks_for_health(&mut open).await, "HTTP/1.1 200 OK");
    let mut in_flight = connected(&app).await;
    begins(&mut in_flight).await;
    files.hold("dp-server-next");
    app.reload(&files.settings()).await.unwrap();
    let new = connected(&app).await;
    assert_eq!(presented(&new), key_id("dp-server-next"));
    assert_eq!(ends(&mut in_flight).await, "HTTP/1.1 200 OK");
    assert_eq!(asks_for_health(&mut open).await, "HTTP/1.1 200 OK");
    assert_eq!(presented(&open), key_id("dp-server"));
    app.stop().await;
}

/// Nobody has to tell the service.
#[tokio::test(flavor = "multi_thread")]
async fn changed_files_are_noticed() {
    issue("dp-server-renewed", Usage::Server);
    let files = ListenerFiles::new();
    let app = TestApp::start_with(Database::sqlite(), &files.settings()).await;
    assert_eq!(presented(&connected(&app).await), key_id("dp-server"));
    files.hold("dp-server-renewed");
    let is_new = || async { presented(&connected(&app).await) == key_id("dp-server-renewed") };
    eventually(is_new, "the new certificate is presented").await;
    app.stop().await;
}

/// What is told, and how it comes to that.
type Spoil<'a> = (&'a str, &'a dyn Fn(&Path));

/// Half a renewal, garbage, a key that everybody can read: nothing changes until it is right.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_used_changes_nothing() {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;
    issue("dp-server-other", Usage::Server);
    let files = ListenerFiles::new();
    let app = TestApp::start_with(Database::sqlite(), &files.settings()).await;
    let key = files.path("server.key");
    let spoil: [Spoil; 3] = [
        ("does not belong to the certificate", &|key| {
            std::fs::copy(pki().key_file("dp-server-other"), key).unwrap();
        }),
        ("is not a readable PEM private key", &|key| {
            std::fs::write(key, "-----BEGIN PRIVATE KEY-----\n").unwrap();
        }),
        ("chmod 600", &|key| {
            std::fs::copy(pki().key_file("dp-server"), key).unwrap();
            std::fs::set_permissions(key, Permissions::from_mode(0o644)).unwrap();
        }),
    ];
    for (told, spoil) in spoil {
        spoil(&key);
        let refused = app.reload(&files.settings()).await.unwrap_err();
        assert!(refused.contains(told), "{refused}");
        assert!(refused.contains("listeners.webhooks"), "{refused}");
        let mut stream = connected(&app).await;
        assert_eq!(presented(&stream), key_id("dp-server"));
        assert_eq!(asks_for_health(&mut stream).await, "HTTP/1.1 200 OK");
    }
    std::fs::set_permissions(&key, Permissions::from_mode(0o600)).unwrap();
    app.reload(&files.settings()).await.unwrap();
    app.stop().await;
}

/// A certificate that nobody accepts does not take the place of one that works.
#[tokio::test(flavor = "multi_thread")]
async fn an_expired_certificate_is_not_taken_up() {
    issue("dp-client-expired", Usage::ExpiredClient);
    let app = TestApp::start(Database::sqlite()).await;
    let expired = format!(
        "[ofp]\nclient_certificate = {}\nclient_private_key = {}\n",
        json!(pki().certificate_file("dp-client-expired")),
        json!(pki().key_file("dp-client-expired")),
    );
    let refused = app.reload(&expired).await.unwrap_err();
    assert!(refused.contains("ofp: the new certificate"), "{refused}");
    let consent = app.approved_consent(&["read_balances"]).await;
    assert_eq!(consent.balance().await.status(), 200);
    app.stop().await;
}

/// A certificate that is taken off the list is refused at its next request, also on a connection that is open.
#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_clients_is_reloaded() {
    let app = TestApp::start(Database::sqlite()).await;
    let mut stream = connected(&app).await;
    assert_eq!(asks_for_health(&mut stream).await, "HTTP/1.1 200 OK");
    let other = format!(
        "[listeners.webhooks]\nallowed_clients = [{}]\n",
        json!(key_id("other-client"))
    );
    app.reload(&other).await.unwrap();
    begins(&mut stream).await;
    stream.write_all(b"\r\n").await.unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 401");
    app.stop().await;
}

/// Keys in PKCS#12 files, encrypted: for signatures, for the listener, and towards PayNet.
#[tokio::test(flavor = "multi_thread")]
async fn the_journey_with_containers() {
    let folder = tempfile::tempdir().unwrap();
    let passphrase = folder.path().join("passphrase");
    write_secret(&passphrase, "rahsia kita\n");
    let container = |name: &str| {
        let certificate = X509::from_pem(&pki().certificate(name).unwrap()).unwrap();
        let key = PKey::private_key_from_pem(&pki().key(name).unwrap()).unwrap();
        let mut container = Pkcs12::builder();
        container.name(name).pkey(&key).cert(&certificate);
        let container = container.build2("rahsia kita").unwrap();
        let path = folder.path().join(format!("{name}.p12"));
        write_secret(&path, "");
        std::fs::write(&path, container.to_der().unwrap()).unwrap();
        json!(path)
    };
    let passphrase = json!(passphrase);
    let settings = format!(
        "[listeners.webhooks]\nprivate_key = {}\npassphrase_file = {passphrase}\n\
         [ofp]\nclient_private_key = {}\nclient_passphrase_file = {passphrase}\n\
         [signing]\nkeys = [{{ private_key = {}, passphrase_file = {passphrase} }}]\n",
        container("dp-server"),
        container("dp-client"),
        container("dp-signing"),
    );
    let app = TestApp::start_with(Database::sqlite(), &settings).await;
    let consent = app.approved_consent(&["read_balances"]).await;
    assert_eq!(signed_by(&consent.balance().await), key_id("dp-signing"));
    assert_eq!(presented(&connected(&app).await), key_id("dp-server"));
    app.stop().await;
}

/// Every signing key before or after its time: no start, and no reload that leaves us without one.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_must_be_able_to_sign() {
    let app = TestApp::start(Database::sqlite()).await;
    let later = time(app.clock.now() + HOUR);
    let entries = [entry("dp-signing", &format!(", from = {}", json!(later)))];
    let refused = app.reload(&signing(&entries)).await.unwrap_err();
    assert!(refused.contains("no key may sign now"), "{refused}");
    assert!(refused.contains(&key_id("dp-signing")), "{refused}");
    assert_eq!(published(&app).await, [key_id("dp-signing")]);

    // What was allowed at the reload and ends afterwards: a clear refusal, nothing unsealed.
    let soon = time(app.clock.now() + HOUR);
    let consent = app.approved_consent(&["read_balances"]).await;
    let entries = [entry("dp-signing", &format!(", until = {}", json!(soon)))];
    app.reload(&signing(&entries)).await.unwrap();
    assert_eq!(consent.balance().await.status(), 200);
    let refused = balance_an_hour_later(&app, &consent).await;
    let expected = (503, Some("temporarily_unavailable".to_owned()));
    assert_eq!(refused.answer.refusal(), expected);
    app.stop().await;
}
