//! What must hold for any bytes whatever. Shared by cargo-fuzz and by the tests, which run the corpus and changes of it.

use std::sync::LazyLock;

use izin_jose::{
    Algorithm, DecryptionKey, Jwk, JwkError, JwkSet, KeyId, KeyUse, UnverifiedJws,
    VerificationPolicy,
};
use serde_json::Value;

/// RFC 7520 §3.1; the corpus has the token of §4.3, which is signed with it.
static KEYS: LazyLock<JwkSet> = LazyLock::new(|| {
    JwkSet::parse(
        br#"{"keys":[{
        "kty": "EC", "kid": "bilbo.baggins@hobbiton.example", "use": "sig", "crv": "P-521",
        "x": "AHKZLLOsCOzz5cY97ewNUajB957y-C-U88c3v13nmGZx6sYl_oJXu9A5RkTKqjqvjyekWF-7ytDyRXYgCF5cj0Kt",
        "y": "AdymlHvOiLxXkEhayXQnNCvDX4h9htZaCJN34kfmC6pV5OhQHiraVySsUdaQkAgDPrwQrJmbnX9cwlGfP-HqHZR1"
        }]}"#,
    )
    .expect("set")
});

/// The payload of §4.3.
const PAYLOAD: &str = "It’s a dangerous business, Frodo, going out your door. You step onto the road, and if you don't keep your feet, there’s no knowing where you might be swept off to.";

const POLICY: VerificationPolicy<'static> = VerificationPolicy {
    algorithms: &Algorithm::ALL,
    known_critical: &["b64", "iat", "iss", "jti"],
    max_bytes: 64 * 1024,
};

/// No token is verified but the one with the payload that was signed.
pub fn jws(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(jws) = UnverifiedJws::parse(text) else {
        return;
    };
    assert_eq!(text.matches('.').count(), 2);
    for key in KEYS.keys() {
        let key = key.verifying_key(Algorithm::Es512).expect("key");
        if let Ok(verified) = jws.verify(key, &POLICY) {
            assert_eq!(verified.payload(), PAYLOAD.as_bytes());
            assert_eq!(verified.header(), jws.header());
        }
        if let Ok(verified) = jws.verify_detached(PAYLOAD.as_bytes(), key, &POLICY) {
            assert!(jws.is_detached());
            assert_eq!(verified.payload(), PAYLOAD.as_bytes());
        }
    }
}

/// Nothing that was encrypted to others is decrypted.
pub fn jwe(key: &DecryptionKey, data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        assert!(key.decrypt(text).is_err());
    }
}

/// What is read is published as the same key, and without anything private.
pub fn jwk(data: &[u8]) {
    let Ok(key) = Jwk::parse(data) else {
        return;
    };
    assert_eq!(Jwk::thumbprint_of(data).as_ref(), Ok(&key.thumbprint()));
    let published = serde_json::to_value(&key).expect("JSON");
    assert_public(&published);
    let again = Jwk::parse(published.to_string().as_bytes()).expect("key");
    assert_eq!(serde_json::to_value(&again).ok(), Some(published));
}

/// A set keeps what is usable, lists the rest, and is published as it was understood.
pub fn jwk_set(data: &[u8]) {
    let Ok(set) = JwkSet::parse(data) else {
        return;
    };
    assert!(set.keys().len() + set.skipped().len() <= JwkSet::MAX_KEYS);
    let published = serde_json::to_value(&set).expect("JSON");
    for key in published["keys"].as_array().expect("keys") {
        assert_public(key);
    }
    let again = JwkSet::parse(published.to_string().as_bytes()).expect("set");
    assert!(again.skipped().is_empty());
    assert_eq!(serde_json::to_value(&again).ok(), Some(published));
}

/// The thumbprint of what was read as a certificate is over exactly those bytes.
pub fn certificate(data: &[u8]) {
    for key_use in [KeyUse::Signature, KeyUse::Encryption] {
        match Jwk::from_certificate_der(data, key_use) {
            Ok(key) => assert_eq!(key.key_id(), &KeyId::of_certificate(data)),
            Err(error) => assert_ne!(error, JwkError::Private),
        }
    }
    drop(Jwk::from_certificate_pem(data, KeyUse::Signature));
}

fn assert_public(key: &Value) {
    for name in ["d", "dp", "dq", "k", "oth", "p", "q", "qi"] {
        assert!(key.get(name).is_none(), "{name}");
    }
}
