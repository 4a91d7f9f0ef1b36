//! The scripting methods do what they say: honest calls verify, each deviation shows.

use http::Method;
use izin_jose::{Algorithm, Jwk, JwkSet, KeyUse, UnverifiedJws, VerificationPolicy};
use izin_simulator::{
    AuthorizeRequest, DataCall, DataTweak, EventPost, EventTweak, EventType, ForgedAlgorithm, Leaf,
    Signing, Simulator, SimulatorOptions, Usage,
};
use serde_json::{Value, json};

use crate::lab::{Lab, PKI};

const POLICY: VerificationPolicy<'static> = VerificationPolicy {
    algorithms: &[Algorithm::Ps256],
    known_critical: &[],
    max_bytes: 1 << 20,
};

fn keys(name: &str) -> JwkSet {
    let certificate = PKI.certificate(name).expect("a certificate");
    let key = Jwk::from_certificate_pem(&certificate, KeyUse::Signature);
    JwkSet::new([key.expect("a key")]).expect("a set")
}

/// The payload, if the signature is this key's.
fn payload(token: &str, signer: &str, detached: Option<&[u8]>) -> Option<Vec<u8>> {
    let jws = UnverifiedJws::parse(token).ok()?;
    let keys = keys(signer);
    let key = keys.verifying_key(jws.header().kid.as_ref()?, Algorithm::Ps256);
    let verified = match detached {
        None => jws.verify(key.ok()?, &POLICY),
        Some(payload) => jws.verify_detached(payload, key.ok()?, &POLICY),
    };
    Some(verified.ok()?.into_payload())
}

#[tokio::test]
async fn an_authorize_url_carries_the_signed_consent_id() {
    let lab = Lab::start().await;
    let consent_id = lab.consent().await.consent_id;
    let honest = lab.simulator.authorize_url(&consent_id).await;
    let url = url::Url::parse(&honest.expect("an address")).expect("a URL");
    let parameter = |name: &str| {
        let found = url.query_pairs().find(|(found, _)| found == name);
        found.map(|(_, value)| value.into_owned())
    };
    assert_eq!(url.path(), "/v1/oauth/authorize");
    assert_eq!(
        parameter("redirect_uri"),
        Some(lab.simulator.urls().callback.clone())
    );
    let signature = parameter("signature").expect("a signature");
    let signed = payload(&signature, "paynet-signing", None);
    assert_eq!(signed, Some(consent_id.clone().into_bytes()));

    let forged = AuthorizeRequest::new(&consent_id)
        .tampered()
        .without("redirect_uri");
    let forged = lab.simulator.forged_authorize_url(&forged).expect("a URL");
    assert!(!forged.contains("redirect_uri"));
    let signature = forged.rsplit("signature=").next().expect("a signature");
    assert_eq!(payload(signature, "paynet-signing", None), None);
}

