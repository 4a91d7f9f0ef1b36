//! Key sets over real sockets: how often they are fetched, how long they serve, what a rotation needs, and what bad ones do.

use std::sync::OnceLock;
use std::time::Duration;

use chrono::TimeDelta;
use izin_jose::{DecryptionKey, KeyId, UnverifiedJws, base64url};
use izin_simulator::{DataCall, DataTweak, Fault, HostileDocument, Leaf, Operation, Usage};
use serde_json::{Value, json};

use crate::harness::{ConsentStory, Database, TestApp, on_both_databases, pki};

on_both_databases!(
    bad_sets_are_bounded,
    a_silent_source_is_bridged_for_a_while,
    many_callers_one_fetch,
    invented_keys_are_looked_for_once_a_minute,
    old_and_new_signing_keys,
    a_new_encryption_key,
    keys_that_nothing_is_encrypted_to,
);

const CONSUMER: &str = "kira-budget";

/// Keys beside those of every PKI.
fn issue() {
    static ISSUED: OnceLock<()> = OnceLock::new();
    ISSUED.get_or_init(|| {
        for (name, usage) in [
            ("next-signing", Usage::Signing),
            ("next-encryption", Usage::Encryption),
        ] {
            let leaf = Leaf::trusted(name, "Kira Budget", usage);
            pki().issue(&leaf).unwrap();
        }
    });
}

fn key_id(name: &str) -> KeyId {
    KeyId::of_certificate(&pki().certificate_der(name).unwrap())
}

/// Status and error of a data call with this in it.
async fn asks(consent: &ConsentStory<'_>, app: &TestApp, tweaks: Vec<DataTweak>) -> (u16, String) {
    let call = DataCall::balances(&consent.id, consent.account());
    let call = tweaks.into_iter().fold(call, DataCall::with);
    let answer = app.simulator.data_call(call).await.unwrap();
    let (status, error) = answer.answer.refusal();
    (status, error.unwrap_or_default())
}

/// Signed so much later than now.
fn later(by: TimeDelta) -> DataTweak {
    #[expect(clippy::cast_precision_loss, reason = "a few hours in seconds")]
    let seconds = by.num_seconds() as f64;
    DataTweak::Aged(-seconds)
}

fn ok() -> (u16, String) {
    (200, String::new())
}

fn unavailable() -> (u16, String) {
    (503, "temporarily_unavailable".to_owned())
}

async fn bad_sets_are_bounded(database: Database) {
    let app = TestApp::start(database).await;
    let consent = app.approved_consent(&["read_balances"]).await;
    for fault in [
        Fault::Document(HostileDocument::Garbage),
        Fault::Document(HostileDocument::Huge),
        Fault::Document(HostileDocument::Page),
        Fault::Document(HostileDocument::TenThousandKeys),
        Fault::LostAnswer,
        Fault::Redirect,
        Fault::Status(500),
        // Longer than we wait.
        Fault::Delay(Duration::from_secs(30)),
    ] {
        app.simulator.order_faults(Operation::ConsumerJwks, [fault]);
        let refused = asks(&consent, &app, vec![]).await;
        assert_eq!(refused, unavailable(), "{fault:?}");
        // Beyond the pause after a failure.
        app.clock.advance(TimeDelta::seconds(6));
    }
    assert_eq!(asks(&consent, &app, vec![]).await, ok());
    app.stop().await;
}

async fn a_silent_source_is_bridged_for_a_while(database: Database) {
    let app = TestApp::start(database).await;
    let consent = app.approved_consent(&["read_balances"]).await;
    assert_eq!(asks(&consent, &app, vec![]).await, ok());
    for (passed, expected) in [
        (TimeDelta::minutes(16), ok()),
        (TimeDelta::minutes(3 * 60 + 59), ok()),
        (TimeDelta::minutes(4 * 60 + 1), unavailable()),
    ] {
        let before = app.simulator.calls(Operation::ConsumerJwks);
        // The sets of PayNet's own are asked for as well.
        app.simulator
            .order_faults(Operation::ConsumerJwks, [Fault::Status(503)]);
        let so_far = izin::lab::Clock::now(&*app.clock) - chrono::Utc::now();
        app.clock.advance(passed - so_far);
        let asked = asks(&consent, &app, vec![later(passed)]).await;
        assert_eq!(asked, expected, "{passed}");
        let fetched = app.simulator.calls(Operation::ConsumerJwks) - before;
        assert_eq!(fetched, 1, "the source was asked");
    }
    app.stop().await;
}

