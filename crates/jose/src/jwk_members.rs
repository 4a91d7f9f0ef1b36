//! The members of a JWK (RFC 7517 §4, RFC 7518 §6), read one by one: the key's numbers, and what its owner states about it.

use std::ops::RangeInclusive;

use openssl::asn1::{Asn1Time, Asn1TimeRef};
use openssl::error::ErrorStack;
use openssl::x509::X509Ref;
use serde::ser::SerializeMap;
use serde_json::{Map, Value};

use crate::algorithm::Algorithm;
use crate::base64url;
use crate::jwe::KEY_ENCRYPTION;
use crate::jwk::{JwkError, KeyUse};
use crate::key_id::KeyId;
use crate::public_key::{Curve, PublicKey};

/// The private numbers of RSA, EC and OKP keys and the secret of a symmetric one (RFC 7518 §6, RFC 8037 §2). One prime of an RSA
/// key is as good as all of them.
const PRIVATE: [&str; 8] = ["d", "dp", "dq", "k", "oth", "p", "q", "qi"];

/// What the owner says about a key.
#[derive(Clone)]
pub(crate) struct Statement {
    pub(crate) alg: Option<String>,
    pub(crate) key_id: KeyId,
    pub(crate) key_ops: Vec<String>,
    pub(crate) key_use: Option<KeyUse>,
    /// `x5t#S256`.
    pub(crate) thumbprint: Option<String>,
    /// Of the certificate in `x5c`, or of the one that the key was taken from: seconds since 1970.
    pub(crate) validity: Option<RangeInclusive<i64>>,
}

impl Statement {
    pub(crate) fn read(members: &Map<String, Value>) -> Result<Self, JwkError> {
        let key_use = match text(members, "use")? {
            None => None,
            Some("enc") => Some(KeyUse::Encryption),
            Some("sig") => Some(KeyUse::Signature),
            Some(_) => return Err(JwkError::UnsupportedUse),
        };
        Ok(Self {
            alg: text(members, "alg")?.map(str::to_owned),
            key_id: key_id(members)?,
            key_ops: operations(members)?,
            key_use,
            thumbprint: text(members, "x5t#S256")?.map(str::to_owned),
            validity: None,
        })
    }

    pub(crate) fn permits_verifying(&self, algorithm: Algorithm) -> bool {
        self.permits(KeyUse::Signature, algorithm.name(), &["verify"])
    }

    pub(crate) fn permits_encryption(&self) -> bool {
        self.permits(KeyUse::Encryption, KEY_ENCRYPTION, &["encrypt", "wrapKey"])
    }

    fn permits(&self, key_use: KeyUse, alg: &str, operations: &[&str]) -> bool {
        let use_agrees = self.key_use.is_none_or(|stated| stated == key_use);
        let alg_agrees = self.alg.as_ref().is_none_or(|stated| stated == alg);
        let operations_agree = self.key_ops.is_empty()
            || self
                .key_ops
                .iter()
                .any(|stated| operations.contains(&stated.as_str()));
        use_agrees && alg_agrees && operations_agree
    }

    pub(crate) fn serialize_into<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        map.serialize_entry("kid", &self.key_id)?;
        if let Some(key_use) = self.key_use {
            map.serialize_entry("use", &key_use)?;
        }
        if !self.key_ops.is_empty() {
            map.serialize_entry("key_ops", &self.key_ops)?;
        }
        if let Some(alg) = &self.alg {
            map.serialize_entry("alg", alg)?;
        }
        if let Some(thumbprint) = &self.thumbprint {
            map.serialize_entry("x5t#S256", thumbprint)?;
        }
        Ok(())
    }
}

pub(crate) fn key_material(members: &Map<String, Value>) -> Result<PublicKey, JwkError> {
    let kty = text(members, "kty")?.ok_or(JwkError::Malformed("no kty"))?;
    if PRIVATE.iter().any(|name| members.contains_key(*name)) {
        return Err(JwkError::Private);
    }
    match kty {
        "EC" => {
            let name = text(members, "crv")?.ok_or(JwkError::Malformed("no crv"))?;
            let curve = Curve::named(name).ok_or(JwkError::UnsupportedType)?;
            PublicKey::ec(curve, bytes(members, "x")?, bytes(members, "y")?)
        }
        "RSA" => PublicKey::rsa(bytes(members, "n")?, bytes(members, "e")?),
        _ => Err(JwkError::UnsupportedType),
    }
}

/// From `notBefore` to `notAfter`, in seconds since 1970.
pub(crate) fn validity(certificate: &X509Ref) -> Result<RangeInclusive<i64>, JwkError> {
    let seconds = |time: &Asn1TimeRef| -> Result<i64, ErrorStack> {
        let since = Asn1Time::from_unix(0)?.diff(time)?;
        Ok(i64::from(since.days) * 86_400 + i64::from(since.secs))
    };
    let from = seconds(certificate.not_before()).map_err(|_| JwkError::Certificate)?;
    let until = seconds(certificate.not_after()).map_err(|_| JwkError::Certificate)?;
    Ok(from..=until)
}

fn key_id(members: &Map<String, Value>) -> Result<KeyId, JwkError> {
    let kid = text(members, "kid")?.ok_or(JwkError::MissingKeyId)?;
    kid.parse()
        .map_err(|_| JwkError::Malformed("kid is not 1 to 128 visible characters"))
}

fn operations(members: &Map<String, Value>) -> Result<Vec<String>, JwkError> {
    const PROBLEM: JwkError = JwkError::Malformed("key_ops is not a list of strings");
    let Some(stated) = members.get("key_ops") else {
        return Ok(Vec::new());
    };
    let items = stated.as_array().filter(|items| !items.is_empty());
    let names = items
        .ok_or(PROBLEM)?
        .iter()
        .map(|item| item.as_str().map(str::to_owned));
    names.collect::<Option<_>>().ok_or(PROBLEM)
}

fn bytes(members: &Map<String, Value>, name: &str) -> Result<Vec<u8>, JwkError> {
    let value =
        text(members, name)?.ok_or(JwkError::Malformed("a number of the key is missing"))?;
    base64url::decode(value)
        .map_err(|_| JwkError::Malformed("a number of the key is not base64url"))
}

fn text<'a>(members: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, JwkError> {
    match members.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(JwkError::Malformed("a member is not a string")),
    }
}
