//! Key sets as other parties publish them (RFC 7517 §5).
//!
//! A set is read key by key: one entry of an unknown type, or a broken one, must not take the good keys down with it
//! (RFC 7517 §5 asks readers to ignore what they do not understand). Skipped entries stay listed with the reason, because
//! "your key was skipped, it has 1024 bits" settles in a minute what "unknown kid" does not settle in a week. Of several keys
//! under one `kid` none is used: which of them verifies must not depend on their order.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::algorithm::Algorithm;
use crate::json::Observed;
use crate::jwe::EncryptionKey;
use crate::jwk::{Jwk, JwkError, KeyError};
use crate::key_id::KeyId;
use crate::verifying_key::VerifyingKey;

/// The usable keys of a set; serializes as `{"keys": […]}` with these only.
#[derive(Clone, Debug, Default, Serialize)]
pub struct JwkSet {
    keys: Vec<Jwk>,
    #[serde(skip)]
    skipped: Vec<SkippedKey>,
}

impl JwkSet {
    pub const MAX_BYTES: usize = 512 * 1024;
    pub const MAX_KEYS: usize = 100;

    /// Our own keys, to be published.
    pub fn new(keys: impl IntoIterator<Item = Jwk>) -> Result<Self, JwkSetError> {
        let mut set = Self::default();
        for key in keys {
            set.insert(key)?;
        }
        Ok(set)
    }

    pub fn parse(json: &[u8]) -> Result<Self, JwkSetError> {
        if json.len() > Self::MAX_BYTES {
            return Err(JwkSetError::TooLarge);
        }
        let published: Published =
            serde_json::from_slice(json).map_err(|_| JwkSetError::Malformed)?;
        if published.keys.len() > Self::MAX_KEYS {
            return Err(JwkSetError::TooLarge);
        }
        let entries = published.keys.into_iter();
        let entries: Vec<_> = entries
            .map(|entry| (claimed_key_id(&entry), Jwk::from_observed(entry)))
            .collect();
        let mut named: HashMap<KeyId, usize> = HashMap::new();
        for key in entries.iter().filter_map(|(_, key)| key.as_ref().ok()) {
            *named.entry(key.key_id().clone()).or_default() += 1;
        }
        let mut set = Self::default();
        for (position, (key_id, key)) in entries.into_iter().enumerate() {
            let error = match key {
                Ok(key) if named.get(key.key_id()) == Some(&1) => {
                    set.keys.push(key);
                    continue;
                }
                Ok(_) => JwkError::RepeatedKeyId,
                Err(error) => error,
            };
            set.skipped.push(SkippedKey {
                position,
                key_id,
                error,
            });
        }
        Ok(set)
    }

    pub fn encryption_key(&self, key_id: &KeyId) -> Result<&EncryptionKey, KeyError> {
        self.key(key_id)?.encryption_key()
    }

    /// The key of that name, if it is one for that algorithm.
    pub fn verifying_key(
        &self,
        key_id: &KeyId,
        algorithm: Algorithm,
    ) -> Result<&VerifyingKey, KeyError> {
        self.key(key_id)?.verifying_key(algorithm)
    }

    pub fn get(&self, key_id: &KeyId) -> Option<&Jwk> {
        self.keys.iter().find(|key| key.key_id() == key_id)
    }

    /// [`Jwk::is_valid_at`] of the key of that name; false if there is none.
    pub fn is_valid_at(&self, key_id: &KeyId, seconds: i64) -> bool {
        self.get(key_id).is_some_and(|key| key.is_valid_at(seconds))
    }

    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    pub fn keys(&self) -> &[Jwk] {
        &self.keys
    }

    /// Entries that were there but cannot be used.
    pub fn skipped(&self) -> &[SkippedKey] {
        &self.skipped
    }

    fn key(&self, key_id: &KeyId) -> Result<&Jwk, KeyError> {
        let skipped = || {
            self.skipped
                .iter()
                .find(|skipped| skipped.key_id.as_ref() == Some(key_id))
        };
        self.get(key_id).ok_or_else(|| match skipped() {
            Some(skipped) => KeyError::Unusable(skipped.error.clone()),
            None => KeyError::Unknown,
        })
    }

    fn insert(&mut self, key: Jwk) -> Result<(), JwkSetError> {
        if self.get(key.key_id()).is_some() {
            return Err(JwkSetError::DuplicateKeyId(key.key_id().clone()));
        }
        self.keys.push(key);
        Ok(())
    }
}

/// An entry of a set that cannot be used, and why.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SkippedKey {
    /// Index in `keys`, from 0.
    pub position: usize,
    /// As far as it could be read.
    pub key_id: Option<KeyId>,
    pub error: JwkError,
}

/// Why a set was refused as a whole.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum JwkSetError {
    /// Of our own keys.
    #[error("two keys are called {0}")]
    DuplicateKeyId(KeyId),
    /// Not a JSON object with a list `keys`.
    #[error("not a JWK set")]
    Malformed,
    #[error("more than {} bytes or {} keys", JwkSet::MAX_BYTES, JwkSet::MAX_KEYS)]
    TooLarge,
}

impl JwkSetError {
    pub fn reason(&self) -> &'static str {
        match self {
            Self::DuplicateKeyId(_) => "jwks.duplicate_kid",
            Self::Malformed => "jwks.malformed",
            Self::TooLarge => "jwks.too_large",
        }
    }
}

#[derive(Deserialize)]
struct Published {
    keys: Vec<Observed>,
}

fn claimed_key_id(entry: &Observed) -> Option<KeyId> {
    entry.value.get("kid")?.as_str()?.parse().ok()
}
