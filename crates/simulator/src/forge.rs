//! Signs whatever it is told to, with whichever key: the tokens that no honest party would make.
//!
//! Built on openssl alone and not on `izin_jose`, so that a mistake there cannot hide itself in the tests.

pub(crate) mod foreign;

use izin_jose::base64url;
use openssl::{
    ecdsa::EcdsaSig,
    error::ErrorStack,
    hash::MessageDigest,
    pkey::{PKey, PKeyRef, Private},
    rsa::Padding,
    sign::{RsaPssSaltlen, Signer},
    x509::X509,
};
use serde_json::{Map, Value};

use crate::{
    keys::{KeysError, key_id},
    pki::{Pki, PkiError},
};

/// Algorithms a forger might name in the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForgedAlgorithm {
    /// With a key on P-384.
    Es384,
    /// With a key on P-521.
    Es512,
    /// HMAC with the public certificate as the secret: the classic confusion of key types.
    Hs256,
    /// The same with the public key itself, as PEM.
    Hs256PublicKey,
    /// `none` and an empty signature.
    None,
    /// What v1.2.2 demands.
    Ps256,
    /// The older RSA padding.
    Rs256,
}

impl ForgedAlgorithm {
    fn name(self) -> &'static str {
        match self {
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::Hs256 | Self::Hs256PublicKey => "HS256",
            Self::None => "none",
            Self::Ps256 => "PS256",
            Self::Rs256 => "RS256",
        }
    }
}

/// How a token is to be signed.
#[derive(Clone, Debug)]
pub struct Signing {
    /// Name of a key in the PKI.
    pub key: String,
    pub algorithm: ForgedAlgorithm,
    /// Taken from the key's certificate unless given.
    pub kid: Option<String>,
    /// Added to the protected header; a null removes what would stand there.
    pub header: Map<String, Value>,
    /// Leaves the payload out of the token (RFC 7515, appendix F).
    pub detached: bool,
    /// Changes the header's JSON before it is signed.
    pub header_text: Option<Rewrite>,
    /// Changes the token after it was signed.
    pub token_text: Option<Rewrite>,
    /// This text, and no signature at all.
    pub instead: Option<String>,
}

/// Writes a text anew.
pub type Rewrite = fn(String) -> String;

/// One deviation from an honest signature.
#[derive(Clone, Debug)]
pub enum Forgery {
    Algorithm(ForgedAlgorithm),
    /// A member of the protected header; null removes it.
    Header(String, Value),
    HeaderText(Rewrite),
    Instead(String),
    /// The kid that the header claims.
    Kid(String),
    /// A key of the PKI.
    SignedBy(String),
    Token(Rewrite),
}

