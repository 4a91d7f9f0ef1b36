//! Published examples that pass through the public interface as they stand.

use izin_jose::{Algorithm, JwkError, JwkSet, JwsError, UnverifiedJws};

use crate::parties::POLICY;

/// RFC 7520 §3.1, public key for the example below.
const RFC_7520_KEYS: &str = r#"{"keys":[{
    "kty": "EC", "kid": "bilbo.baggins@hobbiton.example", "use": "sig", "crv": "P-521",
    "x": "AHKZLLOsCOzz5cY97ewNUajB957y-C-U88c3v13nmGZx6sYl_oJXu9A5RkTKqjqvjyekWF-7ytDyRXYgCF5cj0Kt",
    "y": "AdymlHvOiLxXkEhayXQnNCvDX4h9htZaCJN34kfmC6pV5OhQHiraVySsUdaQkAgDPrwQrJmbnX9cwlGfP-HqHZR1"
}]}"#;

/// RFC 7520 §4.3, ECDSA with P-521 and SHA-512.
const RFC_7520_TOKEN: &str = "eyJhbGciOiJFUzUxMiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9.SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4.AE_R_YZCChjn4791jSQCrdPZCNYqHXCTZH0-JZGYNlaAjP2kqaluUIIUnC9qvbu9Plon7KRTzoNEuT4Va2cmL1eJAQy3mtPBu_u_sDDyYjnAMDxXPn7XrT0lw-kvAD890jl8e2puQens_IEKBpHABlsbEPX6sFY8OcGDqoRuBomu9xQ2";

#[test]
fn rfc_7520_es512_verifies() {
    let keys = JwkSet::parse(RFC_7520_KEYS.as_bytes()).expect("set");
    let jws = UnverifiedJws::parse(RFC_7520_TOKEN).expect("readable");
    let kid = jws.header().kid.clone().expect("kid");
    let key = keys.verifying_key(&kid, Algorithm::Es512).expect("key");
    let verified = jws.verify(key, &POLICY).expect("verified");
    let text = std::str::from_utf8(verified.payload()).expect("text");
    assert!(text.starts_with("It’s a dangerous business, Frodo"));
}

#[test]
fn rfc_7520_es512_changed_is_refused() {
    let keys = JwkSet::parse(RFC_7520_KEYS.as_bytes()).expect("set");
    let changed = RFC_7520_TOKEN.replacen(".SXTi", ".SXTh", 1);
    let jws = UnverifiedJws::parse(&changed).expect("readable");
    let kid = jws.header().kid.clone().expect("kid");
    let key = keys.verifying_key(&kid, Algorithm::Es512).expect("key");
    let refused = jws.verify(key, &POLICY).err();
    assert_eq!(refused, Some(JwsError::SignatureMismatch));
}

/// RFC 7517 appendix A.1: both keys are for operations that this crate does not do.
#[test]
fn rfc_7517_set_is_read_and_its_keys_are_skipped() {
    let set = JwkSet::parse(
        br#"{"keys":
       [
         {"kty":"EC",
          "crv":"P-256",
          "x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
          "y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
          "use":"enc",
          "kid":"1"},

         {"kty":"RSA",
          "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
          "e":"AQAB",
          "alg":"RS256",
          "kid":"2011-04-29"}
       ]
     }"#,
    )
    .expect("set");
    assert!(set.is_empty());
    let errors: Vec<_> = set.skipped().iter().map(|skipped| &skipped.error).collect();
    assert_eq!(errors, [&JwkError::UnsupportedUse; 2]);
}
