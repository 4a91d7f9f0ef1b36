//! The certificates that a published key carries (`x5c`, RFC 7517 §4.7).
//!
//! No trust comes from them: who a key belongs to is decided by where its set was fetched. But the first certificate must be of
//! the same key. Where it is of another one, two readers of the same entry would use two keys, so the entry is refused.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use openssl::x509::X509;
use serde_json::{Map, Value};

use crate::jwk::JwkError;
use crate::key_id::KeyId;
use crate::public_key::PublicKey;

/// The first certificate, which is the key's own. `thumbprint` is the entry's `x5t#S256`. Certificates that cannot be read say
/// nothing and are passed over.
pub(crate) fn certificate(
    members: &Map<String, Value>,
    key: &PublicKey,
    thumbprint: Option<&str>,
) -> Result<Option<X509>, JwkError> {
    let Some(der) = first_certificate(members) else {
        return Ok(None);
    };
    let Ok(certificate) = X509::from_der(&der) else {
        return Ok(None);
    };
    let certified = certificate
        .public_key()
        .map_err(|_| JwkError::Certificate)
        .and_then(|certified| PublicKey::from_openssl(&certified));
    if certified.as_ref() != Ok(key) {
        return Err(JwkError::Malformed("x5c is of another key"));
    }
    if thumbprint.is_some_and(|stated| stated != KeyId::of_certificate(&der).as_str()) {
        return Err(JwkError::Malformed(
            "x5t#S256 is not of the certificate in x5c",
        ));
    }
    Ok(Some(certificate))
}

fn first_certificate(members: &Map<String, Value>) -> Option<Vec<u8>> {
    let text = members.get("x5c")?.as_array()?.first()?.as_str()?;
    STANDARD.decode(text).ok()
}
