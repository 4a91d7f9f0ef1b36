//! Invented phrases for user names that have none, so that a page does not tell which names exist.

use aws_lc_rs::hmac;

const FIRST: [&str; 8] = [
    "two", "seven", "a quiet", "the old", "my first", "nine", "a small", "the last",
];
const SECOND: [&str; 8] = [
    "green", "wooden", "paper", "silver", "sleepy", "morning", "river", "red",
];
const THIRD: [&str; 8] = [
    "kites",
    "lantern",
    "umbrellas",
    "bridge",
    "teapot",
    "sparrows",
    "garden",
    "drums",
];

/// Makes the phrase of an unknown name look like any other, and always the same for the same name: on every replica, and after a
/// restart, because all have the same key.
pub struct Decoys(hmac::Key);

impl Decoys {
    pub fn keyed(key: &str) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()))
    }

    /// The same for all spellings of a name, as a bank's own would be.
    pub fn phrase(&self, username: &str) -> String {
        let tag = hmac::sign(&self.0, username.to_lowercase().as_bytes());
        let pick = |words: [&'static str; 8], at: usize| words[usize::from(tag.as_ref()[at]) % 8];
        format!("{} {} {}", pick(FIRST, 0), pick(SECOND, 1), pick(THIRD, 2))
    }
}
