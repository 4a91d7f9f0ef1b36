//! Ciphertexts that were changed, or that are for others or of another kind.

use izin_jose::base64url::encode;
use izin_jose::{DecryptError, DecryptionKey, KeyUse};
use openssl::encrypt::Encrypter;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::rsa::{Padding, Rsa};
use serde_json::{Value, json};

use crate::parties::{BANK, STRANGER};
use crate::verifier::{PAYLOAD, altered};

#[test]
fn changing_any_character_of_a_ciphertext_is_noticed() {
    let jwk = BANK.jwk(KeyUse::Encryption);
    let key = jwk.encryption_key().expect("key");
    let token = key.encrypt(Some("JWT"), PAYLOAD).expect("token");
    let key = BANK.decryption_key();
    assert_eq!(key.decrypt(&token).as_deref(), Ok(PAYLOAD));
    for position in 0..token.len() {
        assert!(
            key.decrypt(&altered(&token, position)).is_err(),
            "at {position}"
        );
    }
}

#[test]
fn ciphertexts_for_others_or_of_another_kind_are_refused() {
    let jwk = BANK.jwk(KeyUse::Encryption);
    let token = jwk
        .encryption_key()
        .expect("key")
        .encrypt(None, PAYLOAD)
        .expect("token");
    let others = STRANGER.decryption_key().decrypt(&token);
    assert_eq!(others, Err(DecryptError::KeyIdMismatch));

    let key = BANK.decryption_key();
    let (_, rest) = token.split_once('.').expect("parts");
    let with =
        |header: Value| key.decrypt(&format!("{}.{rest}", encode(header.to_string().as_bytes())));
    let good = json!({"alg": "RSA-OAEP-256", "enc": "A256GCM"});
    // The header is authenticated, so even a harmless change is noticed.
    assert_eq!(with(good.clone()), Err(DecryptError::Failed));
    for (alg, enc) in [
        ("RSA-OAEP", "A256GCM"),
        ("RSA1_5", "A256GCM"),
        ("dir", "A256GCM"),
        ("RSA-OAEP-256", "A128GCM"),
        ("RSA-OAEP-256", "A256CBC-HS512"),
    ] {
        let refused = with(json!({"alg": alg, "enc": enc}));
        assert_eq!(
            refused,
            Err(DecryptError::AlgorithmNotAllowed),
            "{alg} {enc}"
        );
    }
    for (name, value) in [("zip", json!("DEF")), ("crit", json!(["exp"]))] {
        let mut header = good.clone();
        header["exp"] = 1.into();
        header[name] = value;
        assert_eq!(with(header), Err(DecryptError::Unsupported), "{name}");
    }
    for malformed in ["", "....", "a.b.c.d.e", &format!("{token}.x"), &token[1..]] {
        assert_eq!(
            key.decrypt(malformed),
            Err(DecryptError::Malformed),
            "{malformed}"
        );
    }
    let enormous = "A".repeat(DecryptionKey::MAX_BYTES + 1);
    assert_eq!(key.decrypt(&enormous), Err(DecryptError::TooLarge));
}

/// Anyone can encrypt a content key of the wrong length for us.
#[test]
fn content_keys_of_another_length_are_refused() {
    let public = BANK.key.rsa().expect("RSA");
    let public = Rsa::from_public_components(
        public.n().to_owned().expect("n"),
        public.e().to_owned().expect("e"),
    );
    let public = PKey::from_rsa(public.expect("RSA")).expect("key");
    for length in [0, 16, 31, 33, 64] {
        let mut oaep = Encrypter::new(&public).expect("encrypter");
        oaep.set_rsa_padding(Padding::PKCS1_OAEP).expect("OAEP");
        oaep.set_rsa_oaep_md(MessageDigest::sha256())
            .expect("SHA-256");
        oaep.set_rsa_mgf1_md(MessageDigest::sha256())
            .expect("SHA-256");
        let mut encrypted = vec![0; 256];
        let content_key = vec![7; length];
        let written = oaep.encrypt(&content_key, &mut encrypted);
        assert_eq!(written.expect("encrypted"), 256);

        let header = encode(br#"{"alg":"RSA-OAEP-256","enc":"A256GCM"}"#);
        let [nonce, tag] = [encode(&[0; 12]), encode(&[0; 16])];
        let token = format!("{header}.{}.{nonce}.AAAA.{tag}", encode(&encrypted));
        let refused = BANK.decryption_key().decrypt(&token);
        assert_eq!(refused, Err(DecryptError::Failed), "{length} bytes");
    }
}
