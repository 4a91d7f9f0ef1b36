//! The verifier that the attacks are aimed at: it expects the bank's PS256 signature.

use izin_jose::base64url::encode;
use izin_jose::{
    Algorithm, HeaderFields, JwsError, KeyUse, UnverifiedJws, VerificationPolicy, sign,
};
use serde_json::Value;

use crate::parties::{BANK, POLICY};

pub(crate) const PAYLOAD: &[u8] = br#"{"consent_id":"C-1"}"#;

pub(crate) async fn genuine() -> String {
    let token = sign(&BANK.signer(), &HeaderFields::default(), PAYLOAD).await;
    token.expect("token")
}

/// Verifies as the bank would be verified.
pub(crate) fn refusal(token: &str) -> Option<JwsError> {
    refusal_under(token, &POLICY)
}

pub(crate) fn refusal_under(token: &str, policy: &VerificationPolicy<'_>) -> Option<JwsError> {
    let jwk = BANK.jwk(KeyUse::Signature);
    let key = jwk.verifying_key(Algorithm::Ps256).expect("key");
    let jws = match UnverifiedJws::parse(token) {
        Ok(jws) => jws,
        Err(error) => return Some(error),
    };
    jws.verify(key, policy).err()
}

pub(crate) fn reason(token: &str) -> Option<&'static str> {
    refusal(token).map(|error| error.reason())
}

/// A token with this header and no valid signature.
pub(crate) fn forged(header: &Value) -> String {
    forged_text(&header.to_string())
}

pub(crate) fn forged_text(header: &str) -> String {
    format!(
        "{}.{}.{}",
        encode(header.as_bytes()),
        encode(PAYLOAD),
        encode(&[1; 256])
    )
}

/// The token with one character replaced.
pub(crate) fn altered(token: &str, position: usize) -> String {
    let replacement = if token.as_bytes()[position] == b'A' {
        "B"
    } else {
        "A"
    };
    let mut token = token.to_owned();
    token.replace_range(position..=position, replacement);
    token
}
