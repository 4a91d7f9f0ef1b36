//! A256GCM (RFC 7518 §5.3): the content of a JWE under a key that is used once.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::error::Unspecified;

pub(crate) const KEY_BYTES: usize = 32;
pub(crate) const NONCE_BYTES: usize = NONCE_LEN;
pub(crate) const TAG_BYTES: usize = 16;

/// Encrypts `content` where it is and answers the tag. The pair of key and nonce must be new.
pub(crate) fn seal(
    key: &[u8; KEY_BYTES],
    nonce: [u8; NONCE_BYTES],
    aad: &[u8],
    content: &mut [u8],
) -> Result<[u8; TAG_BYTES], Unspecified> {
    let nonce = Nonce::assume_unique_for_key(nonce);
    let tag = cipher(key)?.seal_in_place_separate_tag(nonce, Aad::from(aad), content)?;
    tag.as_ref().try_into().map_err(|_| Unspecified)
}

/// The plaintext of what is followed by its tag.
pub(crate) fn open(
    key: &[u8; KEY_BYTES],
    nonce: [u8; NONCE_BYTES],
    aad: &[u8],
    mut content_and_tag: Vec<u8>,
) -> Result<Vec<u8>, Unspecified> {
    let nonce = Nonce::assume_unique_for_key(nonce);
    let plaintext = cipher(key)?.open_in_place(nonce, Aad::from(aad), &mut content_and_tag)?;
    let length = plaintext.len();
    content_and_tag.truncate(length);
    Ok(content_and_tag)
}

fn cipher(key: &[u8; KEY_BYTES]) -> Result<LessSafeKey, Unspecified> {
    UnboundKey::new(&AES_256_GCM, key).map(LessSafeKey::new)
}
