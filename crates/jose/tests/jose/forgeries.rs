//! Tokens that try to choose their own algorithm, key or rules.

use izin_jose::base64url::encode;
use izin_jose::{
    Algorithm, HeaderFields, JwsError, KeyUse, UnverifiedJws, VerificationPolicy, sign,
    sign_detached,
};
use josekit::jws::{HS256, JwsHeader, RS256};
use serde_json::json;

use crate::parties::{BANK, CONSUMER, POLICY, STRANGER};
use crate::verifier::{PAYLOAD, forged, forged_text, genuine, reason, refusal, refusal_under};

#[test]
fn the_token_does_not_choose_the_algorithm() {
    let kid = BANK.key_id();
    for alg in [
        "none", "None", "", "HS256", "RS256", "PS384", "PS512", "ES256", "ps256",
    ] {
        let token = forged(&json!({"alg": alg, "kid": kid}));
        let expected = JwsError::AlgorithmNotAllowed(alg.to_owned());
        assert_eq!(refusal(&token), Some(expected));
    }
    let unsigned = format!("{}.{}.", encode(br#"{"alg":"none"}"#), encode(PAYLOAD));
    assert_eq!(reason(&unsigned), Some("jws.algorithm_not_allowed"));
}

/// The classic: the public key, which everybody has, used as an HMAC secret.
#[test]
fn public_key_as_hmac_secret_is_refused() {
    let secret = BANK.key.public_key_to_pem().expect("PEM");
    let signer = HS256.signer_from_bytes(secret).expect("signer");
    let mut header = JwsHeader::new();
    header.set_key_id(BANK.key_id().as_str());
    let token = josekit::jws::serialize_compact(PAYLOAD, &header, &signer).expect("token");
    assert_eq!(reason(&token), Some("jws.algorithm_not_allowed"));
}

/// The right key with the wrong padding, under its own name and under a false one.
#[test]
fn pkcs1_signature_is_not_pss() {
    let signer = RS256.signer_from_pem(BANK.key_pem()).expect("signer");
    let mut header = JwsHeader::new();
    header.set_key_id(BANK.key_id().as_str());
    let token = josekit::jws::serialize_compact(PAYLOAD, &header, &signer).expect("token");
    assert_eq!(reason(&token), Some("jws.algorithm_not_allowed"));

    let (_, signature) = token.rsplit_once('.').expect("parts");
    let header = json!({"alg": "PS256", "kid": BANK.key_id()}).to_string();
    let renamed = format!(
        "{}.{}.{signature}",
        encode(header.as_bytes()),
        encode(PAYLOAD)
    );
    assert_eq!(refusal(&renamed), Some(JwsError::SignatureMismatch));
}

#[tokio::test]
async fn policy_decides_which_algorithms_count() {
    let only_ec = VerificationPolicy {
        algorithms: &[Algorithm::Es384],
        ..POLICY
    };
    let refused = refusal_under(&genuine().await, &only_ec);
    assert_eq!(
        refused.map(|error| error.reason()),
        Some("jws.algorithm_not_allowed")
    );
}

#[tokio::test]
async fn a_key_of_another_algorithm_is_not_tried() {
    let token = genuine().await;
    let jwk = CONSUMER.jwk(KeyUse::Signature);
    let key = jwk.verifying_key(Algorithm::Es384).expect("key");
    let jws = UnverifiedJws::parse(&token).expect("readable");
    let refused = jws.verify(key, &POLICY).err();
    assert_eq!(
        refused,
        Some(JwsError::AlgorithmNotAllowed("PS256".to_owned()))
    );
}

#[tokio::test]
async fn kid_must_name_the_key() {
    let others = sign(&STRANGER.signer(), &HeaderFields::default(), PAYLOAD).await;
    assert_eq!(
        refusal(&others.expect("token")),
        Some(JwsError::KeyIdMismatch)
    );
    let nameless = forged(&json!({"alg": "PS256"}));
    assert_eq!(refusal(&nameless), Some(JwsError::KeyIdMissing));
    let borrowed = forged(&json!({"alg": "PS256", "kid": BANK.key_id()}));
    assert_eq!(refusal(&borrowed), Some(JwsError::SignatureMismatch));
}

/// A key that travels in the header is not looked at, even if the signature is by that key.
#[test]
fn keys_in_the_header_are_not_used() {
    let signer = STRANGER.josekit_signer();
    let mut header = JwsHeader::new();
    header.set_key_id(BANK.key_id().as_str());
    header.set_jwk(STRANGER.josekit_jwk(KeyUse::Signature));
    header.set_jwk_set_url("https://attacker.example/jwks");
    header.set_x509_certificate_chain(&vec![STRANGER.certificate_der()]);
    let token = josekit::jws::serialize_compact(PAYLOAD, &header, &signer).expect("token");
    assert_eq!(refusal(&token), Some(JwsError::SignatureMismatch));
}

#[tokio::test]
async fn critical_members_must_be_known() {
    let fields = |name: &str| HeaderFields {
        extra: [
            (name.to_owned(), json!(1)),
            ("crit".to_owned(), json!([name])),
        ]
        .into_iter()
        .collect(),
        ..HeaderFields::default()
    };
    let known = sign(&BANK.signer(), &fields("iat"), PAYLOAD)
        .await
        .expect("token");
    assert_eq!(refusal(&known), None);
    let unknown = sign(&BANK.signer(), &fields("exp"), PAYLOAD)
        .await
        .expect("token");
    assert_eq!(
        refusal(&unknown),
        Some(JwsError::UnknownCritical("exp".to_owned()))
    );

    for (crit, b64) in [
        (json!([]), None),
        (json!(["x"]), None),
        (json!(["iat"]), Some(false)),
    ] {
        let mut header = json!({"alg": "PS256", "kid": BANK.key_id(), "crit": crit, "iat": 1});
        if let Some(b64) = b64 {
            header["b64"] = b64.into();
        }
        assert_eq!(
            reason(&forged(&header)),
            Some("jws.invalid_critical"),
            "{header}"
        );
    }
}

/// `b64` is processed by this crate, but a caller that does not expect it can keep it out.
#[tokio::test]
async fn unencoded_payloads_need_the_policys_consent() {
    let fields = HeaderFields {
        extra: [
            ("b64".to_owned(), json!(false)),
            ("crit".to_owned(), json!(["b64"])),
        ]
        .into_iter()
        .collect(),
        ..HeaderFields::default()
    };
    let token = sign_detached(&BANK.signer(), &fields, PAYLOAD)
        .await
        .expect("token");
    let jws = UnverifiedJws::parse(&token).expect("readable");
    let jwk = BANK.jwk(KeyUse::Signature);
    let key = jwk.verifying_key(Algorithm::Ps256).expect("key");
    assert!(jws.verify_detached(PAYLOAD, key, &POLICY).is_ok());
    let strict = VerificationPolicy {
        known_critical: &[],
        ..POLICY
    };
    let refused = jws.verify_detached(PAYLOAD, key, &strict).err();
    assert_eq!(refused, Some(JwsError::UnknownCritical("b64".to_owned())));
}

#[test]
fn repeated_header_members_are_refused() {
    let kid = BANK.key_id();
    for header in [
        format!(r#"{{"alg":"PS256","kid":"{kid}","kid":"x"}}"#),
        format!(r#"{{"alg":"none","alg":"PS256","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"PS256","kid":"{kid}","x":[{{"a":1,"a":1}}]}}"#),
    ] {
        assert_eq!(
            reason(&forged_text(&header)),
            Some("jws.repeated_member"),
            "{header}"
        );
    }
}
