//! A public key bound to the one algorithm it may verify.

use std::fmt;

use aws_lc_rs::signature::ParsedPublicKey;

use crate::algorithm::Algorithm;
use crate::key_id::KeyId;

/// Taken from a [`Jwk`](crate::Jwk) or [`JwkSet`](crate::JwkSet). The algorithm belongs to the key, so a token cannot talk a
/// verifier into using it otherwise (RFC 8725 §2.1).
#[derive(Clone)]
pub struct VerifyingKey {
    key_id: KeyId,
    algorithm: Algorithm,
    key: ParsedPublicKey,
}

impl VerifyingKey {
    pub(crate) fn new(key_id: KeyId, algorithm: Algorithm, key: ParsedPublicKey) -> Self {
        Self {
            key_id,
            algorithm,
            key,
        }
    }

    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    pub fn key_id(&self) -> &KeyId {
        &self.key_id
    }

    pub(crate) fn accepts(&self, message: &[u8], signature: &[u8]) -> bool {
        self.key.verify_sig(message, signature).is_ok()
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("VerifyingKey")
            .field("key_id", &self.key_id)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}
