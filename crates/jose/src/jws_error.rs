//! Why a JWS was not accepted.

use thiserror::Error;

use crate::base64url::NotBase64Url;
use crate::header::HeaderError;

/// The variants tell a broken message from a forbidden one and from a forged one; an answer to the sender should not.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum JwsError {
    /// `alg` is not in the policy, or is not the key's.
    #[error("algorithm {0:?} is not allowed")]
    AlgorithmNotAllowed(String),
    /// The payload is inside, though a detached signature was asked for.
    #[error("the payload is attached where a detached signature is required")]
    Attached,
    /// The payload is missing, though an attached signature was asked for.
    #[error("the payload is detached where an attached one is required")]
    Detached,
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// The header names another key than the one given.
    #[error("kid does not name the key")]
    KeyIdMismatch,
    #[error("the header has no kid")]
    KeyIdMissing,
    #[error("malformed JWS: {0}")]
    Malformed(&'static str),
    /// The bytes or the signature have been changed, or another key signed.
    #[error("the signature does not match")]
    SignatureMismatch,
    #[error("the message is too large")]
    TooLarge,
    /// `crit` lists a member that the caller does not process (RFC 7515 §4.1.11).
    #[error("critical header member {0:?} is not understood")]
    UnknownCritical(String),
}

impl JwsError {
    pub fn reason(&self) -> &'static str {
        match self {
            Self::AlgorithmNotAllowed(_) => "jws.algorithm_not_allowed",
            Self::Attached => "jws.attached",
            Self::Detached => "jws.detached",
            Self::Header(HeaderError::InvalidCritical(_)) => "jws.invalid_critical",
            Self::Header(HeaderError::Malformed(_)) | Self::Malformed(_) => "jws.malformed",
            Self::Header(HeaderError::RepeatedMember(_)) => "jws.repeated_member",
            Self::KeyIdMismatch => "jws.kid_mismatch",
            Self::KeyIdMissing => "jws.kid_missing",
            Self::SignatureMismatch => "jws.signature_mismatch",
            Self::TooLarge => "jws.too_large",
            Self::UnknownCritical(_) => "jws.unknown_critical",
        }
    }
}

/// What a stranger wrote, cut to what a log line can bear.
pub(crate) fn excerpt(text: &str) -> String {
    const LONGEST: usize = 64;
    match text.char_indices().nth(LONGEST) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

impl From<NotBase64Url> for JwsError {
    fn from(_: NotBase64Url) -> Self {
        Self::Malformed("not base64url")
    }
}
