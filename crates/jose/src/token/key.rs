//! One private key of a token, and what it signs.

use std::ffi::c_ulong;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, SHA384, digest};
use cryptoki::mechanism::rsa::{PkcsMgfType, PkcsPssParams};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectHandle};
use cryptoki::session::Session;
use openssl::hash::MessageDigest;
use openssl::rsa::Padding;
use openssl::sign::{RsaPssSaltlen, Verifier};
use openssl::x509::X509;

use super::generate::{KeyKind, P256_OID, P384_OID};
use super::sessions::find;
use super::{KeyHalf, Token, TokenError, TokenKeyName};
use crate::pool::Unanswered;
use crate::signer::SignError;

/// How long a thread is held up for one signature. PayNet gives a call five seconds, so that whoever shakes hands has left
/// afterwards; a healthy token takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(4);

/// How to sign, as JOSE and TLS need it. RSA-PSS salts are as long as the digest.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SignatureScheme {
    EcdsaP256Sha256,
    EcdsaP384Sha384,
    RsaPkcs1Sha256,
    RsaPkcs1Sha384,
    RsaPkcs1Sha512,
    RsaPssSha256,
    RsaPssSha384,
    RsaPssSha512,
}

impl SignatureScheme {
    const ECDSA_P256: [Self; 1] = [Self::EcdsaP256Sha256];
    const ECDSA_P384: [Self; 1] = [Self::EcdsaP384Sha384];
    /// The first is what JOSE calls PS256.
    const RSA: [Self; 6] = [
        Self::RsaPssSha256,
        Self::RsaPssSha384,
        Self::RsaPssSha512,
        Self::RsaPkcs1Sha256,
        Self::RsaPkcs1Sha384,
        Self::RsaPkcs1Sha512,
    ];
}

/// A private key that is known by its name only. Cheap to clone.
#[derive(Clone)]
pub struct TokenKey {
    token: Arc<Token>,
    name: TokenKeyName,
    kind: KeyKind,
    /// Where it was found last, and under which login.
    handle: Arc<Mutex<Option<(u64, ObjectHandle)>>>,
}

impl TokenKey {
    pub(super) fn new(token: Arc<Token>, name: TokenKeyName, kind: KeyKind) -> Self {
        Self {
            token,
            name,
            kind,
            handle: Arc::default(),
        }
    }

    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// What this key can do, preferred first.
    pub fn schemes(&self) -> &'static [SignatureScheme] {
        match self.kind {
            KeyKind::EcP256 => &SignatureScheme::ECDSA_P256,
            KeyKind::EcP384 => &SignatureScheme::ECDSA_P384,
            KeyKind::Rsa2048 | KeyKind::Rsa3072 | KeyKind::Rsa4096 => &SignatureScheme::RSA,
        }
    }

    /// The signature in the form of RFC 7518 §3: for RSA as long as the modulus, for ECDSA `r‖s`.
    pub async fn sign(
        &self,
        scheme: SignatureScheme,
        message: Vec<u8>,
    ) -> Result<Vec<u8>, SignError> {
        let key = self.clone();
        let signature = self.token.pool.run(move || key.sign_now(scheme, &message));
        Ok(signature.await??)
    }

    /// As [`TokenKey::sign`], holding up the thread for four seconds at most.
    pub fn sign_blocking(
        &self,
        scheme: SignatureScheme,
        message: Vec<u8>,
    ) -> Result<Vec<u8>, SignError> {
        let key = self.clone();
        let pool = &self.token.pool;
        Ok(pool.run_blocking(PATIENCE, move || key.sign_now(scheme, &message))??)
    }

    /// Signs something and verifies it with the certificate (DER): that the key works, and that it is the certificate's. Blocks.
    pub fn prove(&self, certificate: &[u8]) -> Result<(), TokenError> {
        const MESSAGE: &[u8] = b"proof of possession";
        let Some(scheme) = self.schemes().first() else {
            return Err(TokenError::Unsupported(self.kind.to_string()));
        };
        let signature = self.sign_now(*scheme, MESSAGE)?;
        if verifies(*scheme, certificate, MESSAGE, &signature) {
            Ok(())
        } else {
            Err(TokenError::NotOfCertificate)
        }
    }

    fn sign_now(&self, scheme: SignatureScheme, message: &[u8]) -> Result<Vec<u8>, TokenError> {
        if !self.schemes().contains(&scheme) {
            return Err(TokenError::Unsupported(format!("{scheme:?}")));
        }
        let sessions = &self.token.sessions;
        sessions.run(|session| {
            let login = sessions.login();
            let handle = self.find(session, login)?;
            let signature = signature(session, handle, scheme, message);
            if signature.is_err() {
                // It may be elsewhere now.
                self.remember(None);
            }
            if sessions.login() == login {
                signature
            } else {
                // By then the handle may have been another key's.
                Err(TokenError::Failed("its user was logged in anew".to_owned()))
            }
        })
    }

    fn find(&self, session: &Session, login: u64) -> Result<ObjectHandle, TokenError> {
        let known = *self.handle.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((found_under, handle)) = known
            && found_under == login
        {
            return Ok(handle);
        }
        let handle = find(session, &self.name, KeyHalf::Private)?;
        self.remember(Some((login, handle)));
        Ok(handle)
    }

    fn remember(&self, found: Option<(u64, ObjectHandle)>) {
        *self.handle.lock().unwrap_or_else(PoisonError::into_inner) = found;
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("TokenKey")
            .field("name", &self.name.to_string())
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl From<TokenError> for SignError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Busy(busy) => Self::Busy(busy),
            other => Self::Failed(other.to_string()),
        }
    }
}