#[tokio::test]
async fn events_can_be_bent_in_every_way() {
    let lab = Lab::start().await;
    let consent_id = lab.consent().await.consent_id;
    let post = |tweaks: Vec<EventTweak>| {
        let honest = EventPost::new(&consent_id, EventType::ConsentUpdated);
        let bent = tweaks.into_iter().fold(honest, EventPost::with);
        let lab = &lab;
        async move {
            let answer = lab.simulator.post_event(bent).await.expect("an answer");
            assert_eq!(answer.status, 200);
            let seen = lab.provider.seen("/v1/consents/events");
            seen.last().cloned().expect("an event")
        }
    };
    let verifies = |seen: &crate::provider::Seen, key: &str| {
        payload(seen.header("x-fapi-signature"), key, Some(&seen.body)).is_some()
    };
    assert!(verifies(&post(vec![]).await, "paynet-signing"));
    let other = post(vec![EventTweak::SignedBy("rogue-signing".to_owned())]).await;
    assert!(verifies(&other, "rogue-signing") && !verifies(&other, "paynet-signing"));
    for tweak in [
        EventTweak::TamperedBody,
        EventTweak::TamperedSignature,
        EventTweak::Unsigned,
        EventTweak::Algorithm(ForgedAlgorithm::Rs256),
        EventTweak::Algorithm(ForgedAlgorithm::None),
        EventTweak::Kid("nobody".to_owned()),
    ] {
        let seen = post(vec![tweak.clone()]).await;
        assert!(!verifies(&seen, "paynet-signing"), "{tweak:?}");
    }
    let field = EventTweak::Field("/data/dp_id".to_owned(), json!("bank-lain"));
    let seen = post(vec![field]).await;
    assert_eq!(seen.json()["data"]["dp_id"], "bank-lain");
    assert!(verifies(&seen, "paynet-signing"));
    let seen = post(vec![EventTweak::Jwt]).await;
    assert_eq!(seen.header("content-type"), "application/jwt");
    let body = String::from_utf8(seen.body.to_vec()).expect("text");
    let event = payload(&body, "paynet-signing", None).expect("a signed event");
    let event: Value = serde_json::from_slice(&event).expect("JSON");
    assert_eq!(event["data"]["consent_id"], consent_id);
}

#[tokio::test]
async fn a_data_call_arrives_as_paynet_forwards_it_and_its_answer_is_opened() {
    let lab = Lab::start().await;
    let consent_id = lab.consent().await.consent_id;
    let call = DataCall::balances(&consent_id, "acc-1").query("page_size", "10");
    let answer = lab.simulator.data_call(call).await.expect("an answer");
    assert_eq!(answer.problem, None);
    assert_eq!(answer.data()["current_balance"]["amount"], "12345.60");
    let seen = lab.provider.seen("/v1/accounts/acc-1/balances").pop();
    let seen = seen.expect("a call");
    assert_eq!(seen.query, format!("page_size=10&consent_id={consent_id}"));
    let claims = payload(seen.header("x-signature"), "dc-signing", None);
    let claims: Value = serde_json::from_slice(&claims.expect("signed")).expect("JSON");
    assert_eq!(claims["iss"], "kira-budget");
    assert_eq!(claims["sub"], consent_id);
    assert_eq!(claims["aud"], json!(["bank-contoh", "Paynet OFP"]));
    assert_eq!(claims["qpm"], json!({"page_size": "10"}));
    assert_eq!(claims["jti"], seen.header("x-fapi-interaction-id"));
    let hop = seen.header("x-fapi-signature");
    assert!(payload(hop, "paynet-signing", Some(consent_id.as_bytes())).is_some());
}

#[tokio::test]
async fn a_data_call_without_certificate_does_not_arrive() {
    let lab = Lab::start().await;
    let consent_id = lab.consent().await.consent_id;
    for certificate in [None, Some("rogue-client".to_owned())] {
        let call = DataCall::balances(&consent_id, "acc-1")
            .with(DataTweak::ClientCertificate(certificate));
        assert!(lab.simulator.data_call(call).await.is_err());
    }
    assert!(lab.provider.seen("/v1/accounts/acc-1/balances").is_empty());
}

#[tokio::test]
async fn health_and_userinfo_reach_the_provider() {
    let lab = Lab::start().await;
    let consent_id = lab.consent().await.consent_id;
    assert_eq!(lab.simulator.health("bank-contoh").await.ok(), Some(200));
    let userinfo = lab.simulator.userinfo(&consent_id).await;
    assert_eq!(userinfo.expect("claims")["sub"], "c-1");
    let seen = lab.provider.seen("/v1/oauth/userinfo").pop();
    let signature = seen.expect("a call").header("x-fapi-signature").to_owned();
    assert!(payload(&signature, "paynet-signing", Some(consent_id.as_bytes())).is_some());
}

