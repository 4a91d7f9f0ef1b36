//! Random values that only their owner may know: handles, session ids, CSRF tokens.

use aws_lc_rs::digest::{SHA256, digest};
use izin_jose::base64url;

/// No randomness can be had from the operating system.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the operating system gives no random numbers")]
pub struct NoRandomness;

/// 256 random bits as 43 characters that fit URLs, cookies and forms.
pub fn random_token() -> Result<String, NoRandomness> {
    let mut bytes = [0; 32];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(base64url::encode(&bytes))
}

/// What the database keeps in place of a token: of no use to whoever reads the database.
pub fn fingerprint(token: &str) -> String {
    base64url::encode(digest(&SHA256, token.as_bytes()).as_ref())
}

/// A number from 0 up to, not including, `bound`, for spreading retries.
pub fn random_below(bound: u32) -> u32 {
    let mut bytes = [0; 4];
    match aws_lc_rs::rand::fill(&mut bytes) {
        Ok(()) => u32::from_le_bytes(bytes) % bound.max(1),
        Err(_) => 0,
    }
}