async fn many_callers_one_fetch(database: Database) {
    let app = TestApp::start(database).await;
    let consent = app.approved_consent(&["read_balances"]).await;
    let delay = Fault::Delay(Duration::from_millis(300));
    app.simulator.order_faults(Operation::ConsumerJwks, [delay]);
    let callers = (0..10).map(|_| asks(&consent, &app, vec![]));
    for answer in futures_util::future::join_all(callers).await {
        assert_eq!(answer, ok());
    }
    assert_eq!(app.simulator.calls(Operation::ConsumerJwks), 1);
    app.stop().await;
}

async fn invented_keys_are_looked_for_once_a_minute(database: Database) {
    let app = TestApp::start(database).await;
    let consent = app.approved_consent(&["read_balances"]).await;
    assert_eq!(asks(&consent, &app, vec![]).await, ok());
    for _ in 0..2 {
        app.clock.advance(TimeDelta::seconds(61));
        let before = app.simulator.calls(Operation::ConsumerJwks);
        for number in 0..5 {
            let invented = DataTweak::Kid(format!("invented-{number}"));
            let refused = asks(&consent, &app, vec![invented]).await;
            assert_eq!(refused, (400, "JWS.InvalidSignature".to_owned()));
            let unknown = DataTweak::EncryptionKid(Some(format!("invented-{number}")));
            let refused = asks(&consent, &app, vec![unknown]).await;
            assert_eq!(refused, (400, "invalid_request".to_owned()));
        }
        assert_eq!(app.simulator.calls(Operation::ConsumerJwks) - before, 1);
    }
    assert_eq!(asks(&consent, &app, vec![]).await, ok());
    app.stop().await;
}

async fn old_and_new_signing_keys(database: Database) {
    tokio::task::spawn_blocking(issue).await.unwrap();
    let app = TestApp::start(database).await;
    let consent = app.approved_consent(&["read_balances"]).await;
    assert_eq!(asks(&consent, &app, vec![]).await, ok());
    let new = || DataTweak::SignedBy("next-signing".to_owned());
    let refused = (400, "JWS.InvalidSignature".to_owned());
    assert_eq!(asks(&consent, &app, vec![new()]).await, refused);
    let publish = |signing: &[&str]| {
        app.simulator
            .publish_consumer_keys(CONSUMER, signing, &["dc-encryption"])
            .unwrap();
    };
    publish(&["dc-signing", "next-signing"]);
    app.clock.advance(TimeDelta::seconds(61));
    assert_eq!(asks(&consent, &app, vec![new()]).await, ok(), "the new key");
    assert_eq!(asks(&consent, &app, vec![]).await, ok(), "and the old one");
    publish(&["next-signing"]);
    let passed = TimeDelta::minutes(16);
    app.clock.advance(passed);
    let at = || later(passed + TimeDelta::seconds(61));
    assert_eq!(asks(&consent, &app, vec![at()]).await, refused, "withdrawn");
    assert_eq!(asks(&consent, &app, vec![new(), at()]).await, ok());
    app.stop().await;
}

