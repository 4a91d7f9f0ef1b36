//! The thumbprint of a key as JSON (RFC 7638): SHA-256 over the members that make the key, in alphabetical order.
//!
//! Another value than `x5t#S256`, which is over a certificate. It identifies the key whatever its certificate, `kid` or use.

use aws_lc_rs::digest;
use serde_json::Value;

use crate::base64url;
use crate::json::Observed;
use crate::jwk::{Jwk, JwkError};
use crate::jwk_members::key_material;
use crate::public_key::PublicKey;

impl Jwk {
    /// Base64url, 43 characters.
    pub fn thumbprint(&self) -> String {
        of(self.key())
    }

    /// As [`Jwk::thumbprint`], for any RSA or elliptic-curve key of acceptable strength, also one without a `kid` or for a use that
    /// this crate does not have.
    pub fn thumbprint_of(json: &[u8]) -> Result<String, JwkError> {
        let observed: Observed =
            serde_json::from_slice(json).map_err(|_| JwkError::Malformed("not JSON"))?;
        if observed.repeated.is_some() {
            return Err(JwkError::Malformed("a member appears twice"));
        }
        let Value::Object(members) = observed.value else {
            return Err(JwkError::Malformed("not a JSON object"));
        };
        Ok(of(&key_material(&members)?))
    }
}

/// The canonical form has no blanks and no other members; names and values need no escaping (RFC 7638 §3.3).
fn of(key: &PublicKey) -> String {
    let canonical = match key {
        PublicKey::Ec { curve, x, y } => format!(
            r#"{{"crv":"{}","kty":"EC","x":"{}","y":"{}"}}"#,
            curve.name(),
            base64url::encode(x),
            base64url::encode(y)
        ),
        PublicKey::Rsa { modulus, exponent } => format!(
            r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#,
            base64url::encode(exponent),
            base64url::encode(modulus)
        ),
    };
    let digest = digest::digest(&digest::SHA256, canonical.as_bytes());
    base64url::encode(digest.as_ref())
}
