//! Names of keys (`kid`).
//!
//! RFC 7515 §4.1.4 allows any string. We allow what can be put into a header line and a log line without quoting, which covers
//! thumbprints, UUIDs and the readable names people give to keys. A slash is among it: never make a path of one.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::base64url;

/// 1 to 128 visible ASCII characters, compared exactly.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyId(String);

impl KeyId {
    pub const MAX_LENGTH: usize = 128;

    /// `x5t#S256` of a certificate: SHA-256 over its DER form, base64url, 43 characters (RFC 7515 §4.1.8).
    pub fn of_certificate(der: &[u8]) -> Self {
        Self(base64url::encode(
            digest::digest(&digest::SHA256, der).as_ref(),
        ))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for KeyId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl From<KeyId> for String {
    fn from(key_id: KeyId) -> Self {
        key_id.0
    }
}

impl FromStr for KeyId {
    type Err = InvalidKeyId;

    fn from_str(text: &str) -> Result<Self, InvalidKeyId> {
        Self::try_from(text.to_owned())
    }
}

impl TryFrom<String> for KeyId {
    type Error = InvalidKeyId;

    fn try_from(text: String) -> Result<Self, InvalidKeyId> {
        let fits = (1..=Self::MAX_LENGTH).contains(&text.len());
        if fits && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Self(text))
        } else {
            Err(InvalidKeyId)
        }
    }
}

/// Empty, too long, or with a blank, control or non-ASCII character.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("a key id has 1 to {} visible ASCII characters", KeyId::MAX_LENGTH)]
pub struct InvalidKeyId;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thumbprint_is_sha256_in_base64url() {
        // SHA-256 of "abc", FIPS 180-4.
        assert_eq!(
            KeyId::of_certificate(b"abc").as_str(),
            "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0"
        );
    }

    #[test]
    fn accepts_names_and_refuses_what_would_need_quoting() {
        let longest = "k".repeat(128);
        for text in ["a", "key-1", "bilbo.baggins@hobbiton.example", &longest] {
            assert_eq!(text.parse::<KeyId>().map(String::from).as_deref(), Ok(text));
        }
        let too_long = "k".repeat(129);
        for text in ["", " ", "a b", "a\n", "kunci-é", "\u{7f}", &too_long] {
            assert_eq!(text.parse::<KeyId>(), Err(InvalidKeyId), "{text:?}");
        }
    }
}
