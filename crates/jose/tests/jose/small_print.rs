//! What keys say about themselves beside their numbers: thumbprints, certificates, private members.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use izin_jose::{Algorithm, Jwk, JwkError, KeyId, KeyUse};
use serde_json::{Value, json};

use crate::parties::{BANK, CONSUMER, STRANGER};

/// RFC 7638 §3.1.
const RFC_7638: &str = r#"{
      "kty": "RSA",
      "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
      "e": "AQAB",
      "alg": "RS256",
      "kid": "2011-04-29"
     }"#;

/// RFC 8705 appendix A.
const RFC_8705: &str = "-----BEGIN CERTIFICATE-----
MIIBBjCBrAIBAjAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARtdGxzMB4XDTE4MTAx
ODEyMzcwOVoXDTIyMDUwMjEyMzcwOVowDzENMAsGA1UEAwwEbXRsczBZMBMGByqG
SM49AgEGCCqGSM49AwEHA0IABNcnyxwqV6hY8QnhxxzFQ03C7HKW9OylMbnQZjjJ
/Au08/coZwxS7LfA4vOLS9WuneIXhbGGWvsDSb0tH6IxLm8wCgYIKoZIzj0EAwID
SQAwRgIhAP0RC1E+vwJD/D1AGHGzuri+hlV/PpQEKTWUVeORWz83AiEA5x2eXZOV
bUlJSGQgjwD5vaUaKlLR50Q2DmFfQj1L+SY=
-----END CERTIFICATE-----
";

fn published(key: &Jwk) -> Value {
    serde_json::to_value(key).expect("JSON")
}

fn error_of(key: &Value) -> Option<JwkError> {
    Jwk::parse(key.to_string().as_bytes()).err()
}

#[test]
fn rfc_7638_thumbprint() {
    let thumbprint = Jwk::thumbprint_of(RFC_7638.as_bytes());
    let expected = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";
    assert_eq!(thumbprint.as_deref(), Ok(expected));
}

#[test]
fn rfc_8705_thumbprint() {
    let key = Jwk::from_certificate_pem(RFC_8705.as_bytes(), KeyUse::Signature).expect("key");
    let expected = "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0";
    assert_eq!(key.key_id().as_str(), expected);
    assert_eq!(key.certificate_thumbprint(), Some(expected));
    assert!(key.verifying_key(Algorithm::Es256).is_ok());
    assert_ne!(
        key.thumbprint(),
        expected,
        "of the key, not of the certificate"
    );
}

/// Of the key alone: name, use and certificate make no difference.
#[test]
fn thumbprint_depends_on_the_key_only() {
    for party in [&BANK, &CONSUMER] {
        let key = party.jwk(KeyUse::Signature);
        let mut other = published(&key);
        other["kid"] = "another".into();
        other["use"] = "whatever".into();
        let thumbprint = Jwk::thumbprint_of(other.to_string().as_bytes());
        assert_eq!(thumbprint, Ok(key.thumbprint()));
    }
    assert_ne!(
        BANK.jwk(KeyUse::Signature).thumbprint(),
        STRANGER.jwk(KeyUse::Signature).thumbprint()
    );
    for (text, error) in [
        ("[]", JwkError::Malformed("not a JSON object")),
        ("{", JwkError::Malformed("not JSON")),
        (r#"{"kty":"oct","k":"AA"}"#, JwkError::Private),
        (
            r#"{"kty":"RSA","kty":"RSA"}"#,
            JwkError::Malformed("a member appears twice"),
        ),
    ] {
        assert_eq!(Jwk::thumbprint_of(text.as_bytes()), Err(error), "{text}");
    }
}

/// One prime factors the modulus: every private member counts, not only `d`.
#[test]
fn every_private_member_is_refused() {
    for name in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
        for value in [json!("AQAB"), json!(null), json!([])] {
            for party in [&BANK, &CONSUMER] {
                let mut key = published(&party.jwk(KeyUse::Signature));
                key[name] = value.clone();
                assert_eq!(error_of(&key), Some(JwkError::Private), "{name} {value}");
            }
        }
    }
}

#[test]
fn certificates_in_x5c_must_be_of_the_key() {
    let certificate = |der: &[u8]| json!([STANDARD.encode(der)]);
    let own = BANK.certificate_der();
    let mut key = published(&BANK.jwk(KeyUse::Signature));
    key["x5c"] = certificate(&own);
    assert_eq!(error_of(&key), None);
    key["x5c"] = json!([
        STANDARD.encode(&own),
        STANDARD.encode(STRANGER.certificate_der())
    ]);
    assert_eq!(error_of(&key), None, "those after the first are the chain");

    for other in [STRANGER.certificate_der(), CONSUMER.certificate_der()] {
        key["x5c"] = certificate(&other);
        let expected = JwkError::Malformed("x5c is of another key");
        assert_eq!(error_of(&key), Some(expected));
    }

    key["x5c"] = certificate(&own);
    key["x5t#S256"] = KeyId::of_certificate(&STRANGER.certificate_der())
        .as_str()
        .into();
    let expected = JwkError::Malformed("x5t#S256 is not of the certificate in x5c");
    assert_eq!(error_of(&key), Some(expected));

    // Nobody reads these as a certificate, so nobody is misled.
    for unreadable in [
        json!([]),
        json!("x"),
        json!(["AAAA"]),
        json!([1]),
        json!(["no base64!"]),
    ] {
        key["x5c"] = unreadable.clone();
        assert_eq!(error_of(&key), None, "{unreadable}");
    }
}

/// The thumbprint must be over what was given, or two texts would be one certificate.
#[test]
fn nothing_may_follow_a_certificate() {
    let mut der = BANK.certificate_der();
    der.push(0);
    let refused = Jwk::from_certificate_der(&der, KeyUse::Signature).err();
    assert_eq!(refused, Some(JwkError::Certificate));
}
