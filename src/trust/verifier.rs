//! Is this signature the one of that party? The order is fixed: party, then that party's key set, then the
//! key by `kid`, then its algorithm and use, then the raw bytes.

use std::sync::Arc;

use izin_jose::{
    Algorithm, Header, JwkSet, JwsError, KeyError, KeyId, UnverifiedJws, VerificationPolicy,
    VerifiedJws, VerifyingKey,
};

use crate::clock::SharedClock;
use crate::config::WireProfile;
use crate::http::{ApiError, ErrorCode};
use crate::paynet::{KeyDirectory, KeysUnavailable, Party};

/// `crit` may name only what we check.
const KNOWN_CRITICAL: &[&str] = &["b64", "iat", "iss", "jti"];
const MAX_BYTES: usize = 2 * 1024 * 1024;

/// Why a signature is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum SignatureRefusal {
    #[error(transparent)]
    Jws(#[from] JwsError),
    #[error("no acceptable key: {0}")]
    Key(#[from] KeyError),
    #[error(transparent)]
    Keys(#[from] KeysUnavailable),
    #[error("the certificate published with the key is not valid now")]
    NotValidNow,
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
            Self::NotValidNow => "key.certificate_expired",
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
            SignatureRefusal::Keys(cause) => Self::unavailable(cause).because(refusal.reason()),
            SignatureRefusal::Missing => Self::new(
                ErrorCode::InvalidSignature,
                "the request carries no signature",
            )
            .because(refusal.reason()),
            _ => Self::new(
                ErrorCode::InvalidSignature,
                "the signature cannot be verified",
            )
            .because(refusal.reason())
            .detailed(refusal.to_string()),
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
    algorithms: Arc<[Algorithm]>,
    clock: SharedClock,
    keys: Arc<KeyDirectory>,
}

impl SignatureVerifier {
    pub fn new(keys: Arc<KeyDirectory>, profile: &WireProfile, clock: SharedClock) -> Self {
        let algorithms = profile.signature_algorithms.iter();
        Self {
            algorithms: algorithms.map(|algorithm| (*algorithm).into()).collect(),
            clock,
            keys,
        }
    }

    /// Verifies a compact JWS of `party`. If it is detached, it must cover `content`.
    pub async fn verify(
        &self,
        compact: &str,
        party: &Party,
        content: &[u8],
    ) -> Result<Signed, SignatureRefusal> {
        let unverified = UnverifiedJws::parse(compact)?;
        let kid = unverified.header().kid.clone();
        let kid = kid.ok_or(JwsError::KeyIdMissing)?;
        let set = self.keys.keys(party, &kid).await?;
        let key = self.key(&set, &kid)?;
        let policy = VerificationPolicy {
            algorithms: &self.algorithms,
            known_critical: KNOWN_CRITICAL,
            max_bytes: MAX_BYTES,
        };
        if unverified.is_detached() {
            Ok(Signed::Detached(
                unverified.verify_detached(content, key, &policy)?,
            ))
        } else {
            Ok(Signed::Attached(unverified.verify(key, &policy)?))
        }
    }

    /// The key of that name, if it is one for an algorithm we verify. The token's `alg` has no say in it; it is compared
    /// with the key's afterwards.
    fn key<'a>(&self, set: &'a JwkSet, kid: &KeyId) -> Result<&'a VerifyingKey, SignatureRefusal> {
        let mut refusal = KeyError::WrongAlgorithm;
        for algorithm in self.algorithms.iter() {
            match set.verifying_key(kid, *algorithm) {
                Ok(key) if set.is_valid_at(kid, self.clock.now().timestamp()) => return Ok(key),
                Ok(_) => return Err(SignatureRefusal::NotValidNow),
                Err(error) => refusal = error,
            }
        }
        Err(refusal.into())
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
