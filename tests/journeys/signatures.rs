//! Tokens and key sets made to lead a verifier astray, over real sockets. What a token says of its key is never followed, and
//! what a key set says of a key always binds.

use izin_simulator::{DataCall, DataTweak, ForgedAlgorithm};
use serde_json::{Value, json};

use crate::harness::{ConsentStory, Database, TestApp, on_both_databases};

on_both_databases!(what_a_token_says_of_itself, what_a_set_says_of_a_key);

const CONSUMER: &str = "kira-budget";

async fn asks(
    app: &TestApp,
    consent: &ConsentStory<'_>,
    tweaks: impl IntoIterator<Item = DataTweak>,
) -> (u16, String) {
    let call = DataCall::balances(&consent.id, consent.account());
    let call = tweaks.into_iter().fold(call, DataCall::with);
    let answer = app.simulator.data_call(call).await.unwrap();
    let (status, error) = answer.answer.refusal();
    (status, error.unwrap_or_default())
}

fn header(name: &str, value: Value) -> DataTweak {
    DataTweak::ProtectedHeader(name.to_owned(), value)
}

/// What one replica has seen, no other takes for new.
#[tokio::test(flavor = "multi_thread")]
async fn a_replay_at_another_replica() {
    let app = TestApp::start(Database::postgres().await).await;
    let consent = app.approved_consent(&["read_balances"]).await;
    let once = || [DataTweak::Jti("once".to_owned())];
    let ok = (200, String::new());
    assert_eq!(asks(&app, &consent, once()).await, ok);
    let replayed = (400, "JWS.InvalidClaim".to_owned());
    assert_eq!(asks(&app, &consent, once()).await, replayed);
    let replica = app.another_replica().await;
    assert_eq!(asks(&app, &consent, once()).await, replayed);
    assert_eq!(asks(&app, &consent, []).await, ok, "the replica works");
    replica.stop().await;
    app.stop().await;
}

async fn what_a_token_says_of_itself(database: Database) {
    let app = TestApp::start(database).await;
    let consent = app.approved_consent(&["read_balances"]).await;
    let published = app.simulator.published_by_consumer(CONSUMER).unwrap();
    let own = published["keys"][0].clone();
    let kid = own["kid"].as_str().unwrap().to_owned();
    // Honest, and with something that is nobody's business.
    let ok = (200, String::new());
    for harmless in [
        header("jku", json!("https://localhost:1/keys")),
        header("x5u", json!("https://localhost:1/chain")),
        header("x5c", json!(["AAAA"])),
        header("jwk", own.clone()),
        header("typ", json!("anything")),
    ] {
        let told = format!("{harmless:?}");
        assert_eq!(asks(&app, &consent, [harmless]).await, ok, "{told}");
    }
    let now = json!(chrono::Utc::now().timestamp());
    let understood = [header("iat", now), header("crit", json!(["iat"]))];
    assert_eq!(asks(&app, &consent, understood).await, ok);
    // The same, with a signature by somebody else's key.
    let refused = (400, "JWS.InvalidSignature".to_owned());
    let rogue = || DataTweak::SignedBy("rogue-signing".to_owned());
    let mut embedded = own;
    embedded["kid"] = json!("embedded");
    for tweaks in [
        vec![header("jku", json!("https://localhost:1/keys"))],
        vec![header("jwk", embedded), header("kid", json!("embedded"))],
        vec![header("kid", json!(kid))],
        vec![header("kid", json!("../../etc/passwd"))],
    ] {
        let told = format!("{tweaks:?}");
        let tweaks = std::iter::once(rogue()).chain(tweaks);
        assert_eq!(asks(&app, &consent, tweaks).await, refused, "{told}");
    }
    // Headers that break a rule, though the key is right.
    for tweaks in [
        vec![header("crit", json!([]))],
        vec![header("crit", json!(["alg"]))],
        vec![header("crit", json!(["iat"]))],
        vec![header("crit", json!(["exp"])), header("exp", json!(1))],
        vec![header("b64", json!(false))],
        vec![header("alg", json!("ps256"))],
        vec![header("alg", json!("PS384"))],
        vec![header("alg", json!(null))],
        vec![header("kid", json!(7))],
        vec![header("kid", json!("k".repeat(200)))],
        vec![header("iat", json!("now"))],
        vec![DataTweak::Algorithm(ForgedAlgorithm::Rs256)],
        vec![DataTweak::Algorithm(ForgedAlgorithm::None)],
    ] {
        let told = format!("{tweaks:?}");
        assert_eq!(asks(&app, &consent, tweaks).await, refused, "{told}");
    }
    // RFC 7797: then the payload is the encoded text, and that is no claims set.
    let unencoded = [header("b64", json!(false)), header("crit", json!(["b64"]))];
    let no_claims = (400, "JWS.InvalidClaim".to_owned());
    assert_eq!(asks(&app, &consent, unencoded).await, no_claims);
    let long = header("padding", json!("x".repeat(14_000)));
    let refused = (400, "invalid_request".to_owned());
    assert_eq!(asks(&app, &consent, [long]).await, refused, "too long");
    app.stop().await;
}

