//! From what the configuration names to keys that can be used.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use izin_jose::{
    CryptoPool, FileSigner, KeyFileError, KeyPair, Signer, Token, TokenError, TokenKey,
    TokenOptions, TokenSigner,
};
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;
use secrecy::ExposeSecret;

use super::certificate::CertificateFacts;
use super::files::{FileProblem, read_public, read_secret, read_secret_text};
use super::token_tls::TokenTlsKey;
use crate::config::{Config, KeyLocation, KeySource, Pkcs11};

#[derive(Debug, thiserror::Error)]
pub enum KeyProblem {
    #[error(transparent)]
    File(#[from] FileProblem),
    #[error("{path}: {problem}", path = path.display())]
    KeyFile {
        path: PathBuf,
        problem: KeyFileError,
    },
    #[error("{path}: there is no certificate (PEM) in it", path = path.display())]
    NoCertificate { path: PathBuf },
    #[error("{0} is required")]
    Required(&'static str),
    #[error("TLS cannot use the key of {certificate}: {problem}")]
    Tls {
        certificate: String,
        problem: rustls::Error,
    },
    #[error("the token of [pkcs11]: {0}")]
    Token(#[from] TokenError),
}

/// Opened once for each reading of the configuration.
#[derive(Debug)]
pub struct KeyReader {
    token: Option<Arc<Token>>,
    pool: Arc<CryptoPool>,
}

/// A key with its certificates, before it is known what for.
struct Material {
    /// DER, the key's own first.
    certificates: Vec<CertificateDer<'static>>,
    key: Private,
}

enum Private {
    File(KeyPair),
    Token(TokenKey),
}

impl KeyReader {
    /// Logs in to the token if any key is on it. Blocks.
    pub fn open(config: &Config, pool: Arc<CryptoPool>) -> Result<Self, KeyProblem> {
        let token = if config.uses_token() {
            Some(Arc::new(open_token(&config.pkcs11)?))
        } else {
            None
        };
        Ok(Self { token, pool })
    }

    /// For keys in files.
    pub fn files_only() -> std::io::Result<Self> {
        Ok(Self {
            token: None,
            pool: Arc::new(CryptoPool::for_this_machine()?),
        })
    }

    /// A key for signatures, and what its certificate says. Blocks.
    pub fn signer(
        &self,
        source: &KeySource,
    ) -> Result<(Arc<dyn Signer>, CertificateFacts), KeyProblem> {
        let material = self.read(source)?;
        let facts = facts(source, &material.certificates)?;
        let signer: Arc<dyn Signer> = match material.key {
            Private::File(pair) => {
                let signer = FileSigner::from_key_pair(&pair, self.pool.clone());
                Arc::new(signer.map_err(|problem| in_file(source, problem))?)
            }
            Private::Token(key) => {
                let certificate = first(source, &material.certificates)?;
                Arc::new(TokenSigner::new(key, certificate)?)
            }
        };
        Ok((signer, facts))
    }

    /// A key for TLS, on whichever side. Blocks.
    pub fn certified(&self, source: &KeySource) -> Result<Arc<CertifiedKey>, KeyProblem> {
        let material = self.read(source)?;
        let subject = facts(source, &material.certificates)?.subject;
        let key = match &material.key {
            Private::File(pair) => {
                let pkcs8 = PrivatePkcs8KeyDer::from(pair.private_key());
                any_supported_type(&PrivateKeyDer::from(pkcs8)).map_err(|problem| {
                    KeyProblem::Tls {
                        certificate: subject,
                        problem,
                    }
                })?
            }
            Private::Token(key) => {
                key.prove(first(source, &material.certificates)?)?;
                Arc::new(TokenTlsKey(key.clone()))
            }
        };
        Ok(Arc::new(CertifiedKey::new(material.certificates, key)))
    }

    /// What a key's certificate says, once it is clear that the key can be read and is the certificate's.
    pub fn certificate(&self, source: &KeySource) -> Result<CertificateFacts, KeyProblem> {
        let material = self.read(source)?;
        if let Private::Token(key) = &material.key {
            key.prove(first(source, &material.certificates)?)?;
        }
        facts(source, &material.certificates)
    }

    fn read(&self, source: &KeySource) -> Result<Material, KeyProblem> {
        match &source.private_key {
            KeyLocation::File(path) => {
                let pair = key_pair(source, path)?;
                let certificates = pair.certificates();
                let certificates = certificates.map_err(|problem| in_file(source, problem))?;
                Ok(Material {
                    certificates: certificates.into_iter().map(CertificateDer::from).collect(),
                    key: Private::File(pair),
                })
            }
            KeyLocation::Token(name) => {
                let token = self.token.as_ref();
                let token = token.ok_or(KeyProblem::Required("pkcs11.module"))?;
                let path = source.certificate.as_ref();
                let path =
                    path.ok_or(KeyProblem::Required("a certificate beside a token's key"))?;
                Ok(Material {
                    certificates: certificates_of(path)?,
                    key: Private::Token(token.key(name)?),
                })
            }
        }
    }
}

/// The token of `[pkcs11]`, with the user logged in. Blocks.
pub fn open_token(config: &Pkcs11) -> Result<Token, KeyProblem> {
    let module = config.module.as_deref();
    let module = module.ok_or(KeyProblem::Required("pkcs11.module"))?;
    let label = config.token.as_deref();
    let label = label.ok_or(KeyProblem::Required("pkcs11.token"))?;
    let pin_file = config.pin_file.as_deref();
    let pin = read_secret_text(pin_file.ok_or(KeyProblem::Required("pkcs11.pin_file"))?)?;
    let options = TokenOptions {
        module,
        label,
        serial: config.serial.as_deref(),
        pin,
        sessions: config.sessions,
    };
    Ok(Token::open(options)?)
}

/// The certificates in a PEM file; at least one.
pub fn certificates_of(path: &Path) -> Result<Vec<CertificateDer<'static>>, KeyProblem> {
    let pem = read_public(path)?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match certificates {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(KeyProblem::NoCertificate {
            path: path.to_owned(),
        }),
    }
}

fn key_pair(source: &KeySource, path: &Path) -> Result<KeyPair, KeyProblem> {
    let key = read_secret(path)?;
    let passphrase = source.passphrase_file.as_deref();
    let passphrase = passphrase.map(read_secret_text).transpose()?;
    let passphrase = passphrase.as_ref().map(ExposeSecret::expose_secret);
    let certificate = source.certificate.as_deref();
    let certificate = certificate.map(read_public).transpose()?;
    let is_pem = key.windows(5).any(|window| window == b"-----");
    let pair = match (is_pem, &certificate) {
        (true, None) => return Err(KeyProblem::Required("a certificate beside a PEM key")),
        (true, Some(certificate)) => KeyPair::from_pem(certificate, &key, passphrase),
        (false, None) => KeyPair::from_pkcs12(&key, passphrase),
        (false, Some(certificate)) => KeyPair::from_pkcs12_and_pem(&key, certificate, passphrase),
    };
    pair.map_err(|problem| in_file(source, problem))
}

/// Names the file that the problem is about.
fn in_file(source: &KeySource, problem: KeyFileError) -> KeyProblem {
    let certificate = source.certificate.as_ref();
    let path = match (&source.private_key, certificate, &problem) {
        (_, Some(certificate), KeyFileError::Certificate) => certificate.clone(),
        (KeyLocation::File(path), ..) => path.clone(),
        (KeyLocation::Token(name), ..) => PathBuf::from(name.to_string()),
    };
    KeyProblem::KeyFile { path, problem }
}

fn first<'a>(
    source: &KeySource,
    certificates: &'a [CertificateDer<'static>],
) -> Result<&'a [u8], KeyProblem> {
    match certificates.first() {
        Some(certificate) => Ok(certificate),
        None => Err(in_file(source, KeyFileError::Certificate)),
    }
}

fn facts(
    source: &KeySource,
    certificates: &[CertificateDer<'static>],
) -> Result<CertificateFacts, KeyProblem> {
    let own = first(source, certificates)?;
    CertificateFacts::of(own).map_err(|_| in_file(source, KeyFileError::Certificate))
}
