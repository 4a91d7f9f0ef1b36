//! Thousands of damaged inputs through every reader: an error is fine, a panic is not.

use izin_jose::{Jwk, JwkSet, KeyUse, UnverifiedJws};
use serde_json::json;

use crate::parties::{BANK, CONSUMER};
use crate::verifier::{forged_text, genuine, refusal};

#[tokio::test]
async fn no_reader_panics() {
    let token = genuine().await;
    let set = JwkSet::new([BANK.jwk(KeyUse::Signature), CONSUMER.jwk(KeyUse::Signature)]);
    let set = serde_json::to_vec(&set.expect("set")).expect("JSON");
    let header =
        json!({"alg": "PS256", "kid": "k", "iat": 1.5, "crit": ["iat"], "x": [null, {"y": "z"}]});
    let header = header.to_string().into_bytes();
    let certificate = BANK.certificate_der();
    let jwk = BANK.jwk(KeyUse::Encryption);
    let ciphertext = jwk.encryption_key().expect("key").encrypt(None, b"x");
    let ciphertext = ciphertext.expect("token");
    let key = BANK.decryption_key();
    let mut damage = Damage::new(0x9e37_79b9_7f4a_7c15);
    for _ in 0..4000 {
        let damaged = damage.apply(token.as_bytes());
        drop(UnverifiedJws::parse(&String::from_utf8_lossy(&damaged)).map(|_| ()));
        let damaged = damage.apply(&header);
        drop(refusal(&forged_text(&String::from_utf8_lossy(&damaged))));
        let damaged = damage.apply(&set);
        drop(JwkSet::parse(&damaged));
        drop(Jwk::parse(&damaged));
        let damaged = damage.apply(&certificate);
        drop(Jwk::from_certificate_der(&damaged, KeyUse::Signature));
        let damaged = damage.apply(ciphertext.as_bytes());
        drop(key.decrypt(&String::from_utf8_lossy(&damaged)));
    }
}

/// Deterministic xorshift, so that a failure can be repeated.
pub(crate) struct Damage(u64);

impl Damage {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or(0) % below.max(1)
    }

    pub(crate) fn apply(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for _ in 0..=self.next(3) {
            let position = self.next(bytes.len());
            match self.next(4) {
                0 => bytes.truncate(position),
                1 => bytes.insert(position, b"{}[]\",.:\\0=\xff"[self.next(12)]),
                2 => drop(bytes.drain(position..)),
                _ => {
                    if let Some(byte) = bytes.get_mut(position) {
                        *byte ^= 1 << self.next(8);
                    }
                }
            }
        }
        bytes
    }
}