async fn what_a_set_says_of_a_key(database: Database) {
    let app = TestApp::start(database).await;
    let consent = app.approved_consent(&["read_balances"]).await;
    let published = app.simulator.published_by_consumer(CONSUMER).unwrap();
    let modulus = published["keys"][0]["n"].as_str().unwrap().to_owned();
    let with = |name: &str, value: Value| {
        let mut document = published.clone();
        document["keys"][0][name] = value;
        document
    };
    let decoy = json!({"kty": "oct", "k": "AAAA", "kid": published["keys"][0]["kid"]});
    let foreign = json!({"kty": "OKP", "crv": "Ed25519", "x": "AAAA", "kid": "another"});
    let among = |first: &Value| {
        let mut document = published.clone();
        let keys = document["keys"].as_array_mut().unwrap();
        keys.insert(0, first.clone());
        document
    };
    let twice = {
        let mut document = published.clone();
        let first = document["keys"][0].clone();
        document["keys"].as_array_mut().unwrap().push(first);
        document
    };
    let refused = || (400, "JWS.InvalidSignature".to_owned());
    let unavailable = || (503, "temporarily_unavailable".to_owned());
    let ok = || (200, String::new());
    let cases = [
        ("as it should be", published.clone(), ok()),
        ("of a use that is null", with("use", Value::Null), refused()),
        ("for encryption", with("use", json!("enc")), refused()),
        ("of an unknown use", with("use", json!("both")), refused()),
        ("for RS256", with("alg", json!("RS256")), refused()),
        (
            "for signing only",
            with("key_ops", json!(["sign"])),
            refused(),
        ),
        ("for verifying", with("key_ops", json!(["verify"])), ok()),
        ("with a small exponent", with("e", json!("Aw")), refused()),
        ("with an even exponent", with("e", json!("AQAA")), refused()),
        // 1024 and more than 8192 bits.
        (
            "too small",
            with("n", json!(modulus[..171].to_owned())),
            refused(),
        ),
        ("too large", with("n", json!(modulus.repeat(5))), refused()),
        ("with a private part", with("d", json!("AAAA")), refused()),
        ("of another type", with("kty", json!("oct")), refused()),
        ("beside an unknown type", among(&foreign), ok()),
        ("beside a decoy of its name", among(&decoy), ok()),
        // Which of two counts must not depend on their order.
        ("twice", twice, refused()),
        ("no set", json!({"keys": "none"}), unavailable()),
        ("no keys", json!({"keys": []}), refused()),
    ];
    for (told, document, expected) in cases {
        app.simulator
            .publish_consumer_document(CONSUMER, document)
            .unwrap();
        // Neither the copy nor the last failure counts any more: PayNet is asked.
        app.clock.advance(chrono::TimeDelta::hours(5));
        let so_far = izin::lab::Clock::now(&*app.clock) - chrono::Utc::now();
        #[expect(clippy::cast_precision_loss, reason = "some days in seconds")]
        let later = DataTweak::Aged(-(so_far.num_seconds() as f64));
        assert_eq!(asks(&app, &consent, [later]).await, expected, "{told}");
    }
    app.stop().await;
}
