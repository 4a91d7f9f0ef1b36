//! Who makes signatures.
//!
//! [`Signer`] is the port: it signs bytes and says which public key belongs to it, so that the key itself may live in a file, in
//! a token or behind a network. [`FileSigner`] is the implementation for keys in files, [`TokenSigner`](crate::TokenSigner) for
//! keys that never leave a token.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa;
use aws_lc_rs::signature::RSA_PSS_SHA256;
use thiserror::Error;

use crate::algorithm::Algorithm;
use crate::jwk::{Jwk, JwkError, KeyUse};
use crate::key_id::KeyId;
use crate::key_pair::{KeyFileError, KeyPair};
use crate::pool::{Busy, CryptoPool};

#[async_trait]
pub trait Signer: Send + Sync + fmt::Debug {
    fn algorithm(&self) -> Algorithm;

    fn key_id(&self) -> &KeyId;

    /// The public half, as it is to be published.
    fn public_jwk(&self) -> Jwk;

    /// How many signatures are made at a time is the implementation's affair: as many as the machine has cores, or as a token has
    /// sessions.
    ///
    /// The signature in the form of RFC 7518 §3: for RSA as long as the modulus, for ECDSA `r‖s`.
    async fn sign(&self, signing_input: Vec<u8>) -> Result<Vec<u8>, SignError>;
}

/// Why nothing was signed.
#[derive(Debug, Error)]
pub enum SignError {
    /// Try again later.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// The key store failed.
    #[error("signing failed: {0}")]
    Failed(String),
    /// Every key is before or after its time.
    #[error("no signing key may sign now")]
    NoCurrentKey,
    /// The caller asked for this header member, which it must not set or set wrongly.
    #[error("header member {0:?} cannot be set like this")]
    Header(String),
}

impl SignError {
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Busy(busy) => busy.reason(),
            Self::Failed(_) => "sign.failed",
            Self::Header(_) => "sign.header",
            Self::NoCurrentKey => "sign.no_current_key",
        }
    }
}

/// PS256 with an RSA key from files. The key id is the certificate's thumbprint.
pub struct FileSigner {
    jwk: Jwk,
    key: Arc<rsa::KeyPair>,
    pool: Arc<CryptoPool>,
}

impl FileSigner {
    /// Of several certificates in `certificate_pem` the first counts.
    pub fn from_pem(
        certificate_pem: &[u8],
        key_pem: &[u8],
        passphrase: Option<&str>,
        pool: Arc<CryptoPool>,
    ) -> Result<Self, KeyFileError> {
        Self::from_key_pair(
            &KeyPair::from_pem(certificate_pem, key_pem, passphrase)?,
            pool,
        )
    }

    pub fn from_key_pair(pair: &KeyPair, pool: Arc<CryptoPool>) -> Result<Self, KeyFileError> {
        Ok(Self::new(
            pair.rsa_jwk(KeyUse::Signature)?,
            pair.private_key(),
            pool,
        )?)
    }

    /// `private_key` is PKCS#8 in DER, and belongs to `jwk`.
    pub(crate) fn new(
        jwk: Jwk,
        private_key: &[u8],
        pool: Arc<CryptoPool>,
    ) -> Result<Self, JwkError> {
        let key = rsa::KeyPair::from_pkcs8(private_key)
            .map_err(|_| JwkError::Weak("refused by the cryptographic library"))?;
        Ok(Self {
            jwk,
            key: Arc::new(key),
            pool,
        })
    }
}

#[async_trait]
impl Signer for FileSigner {
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
        let key = Arc::clone(&self.key);
        let signature = self.pool.run(move || sign_ps256(&key, &signing_input));
        signature.await?
    }
}

/// Shows which key it is, and nothing of the key.
impl fmt::Debug for FileSigner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("FileSigner")
            .field("key_id", self.key_id())
            .finish_non_exhaustive()
    }
}

fn sign_ps256(key: &rsa::KeyPair, message: &[u8]) -> Result<Vec<u8>, SignError> {
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(
        &RSA_PSS_SHA256,
        &SystemRandom::new(),
        message,
        &mut signature,
    )
    .map_err(|_| SignError::Failed("RSA-PSS".to_owned()))?;
    Ok(signature)
}
