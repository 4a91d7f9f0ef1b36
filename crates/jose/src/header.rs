//! The protected header of a JWS or JWE (RFC 7515 §4, RFC 7516 §4), read but not believed.
//!
//! This module answers one question: is this a well-formed header? Whether its algorithm, key and critical members are
//! acceptable is for the verifier's policy. Members that carry or point to keys (`jwk`, `jku`, `x5u`, `x5c`) end in
//! [`Header::other`] like any unknown member; nothing in this crate reads them.

use serde_json::{Map, Value};
use thiserror::Error;

use crate::json::Observed;
use crate::jws_error::excerpt;
use crate::key_id::KeyId;

/// Headers are a few hundred bytes; a certificate chain in `x5c` stays below this.
pub(crate) const MAX_HEADER_BYTES: usize = 16 * 1024;

/// The longest registered name has 18; what a stranger wrote there ends in logs.
const MAX_ALG_BYTES: usize = 64;

/// Names of the base specifications: a producer must not call them critical (RFC 7515 §4.1.11, RFC 7516 §4.1.13).
const NEVER_CRITICAL: [&str; 20] = [
    "alg", "apu", "apv", "crit", "cty", "enc", "epk", "iv", "jku", "jwk", "kid", "p2c", "p2s",
    "tag", "typ", "x5c", "x5t", "x5t#S256", "x5u", "zip",
];

/// What a header says. Unverified until the signature is.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    pub alg: String,
    /// `b64` of RFC 7797: `Some(false)` means that the payload is signed as it is, not as base64url.
    pub b64: Option<bool>,
    /// Empty when the header has no `crit`; otherwise each name is present in the header and appears once.
    pub crit: Vec<String>,
    pub cty: Option<String>,
    /// Seconds since 1970 (RFC 7519 §2, `NumericDate`).
    pub iat: Option<f64>,
    pub iss: Option<String>,
    pub jti: Option<String>,
    pub kid: Option<KeyId>,
    pub typ: Option<String>,
    /// All other members, as they came.
    pub other: Map<String, Value>,
}

impl Header {
    /// Reads the decoded bytes of a header.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, HeaderError> {
        if bytes.len() > MAX_HEADER_BYTES {
            return Err(HeaderError::Malformed("longer than 16 KiB"));
        }
        let observed: Observed =
            serde_json::from_slice(bytes).map_err(|_| HeaderError::Malformed("not JSON"))?;
        if let Some(name) = observed.repeated {
            return Err(HeaderError::RepeatedMember(excerpt(&name)));
        }
        let Value::Object(members) = observed.value else {
            return Err(HeaderError::Malformed("not a JSON object"));
        };
        Self::from_members(members)
    }

    pub(crate) fn from_members(mut members: Map<String, Value>) -> Result<Self, HeaderError> {
        let crit = critical_names(&members)?;
        members.remove("crit");
        let mut text = |name, problem| match members.remove(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(HeaderError::Malformed(problem)),
        };
        let alg = text("alg", "alg is not a string")?;
        let kid = text("kid", "kid is not a string")?.map(KeyId::try_from);
        let alg = alg.ok_or(HeaderError::Malformed("no alg"))?;
        if alg.len() > MAX_ALG_BYTES {
            return Err(HeaderError::Malformed("alg is longer than 64 bytes"));
        }
        let header = Self {
            alg,
            crit,
            cty: text("cty", "cty is not a string")?,
            iss: text("iss", "iss is not a string")?,
            jti: text("jti", "jti is not a string")?,
            kid: kid
                .transpose()
                .map_err(|_| HeaderError::Malformed("kid is not 1 to 128 visible characters"))?,
            typ: text("typ", "typ is not a string")?,
            b64: flag(members.remove("b64").as_ref())?,
            iat: number(members.remove("iat").as_ref())?,
            other: members,
        };
        header.check_unencoded_is_critical()?;
        Ok(header)
    }

    /// Whether the payload is signed as it is (RFC 7797 §3).
    pub fn is_unencoded(&self) -> bool {
        self.b64 == Some(false)
    }

    /// A reader that does not know `b64` would check other bytes than we do, so the producer has to warn it (RFC 7797 §6).
    fn check_unencoded_is_critical(&self) -> Result<(), HeaderError> {
        if self.is_unencoded() && !self.crit.iter().any(|name| name == "b64") {
            return Err(HeaderError::InvalidCritical("b64 is false but not in crit"));
        }
        Ok(())
    }
}

