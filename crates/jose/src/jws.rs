//! Compact JWS (RFC 7515 §3.1, §7.1), attached or detached (appendix F), with encoded or unencoded payload (RFC 7797).
//!
//! What was read and what was verified are two types. [`UnverifiedJws`] serves to find out which key is claimed; only its two
//! `verify` methods make a [`VerifiedJws`]. A detached signature is verified over bytes that the caller has in hand; an
//! attached one is never accepted in its place, because then the message would vouch for a payload nobody compared.

use std::fmt;

use crate::algorithm::Algorithm;
use crate::base64url;
use crate::header::Header;
use crate::jws_error::{JwsError, excerpt};
use crate::key_id::KeyId;
use crate::verifying_key::VerifyingKey;

/// What a verifier is ready to accept. Write it down per kind of message, never derive it from one.
#[derive(Clone, Copy, Debug)]
pub struct VerificationPolicy<'a> {
    pub algorithms: &'a [Algorithm],
    /// Header members that may be listed in `crit` because the caller processes them. `b64` is processed here, and is still
    /// accepted only if listed.
    pub known_critical: &'a [&'a str],
    /// Upper bound for the compact form plus, if detached, the payload.
    pub max_bytes: usize,
}

/// A JWS that has been read and nothing more.
pub struct UnverifiedJws<'a> {
    compact: &'a str,
    header_length: usize,
    signing_length: usize,
    header: Header,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl<'a> UnverifiedJws<'a> {
    /// No message is longer, whatever the policy says.
    pub const MAX_BYTES: usize = 4 * 1024 * 1024;

    pub fn parse(compact: &'a str) -> Result<Self, JwsError> {
        if compact.len() > Self::MAX_BYTES {
            return Err(JwsError::TooLarge);
        }
        let mut parts = compact.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(JwsError::Malformed("not three parts"));
        };
        let header_length = header.len();
        let header = Header::parse(&base64url::decode(header)?)?;
        Ok(Self {
            compact,
            header_length,
            signing_length: header_length + 1 + payload.len(),
            payload: decode_payload(&header, payload)?,
            signature: base64url::decode(signature)?,
            header,
        })
    }

    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Whether the payload is elsewhere. An attached empty payload looks the same and counts as detached.
    pub fn is_detached(&self) -> bool {
        self.signing_length == self.header_length + 1
    }

    /// What the payload claims to be; empty if detached. Good for choosing a key, for nothing else.
    pub fn unverified_payload(&self) -> &[u8] {
        &self.payload
    }

    /// Verifies an attached signature.
    pub fn verify(
        &self,
        key: &VerifyingKey,
        policy: &VerificationPolicy<'_>,
    ) -> Result<VerifiedJws, JwsError> {
        if self.is_detached() {
            return Err(JwsError::Detached);
        }
        self.check_size(0, policy)?;
        self.check_header(key, policy)?;
        let signing_input = &self.compact.as_bytes()[..self.signing_length];
        self.finish(key, signing_input, &self.payload)
    }

    /// Verifies a detached signature over `payload`, the exact bytes as they were received.
    pub fn verify_detached(
        &self,
        payload: &[u8],
        key: &VerifyingKey,
        policy: &VerificationPolicy<'_>,
    ) -> Result<VerifiedJws, JwsError> {
        if !self.is_detached() {
            return Err(JwsError::Attached);
        }
        self.check_size(payload.len(), policy)?;
        self.check_header(key, policy)?;
        let header = &self.compact[..self.header_length];
        let signing_input = signing_input(header, payload, self.header.is_unencoded());
        self.finish(key, &signing_input, payload)
    }

    fn check_size(
        &self,
        detached_length: usize,
        policy: &VerificationPolicy<'_>,
    ) -> Result<(), JwsError> {
        if self.compact.len().saturating_add(detached_length) > policy.max_bytes {
            return Err(JwsError::TooLarge);
        }
        Ok(())
    }

    fn check_header(
        &self,
        key: &VerifyingKey,
        policy: &VerificationPolicy<'_>,
    ) -> Result<(), JwsError> {
        let allowed = self.header.alg.parse().ok();
        let allowed = allowed.filter(|algorithm| policy.algorithms.contains(algorithm));
        if allowed != Some(key.algorithm()) {
            return Err(JwsError::AlgorithmNotAllowed(self.header.alg.clone()));
        }
        let known = |name: &&String| policy.known_critical.contains(&name.as_str());
        if let Some(name) = self.header.crit.iter().find(|name| !known(name)) {
            return Err(JwsError::UnknownCritical(excerpt(name)));
        }
        match &self.header.kid {
            None => Err(JwsError::KeyIdMissing),
            Some(kid) if kid == key.key_id() => Ok(()),
            Some(_) => Err(JwsError::KeyIdMismatch),
        }
    }

    fn finish(
        &self,
        key: &VerifyingKey,
        signing_input: &[u8],
        payload: &[u8],
    ) -> Result<VerifiedJws, JwsError> {
        if !key.accepts(signing_input, &self.signature) {
            return Err(JwsError::SignatureMismatch);
        }
        Ok(VerifiedJws {
            header: self.header.clone(),
            payload: payload.to_vec(),
            algorithm: key.algorithm(),
            key_id: key.key_id().clone(),
        })
    }
}

/// Header and payload, without the payload's bytes: they are personal data more often than not.
impl fmt::Debug for UnverifiedJws<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("UnverifiedJws")
            .field("header", &self.header)
            .field("payload_bytes", &self.payload.len())
            .finish_non_exhaustive()
    }
}

/// A JWS whose signature has been verified; there is no other way to get one.
#[derive(Clone)]
pub struct VerifiedJws {
    header: Header,
    payload: Vec<u8>,
    algorithm: Algorithm,
    key_id: KeyId,
}

impl VerifiedJws {
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The key that verified it.
    pub fn key_id(&self) -> &KeyId {
        &self.key_id
    }

    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    pub fn into_payload(self) -> Vec<u8> {
        self.payload
    }
}

impl fmt::Debug for VerifiedJws {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("VerifiedJws")
            .field("header", &self.header)
            .field("payload_bytes", &self.payload.len())
            .finish_non_exhaustive()
    }
}

/// What is signed (RFC 7515 §5.1 step 8; RFC 7797 §3 for the unencoded form).
pub(crate) fn signing_input(header: &str, payload: &[u8], unencoded: bool) -> Vec<u8> {
    let mut input = String::with_capacity(header.len() + 2 + payload.len().div_ceil(3) * 4);
    input.push_str(header);
    input.push('.');
    if unencoded {
        let mut input = input.into_bytes();
        input.extend_from_slice(payload);
        input
    } else {
        base64url::encode_onto(payload, &mut input);
        input.into_bytes()
    }
}

/// An unencoded payload inside the compact form is limited to printable ASCII without the separator (RFC 7797 §5.2).
fn decode_payload(header: &Header, part: &str) -> Result<Vec<u8>, JwsError> {
    if !header.is_unencoded() {
        return Ok(base64url::decode(part)?);
    }
    if part.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        Ok(part.as_bytes().to_vec())
    } else {
        Err(JwsError::Malformed(
            "unencoded payload is not printable ASCII",
        ))
    }
}
