//! Headers in every shape but the right one.

use izin_jose::base64url::encode;
use izin_jose::{DecryptError, JwsError, KeyUse};
use serde_json::{Value, json};

use crate::parties::{BANK, CONSUMER, Party};
use crate::verifier::{PAYLOAD, forged, forged_text, genuine, reason};

#[test]
fn bytes_that_are_not_one_json_object() {
    let kid = BANK.key_id();
    for header in [
        format!("\u{feff}{{\"alg\":\"PS256\",\"kid\":\"{kid}\"}}"),
        format!("{{\"alg\":\"PS256\",\"kid\":\"{kid}\"}}{{}}"),
        format!("{{\"alg\":\"PS256\",\"kid\":\"{kid}\"}}\0"),
        format!("{{\"alg\":\"PS256\",\"kid\":\"{kid}\",}}"),
        format!("{{'alg':'PS256','kid':'{kid}'}}"),
        format!("{{\"alg\":\"PS256\",\"kid\":\"{kid}\",\"x\":\"\\ud800\"}}"),
        format!("{{\"alg\":\"PS256\",\"kid\":\"{kid}\",\"iat\":1e999}}"),
        format!("{{\"alg\":\"PS256\",\"kid\":\"{kid}\",\"iat\":NaN}}"),
        format!(
            "{{\"alg\":\"PS256\",\"kid\":\"{kid}\",\"x\":{}1{}}}",
            "[".repeat(200),
            "]".repeat(200)
        ),
        format!("[{{\"alg\":\"PS256\",\"kid\":\"{kid}\"}}]"),
        "\"PS256\"".to_owned(),
    ] {
        assert_eq!(
            reason(&forged_text(&header)),
            Some("jws.malformed"),
            "{header}"
        );
    }
    let mut bytes = format!("{{\"alg\":\"PS256\",\"kid\":\"{kid}\",\"x\":\"?\"}}").into_bytes();
    let position = bytes.len() - 3;
    bytes[position] = 0xff;
    let token = format!(
        "{}.{}.{}",
        encode(&bytes),
        encode(PAYLOAD),
        encode(&[1; 256])
    );
    assert_eq!(reason(&token), Some("jws.malformed"), "not UTF-8");
}

