//! A checkpoint: up to where each chain and segment went at a moment, signed by us. Whoever holds one outside the database can prove that
//! nothing which it covers was changed, moved or taken away, not even by somebody who wrote all of it anew.

use std::collections::HashMap;
use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use izin_jose::{
    Algorithm, HeaderFields, Jwk, JwsError, KeyId, SignError, Signer, UnverifiedJws,
    VerificationPolicy,
};
use serde::{Deserialize, Serialize};

use crate::consent::sha256_hex;
use crate::store::StretchRow;

/// So that nothing else that our keys sign passes for a checkpoint, nor a checkpoint for anything else.
const TYPE: &str = "izin-checkpoint";

/// A checkpoint is shorter than a kilobyte.
const LONGEST: usize = 64 * 1024;

/// What is signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// From 1, without a gap.
    pub number: i32,
    pub dp_id: String,
    pub at: DateTime<Utc>,
    /// [`fingerprint`] of the one before.
    pub previous: Option<String>,
    /// Every entry of before this moment is covered, by this checkpoint or an earlier one.
    pub up_to: DateTime<Utc>,
    pub ledger: Count,
    pub access: Count,
    /// [`digest`] of the stretches that it adds.
    pub digest: String,
}

/// What a checkpoint adds to one log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// Chains or segments with something new.
    pub chains: u64,
    /// New entries.
    pub entries: u64,
    /// Entries that all checkpoints up to this one cover.
    pub total: u64,
}

impl Count {
    /// Of the stretches of one log, after those of `before`.
    pub fn of(log: &str, stretches: &[StretchRow], before: Option<Self>) -> Self {
        let mut count = Self {
            total: before.map_or(0, |before| before.total),
            ..Self::default()
        };
        for stretch in stretches.iter().filter(|stretch| stretch.log == log) {
            let entries = i64::from(stretch.last_seq) - i64::from(stretch.first_seq) + 1;
            let entries = u64::try_from(entries).unwrap_or_default();
            count.chains += 1;
            count.entries += entries;
            count.total = count.total.saturating_add(entries);
        }
        count
    }
}

/// Why a text is no checkpoint of ours.
#[derive(Debug, thiserror::Error)]
pub enum Unproven {
    #[error("its signature is not that of the key {0}")]
    Forged(String, #[source] JwsError),
    #[error("it is not a checkpoint: {0}")]
    Malformed(String),
    #[error("it is signed by the key {0}, whose certificate is not among those given")]
    UnknownKey(String),
}

impl Checkpoint {
    pub async fn sign(&self, signer: &dyn Signer) -> Result<String, SignError> {
        let fields = HeaderFields {
            typ: Some(TYPE.into()),
            ..HeaderFields::default()
        };
        let payload = serde_json::json!(self).to_string();
        izin_jose::sign(signer, &fields, payload.as_bytes()).await
    }

    /// What it says of itself; whether it is ours is not looked at.
    pub fn claimed(jws: &str) -> Result<Self, Unproven> {
        let parsed = UnverifiedJws::parse(jws).map_err(malformed)?;
        read(parsed.unverified_payload())
    }

    /// What it says, once it is clear that one of these keys has signed it.
    pub fn proven(jws: &str, keys: &HashMap<KeyId, Jwk>) -> Result<Self, Unproven> {
        let parsed = UnverifiedJws::parse(jws).map_err(malformed)?;
        let header = parsed.header();
        if header.typ.as_deref() != Some(TYPE) {
            return Err(Unproven::Malformed(format!("its typ is not {TYPE}")));
        }
        let kid = header.kid.as_ref();
        let kid = kid.ok_or_else(|| Unproven::Malformed("it names no key".into()))?;
        let unknown = || Unproven::UnknownKey(kid.to_string());
        let key = keys.get(kid).ok_or_else(unknown)?;
        let key = key.verifying_key(Algorithm::Ps256).map_err(|_| unknown())?;
        let policy = VerificationPolicy {
            algorithms: &[Algorithm::Ps256],
            known_critical: &[],
            max_bytes: LONGEST,
        };
        let verified = parsed
            .verify(key, &policy)
            .map_err(|error| Unproven::Forged(kid.to_string(), error))?;
        read(verified.payload())
    }
}

fn malformed(error: impl std::fmt::Display) -> Unproven {
    Unproven::Malformed(error.to_string())
}

fn read(payload: &[u8]) -> Result<Checkpoint, Unproven> {
    serde_json::from_slice(payload).map_err(malformed)
}

/// What the next checkpoint calls this one by.
pub fn fingerprint(jws: &str) -> String {
    sha256_hex(jws.as_bytes())
}

/// Lower-case hexadecimal SHA-256 of a line for each stretch (log, chain, first and last number, hash of the last, separated by tabs), in
/// the order of the bytes.
pub fn digest(stretches: &[StretchRow]) -> String {
    let mut lines: Vec<_> = stretches
        .iter()
        .map(|one| {
            let StretchRow {
                log,
                chain,
                last_seq,
                first_seq,
                head,
                ..
            } = one;
            format!("{log}\t{chain}\t{first_seq}\t{last_seq}\t{head}\n")
        })
        .collect();
    lines.sort_unstable();
    let mut text = String::new();
    for line in lines {
        let _ = write!(text, "{line}");
    }
    sha256_hex(text.as_bytes())
}
