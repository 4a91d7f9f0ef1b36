//! PS256 with a key on a token.

use async_trait::async_trait;

use super::{SignatureScheme, TokenError, TokenKey};
use crate::algorithm::Algorithm;
use crate::jwk::{Jwk, KeyUse};
use crate::key_id::KeyId;
use crate::signer::{SignError, Signer};

/// PS256 with an RSA key on a token. The key id is the certificate's thumbprint.
#[derive(Debug)]
pub struct TokenSigner {
    jwk: Jwk,
    key: TokenKey,
}

impl TokenSigner {
    /// Proves that the key belongs to `certificate` (DER). Blocks.
    pub fn new(key: TokenKey, certificate: &[u8]) -> Result<Self, TokenError> {
        if !key.schemes().contains(&SignatureScheme::RsaPssSha256) {
            return Err(TokenError::Unsupported(format!(
                "{}; signatures need RSA",
                key.kind()
            )));
        }
        key.prove(certificate)?;
        let jwk = Jwk::from_certificate_der(certificate, KeyUse::Signature);
        let jwk = jwk.map_err(|error| TokenError::Unsupported(error.to_string()))?;
        Ok(Self { jwk, key })
    }
}

#[async_trait]
impl Signer for TokenSigner {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Ps256
    }

    fn key_id(&self) -> &KeyId {
        self.jwk.key_id()
    }

    fn public_jwk(&self) -> Jwk {
        self.jwk.clone()
    }

    async fn sign(&self, signing_input: Vec<u8>) -> Result<Vec<u8>, SignError> {
        self.key
            .sign(SignatureScheme::RsaPssSha256, signing_input)
            .await
    }
}
