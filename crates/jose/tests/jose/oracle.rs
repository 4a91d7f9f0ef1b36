//! Both directions against josekit: what it makes we accept, what we make it accepts.

use izin_jose::{Algorithm, HeaderFields, KeyUse, UnverifiedJws, sign, sign_detached};
use josekit::jwe::{JweHeader, RSA_OAEP_256};
use josekit::jws::{ES384, JwsHeader, PS256};

use crate::parties::{BANK, CONSUMER, POLICY};

const PAYLOAD: &[u8] = br#"{"data":{"amount":"12.50"}}"#;

fn header(kid: &str) -> JwsHeader {
    let mut header = JwsHeader::new();
    header.set_key_id(kid);
    header
}

/// Header of a josekit token whose payload is signed as it is.
fn unencoded_header(kid: &str) -> JwsHeader {
    let mut header = header(kid);
    header.set_critical(&vec!["b64"]);
    header.set_base64url_encode_payload(false);
    header
}

fn josekit_ps256(header: &JwsHeader, payload: &[u8]) -> String {
    let signer = BANK.josekit_signer();
    josekit::jws::serialize_compact(payload, header, &signer).expect("token")
}

fn without_payload(compact: &str) -> String {
    let (header, _) = compact.split_once('.').expect("header");
    let (_, signature) = compact.rsplit_once('.').expect("signature");
    format!("{header}..{signature}")
}

#[test]
fn we_verify_ps256() {
    let token = josekit_ps256(&header(BANK.key_id().as_str()), PAYLOAD);
    let jwk = BANK.jwk(KeyUse::Signature);
    let key = jwk.verifying_key(Algorithm::Ps256).expect("key");

    let jws = UnverifiedJws::parse(&token).expect("readable");
    assert_eq!(jws.unverified_payload(), PAYLOAD);
    let verified = jws.verify(key, &POLICY).expect("verified");
    assert_eq!(verified.payload(), PAYLOAD);
    assert_eq!(verified.key_id(), &BANK.key_id());
    assert_eq!(verified.algorithm(), Algorithm::Ps256);

    let detached = without_payload(&token);
    let jws = UnverifiedJws::parse(&detached).expect("readable");
    assert!(jws.verify_detached(PAYLOAD, key, &POLICY).is_ok());
}

#[test]
fn we_verify_unencoded_payloads() {
    let jwk = BANK.jwk(KeyUse::Signature);
    let key = jwk.verifying_key(Algorithm::Ps256).expect("key");
    let header = unencoded_header(BANK.key_id().as_str());

    let token = josekit_ps256(&header, b"CONSENT-1");
    assert!(token.contains(".CONSENT-1."));
    let jws = UnverifiedJws::parse(&token).expect("readable");
    let verified = jws.verify(key, &POLICY).expect("verified");
    assert_eq!(verified.payload(), b"CONSENT-1");

    let detached = without_payload(&token);
    let jws = UnverifiedJws::parse(&detached).expect("readable");
    assert!(jws.verify_detached(b"CONSENT-1", key, &POLICY).is_ok());
    assert!(jws.verify_detached(b"CONSENT-2", key, &POLICY).is_err());
}

#[test]
fn we_verify_es384() {
    let signer = ES384.signer_from_pem(CONSUMER.key_pem()).expect("signer");
    let header = header(CONSUMER.key_id().as_str());
    let token = josekit::jws::serialize_compact(PAYLOAD, &header, &signer).expect("token");

    let jwk = CONSUMER.jwk(KeyUse::Signature);
    let key = jwk.verifying_key(Algorithm::Es384).expect("key");
    let jws = UnverifiedJws::parse(&token).expect("readable");
    let verified = jws.verify(key, &POLICY).expect("verified");
    assert_eq!(verified.into_payload(), PAYLOAD);
}

#[tokio::test]
async fn josekit_verifies_ours() {
    let fields = HeaderFields {
        typ: Some("JOSE".to_owned()),
        ..HeaderFields::default()
    };
    let token = sign(&BANK.signer(), &fields, PAYLOAD).await.expect("token");

    let jwk = BANK.josekit_jwk(KeyUse::Signature);
    let verifier = PS256.verifier_from_jwk(&jwk).expect("verifier");
    let (payload, header) = josekit::jws::deserialize_compact(&token, &verifier).expect("verified");
    assert_eq!(payload, PAYLOAD);
    assert_eq!(header.key_id(), Some(BANK.key_id().as_str()));
    assert_eq!(header.token_type(), Some("JOSE"));
}

#[tokio::test]
async fn josekit_verifies_our_detached_signature() {
    let token = sign_detached(&BANK.signer(), &HeaderFields::default(), PAYLOAD).await;
    let token = token.expect("token");
    let encoded = format!(".{}.", izin_jose::base64url::encode(PAYLOAD));
    let attached = token.replacen("..", &encoded, 1);

    let jwk = BANK.josekit_jwk(KeyUse::Signature);
    let verifier = PS256.verifier_from_jwk(&jwk).expect("verifier");
    assert!(josekit::jws::deserialize_compact(&attached, &verifier).is_ok());
}

#[test]
fn josekit_reads_our_ec_key() {
    let jwk = CONSUMER.josekit_jwk(KeyUse::Signature);
    assert!(ES384.verifier_from_jwk(&jwk).is_ok());
}

#[test]
fn we_decrypt_josekit() {
    let jwk = BANK.josekit_jwk(KeyUse::Encryption);
    let encrypter = RSA_OAEP_256.encrypter_from_jwk(&jwk).expect("encrypter");
    let mut header = JweHeader::new();
    header.set_content_encryption("A256GCM");
    header.set_key_id(BANK.key_id().as_str());
    let token = josekit::jwe::serialize_compact(PAYLOAD, &header, &encrypter).expect("token");

    let plaintext = BANK.decryption_key().decrypt(&token);
    assert_eq!(plaintext.as_deref(), Ok(PAYLOAD));
}

#[test]
fn josekit_decrypts_ours() {
    let jwk = BANK.jwk(KeyUse::Encryption);
    let key = jwk.encryption_key().expect("key");
    for (cty, plaintext) in [(Some("JWT"), PAYLOAD), (None, b"".as_slice())] {
        let token = key.encrypt(cty, plaintext).expect("token");
        let decrypter = RSA_OAEP_256.decrypter_from_pem(BANK.key_pem());
        let decrypter = decrypter.expect("decrypter");
        let (found, header) =
            josekit::jwe::deserialize_compact(&token, &decrypter).expect("decrypted");
        assert_eq!(found, plaintext);
        assert_eq!(header.key_id(), Some(BANK.key_id().as_str()));
        assert_eq!(header.content_type(), cty);
        assert_eq!(header.algorithm(), Some("RSA-OAEP-256"));
        assert_eq!(header.content_encryption(), Some("A256GCM"));
    }
}

#[test]
fn every_message_has_its_own_key_and_nonce() {
    let jwk = BANK.jwk(KeyUse::Encryption);
    let key = jwk.encryption_key().expect("key");
    let first = key.encrypt(None, PAYLOAD).expect("token");
    let second = key.encrypt(None, PAYLOAD).expect("token");
    let differs = |part: usize| first.split('.').nth(part) != second.split('.').nth(part);
    assert!((1..=4).all(differs));
}
