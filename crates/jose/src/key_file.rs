//! Private keys and their certificates, in whatever PEM form an institution has them: PKCS#8, encrypted PKCS#8, PKCS#1 and the
//! older encrypted PKCS#1.
//!
//! Key and certificate are always read together and must belong together. A key id is the certificate's thumbprint, so a
//! mismatch would otherwise show up only at the other side, as a signature that never verifies.

use openssl::error::ErrorStack;
use openssl::pkey::{Id, PKey, Private};
use openssl::x509::X509;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::jwk::{Jwk, JwkError, KeyUse};

/// An RSA key pair as it came out of its files.
pub(crate) struct KeyFile {
    pub(crate) jwk: Jwk,
    /// PKCS#8, DER.
    pub(crate) private_key: Zeroizing<Vec<u8>>,
}

impl KeyFile {
    pub(crate) fn read(
        certificate_pem: &[u8],
        key_pem: &[u8],
        passphrase: Option<&str>,
        key_use: KeyUse,
    ) -> Result<Self, KeyFileError> {
        let certificate = X509::from_pem(certificate_pem).map_err(|_| KeyFileError::Certificate)?;
        let key = read_private_key(key_pem, passphrase)?;
        let public = certificate
            .public_key()
            .map_err(|_| KeyFileError::Certificate)?;
        if !public.public_eq(&key) {
            return Err(KeyFileError::NotOfCertificate);
        }
        if key.id() != Id::RSA {
            return Err(KeyFileError::NotRsa);
        }
        let private_key = key.private_key_to_pkcs8().map(Zeroizing::new);
        Ok(Self {
            jwk: Jwk::from_certificate(&certificate, key_use)?,
            private_key: private_key.map_err(|_| KeyFileError::PrivateKey)?,
        })
    }
}

/// Why a key file cannot be used. Never contains any of it.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum KeyFileError {
    #[error("the certificate is not a PEM certificate")]
    Certificate,
    #[error("the private key does not belong to the certificate")]
    NotOfCertificate,
    #[error("the key is not an RSA key")]
    NotRsa,
    #[error("the private key is encrypted and no passphrase was given")]
    PassphraseMissing,
    #[error("the passphrase does not open the private key")]
    PassphraseWrong,
    #[error("the private key is not a readable PEM private key")]
    PrivateKey,
    /// Too weak, for instance.
    #[error("the key cannot be used: {0}")]
    Unusable(#[from] JwkError),
}

impl KeyFileError {
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Certificate => "key_file.certificate",
            Self::NotOfCertificate => "key_file.not_of_certificate",
            Self::NotRsa => "key_file.not_rsa",
            Self::PassphraseMissing => "key_file.passphrase_missing",
            Self::PassphraseWrong => "key_file.passphrase_wrong",
            Self::PrivateKey => "key_file.private_key",
            Self::Unusable(_) => "key_file.unusable",
        }
    }
}

fn read_private_key(pem: &[u8], passphrase: Option<&str>) -> Result<PKey<Private>, KeyFileError> {
    let mut asked = false;
    // Always with a callback: without one OpenSSL would ask at the terminal, and a service would hang.
    let key = PKey::private_key_from_pem_callback(pem, |buffer| {
        asked = true;
        fill_passphrase(passphrase, buffer)
    });
    key.map_err(|_| match (asked, passphrase) {
        (false, _) => KeyFileError::PrivateKey,
        (true, None) => KeyFileError::PassphraseMissing,
        (true, Some(_)) => KeyFileError::PassphraseWrong,
    })
}

fn fill_passphrase(passphrase: Option<&str>, buffer: &mut [u8]) -> Result<usize, ErrorStack> {
    let passphrase = passphrase.unwrap_or_default().as_bytes();
    match buffer.get_mut(..passphrase.len()) {
        Some(space) if !passphrase.is_empty() => {
            space.copy_from_slice(passphrase);
            Ok(passphrase.len())
        }
        // OpenSSL takes any error of the callback as "no passphrase".
        _ => Err(ErrorStack::get()),
    }
}
