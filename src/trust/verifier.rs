//! Is this signature the one of that party? The order is fixed: party, then that party's key set, then the
//! key by `kid`, then its algorithm and use, then the raw bytes.

use std::sync::Arc;

use izin_jose::{
    Algorithm, Header, JwsError, KeyError, UnverifiedJws, VerificationPolicy, VerifiedJws,
};

use crate::http::{ApiError, ErrorCode};
use crate::paynet::{KeyDirectory, KeysUnavailable, Party};

/// PS256 only (v1.2.2 portal, JWS Message Signing). `crit` may name only what we check.
const POLICY: VerificationPolicy<'static> = VerificationPolicy {
    algorithms: &[Algorithm::Ps256],
    known_critical: &["b64", "iat", "iss", "jti"],
    max_bytes: 2 * 1024 * 1024,
};

/// Why a signature is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum SignatureRefusal {
    #[error(transparent)]
    Jws(#[from] JwsError),
    #[error("no acceptable key: {0}")]
    Key(#[from] KeyError),
    #[error(transparent)]
    Keys(#[from] KeysUnavailable),
    #[error("the signed content is not that of the request")]
    OtherContent,
    #[error("the request carries no signature")]
    Missing,
}

impl SignatureRefusal {
    /// The stable word for the log.
    fn reason(&self) -> &'static str {
        match self {
            Self::Jws(error) => error.reason(),
            Self::Key(error) => error.reason(),
            Self::Keys(_) => "keys.unavailable",
            Self::OtherContent => "jws.other_content",
            Self::Missing => "jws.missing",
        }
    }
}

impl From<SignatureRefusal> for ApiError {
    /// The outside learns that the signature failed, not why: the why would help only an attacker, and is
    /// in the log.
    fn from(refusal: SignatureRefusal) -> Self {
        match &refusal {
            SignatureRefusal::Keys(cause) => Self::unavailable(cause),
            SignatureRefusal::Missing => Self::new(
                ErrorCode::InvalidSignature,
                "the request carries no signature",
            )
            .because(refusal.reason()),
            _ => Self::new(
                ErrorCode::InvalidSignature,
                "the signature cannot be verified",
            )
            .because(format!("{}: {refusal}", refusal.reason())),
        }
    }
}

/// What the signature was found to cover.
pub enum Signed {
    /// The payload travels inside.
    Attached(VerifiedJws),
    /// The payload is the request's own.
    Detached(VerifiedJws),
}

impl Signed {
    /// The protected header.
    pub fn header(&self) -> &Header {
        match self {
            Self::Attached(jws) | Self::Detached(jws) => jws.header(),
        }
    }
}

#[derive(Clone)]
pub struct SignatureVerifier {
    keys: Arc<KeyDirectory>,
}

impl SignatureVerifier {
    pub fn new(keys: Arc<KeyDirectory>) -> Self {
        Self { keys }
    }

    /// Verifies a compact JWS of `party`. If it is detached, it must cover `content`.
    pub async fn verify(
        &self,
        compact: &str,
        party: &Party,
        content: &[u8],
    ) -> Result<Signed, SignatureRefusal> {
        let unverified = UnverifiedJws::parse(compact)?;
        let header = unverified.header();
        let kid = header.kid.clone().ok_or(JwsError::KeyIdMissing)?;
        if header.alg != Algorithm::Ps256.to_string() {
            return Err(JwsError::AlgorithmNotAllowed(header.alg.clone()).into());
        }
        let set = self.keys.keys(party, &kid).await?;
        let key = set.verifying_key(&kid, Algorithm::Ps256)?;
        if unverified.is_detached() {
            Ok(Signed::Detached(
                unverified.verify_detached(content, key, &POLICY)?,
            ))
        } else {
            Ok(Signed::Attached(unverified.verify(key, &POLICY)?))
        }
    }

    /// As [`Self::verify`], and an attached payload must be `content` itself.
    pub async fn verify_content(
        &self,
        compact: &str,
        party: &Party,
        content: &[u8],
    ) -> Result<VerifiedJws, SignatureRefusal> {
        match self.verify(compact, party, content).await? {
            Signed::Detached(jws) => Ok(jws),
            Signed::Attached(jws) if jws.payload() == content => Ok(jws),
            Signed::Attached(_) => Err(SignatureRefusal::OtherContent),
        }
    }
}
