//! Unguessable handles: access tokens, codes, request ids, sessions.

use izin_jose::base64url;

const BYTES: usize = 32;

/// 256 random bits as 43 characters that are safe in a URL.
pub(crate) fn handle() -> String {
    let mut bytes = [0; BYTES];
    // The generator of a started process does not fail; if it did, two version 4 UUIDs are as unguessable for a simulator.
    if aws_lc_rs::rand::fill(&mut bytes).is_err() {
        bytes[..16].copy_from_slice(uuid::Uuid::new_v4().as_bytes());
        bytes[16..].copy_from_slice(uuid::Uuid::new_v4().as_bytes());
    }
    base64url::encode(&bytes)
}
