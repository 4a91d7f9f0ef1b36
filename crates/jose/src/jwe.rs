//! Compact JWE (RFC 7516) with RSA-OAEP-256 for the key and A256GCM for the content (RFC 7518 §4.3, §5.3), and with nothing else.
//!
//! A fresh content key and nonce for each message; both are random, and as the key is used once, the nonce can never repeat
//! under it. Decryption gives one answer for every way in which a ciphertext can be wrong (RFC 7516 §11.5).

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand;
use aws_lc_rs::rsa::{
    OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, OaepPublicEncryptingKey, PrivateDecryptingKey,
};
use serde_json::{Map, Value};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::base64url;
use crate::content::{self, KEY_BYTES, NONCE_BYTES, TAG_BYTES};
use crate::header::Header;
use crate::jwk::{Jwk, JwkError, KeyUse};
use crate::key_id::KeyId;
use crate::key_pair::{KeyFileError, KeyPair};

/// `alg`.
pub(crate) const KEY_ENCRYPTION: &str = "RSA-OAEP-256";
/// `enc`.
const CONTENT_ENCRYPTION: &str = "A256GCM";

/// A recipient's public key, taken from a [`Jwk`] or [`JwkSet`](crate::JwkSet).
#[derive(Clone)]
pub struct EncryptionKey {
    key_id: KeyId,
    key: Arc<OaepPublicEncryptingKey>,
}

impl EncryptionKey {
    pub(crate) fn new(key_id: KeyId, key: OaepPublicEncryptingKey) -> Self {
        Self {
            key_id,
            key: Arc::new(key),
        }
    }

    pub fn key_id(&self) -> &KeyId {
        &self.key_id
    }

    /// The compact form; the header has `alg`, `enc`, `kid` and, if given, `cty`. Takes some 20 µs plus the content.
    pub fn encrypt(&self, cty: Option<&str>, plaintext: &[u8]) -> Result<String, EncryptError> {
        let mut content_key = Zeroizing::new([0; KEY_BYTES]);
        let mut nonce = [0; NONCE_BYTES];
        rand::fill(content_key.as_mut())?;
        rand::fill(&mut nonce)?;
        let mut encrypted_key = vec![0; self.key.ciphertext_size()];
        let oaep = &OAEP_SHA256_MGF1SHA256;
        let encrypted_key =
            self.key
                .encrypt(oaep, content_key.as_ref(), &mut encrypted_key, None)?;
        let mut compact = self.header(cty);
        let mut content = plaintext.to_vec();
        let tag = content::seal(&content_key, nonce, compact.as_bytes(), &mut content)?;
        for part in [&*encrypted_key, &nonce, &content, &tag] {
            compact.push('.');
            base64url::encode_onto(part, &mut compact);
        }
        Ok(compact)
    }

    fn header(&self, cty: Option<&str>) -> String {
        let mut members = Map::new();
        members.insert("alg".to_owned(), KEY_ENCRYPTION.into());
        members.insert("enc".to_owned(), CONTENT_ENCRYPTION.into());
        members.insert("kid".to_owned(), self.key_id.as_str().into());
        if let Some(cty) = cty {
            members.insert("cty".to_owned(), cty.into());
        }
        base64url::encode(Value::Object(members).to_string().as_bytes())
    }
}

impl fmt::Debug for EncryptionKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("EncryptionKey")
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

/// The cryptographic library failed; with a key that was accepted this does not depend on the message.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("encryption failed")]
pub struct EncryptError;

impl EncryptError {
    pub const fn reason(self) -> &'static str {
        "jwe.encryption_failed"
    }
}

impl From<Unspecified> for EncryptError {
    fn from(_: Unspecified) -> Self {
        Self
    }
}

/// A recipient's private key.
pub struct DecryptionKey {
    jwk: Jwk,
    key: OaepPrivateDecryptingKey,
}

impl DecryptionKey {
    /// No ciphertext is longer.
    pub const MAX_BYTES: usize = 8 * 1024 * 1024;

    /// Reads the same forms as [`FileSigner::from_pem`](crate::FileSigner::from_pem).
    pub fn from_pem(
        certificate_pem: &[u8],
        key_pem: &[u8],
        passphrase: Option<&str>,
    ) -> Result<Self, KeyFileError> {
        let pair = KeyPair::from_pem(certificate_pem, key_pem, passphrase)?;
        Ok(Self::new(
            pair.rsa_jwk(KeyUse::Encryption)?,
            pair.private_key(),
        )?)
    }

    /// `private_key` is PKCS#8 in DER, and belongs to `jwk`.
    pub(crate) fn new(jwk: Jwk, private_key: &[u8]) -> Result<Self, JwkError> {
        const REFUSED: JwkError = JwkError::Weak("refused by the cryptographic library");
        let key = PrivateDecryptingKey::from_pkcs8(private_key).map_err(|_| REFUSED)?;
        let key = OaepPrivateDecryptingKey::new(key).map_err(|_| REFUSED)?;
        Ok(Self { jwk, key })
    }

    pub fn key_id(&self) -> &KeyId {
        self.jwk.key_id()
    }