impl From<Unanswered> for SignError {
    fn from(unanswered: Unanswered) -> Self {
        match unanswered {
            Unanswered::Busy(busy) => Self::Busy(busy),
            Unanswered::Late => Self::Failed("the token does not answer in time".to_owned()),
        }
    }
}

/// Asked of the token, because the name says nothing of it.
pub(super) fn kind_of(session: &Session, handle: ObjectHandle) -> Result<KeyKind, TokenError> {
    let unsupported = |what: &str| TokenError::Unsupported(what.to_owned());
    let wanted = [AttributeType::KeyType];
    let attributes = session.get_attributes(handle, &wanted)?;
    let key_type = attributes.iter().find_map(|attribute| match attribute {
        Attribute::KeyType(key_type) => Some(*key_type),
        _ => None,
    });
    match key_type {
        Some(KeyType::RSA) => {
            let attributes = session.get_attributes(handle, &[AttributeType::Modulus])?;
            let bits = attributes.iter().find_map(|attribute| match attribute {
                Attribute::Modulus(modulus) => Some(bit_length(modulus)),
                _ => None,
            });
            match bits {
                Some(2048) => Ok(KeyKind::Rsa2048),
                Some(3072) => Ok(KeyKind::Rsa3072),
                Some(4096) => Ok(KeyKind::Rsa4096),
                _ => Err(unsupported("RSA, but not of 2048, 3072 or 4096 bits")),
            }
        }
        Some(KeyType::EC) => {
            let attributes = session.get_attributes(handle, &[AttributeType::EcParams])?;
            let curve = attributes.iter().find_map(|attribute| match attribute {
                Attribute::EcParams(curve) => Some(curve.as_slice()),
                _ => None,
            });
            match curve {
                Some(P256_OID) => Ok(KeyKind::EcP256),
                Some(P384_OID) => Ok(KeyKind::EcP384),
                _ => Err(unsupported("an elliptic curve that is not P-256 or P-384")),
            }
        }
        _ => Err(unsupported("neither RSA nor elliptic curve")),
    }
}

fn bit_length(modulus: &[u8]) -> usize {
    let zeros = modulus.iter().take_while(|byte| **byte == 0).count();
    (modulus.len() - zeros) * 8
}

fn signature(
    session: &Session,
    handle: ObjectHandle,
    scheme: SignatureScheme,
    message: &[u8],
) -> Result<Vec<u8>, TokenError> {
    use SignatureScheme as Scheme;
    let hashed;
    let (mechanism, data) = match scheme {
        // Not every token hashes for ECDSA, so that is done here.
        Scheme::EcdsaP256Sha256 => {
            hashed = digest(&SHA256, message);
            (Mechanism::Ecdsa, hashed.as_ref())
        }
        Scheme::EcdsaP384Sha384 => {
            hashed = digest(&SHA384, message);
            (Mechanism::Ecdsa, hashed.as_ref())
        }
        Scheme::RsaPkcs1Sha256 => (Mechanism::Sha256RsaPkcs, message),
        Scheme::RsaPkcs1Sha384 => (Mechanism::Sha384RsaPkcs, message),
        Scheme::RsaPkcs1Sha512 => (Mechanism::Sha512RsaPkcs, message),
        Scheme::RsaPssSha256 => {
            let pss = pss(MechanismType::SHA256, PkcsMgfType::MGF1_SHA256, 32);
            (Mechanism::Sha256RsaPkcsPss(pss), message)
        }
        Scheme::RsaPssSha384 => {
            let pss = pss(MechanismType::SHA384, PkcsMgfType::MGF1_SHA384, 48);
            (Mechanism::Sha384RsaPkcsPss(pss), message)
        }
        Scheme::RsaPssSha512 => {
            let pss = pss(MechanismType::SHA512, PkcsMgfType::MGF1_SHA512, 64);
            (Mechanism::Sha512RsaPkcsPss(pss), message)
        }
    };
    Ok(session.sign(&mechanism, handle, data)?)
}

fn pss(hash_alg: MechanismType, mgf: PkcsMgfType, salt: c_ulong) -> PkcsPssParams {
    PkcsPssParams {
        hash_alg,
        mgf,
        s_len: salt.into(),
    }
}

/// With OpenSSL, which made neither the key nor the signature.
fn verifies(scheme: SignatureScheme, certificate: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let checked = || -> Result<bool, openssl::error::ErrorStack> {
        let key = X509::from_der(certificate)?.public_key()?;
        let (digest, is_rsa) = match scheme {
            SignatureScheme::EcdsaP384Sha384 => (MessageDigest::sha384(), false),
            SignatureScheme::EcdsaP256Sha256 => (MessageDigest::sha256(), false),
            _ => (MessageDigest::sha256(), true),
        };
        let mut verifier = Verifier::new(digest, &key)?;
        if is_rsa {
            verifier.set_rsa_padding(Padding::PKCS1_PSS)?;
            verifier.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH)?;
            verifier.verify_oneshot(signature, message)
        } else {
            verifier.verify_oneshot(&ecdsa_der(signature)?, message)
        }
    };
    checked().unwrap_or(false)
}

/// `r‖s` in the form that TLS and certificates want.
pub fn ecdsa_der(signature: &[u8]) -> Result<Vec<u8>, openssl::error::ErrorStack> {
    use openssl::bn::BigNum;
    use openssl::ecdsa::EcdsaSig;
    let (r, s) = signature.split_at(signature.len() / 2);
    let (r, s) = (BigNum::from_slice(r)?, BigNum::from_slice(s)?);
    EcdsaSig::from_private_components(r, s)?.to_der()
}
