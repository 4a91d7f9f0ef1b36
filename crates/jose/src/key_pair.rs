//! Private keys and their certificates, in whatever form an institution has them as files: PEM (PKCS#8, encrypted PKCS#8, PKCS#1 and
//! the older encrypted PKCS#1) or a PKCS#12 container.
//!
//! Key and certificate are always read together and must belong together. A key id is the certificate's thumbprint, so a
//! mismatch would otherwise show up only at the other side, as a signature that never verifies.

use std::fmt;

use openssl::error::ErrorStack;
use openssl::pkcs12::Pkcs12;
use openssl::pkey::{Id, PKey, Private};
use openssl::x509::{X509, X509Ref};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::jwk::{Jwk, JwkError, KeyUse};

/// A private key with its certificate and those of the authorities in between. The key is wiped when this is dropped.
pub struct KeyPair {
    certificate: X509,
    /// DER, from the issuer of `certificate` upwards.
    issuers: Vec<Vec<u8>>,
    /// PKCS#8, DER.
    private_key: Zeroizing<Vec<u8>>,
    is_rsa: bool,
}

impl KeyPair {
    /// Of several certificates in `certificate_pem` the first is the key's own.
    pub fn from_pem(
        certificate_pem: &[u8],
        key_pem: &[u8],
        passphrase: Option<&str>,
    ) -> Result<Self, KeyFileError> {
        let key = read_private_key(key_pem, passphrase)?;
        Self::new(read_chain(certificate_pem)?, &key)
    }

    /// Key, certificate and chain from one container (RFC 7292). It may be encrypted with anything but the algorithms that OpenSSL 3
    /// counts as legacy (RC2, single DES).
    pub fn from_pkcs12(container: &[u8], passphrase: Option<&str>) -> Result<Self, KeyFileError> {
        let (certificates, key) = open_pkcs12(container, passphrase)?;
        Self::new(certificates, &key)
    }

    /// The key of a PKCS#12 container with another certificate than the one in it, for example a renewed one.
    pub fn from_pkcs12_and_pem(
        container: &[u8],
        certificate_pem: &[u8],
        passphrase: Option<&str>,
    ) -> Result<Self, KeyFileError> {
        let (_, key) = open_pkcs12(container, passphrase)?;
        Self::new(read_chain(certificate_pem)?, &key)
    }

    /// DER; the key's own certificate first, then its issuers.
    pub fn certificates(&self) -> Result<Vec<Vec<u8>>, KeyFileError> {
        let own = self.certificate.to_der();
        let own = own.map_err(|_| KeyFileError::Certificate)?;
        Ok([vec![own], self.issuers.clone()].concat())
    }

    /// PKCS#8, DER.
    pub fn private_key(&self) -> &[u8] {
        &self.private_key
    }

    /// The public half, for RSA keys: no other kind signs or decrypts here.
    pub(crate) fn rsa_jwk(&self, key_use: KeyUse) -> Result<Jwk, KeyFileError> {
        if self.is_rsa {
            Ok(Jwk::from_certificate(&self.certificate, key_use)?)
        } else {
            Err(KeyFileError::NotRsa)
        }
    }

    fn new(certificates: Vec<X509>, key: &PKey<Private>) -> Result<Self, KeyFileError> {
        let mut certificates = certificates.into_iter();
        let certificate = certificates.next().ok_or(KeyFileError::Certificate)?;
        if !belongs_to(&certificate, key)? {
            return Err(KeyFileError::NotOfCertificate);
        }
        let issuers = certificates.map(|issuer| issuer.to_der());
        let issuers = issuers.collect::<Result<_, _>>();
        let private_key = key.private_key_to_pkcs8().map(Zeroizing::new);
        Ok(Self {
            certificate,
            issuers: issuers.map_err(|_| KeyFileError::Certificate)?,
            private_key: private_key.map_err(|_| KeyFileError::PrivateKey)?,
            is_rsa: key.id() == Id::RSA,
        })
    }
}

/// Shows nothing of the key.
impl fmt::Debug for KeyPair {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("KeyPair").finish_non_exhaustive()
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
    /// Readable, but without one of the two.
    #[error("the PKCS#12 container does not hold both a private key and its certificate")]
    Pkcs12Incomplete,
    #[error(
        "the PKCS#12 container is encrypted with a legacy algorithm; convert it: openssl pkcs12 -legacy -in OLD -out ALL.pem, \
         then openssl pkcs12 -export -in ALL.pem -out NEW"
    )]
    Pkcs12Legacy,
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
            Self::Pkcs12Incomplete => "key_file.pkcs12_incomplete",
            Self::Pkcs12Legacy => "key_file.pkcs12_legacy",
            Self::PrivateKey => "key_file.private_key",
            Self::Unusable(_) => "key_file.unusable",
        }
    }
}

fn belongs_to(certificate: &X509Ref, key: &PKey<Private>) -> Result<bool, KeyFileError> {
    let public = certificate.public_key();
    let public = public.map_err(|_| KeyFileError::Certificate)?;
    Ok(public.public_eq(key))
}

fn read_chain(pem: &[u8]) -> Result<Vec<X509>, KeyFileError> {
    X509::stack_from_pem(pem).map_err(|_| KeyFileError::Certificate)
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

/// The key's own certificate first.
fn open_pkcs12(
    container: &[u8],
    passphrase: Option<&str>,
) -> Result<(Vec<X509>, PKey<Private>), KeyFileError> {
    let container = Pkcs12::from_der(container).map_err(|_| KeyFileError::PrivateKey)?;
    let opened = container.parse2(passphrase.unwrap_or_default());
    let opened = opened.map_err(|problem| match passphrase {
        _ if is_unsupported(&problem) => KeyFileError::Pkcs12Legacy,
        None => KeyFileError::PassphraseMissing,
        Some(_) => KeyFileError::PassphraseWrong,
    })?;
    let (Some(certificate), Some(key)) = (opened.cert, opened.pkey) else {
        return Err(KeyFileError::Pkcs12Incomplete);
    };
    let mut certificates = vec![certificate];
    certificates.extend(opened.ca.into_iter().flatten());
    Ok((certificates, key))
}

/// `ERR_R_UNSUPPORTED`: no loaded provider has the algorithm.
fn is_unsupported(problem: &ErrorStack) -> bool {
    problem
        .errors()
        .iter()
        .any(|error| error.reason() == Some("unsupported"))
}
