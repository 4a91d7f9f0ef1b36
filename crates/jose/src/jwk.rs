//! One public key as JSON (RFC 7517), with what its owner says it is for.
//!
//! A key is usable for an operation only if all that it says agrees: `use`, `key_ops` and `alg` may each be absent, but where
//! present they bind (RFC 7517 §4.2–4.4). What a key may do is decided when it is read, so that a look-up cannot forget to ask.

use std::fmt;

use openssl::x509::{X509, X509Ref};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Value;
use thiserror::Error;

use crate::algorithm::Algorithm;
use crate::base64url;
use crate::json::Observed;
use crate::jwe::{EncryptionKey, KEY_ENCRYPTION};
use crate::jwk_members::{Statement, key_material, validity};
use crate::key_id::KeyId;
use crate::public_key::PublicKey;
use crate::verifying_key::VerifyingKey;
use crate::x5c;

/// A usable public key; serializes as it is published.
#[derive(Clone)]
pub struct Jwk {
    statement: Statement,
    key: PublicKey,
    verifying: Option<VerifyingKey>,
    encryption: Option<EncryptionKey>,
}

impl Jwk {
    pub fn parse(json: &[u8]) -> Result<Self, JwkError> {
        let observed = serde_json::from_slice(json).map_err(|_| JwkError::Malformed("not JSON"))?;
        Self::from_observed(observed)
    }

    /// The key of a certificate; `kid` and `x5t#S256` are the certificate's thumbprint. Of several certificates in the PEM
    /// text the first counts.
    pub fn from_certificate_pem(pem: &[u8], key_use: KeyUse) -> Result<Self, JwkError> {
        let certificate = X509::from_pem(pem).map_err(|_| JwkError::Certificate)?;
        Self::from_certificate(&certificate, key_use)
    }

    /// As [`Jwk::from_certificate_pem`]. The thumbprint is over exactly these bytes, so nothing may follow the certificate.
    pub fn from_certificate_der(der: &[u8], key_use: KeyUse) -> Result<Self, JwkError> {
        let certificate = X509::from_der(der).map_err(|_| JwkError::Certificate)?;
        if certificate.to_der().ok().as_deref() != Some(der) {
            return Err(JwkError::Certificate);
        }
        Self::from_certificate(&certificate, key_use)
    }

    pub(crate) fn from_certificate(
        certificate: &X509Ref,
        key_use: KeyUse,
    ) -> Result<Self, JwkError> {
        let der = certificate.to_der().map_err(|_| JwkError::Certificate)?;
        let public = certificate
            .public_key()
            .map_err(|_| JwkError::Certificate)?;
        let key = PublicKey::from_openssl(&public)?;
        let alg = match key_use {
            KeyUse::Encryption => KEY_ENCRYPTION,
            KeyUse::Signature => key.signature_algorithm().name(),
        };
        let key_id = KeyId::of_certificate(&der);
        let statement = Statement {
            alg: Some(alg.to_owned()),
            key_ops: Vec::new(),
            key_use: Some(key_use),
            thumbprint: Some(key_id.to_string()),
            validity: Some(validity(certificate)?),
            key_id,
        };
        Self::assemble(statement, key)
    }

    pub(crate) fn from_observed(observed: Observed) -> Result<Self, JwkError> {
        if observed.repeated.is_some() {
            return Err(JwkError::Malformed("a member appears twice"));
        }
        let Value::Object(members) = observed.value else {
            return Err(JwkError::Malformed("not a JSON object"));
        };
        let key = key_material(&members)?;
        let mut statement = Statement::read(&members)?;
        let thumbprint = statement.thumbprint.as_deref();
        if let Some(certificate) = x5c::certificate(&members, &key, thumbprint)? {
            statement.validity = Some(validity(&certificate)?);
        }
        Self::assemble(statement, key)
    }

    fn assemble(statement: Statement, key: PublicKey) -> Result<Self, JwkError> {
        let verifying = if statement.permits_verifying(key.signature_algorithm()) {
            let parsed = key.for_verification()?;
            let algorithm = key.signature_algorithm();
            Some(VerifyingKey::new(
                statement.key_id.clone(),
                algorithm,
                parsed,
            ))
        } else {
            None
        };
        let encryption = if statement.permits_encryption() {
            let parsed = key.for_encryption()?;
            parsed.map(|parsed| EncryptionKey::new(statement.key_id.clone(), parsed))
        } else {
            None
        };
        if verifying.is_none() && encryption.is_none() {
            return Err(JwkError::UnsupportedUse);
        }
        Ok(Self {
            statement,
            key,
            verifying,
            encryption,
        })
    }

