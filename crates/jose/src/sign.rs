//! Compact JWS made with a [`Signer`].
//!
//! `alg` and `kid` come from the signer, never from the caller, and a header that our own reader would refuse is not signed.

use serde_json::{Map, Value};

use crate::base64url;
use crate::header::{Header, HeaderError};
use crate::jws::signing_input;
use crate::signer::{SignError, Signer};

/// What a caller may say in the protected header.
#[derive(Clone, Debug, Default)]
pub struct HeaderFields {
    pub typ: Option<String>,
    pub cty: Option<String>,
    /// Further members. `crit` may be among them and must follow RFC 7515 §4.1.11; `"b64": false` (RFC 7797) is possible for
    /// detached signatures.
    pub extra: Map<String, Value>,
}

/// Set by this module, by a field of its own, or a way to hand the receiver a key, which nobody should follow.
const RESERVED: [&str; 8] = ["alg", "cty", "jku", "jwk", "kid", "typ", "x5c", "x5u"];

/// `header.payload.signature`. With an empty payload the result cannot be told from a detached signature.
pub async fn sign(
    signer: &dyn Signer,
    fields: &HeaderFields,
    payload: &[u8],
) -> Result<String, SignError> {
    let (header, unencoded) = protected_header(signer, fields)?;
    if unencoded {
        return Err(SignError::Header("b64".to_owned()));
    }
    let mut compact = header;
    compact.push('.');
    base64url::encode_onto(payload, &mut compact);
    let signature = signer.sign(compact.clone().into_bytes()).await?;
    compact.push('.');
    base64url::encode_onto(&signature, &mut compact);
    Ok(compact)
}

/// `header..signature` over `payload`, which travels elsewhere (RFC 7515 appendix F).
pub async fn sign_detached(
    signer: &dyn Signer,
    fields: &HeaderFields,
    payload: &[u8],
) -> Result<String, SignError> {
    let (header, unencoded) = protected_header(signer, fields)?;
    let input = signing_input(&header, payload, unencoded);
    let signature = signer.sign(input).await?;
    let mut compact = header;
    compact.push_str("..");
    base64url::encode_onto(&signature, &mut compact);
    Ok(compact)
}

/// The encoded header, and whether the payload is signed unencoded.
fn protected_header(
    signer: &dyn Signer,
    fields: &HeaderFields,
) -> Result<(String, bool), SignError> {
    let mut members = Map::new();
    members.insert("alg".to_owned(), signer.algorithm().name().into());
    members.insert("kid".to_owned(), signer.key_id().as_str().into());
    if let Some(typ) = &fields.typ {
        members.insert("typ".to_owned(), typ.as_str().into());
    }
    if let Some(cty) = &fields.cty {
        members.insert("cty".to_owned(), cty.as_str().into());
    }
    for (name, value) in &fields.extra {
        if RESERVED.contains(&name.as_str()) {
            return Err(SignError::Header(name.clone()));
        }
        members.insert(name.clone(), value.clone());
    }
    let encoded = base64url::encode(Value::Object(members.clone()).to_string().as_bytes());
    let header = Header::from_members(members).map_err(refused)?;
    Ok((encoded, header.is_unencoded()))
}

fn refused(error: HeaderError) -> SignError {
    SignError::Header(match error {
        HeaderError::InvalidCritical(_) => "crit".to_owned(),
        HeaderError::Malformed(problem) => problem.to_owned(),
        HeaderError::RepeatedMember(name) => name,
    })
}