    /// The public half, as it is to be published.
    pub fn public_jwk(&self) -> Jwk {
        self.jwk.clone()
    }

    /// A header without `kid` is accepted, one with another key's `kid` is not.
    pub fn decrypt(&self, compact: &str) -> Result<Vec<u8>, DecryptError> {
        if compact.len() > Self::MAX_BYTES {
            return Err(DecryptError::TooLarge);
        }
        let parts = Parts::read(compact)?;
        self.check_header(&parts.header)?;
        let nonce = decode(parts.nonce)?.try_into();
        let nonce = nonce.map_err(|_| DecryptError::Malformed)?;
        let mut content = decode(parts.content)?;
        let tag = decode(parts.tag)?;
        if tag.len() != TAG_BYTES {
            return Err(DecryptError::Malformed);
        }
        content.extend_from_slice(&tag);
        let content_key = self.content_key(&decode(parts.encrypted_key)?)?;
        let aad = parts.encoded_header.as_bytes();
        Ok(content::open(&content_key, nonce, aad, content)?)
    }

    fn check_header(&self, header: &Header) -> Result<(), DecryptError> {
        let enc = header.other.get("enc").and_then(Value::as_str);
        if header.alg != KEY_ENCRYPTION || enc != Some(CONTENT_ENCRYPTION) {
            return Err(DecryptError::AlgorithmNotAllowed);
        }
        // Nothing here understands a critical member, and compression before encryption leaks lengths (RFC 8725 §3.6).
        if !header.crit.is_empty() || header.other.contains_key("zip") {
            return Err(DecryptError::Unsupported);
        }
        match &header.kid {
            Some(kid) if kid != self.key_id() => Err(DecryptError::KeyIdMismatch),
            _ => Ok(()),
        }
    }

    /// If the encrypted key is wrong, a random one takes its place and decryption of the content fails in its stead, so that
    /// an attacker cannot tell the two apart (RFC 7516 §11.5).
    fn content_key(&self, encrypted: &[u8]) -> Result<Zeroizing<[u8; KEY_BYTES]>, DecryptError> {
        let mut content_key = Zeroizing::new([0; KEY_BYTES]);
        rand::fill(content_key.as_mut())?;
        if let Ok(decrypted) = self.unwrap_key(encrypted)
            && decrypted.len() == KEY_BYTES
        {
            content_key.copy_from_slice(&decrypted);
        }
        Ok(content_key)
    }

    /// RSA-OAEP-256 alone: what was encrypted, of whatever length.
    pub(crate) fn unwrap_key(&self, encrypted: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unspecified> {
        let mut space = Zeroizing::new(vec![0; self.key.min_output_size()]);
        let oaep = &OAEP_SHA256_MGF1SHA256;
        let length = self.key.decrypt(oaep, encrypted, &mut space, None)?.len();
        space.truncate(length);
        Ok(space)
    }
}

impl fmt::Debug for DecryptionKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("DecryptionKey")
            .field("key_id", self.key_id())
            .finish_non_exhaustive()
    }
}

/// Why a JWE was not decrypted.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum DecryptError {
    #[error("only RSA-OAEP-256 with A256GCM is decrypted")]
    AlgorithmNotAllowed,
    /// Encrypted for another key, or changed on the way; which of the two is not told.
    #[error("the message cannot be decrypted")]
    Failed,
    #[error("the message names another key")]
    KeyIdMismatch,
    #[error("not a compact JWE")]
    Malformed,
    #[error("the message is too large")]
    TooLarge,
    /// Compressed, or with critical header members.
    #[error("the message uses an extension that is not supported")]
    Unsupported,
}

impl DecryptError {
    pub const fn reason(self) -> &'static str {
        match self {
            Self::AlgorithmNotAllowed => "jwe.algorithm_not_allowed",
            Self::Failed => "jwe.decryption_failed",
            Self::KeyIdMismatch => "jwe.kid_mismatch",
            Self::Malformed => "jwe.malformed",
            Self::TooLarge => "jwe.too_large",
            Self::Unsupported => "jwe.unsupported",
        }
    }
}

impl From<Unspecified> for DecryptError {
    fn from(_: Unspecified) -> Self {
        Self::Failed
    }
}

/// Only the header is read: what the others must look like depends on it.
struct Parts<'a> {
    encoded_header: &'a str,
    header: Header,
    encrypted_key: &'a str,
    nonce: &'a str,
    content: &'a str,
    tag: &'a str,
}

impl<'a> Parts<'a> {
    fn read(compact: &'a str) -> Result<Self, DecryptError> {
        let parts: Vec<&str> = compact.splitn(6, '.').collect();
        let [encoded_header, encrypted_key, nonce, content, tag] = parts[..] else {
            return Err(DecryptError::Malformed);
        };
        let header = Header::parse(&decode(encoded_header)?);
        Ok(Self {
            encoded_header,
            header: header.map_err(|_| DecryptError::Malformed)?,
            encrypted_key,
            nonce,
            content,
            tag,
        })
    }
}

fn decode(part: &str) -> Result<Vec<u8>, DecryptError> {
    base64url::decode(part).map_err(|_| DecryptError::Malformed)
}
