//! SHA-256, for the hash of an identity number and the fingerprint of a list.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::STANDARD};

/// Hex digits of a fingerprint: enough that two lists do not meet by chance.
const FINGERPRINT: usize = 16;

/// Base64 with padding of the SHA-256 of the number without spaces and hyphens, in upper case (ASCII), as the contract's
/// `hashed_id_number`.
pub(crate) fn hashed_id_number(number: &str) -> String {
    let kept = number.chars().filter(|letter| !matches!(letter, ' ' | '-'));
    let normal: String = kept.map(|letter| letter.to_ascii_uppercase()).collect();
    STANDARD.encode(digest(&SHA256, normal.as_bytes()))
}

/// What to compare on another day instead of the list itself: order and content, in 16 hex digits.
pub(crate) fn fingerprint<'a>(lines: impl IntoIterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for line in lines {
        text.push_str(line);
        text.push('\n');
    }
    let hash = digest(&SHA256, text.as_bytes());
    let digits = hash.as_ref().iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let digits = digits.filter_map(|digit| char::from_digit(digit.into(), 16));
    digits.take(FINGERPRINT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_s_own_number_has_the_document_s_own_hash() {
        let hash = "bQO5aX4Kzu8L04yu/69ZP7992WFK5C7NMBth6S+SWVA=";
        for number in ["900101-14-5566", "900101145566", "900101 14 5566"] {
            assert_eq!(hashed_id_number(number), hash);
        }
        assert_eq!(hashed_id_number("a12-b"), hashed_id_number("A12B"));
    }

    #[test]
    fn a_fingerprint_sees_content_and_order() {
        let list = fingerprint(["SA-1", "CA-1"]);
        assert_eq!(list.len(), FINGERPRINT);
        assert_ne!(list, fingerprint(["CA-1", "SA-1"]));
        assert_ne!(list, fingerprint(["SA-1"]));
        assert_ne!(fingerprint(["ab", "c"]), fingerprint(["a", "bc"]));
    }
}