/// A header that cannot be read, or that contradicts itself.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum HeaderError {
    /// `crit` breaks a rule that holds for every reader (RFC 7515 §4.1.11).
    #[error("invalid crit: {0}")]
    InvalidCritical(&'static str),
    /// Not a JSON object, or a member has the wrong type.
    #[error("malformed header: {0}")]
    Malformed(&'static str),
    /// Some object in the header names this member twice.
    #[error("header member {0:?} appears twice")]
    RepeatedMember(String),
}

/// The rules for `crit` that do not depend on what the reader understands.
fn critical_names(members: &Map<String, Value>) -> Result<Vec<String>, HeaderError> {
    let Some(crit) = members.get("crit") else {
        return Ok(Vec::new());
    };
    let items = crit
        .as_array()
        .ok_or(HeaderError::InvalidCritical("not a list"))?;
    if items.is_empty() {
        return Err(HeaderError::InvalidCritical("empty list"));
    }
    let mut names = Vec::with_capacity(items.len());
    for item in items {
        let name = item
            .as_str()
            .ok_or(HeaderError::InvalidCritical("not a list of strings"))?;
        check_critical_name(name, members, &names)?;
        names.push(name.to_owned());
    }
    Ok(names)
}

fn check_critical_name(
    name: &str,
    members: &Map<String, Value>,
    earlier: &[String],
) -> Result<(), HeaderError> {
    let problem = if NEVER_CRITICAL.contains(&name) {
        "names a member of the base specification"
    } else if !members.contains_key(name) {
        "names a member that the header does not have"
    } else if earlier.iter().any(|other| other == name) {
        "names a member twice"
    } else {
        return Ok(());
    };
    Err(HeaderError::InvalidCritical(problem))
}

fn flag(member: Option<&Value>) -> Result<Option<bool>, HeaderError> {
    match member {
        None => Ok(None),
        Some(Value::Bool(value)) => Ok(Some(*value)),
        Some(_) => Err(HeaderError::Malformed("b64 is not true or false")),
    }
}

fn number(member: Option<&Value>) -> Result<Option<f64>, HeaderError> {
    match member {
        None => Ok(None),
        Some(value) => value
            .as_f64()
            .map(Some)
            .ok_or(HeaderError::Malformed("iat is not a number")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_known_members_and_keeps_the_others() {
        let header = Header::parse(
            br#"{"alg":"PS256","kid":"k1","typ":"JWT","cty":"json","iat":1.5,"iss":"i","jti":"j","crit":["iat","tan"],"tan":"t","jku":"https://evil.example"}"#,
        )
        .expect("header");
        assert_eq!(header.alg, "PS256");
        assert_eq!(header.kid.as_ref().map(KeyId::as_str), Some("k1"));
        assert_eq!(header.iat, Some(1.5));
        assert_eq!(header.crit, ["iat", "tan"]);
        assert!(!header.is_unencoded());
        assert_eq!(header.other.keys().collect::<Vec<_>>().len(), 2);
    }

    #[test]
    fn refuses_malformed_headers() {
        for text in [
            "",
            "[]",
            "null",
            "{",
            "{}",
            r#"{"alg":1}"#,
            r#"{"alg":null}"#,
            r#"{"alg":"PS256","kid":""}"#,
            r#"{"alg":"PS256","kid":7}"#,
            r#"{"alg":"PS256","iat":"1"}"#,
            r#"{"alg":"PS256","b64":"false"}"#,
            r#"{"alg":"PS256","typ":{}}"#,
            r#"{"alg":"PS256"} {}"#,
        ] {
            let result = Header::parse(text.as_bytes());
            assert!(matches!(result, Err(HeaderError::Malformed(_))), "{text}");
        }
        let long = format!(r#"{{"alg":"{}"}}"#, "x".repeat(MAX_HEADER_BYTES));
        assert!(Header::parse(long.as_bytes()).is_err());
        assert!(Header::parse(b"{\"alg\":\"\xff\"}").is_err());
    }

    #[test]
    fn refuses_a_member_that_appears_twice() {
        for text in [
            r#"{"alg":"PS256","alg":"none"}"#,
            r#"{"alg":"PS256","\u0061lg":"none"}"#,
            r#"{"alg":"PS256","kid":"a","kid":"a"}"#,
            r#"{"alg":"PS256","x":{"y":1,"y":2}}"#,
        ] {
            let result = Header::parse(text.as_bytes());
            assert!(
                matches!(result, Err(HeaderError::RepeatedMember(_))),
                "{text}"
            );
        }
    }

    #[test]
    fn refuses_crit_that_breaks_rfc_7515() {
        for text in [
            r#"{"alg":"PS256","crit":[]}"#,
            r#"{"alg":"PS256","crit":"iat","iat":1}"#,
            r#"{"alg":"PS256","crit":[1]}"#,
            r#"{"alg":"PS256","crit":null}"#,
            r#"{"alg":"PS256","crit":["iat"]}"#,
            r#"{"alg":"PS256","crit":["iat","iat"],"iat":1}"#,
            r#"{"alg":"PS256","crit":["alg"]}"#,
            r#"{"alg":"PS256","crit":["crit"]}"#,
            r#"{"alg":"PS256","b64":false}"#,
            r#"{"alg":"PS256","b64":false,"crit":["iat"],"iat":1}"#,
        ] {
            let result = Header::parse(text.as_bytes());
            assert!(
                matches!(result, Err(HeaderError::InvalidCritical(_))),
                "{text}"
            );
        }
    }
}
