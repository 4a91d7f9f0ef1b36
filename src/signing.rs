//! Our signing keys: they sign data responses, id tokens and client assertions, and their public halves are
//! what `GET /v1/oauth/jwks` publishes.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use izin_jose::{CryptoPool, FileSigner, JwkSet, JwkSetError, KeyFileError, Signer};

use crate::config::KeyFiles;

#[derive(Debug, thiserror::Error)]
pub enum SigningKeyError {
    #[error("{path}: {problem}", path = path.display())]
    Unreadable {
        path: PathBuf,
        problem: std::io::Error,
    },
    #[error("signing key {certificate}: {problem}", certificate = certificate.display())]
    Unusable {
        certificate: PathBuf,
        problem: KeyFileError,
    },
    #[error("signing keys: {0}")]
    Set(#[from] JwkSetError),
    #[error("signing.keys is empty")]
    None,
}

/// At least one key; the first one signs, all are published.
#[derive(Debug, Clone)]
pub struct SigningKeys {
    current: Arc<dyn Signer>,
    published: Arc<JwkSet>,
}

impl SigningKeys {
    pub fn load(files: &[KeyFiles], pool: &Arc<CryptoPool>) -> Result<Self, SigningKeyError> {
        let signers = files
            .iter()
            .map(|files| load_one(files, pool))
            .collect::<Result<Vec<_>, SigningKeyError>>()?;
        let published = JwkSet::new(signers.iter().map(|signer| signer.public_jwk()))?;
        let current = signers.into_iter().next().ok_or(SigningKeyError::None)?;
        Ok(Self {
            current,
            published: Arc::new(published),
        })
    }

    pub fn current(&self) -> &dyn Signer {
        &*self.current
    }

    pub fn published(&self) -> &JwkSet {
        &self.published
    }
}

fn load_one(files: &KeyFiles, pool: &Arc<CryptoPool>) -> Result<Arc<dyn Signer>, SigningKeyError> {
    let certificate = read(&files.certificate)?;
    let key = read(&files.private_key)?;
    let signer =
        FileSigner::from_pem(&certificate, &key, None, pool.clone()).map_err(|problem| {
            SigningKeyError::Unusable {
                certificate: files.certificate.clone(),
                problem,
            }
        })?;
    Ok(Arc::new(signer))
}

fn read(path: &Path) -> Result<Vec<u8>, SigningKeyError> {
    std::fs::read(path).map_err(|problem| SigningKeyError::Unreadable {
        path: path.to_owned(),
        problem,
    })
}