async fn a_new_encryption_key(database: Database) {
    tokio::task::spawn_blocking(issue).await.unwrap();
    let app = TestApp::start(database).await;
    let consent = app.approved_consent(&["read_balances"]).await;
    assert_eq!(asks(&consent, &app, vec![]).await, ok());
    app.simulator
        .publish_consumer_keys(CONSUMER, &["dc-signing"], &["next-encryption"])
        .unwrap();
    app.clock.advance(TimeDelta::seconds(61));
    let new = key_id("next-encryption");
    let call = DataCall::balances(&consent.id, consent.account())
        .with(DataTweak::EncryptionKid(Some(new.to_string())));
    let answer = app.simulator.data_call(call).await.unwrap();
    assert_eq!(answer.status(), 200, "{}", answer.answer.text());
    let claims = answer.claims.expect("our signature");
    let sealed = claims["data"].as_str().unwrap();
    let certificate = pki().certificate("next-encryption").unwrap();
    let private = pki().key("next-encryption").unwrap();
    let key = DecryptionKey::from_pem(&certificate, &private, None).unwrap();
    let plaintext: Value = serde_json::from_slice(&key.decrypt(sealed).unwrap()).unwrap();
    assert_eq!(plaintext["data"]["account_id"], consent.account());
    let header = base64url::decode(sealed.split('.').next().unwrap()).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    assert_eq!(header["kid"], new.as_str());
    let envelope = answer.answer.json();
    let jws = UnverifiedJws::parse(envelope["data"].as_str().unwrap()).unwrap();
    assert_eq!(
        jws.header().kid,
        Some(key_id("dp-signing")),
        "signed by us, encrypted to them"
    );
    app.stop().await;
}

async fn keys_that_nothing_is_encrypted_to(database: Database) {
    let app = TestApp::start(database).await;
    let consent = app.approved_consent(&["read_balances"]).await;
    let published = app.simulator.published_by_consumer(CONSUMER).unwrap();
    let with_certificate = |key_use: &str, name: &str| {
        let certificate = openssl_base64(&pki().certificate_der(name).unwrap());
        let mut document = published.clone();
        let keys = document["keys"].as_array_mut().unwrap();
        let key = keys.iter_mut().find(|key| key["use"] == key_use);
        key.unwrap()["x5c"] = json!([certificate]);
        app.simulator
            .publish_consumer_document(CONSUMER, document)
            .unwrap();
        // The copy is too old then.
        app.clock.advance(TimeDelta::minutes(16));
    };
    let refused = (400, "invalid_request".to_owned());
    // Of another party, and one for signatures.
    for name in ["dc2-encryption", "dc-signing"] {
        let kid = DataTweak::EncryptionKid(Some(key_id(name).to_string()));
        assert_eq!(asks(&consent, &app, vec![kid]).await, refused, "{name}");
    }
    let none = DataTweak::EncryptionKid(None);
    assert_eq!(asks(&consent, &app, vec![none]).await, refused);
    with_certificate("enc", "dc-encryption");
    assert_eq!(asks(&consent, &app, vec![now(&app)]).await, ok(), "valid");
    let years = TimeDelta::days(826);
    app.clock.advance(years);
    let expired = asks(&consent, &app, vec![now(&app)]).await;
    assert_eq!(expired, refused, "its certificate has expired");
    with_certificate("sig", "dc-signing");
    let expired = asks(&consent, &app, vec![now(&app)]).await;
    let signature = (400, "JWS.InvalidSignature".to_owned());
    assert_eq!(expired, signature, "and so has the other");
    app.clock.advance(-years);
    let valid = asks(&consent, &app, vec![now(&app)]).await;
    assert_eq!(valid, ok(), "valid again");
    // Their signing key is the certificate's, the encryption key is not.
    with_certificate("enc", "dc-signing");
    let another = asks(&consent, &app, vec![now(&app)]).await;
    assert_eq!(another, refused, "another's");
    app.stop().await;
}

/// Signed now, by our clock.
fn now(app: &TestApp) -> DataTweak {
    later(izin::lab::Clock::now(&*app.clock) - chrono::Utc::now())
}

/// `x5c` is in standard base64 (RFC 7517 §4.7), our own is base64url.
fn openssl_base64(der: &[u8]) -> String {
    let padding = "=".repeat((3 - der.len() % 3) % 3);
    base64url::encode(der).replace('-', "+").replace('_', "/") + &padding
}