    pub fn key_id(&self) -> &KeyId {
        &self.statement.key_id
    }

    /// `use`, if the key states one.
    pub fn key_use(&self) -> Option<KeyUse> {
        self.statement.key_use
    }

    /// Whether the certificate that came with the key is valid at this time, in seconds since 1970. A key without a
    /// certificate is always. Certificates are looked at for their time only: whom they are from, the set's source vouches for.
    pub fn is_valid_at(&self, seconds: i64) -> bool {
        let validity = self.statement.validity.as_ref();
        validity.is_none_or(|validity| validity.contains(&seconds))
    }

    /// `x5t#S256` as published; compared only with a certificate in `x5c`.
    pub fn certificate_thumbprint(&self) -> Option<&str> {
        self.statement.thumbprint.as_deref()
    }

    pub(crate) fn key(&self) -> &PublicKey {
        &self.key
    }

    pub fn encryption_key(&self) -> Result<&EncryptionKey, KeyError> {
        self.encryption.as_ref().ok_or(KeyError::WrongUse)
    }

    pub fn verifying_key(&self, algorithm: Algorithm) -> Result<&VerifyingKey, KeyError> {
        let key = self.verifying.as_ref().ok_or(KeyError::WrongUse)?;
        if key.algorithm() == algorithm {
            Ok(key)
        } else {
            Err(KeyError::WrongAlgorithm)
        }
    }
}

impl fmt::Debug for Jwk {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Jwk")
            .field("key_id", &self.statement.key_id)
            .field("use", &self.statement.key_use)
            .field("alg", &self.statement.alg)
            .finish_non_exhaustive()
    }
}

impl Serialize for Jwk {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match &self.key {
            PublicKey::Ec { curve, x, y } => {
                map.serialize_entry("kty", "EC")?;
                map.serialize_entry("crv", curve.name())?;
                map.serialize_entry("x", &base64url::encode(x))?;
                map.serialize_entry("y", &base64url::encode(y))?;
            }
            PublicKey::Rsa { modulus, exponent } => {
                map.serialize_entry("kty", "RSA")?;
                map.serialize_entry("n", &base64url::encode(modulus))?;
                map.serialize_entry("e", &base64url::encode(exponent))?;
            }
        }
        self.statement.serialize_into(&mut map)?;
        map.end()
    }
}

/// `use` (RFC 7517 §4.2).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
pub enum KeyUse {
    #[serde(rename = "enc")]
    Encryption,
    #[serde(rename = "sig")]
    Signature,
}

/// Why a key cannot be used at all.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum JwkError {
    #[error("not an X.509 certificate with a readable key")]
    Certificate,
    #[error("malformed JWK: {0}")]
    Malformed(&'static str),
    /// Without a name it can never be looked up.
    #[error("the key has no kid")]
    MissingKeyId,
    /// The owner published a private or symmetric key; whatever it signs, others can sign too.
    #[error("the key contains private members")]
    Private,
    /// Another key of the set is called the same.
    #[error("another key has the same kid")]
    RepeatedKeyId,
    /// A key type or curve that this crate does not know, such as OKP or oct.
    #[error("key type or curve not supported")]
    UnsupportedType,
    /// `use`, `key_ops` and `alg` leave nothing that this crate does.
    #[error("use, key_ops and alg permit no supported operation")]
    UnsupportedUse,
    #[error("weak key: {0}")]
    Weak(&'static str),
}

impl JwkError {
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Certificate => "jwk.certificate",
            Self::Malformed(_) => "jwk.malformed",
            Self::MissingKeyId => "jwk.kid_missing",
            Self::Private => "jwk.private",
            Self::RepeatedKeyId => "jwk.kid_repeated",
            Self::UnsupportedType => "jwk.unsupported_type",
            Self::UnsupportedUse => "jwk.unsupported_use",
            Self::Weak(_) => "jwk.weak",
        }
    }
}

/// Why a set has no key for an operation.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum KeyError {
    /// No such kid: the set may be out of date, fetching it again may help.
    #[error("no key with this kid")]
    Unknown,
    /// The set has an entry of that kid, but it was skipped; fetching again will not help.
    #[error("the key with this kid cannot be used: {0}")]
    Unusable(JwkError),
    /// The key verifies signatures of another algorithm.
    #[error("the key is for another algorithm")]
    WrongAlgorithm,
    /// The key is for encryption where one for signatures is needed, or the other way round.
    #[error("the key is for another use")]
    WrongUse,
}

impl KeyError {
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Unknown => "key.unknown",
            Self::Unusable(_) => "key.unusable",
            Self::WrongAlgorithm => "key.wrong_algorithm",
            Self::WrongUse => "key.wrong_use",
        }
    }
}