#[tokio::test]
async fn a_data_call_can_be_bent_in_every_way() {
    let lab = Lab::start().await;
    let consent_id = lab.consent().await.consent_id;
    let send = |tweak: DataTweak| {
        let call = DataCall::balances(&consent_id, "acc-1").with(tweak);
        let lab = &lab;
        async move {
            lab.simulator.data_call(call).await.expect("an answer");
            let seen = lab.provider.seen("/v1/accounts/acc-1/balances");
            seen.last().cloned().expect("a call")
        }
    };
    let signed = |seen: &crate::provider::Seen| {
        payload(seen.header("x-signature"), "dc-signing", None)
            .and_then(|claims| serde_json::from_slice::<Value>(&claims).ok())
    };
    for tweak in [
        DataTweak::Algorithm(ForgedAlgorithm::Rs256),
        DataTweak::Algorithm(ForgedAlgorithm::None),
        DataTweak::Algorithm(ForgedAlgorithm::Hs256),
        DataTweak::Kid("nobody".to_owned()),
        DataTweak::SignedBy("dc2-signing".to_owned()),
        DataTweak::TamperedPayload,
        DataTweak::TamperedSignature,
        DataTweak::WithoutSignature,
        DataTweak::ProtectedHeader("crit".to_owned(), json!(["exp"])),
    ] {
        assert_eq!(signed(&send(tweak.clone()).await), None, "{tweak:?}");
    }
    let claims = signed(&send(DataTweak::Claim("qpm".to_owned(), Value::Null)).await);
    assert!(claims.expect("signed").get("qpm").is_none());
    let claims = signed(&send(DataTweak::Jti("once".to_owned())).await);
    assert_eq!(claims.expect("signed")["jti"], "once");
    let seen = send(DataTweak::UnsignedQuery(
        "from_date".to_owned(),
        "x".to_owned(),
    ))
    .await;
    assert!(seen.query.contains("from_date=x"));
    assert_eq!(signed(&seen).expect("signed")["qpm"], json!({}));
    let seen = send(DataTweak::ConsentParameter(None)).await;
    assert_eq!(seen.query, "");
    let seen = send(DataTweak::WithoutHopSignature).await;
    assert_eq!(seen.header("x-fapi-signature"), "");
}

#[tokio::test]
async fn stopping_closes_the_door() {
    let options = SimulatorOptions::new(PKI.clone());
    let simulator = Simulator::start(options).await.expect("a start");
    let url = simulator.urls().consumer.clone();
    assert!(reqwest::get(&url).await.is_ok());
    simulator.stop().await;
    assert!(reqwest::get(&url).await.is_err());
}

#[tokio::test]
async fn only_loopback_addresses_are_taken() {
    let mut options = SimulatorOptions::new(PKI.clone());
    options.pages = ([0, 0, 0, 0], 0).into();
    let refused = Simulator::start(options)
        .await
        .expect_err("a public address");
    assert!(refused.to_string().contains("loopback"), "{refused}");
}

#[tokio::test]
async fn an_additional_certificate_can_be_published_and_signs() {
    let lab = Lab::start().await;
    let successor = Leaf::trusted("paynet-signing-2", "PayNet simulator", Usage::Signing);
    PKI.issue(&successor).expect("a certificate");
    lab.simulator
        .publish_paynet_keys(&["paynet-signing", "paynet-signing-2"])
        .expect("keys");
    let issuer = &lab.simulator.urls().authorization_server;
    let url = format!("{issuer}/v1/oauth/jwks/paynet");
    let published = lab.simulator.request(Method::GET, url).send().await;
    let published = JwkSet::parse(&published.expect("an answer").body).expect("a set");
    let token = lab
        .simulator
        .sign(&Signing::by("paynet-signing-2"), b"payload");
    let token = token.expect("a token");
    let jws = UnverifiedJws::parse(&token).expect("a token");
    let kid = jws.header().kid.clone().expect("a kid");
    let key = published
        .verifying_key(&kid, Algorithm::Ps256)
        .expect("published");
    assert!(jws.verify(key, &POLICY).is_ok());
}
