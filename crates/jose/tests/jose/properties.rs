//! Rules that hold for every message, tried on messages that nobody chose.

use izin_jose::{
    Algorithm, HeaderFields, Jwk, JwkSet, KeyUse, UnverifiedJws, base64url, sign, sign_detached,
};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::json;
use tokio::runtime::Runtime;

use crate::parties::{BANK, CONSUMER, POLICY};
use crate::verifier::refusal;

/// The same cases in every run, and as many as take a second or two in all.
fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        rng_seed: RngSeed::Fixed(0x0fe1_5a11),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn payload() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 1..2000)
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("runtime")
}

/// With one byte replaced by another one.
fn changed(token: &str, position: prop::sample::Index, by: u8) -> Vec<u8> {
    let mut bytes = token.as_bytes().to_vec();
    let position = position.index(bytes.len());
    bytes[position] ^= by;
    bytes
}

proptest! {
    #![proptest_config(cases(40))]

    #[test]
    fn what_is_signed_is_verified(payload in payload(), iat in 0_u32.., typ in "[ -~]{0,40}") {
        let fields = HeaderFields {
            typ: Some(typ.clone()),
            cty: None,
            extra: [("iat".to_owned(), json!(iat))].into_iter().collect(),
        };
        let token = runtime().block_on(sign(&BANK.signer(), &fields, &payload)).expect("token");
        let jws = UnverifiedJws::parse(&token).expect("readable");
        let jwk = BANK.jwk(KeyUse::Signature);
        let key = jwk.verifying_key(Algorithm::Ps256).expect("key");
        let verified = jws.verify(key, &POLICY).expect("verified");
        prop_assert_eq!(verified.payload(), payload.as_slice());
        prop_assert_eq!(verified.header().iat, Some(f64::from(iat)));
        prop_assert_eq!(verified.header().typ.as_deref(), Some(typ.as_str()));
    }

    #[test]
    fn a_detached_signature_is_of_its_payload(payload in payload(), at: prop::sample::Index, by in 1_u8.., encoded: bool) {
        let mut fields = HeaderFields::default();
        if !encoded {
            fields.extra.insert("b64".to_owned(), json!(false));
            fields.extra.insert("crit".to_owned(), json!(["b64"]));
        }
        let token = runtime().block_on(sign_detached(&BANK.signer(), &fields, &payload)).expect("token");
        let jws = UnverifiedJws::parse(&token).expect("readable");
        let jwk = BANK.jwk(KeyUse::Signature);
        let key = jwk.verifying_key(Algorithm::Ps256).expect("key");
        prop_assert!(jws.verify_detached(&payload, key, &POLICY).is_ok());
        let mut other = payload;
        let at = at.index(other.len());
        other[at] ^= by;
        prop_assert!(jws.verify_detached(&other, key, &POLICY).is_err());
    }
}

proptest! {
    #![proptest_config(cases(100))]

    #[test]
    fn what_is_encrypted_is_decrypted(plaintext in prop::collection::vec(any::<u8>(), 0..5000), cty in prop::option::of("[ -~]{0,20}")) {
        let jwk = BANK.jwk(KeyUse::Encryption);
        let token = jwk.encryption_key().expect("key").encrypt(cty.as_deref(), &plaintext).expect("token");
        prop_assert_eq!(BANK.decryption_key().decrypt(&token), Ok(plaintext));
    }
}

proptest! {
    #![proptest_config(cases(1000))]

    /// Any byte, anywhere, by any other: unlike `tampering`, not only letters that stay readable.
    #[test]
    fn a_changed_token_is_refused(at: prop::sample::Index, by in 1_u8..) {
        static TOKEN: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
            let fields = HeaderFields { typ: Some("JWT".to_owned()), ..HeaderFields::default() };
            runtime().block_on(sign(&BANK.signer(), &fields, b"{\"sub\":\"C-1\"}")).expect("token")
        });
        prop_assert!(refusal(&TOKEN).is_none());
        if let Ok(text) = std::str::from_utf8(&changed(&TOKEN, at, by)) {
            prop_assert!(refusal(text).is_some(), "{}", text);
        }
    }

    #[test]
    fn a_changed_ciphertext_is_refused(at: prop::sample::Index, by in 1_u8..) {
        static TOKEN: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
            let jwk = BANK.jwk(KeyUse::Encryption);
            jwk.encryption_key().expect("key").encrypt(Some("JWT"), b"{\"sub\":\"C-1\"}").expect("token")
        });
        static KEY: std::sync::LazyLock<izin_jose::DecryptionKey> = std::sync::LazyLock::new(|| BANK.decryption_key());
        prop_assert!(KEY.decrypt(&TOKEN).is_ok());
        if let Ok(text) = std::str::from_utf8(&changed(&TOKEN, at, by)) {
            prop_assert!(KEY.decrypt(text).is_err(), "{}", text);
        }
    }

    /// No change of a published point is read as another one.
    #[test]
    fn a_changed_key_is_refused_or_the_same(at: prop::sample::Index, by in 1_u8..) {
        let original = CONSUMER.jwk(KeyUse::Signature);
        let text = serde_json::to_string(&original).expect("JSON");
        if let Ok(key) = Jwk::parse(&changed(&text, at, by)) {
            // An elliptic-curve point with one changed coordinate is off the curve, so the key itself is the same.
            prop_assert_eq!(key.thumbprint(), original.thumbprint());
        }
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        drop(Jwk::parse(&bytes));
        drop(Jwk::thumbprint_of(&bytes));
        drop(JwkSet::parse(&bytes));
        drop(Jwk::from_certificate_der(&bytes, KeyUse::Signature));
        drop(Jwk::from_certificate_pem(&bytes, KeyUse::Encryption));
        let text = String::from_utf8_lossy(&bytes);
        prop_assert!(refusal(&text).is_some());
    }

    /// Dots, braces and base64url where they belong, and anything between.
    #[test]
    fn no_text_of_the_right_shape_makes_a_reader_panic(
        header in r#"\{("[a-z0-9]{1,4}":("[ -~]{0,5}"|-?[0-9]{1,25}|null|\[[0-9,"]{0,5}\]),?){0,5}\}"#,
        rest in "(\\.[A-Za-z0-9_-]{0,12}){1,5}",
    ) {
        let text = format!("{}{rest}", base64url::encode(header.as_bytes()));
        prop_assert!(refusal(&text).is_some());
        prop_assert!(BANK.decryption_key().decrypt(&text).is_err());
    }

    #[test]
    fn base64url_has_one_spelling(text in "[A-Za-z0-9_=+/-]{0,12}") {
        if let Ok(bytes) = base64url::decode(&text) {
            prop_assert_eq!(base64url::encode(&bytes), text);
        }
    }
}
