//! Published examples whose header has no `kid` or whose algorithm is symmetric: they cannot pass the public interface, but they
//! pin what is signed and how signatures are read.

use aws_lc_rs::hmac;

use crate::algorithm::Algorithm;
use crate::base64url::decode;
use crate::jwk::Jwk;
use crate::jws::{UnverifiedJws, VerificationPolicy, signing_input};
use crate::jws_error::JwsError;

const POLICY: VerificationPolicy<'static> = VerificationPolicy {
    algorithms: &Algorithm::ALL,
    known_critical: &["b64"],
    max_bytes: 4096,
};

/// RFC 7515 appendix A.1.
const HMAC_KEY: &str =
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";

/// RFC 7515 appendix A.3, with a `kid` added.
fn es256_key() -> Jwk {
    Jwk::parse(
        br#"{"kty":"EC","crv":"P-256","kid":"a3",
        "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#,
    )
    .expect("key")
}

fn hmac_matches(header: &str, unencoded: bool, signature: &str) -> bool {
    let key = decode(HMAC_KEY).expect("key");
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    let input = signing_input(header, b"$.02", unencoded);
    let signature = decode(signature).expect("signature");
    hmac::verify(&key, &input, &signature).is_ok()
}

/// RFC 7797 §4.1 and §4.2: the same payload, encoded and unencoded.
#[test]
fn rfc_7797_signing_input() {
    assert!(hmac_matches(
        "eyJhbGciOiJIUzI1NiJ9",
        false,
        "5mvfOroL-g7HyqJoozehmsaqmvTYGEq5jTI1gVvoEoQ"
    ));
    assert!(hmac_matches(
        "eyJhbGciOiJIUzI1NiIsImI2NCI6ZmFsc2UsImNyaXQiOlsiYjY0Il19",
        true,
        "A5dxf2s96_n5FLueVuW1Z_vh161FwXZC4YLPff6dmDY"
    ));
}

/// RFC 7797 §4.2 is read, and refused for its algorithm only.
#[test]
fn rfc_7797_unencoded_detached() {
    let jws = UnverifiedJws::parse(
        "eyJhbGciOiJIUzI1NiIsImI2NCI6ZmFsc2UsImNyaXQiOlsiYjY0Il19..A5dxf2s96_n5FLueVuW1Z_vh161FwXZC4YLPff6dmDY",
    )
    .expect("readable");
    assert!(jws.is_detached());
    assert!(jws.header().is_unencoded());
    let key = es256_key();
    let key = key.verifying_key(Algorithm::Es256).expect("key");
    let refused = jws.verify_detached(b"$.02", key, &POLICY).err();
    assert_eq!(
        refused,
        Some(JwsError::AlgorithmNotAllowed("HS256".to_owned()))
    );
}

/// RFC 7515 appendix A.3.
#[test]
fn rfc_7515_es256() {
    const INPUT: &str = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    const SIGNATURE: &str =
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    let key = es256_key();
    let key = key.verifying_key(Algorithm::Es256).expect("key");
    let signature = decode(SIGNATURE).expect("signature");
    assert!(key.accepts(INPUT.as_bytes(), &signature));
    assert!(!key.accepts(&INPUT.as_bytes()[1..], &signature));
    assert!(!key.accepts(INPUT.as_bytes(), &[0; 64]), "CVE-2022-21449");

    let compact = format!("{INPUT}.{SIGNATURE}");
    let jws = UnverifiedJws::parse(&compact).expect("readable");
    assert_eq!(jws.verify(key, &POLICY).err(), Some(JwsError::KeyIdMissing));
}

/// RFC 7515 appendix A.5: unsecured.
#[test]
fn rfc_7515_none() {
    let jws = UnverifiedJws::parse(
        "eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.",
    )
    .expect("readable");
    let key = es256_key();
    let key = key.verifying_key(Algorithm::Es256).expect("key");
    let refused = jws.verify(key, &POLICY).err();
    assert_eq!(
        refused,
        Some(JwsError::AlgorithmNotAllowed("none".to_owned()))
    );
}