/// One name in two spellings is one name.
#[test]
fn escapes_do_not_hide_a_repeated_member() {
    let kid = BANK.key_id();
    for header in [
        format!(r#"{{"alg":"PS256","\u0061lg":"none","kid":"{kid}"}}"#),
        format!(
            r#"{{"alg":"PS256","kid":"{kid}","crit":["exp"],"\u0063rit":["iat"],"iat":1,"exp":1}}"#
        ),
        format!(r#"{{"alg":"PS256","kid":"{kid}","a":{{"b":{{"c":1,"c":1}}}}}}"#),
    ] {
        assert_eq!(
            reason(&forged_text(&header)),
            Some("jws.repeated_member"),
            "{header}"
        );
    }
}

#[test]
fn sizes_are_bounded() {
    let kid = BANK.key_id();
    let with = |name: &str, value: Value| {
        let mut header = json!({"alg": "PS256", "kid": kid});
        header[name] = value;
        reason(&forged(&header))
    };
    assert_eq!(
        with("x", "x".repeat(15_000).into()),
        Some("jws.signature_mismatch")
    );
    assert_eq!(with("x", "x".repeat(17_000).into()), Some("jws.malformed"));
    assert_eq!(
        with("kid", "x".repeat(10_000).into()),
        Some("jws.malformed")
    );
    assert_eq!(
        with("alg", "x".repeat(64).into()),
        Some("jws.algorithm_not_allowed")
    );
    assert_eq!(with("alg", "x".repeat(65).into()), Some("jws.malformed"));
}

/// What a stranger wrote reaches logs cut and escaped.
#[test]
fn errors_stay_short_and_on_one_line() {
    let long = format!("{}\n", "ö".repeat(1_000));
    let name = serde_json::to_string(&long).expect("JSON");
    let kid = BANK.key_id();
    for header in [
        format!(r#"{{"alg":"PS256","kid":"{kid}",{name}:1,{name}:2}}"#),
        format!(r#"{{"alg":"PS256","kid":"{kid}",{name}:1,"crit":[{name}]}}"#),
        format!(r#"{{"alg":"none\n\u001b[2J","kid":"{kid}"}}"#),
    ] {
        let error = crate::verifier::refusal(&forged_text(&header)).expect("refused");
        let told = error.to_string();
        assert!(told.chars().count() < 150, "{told}");
        assert!(!told.contains(['\n', '\u{1b}']), "{told}");
    }
}

/// RFC 7515 appendix E: an extension that nobody here knows.
#[test]
fn rfc_7515_unknown_extension() {
    let header = json!({
        "alg": "PS256", "kid": BANK.key_id(),
        "crit": ["http://example.com/UNDEFINED"], "http://example.com/UNDEFINED": true,
    });
    assert_eq!(reason(&forged(&header)), Some("jws.unknown_critical"));
}

/// RFC 7515 §7.2 and RFC 7516 §7.2: other serializations, and the compact form of the other kind.
#[tokio::test]
async fn only_the_compact_form_is_read() {
    let jws = genuine().await;
    let parts: Vec<_> = jws.split('.').collect();
    let flattened = json!({"protected": parts[0], "payload": parts[1], "signature": parts[2]});
    let general = json!({"payload": parts[1], "signatures": [{"protected": parts[0], "signature": parts[2]}]});
    let jwk = BANK.jwk(KeyUse::Encryption);
    let jwe = jwk
        .encryption_key()
        .expect("key")
        .encrypt(None, PAYLOAD)
        .expect("token");
    for token in [flattened.to_string(), general.to_string(), jwe.clone()] {
        assert_eq!(reason(&token), Some("jws.malformed"), "{token}");
    }
    let parts: Vec<_> = jwe.split('.').collect();
    let flattened = json!({
        "protected": parts[0], "encrypted_key": parts[1], "iv": parts[2], "ciphertext": parts[3], "tag": parts[4],
    });
    for token in [flattened.to_string(), jws] {
        assert_eq!(
            BANK.decryption_key().decrypt(&token),
            Err(DecryptError::Malformed)
        );
    }
}

#[test]
fn nonces_and_tags_have_one_length() {
    let jwk = BANK.jwk(KeyUse::Encryption);
    let token = jwk
        .encryption_key()
        .expect("key")
        .encrypt(None, PAYLOAD)
        .expect("token");
    let parts: Vec<_> = token.split('.').collect();
    let with = |position: usize, bytes: &[u8]| {
        let part = encode(bytes);
        let mut parts = parts.clone();
        parts[position] = &part;
        BANK.decryption_key().decrypt(&parts.join("."))
    };
    for length in [0, 4, 8, 11, 13, 16] {
        assert_eq!(
            with(2, &vec![0; length]),
            Err(DecryptError::Malformed),
            "nonce of {length}"
        );
    }
    for length in [0, 1, 4, 8, 12, 15, 17, 32] {
        assert_eq!(
            with(4, &vec![0; length]),
            Err(DecryptError::Malformed),
            "tag of {length}"
        );
    }
    assert_eq!(with(4, &[0; 16]), Err(DecryptError::Failed));
}

/// Members of other key management algorithms change nothing, and cost nothing.
#[test]
fn headers_of_ciphertexts() {
    let key = BANK.decryption_key();
    let with = |header: &str| {
        key.decrypt(&format!(
            "{}.AA.AAAAAAAAAAAAAAAA..AAAAAAAAAAAAAAAAAAAAAA",
            encode(header.as_bytes())
        ))
    };
    for header in [
        r#"{"alg":"RSA-OAEP-256","alg":"dir","enc":"A256GCM"}"#,
        r#"{"alg":"RSA-OAEP-256","enc":"A256GCM","enc":"A128GCM"}"#,
        r#"{"alg":"RSA-OAEP-256","enc":"A256GCM","crit":[]}"#,
        r#"{"enc":"A256GCM"}"#,
        "[]",
    ] {
        assert_eq!(with(header), Err(DecryptError::Malformed), "{header}");
    }
    for header in [
        r#"{"alg":"PBES2-HS256+A128KW","p2c":2147483647,"p2s":"AAAAAAAAAAA","enc":"A256GCM"}"#,
        r#"{"alg":"RSA-OAEP-256","enc":["A256GCM"]}"#,
        r#"{"alg":"RSA-OAEP-256"}"#,
        r#"{"alg":"rsa-oaep-256","enc":"A256GCM"}"#,
        r#"{"alg":"ECDH-ES","enc":"A256GCM","epk":{"kty":"EC"}}"#,
    ] {
        assert_eq!(
            with(header),
            Err(DecryptError::AlgorithmNotAllowed),
            "{header}"
        );
    }
    let header = r#"{"alg":"RSA-OAEP-256","enc":"A256GCM","p2c":2147483647}"#;
    assert_eq!(with(header), Err(DecryptError::Failed));
}

/// A good signature under the name of another party, of the same kind of key.
#[tokio::test]
async fn a_party_cannot_sign_in_the_name_of_another() {
    use izin_jose::{Algorithm, UnverifiedJws};
    let other = Party::ec(openssl::nid::Nid::SECP384R1);
    let signer = josekit::jws::ES384
        .signer_from_pem(other.key_pem())
        .expect("signer");
    for kid in [CONSUMER.key_id(), other.key_id()] {
        let mut header = josekit::jws::JwsHeader::new();
        header.set_key_id(kid.as_str());
        let token = josekit::jws::serialize_compact(PAYLOAD, &header, &signer).expect("token");
        let jws = UnverifiedJws::parse(&token).expect("readable");
        let jwk = CONSUMER.jwk(KeyUse::Signature);
        let key = jwk.verifying_key(Algorithm::Es384).expect("key");
        let expected = if kid == CONSUMER.key_id() {
            JwsError::SignatureMismatch
        } else {
            JwsError::KeyIdMismatch
        };
        assert_eq!(
            jws.verify(key, &crate::parties::POLICY).err(),
            Some(expected)
        );
    }
}
