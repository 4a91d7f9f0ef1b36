//! Which key of a token: the part of a PKCS#11 URI (RFC 7512) that names an object.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// `pkcs11:object=LABEL;id=%01%02`, with one of the two at least. The token is known already, but the URI may repeat its label
/// (`token=`), and `type=private`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TokenKeyName {
    /// `CKA_LABEL`.
    pub label: Option<String>,
    /// `CKA_ID`.
    pub id: Option<Vec<u8>>,
    /// The label of the token that must have it.
    pub token: Option<String>,
}

impl TokenKeyName {
    /// What such a URI begins with.
    pub const SCHEME: &'static str = "pkcs11:";

    /// By label alone.
    pub fn labeled(label: impl Into<String>) -> Self {
        Self {
            label: Some(label.into()),
            id: None,
            token: None,
        }
    }
}

/// Why a text names no key of a token.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum InvalidTokenKeyName {
    #[error("{0:?} is not an attribute that is read here; object, id, token and type=private are")]
    Attribute(String),
    #[error("module and PIN do not belong into it: what follows a question mark is not read")]
    Query,
    #[error("{0:?} stands in it twice")]
    Repeated(String),
    #[error("it begins not with pkcs11:")]
    Scheme,
    #[error("it has neither object= nor id=")]
    Unspecific,
    #[error("the value of {0:?} is empty or not percent-encoded UTF-8")]
    Value(String),
}

impl FromStr for TokenKeyName {
    type Err = InvalidTokenKeyName;

    fn from_str(uri: &str) -> Result<Self, Self::Err> {
        let path = uri.strip_prefix(Self::SCHEME);
        let path = path.ok_or(InvalidTokenKeyName::Scheme)?;
        // RFC 7512's query has the module and the PIN, which have settings of their own. Never quoted.
        if path.contains('?') {
            return Err(InvalidTokenKeyName::Query);
        }
        let mut name = Self {
            label: None,
            id: None,
            token: None,
        };
        let mut seen = Vec::new();
        for attribute in path.split(';').filter(|part| !part.is_empty()) {
            let (key, value) = attribute.split_once('=').unwrap_or((attribute, ""));
            if seen.contains(&key) {
                return Err(InvalidTokenKeyName::Repeated(key.to_owned()));
            }
            seen.push(key);
            let bad_value = || InvalidTokenKeyName::Value(key.to_owned());
            let bytes = percent_decoded(value).filter(|bytes| !bytes.is_empty());
            let bytes = bytes.ok_or_else(bad_value)?;
            if key == "id" {
                name.id = Some(bytes);
                continue;
            }
            let text = String::from_utf8(bytes).map_err(|_| bad_value())?;
            match key {
                "object" => name.label = Some(text),
                "token" => name.token = Some(text),
                "type" if text == "private" => {}
                _ => return Err(InvalidTokenKeyName::Attribute(key.to_owned())),
            }
        }
        if name.label.is_none() && name.id.is_none() {
            return Err(InvalidTokenKeyName::Unspecific);
        }
        Ok(name)
    }
}

/// As a URI that [`TokenKeyName::from_str`] reads.
impl fmt::Display for TokenKeyName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let token = self.token.as_ref().map(String::as_bytes);
        let label = self.label.as_ref().map(String::as_bytes);
        let parts = [
            ("token", token),
            ("object", label),
            ("id", self.id.as_deref()),
        ];
        formatter.write_str(Self::SCHEME)?;
        let mut separator = "";
        for (key, value) in parts {
            if let Some(value) = value {
                write!(formatter, "{separator}{key}={}", percent_encoded(value))?;
                separator = ";";
            }
        }
        Ok(())
    }
}

fn percent_decoded(text: &str) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let mut digit = || char::from(bytes.next()?).to_digit(16);
        decoded.push(u8::try_from(digit()? * 16 + digit()?).ok()?);
    }
    Some(decoded)
}

fn percent_encoded(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
            text.push(char::from(*byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_written() {
        let name: TokenKeyName = "pkcs11:token=izin;object=ofp%20signing;id=%01%FF;type=private"
            .parse()
            .unwrap();
        assert_eq!(name.label.as_deref(), Some("ofp signing"));
        assert_eq!(name.id.as_deref(), Some(&[1, 255][..]));
        assert_eq!(name.token.as_deref(), Some("izin"));
        let written = name.to_string();
        assert_eq!(written, "pkcs11:token=izin;object=ofp%20signing;id=%01%FF");
        assert_eq!(written.parse(), Ok(name));
    }

    #[test]
    fn what_names_no_key_is_refused() {
        use InvalidTokenKeyName as Invalid;
        let cases = [
            ("object=a", Invalid::Scheme),
            ("pkcs11:", Invalid::Unspecific),
            ("pkcs11:object=a?pin-value=1234", Invalid::Query),
            ("pkcs11:token=izin", Invalid::Unspecific),
            ("pkcs11:object=", Invalid::Value("object".into())),
            ("pkcs11:object=%4", Invalid::Value("object".into())),
            ("pkcs11:object=%+1", Invalid::Value("object".into())),
            ("pkcs11:object=%FF", Invalid::Value("object".into())),
            (
                "pkcs11:object=a;object=b",
                Invalid::Repeated("object".into()),
            ),
            (
                "pkcs11:object=a;type=cert",
                Invalid::Attribute("type".into()),
            ),
            (
                "pkcs11:object=a;slot-id=1",
                Invalid::Attribute("slot-id".into()),
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(text.parse::<TokenKeyName>(), Err(expected), "{text}");
        }
    }
}