impl Signing {
    /// Attached, PS256, by a key of the PKI.
    pub fn by(key: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            algorithm: ForgedAlgorithm::Ps256,
            kid: None,
            header: Map::new(),
            detached: false,
            header_text: None,
            token_text: None,
            instead: None,
        }
    }

    #[must_use]
    pub fn forged(mut self, forgery: Forgery) -> Self {
        match forgery {
            Forgery::Algorithm(algorithm) => self.algorithm = algorithm,
            Forgery::Header(name, value) => {
                self.header.insert(name, value);
            }
            Forgery::HeaderText(rewrite) => self.header_text = Some(rewrite),
            Forgery::Instead(text) => self.instead = Some(text),
            Forgery::Kid(kid) => self.kid = Some(kid),
            Forgery::SignedBy(key) => self.key = key,
            Forgery::Token(rewrite) => self.token_text = Some(rewrite),
        }
        self
    }

    #[must_use]
    pub fn detached(mut self) -> Self {
        self.detached = true;
        self
    }

    /// The compact serialization.
    pub fn sign(&self, pki: &Pki, payload: &[u8]) -> Result<String, ForgeError> {
        if let Some(text) = &self.instead {
            return Ok(text.clone());
        }
        let mut header = serde_json::to_string(&self.protected_header(pki)?)?;
        if let Some(rewrite) = self.header_text {
            header = rewrite(header);
        }
        let header = base64url::encode(header.as_bytes());
        let encoded = base64url::encode(payload);
        let signature = self.signature(pki, format!("{header}.{encoded}").as_bytes())?;
        let signature = base64url::encode(&signature);
        let payload = if self.detached { "" } else { &encoded };
        let token = format!("{header}.{payload}.{signature}");
        Ok(match self.token_text {
            Some(rewrite) => rewrite(token),
            None => token,
        })
    }

    fn protected_header(&self, pki: &Pki) -> Result<Map<String, Value>, ForgeError> {
        let kid = match &self.kid {
            Some(kid) => kid.clone(),
            None => key_id(&pki.certificate(&self.key)?)?.to_string(),
        };
        let mut header = Map::new();
        header.insert("alg".to_owned(), self.algorithm.name().into());
        header.insert("kid".to_owned(), kid.into());
        overlay(&mut header, &self.header);
        Ok(header)
    }

    /// The bytes of the signature, in the form of RFC 7518 §3.
    pub(crate) fn signature(&self, pki: &Pki, input: &[u8]) -> Result<Vec<u8>, ForgeError> {
        if self.algorithm == ForgedAlgorithm::None {
            return Ok(Vec::new());
        }
        let secret = match self.algorithm {
            ForgedAlgorithm::Hs256 => Some(pki.certificate(&self.key)?),
            ForgedAlgorithm::Hs256PublicKey => {
                let certificate = X509::from_pem(&pki.certificate(&self.key)?)?;
                Some(certificate.public_key()?.public_key_to_pem()?)
            }
            _ => None,
        };
        if let Some(secret) = secret {
            let secret = PKey::hmac(&secret)?;
            return Ok(Signer::new(MessageDigest::sha256(), &secret)?.sign_oneshot_to_vec(input)?);
        }
        let key = PKey::private_key_from_pem(&pki.key(&self.key)?)?;
        Ok(match self.algorithm {
            ForgedAlgorithm::Es384 => elliptic_signature(&key, MessageDigest::sha384(), 48, input)?,
            ForgedAlgorithm::Es512 => elliptic_signature(&key, MessageDigest::sha512(), 66, input)?,
            _ => rsa_signature(&key, self.algorithm, input)?,
        })
    }
}

/// Writes `changes` over `target`; a null removes.
pub(crate) fn overlay(target: &mut Map<String, Value>, changes: &Map<String, Value>) {
    for (name, value) in changes {
        if value.is_null() {
            target.remove(name);
        } else {
            target.insert(name.clone(), value.clone());
        }
    }
}

/// Changes one character in the middle of the last part, so that form and length stay right.
pub(crate) fn tamper_signature(token: &str) -> String {
    let start = token.rfind('.').map_or(0, |dot| dot + 1);
    let middle = usize::midpoint(start, token.len());
    let changed = match token.as_bytes().get(middle) {
        Some(b'A') => "B",
        Some(_) => "A",
        None => return token.to_owned(),
    };
    format!("{}{changed}{}", &token[..middle], &token[middle + 1..])
}

/// Puts another payload into an attached token.
pub(crate) fn replace_payload(token: &str, payload: &[u8]) -> String {
    let parts: Vec<_> = token.split('.').collect();
    match parts.as_slice() {
        [header, _, signature] => format!("{header}.{}.{signature}", base64url::encode(payload)),
        _ => token.to_owned(),
    }
}

/// OpenSSL writes DER; a JWS has both numbers at full length (RFC 7518 §3.4).
fn elliptic_signature(
    key: &PKeyRef<Private>,
    digest: MessageDigest,
    coordinate_bytes: i32,
    input: &[u8],
) -> Result<Vec<u8>, ErrorStack> {
    let der = Signer::new(digest, key)?.sign_oneshot_to_vec(input)?;
    let signature = EcdsaSig::from_der(&der)?;
    let mut bytes = signature.r().to_vec_padded(coordinate_bytes)?;
    bytes.extend(signature.s().to_vec_padded(coordinate_bytes)?);
    Ok(bytes)
}

fn rsa_signature(
    key: &PKeyRef<Private>,
    algorithm: ForgedAlgorithm,
    input: &[u8],
) -> Result<Vec<u8>, ErrorStack> {
    let mut signer = Signer::new(MessageDigest::sha256(), key)?;
    if algorithm == ForgedAlgorithm::Ps256 {
        signer.set_rsa_padding(Padding::PKCS1_PSS)?;
        signer.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH)?;
        signer.set_rsa_mgf1_md(MessageDigest::sha256())?;
    }
    signer.sign_oneshot_to_vec(input)
}

#[derive(Debug, thiserror::Error)]
pub enum ForgeError {
    #[error("openssl: {0}")]
    Openssl(#[from] ErrorStack),
    #[error("JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    Keys(#[from] KeysError),
    #[error(transparent)]
    Pki(#[from] PkiError),
}
