//! Base64url without padding (RFC 7515 §2), read strictly.
//!
//! A lenient decoder gives one message several spellings: padding, the other alphabet, white space, or stray bits in the last
//! character. Replay checks and logs compare spellings, so only the one canonical form is accepted.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use thiserror::Error;

pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Appends the encoding of `bytes` to `text`.
pub fn encode_onto(bytes: &[u8], text: &mut String) {
    URL_SAFE_NO_PAD.encode_string(bytes, text);
}

pub fn decode(text: &str) -> Result<Vec<u8>, NotBase64Url> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| NotBase64Url)
}

/// The text is not the canonical, unpadded base64url form of any bytes.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("not canonical base64url without padding")]
pub struct NotBase64Url;

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7515 appendix C.
    #[test]
    fn encodes_the_example_of_rfc_7515() {
        let bytes = [3, 236, 255, 224, 193];
        assert_eq!(encode(&bytes), "A-z_4ME");
        assert_eq!(decode("A-z_4ME").as_deref(), Ok(bytes.as_slice()));
    }

    #[test]
    fn appends() {
        let mut text = String::from("x.");
        encode_onto(b"hi", &mut text);
        assert_eq!(text, "x.aGk");
    }

    #[test]
    fn refuses_every_other_spelling() {
        let cases = [
            ("aGk=", "padding"),
            ("A+z/4ME", "standard alphabet"),
            ("aGk\n", "line end"),
            (" aGk", "blank"),
            ("aGl", "stray bits in the last character"),
            ("A", "a length no bytes encode to"),
            ("é", "outside ASCII"),
        ];
        for (text, why) in cases {
            assert_eq!(decode(text), Err(NotBase64Url), "{why}");
        }
    }
}
