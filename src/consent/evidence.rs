//! Evidence: the ledger entry that every change leaves, and the receipt of what the customer saw.
//!
//! Ledger entries of one consent form a hash chain: each hash covers the one before it, so an edit, a
//! reordering or a missing entry shows. The data is kept as text, byte for byte as it was hashed.

use aws_lc_rs::digest::{SHA256, digest};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use crate::ids::ConsentId;

/// One link of a consent's chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerEntry {
    pub consent_id: ConsentId,
    /// Equals the consent's version after the change; starts at 1.
    pub seq: i32,
    pub kind: &'static str,
    /// JSON, as hashed.
    pub data: String,
    pub at: DateTime<Utc>,
}

impl LedgerEntry {
    /// Lower-case hexadecimal SHA-256 over the previous hash (empty for the first entry) and every field,
    /// separated by line feeds, which none of the fields contains.
    pub fn hash(&self, previous: &str) -> String {
        chain_hash(
            previous,
            &self.consent_id,
            self.seq,
            self.kind,
            &self.at,
            &self.data,
        )
    }
}

/// See [`LedgerEntry::hash`]; apart, so that a stored chain can be recomputed.
pub fn chain_hash(
    previous: &str,
    consent_id: &ConsentId,
    seq: i32,
    kind: &str,
    at: &DateTime<Utc>,
    data: &str,
) -> String {
    let at = at.to_rfc3339_opts(SecondsFormat::Micros, true);
    sha256_hex(format!("{previous}\n{consent_id}\n{seq}\n{kind}\n{at}\n{data}").as_bytes())
}

/// What the customer saw and decided, kept for seven years (BNM exposure draft 10.18).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Receipt {
    pub consent_id: ConsentId,
    /// `en` or `ms`.
    pub language: String,
    /// SHA-256 over the templates and wording the page was made from.
    pub template_hash: String,
    /// The review page's statement, word for word.
    pub text: String,
    pub created_at: DateTime<Utc>,
}

impl Receipt {
    /// Lower-case hexadecimal SHA-256 over the receipt's JSON form; the ledger holds it.
    pub fn sha256(&self) -> String {
        sha256_hex(serde_json::json!(self).to_string().as_bytes())
    }
}

fn sha256_hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    digest(&SHA256, bytes)
        .as_ref()
        .iter()
        .fold(String::with_capacity(64), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_moves_the_hash() {
        let entry = LedgerEntry {
            consent_id: ConsentId::parse("c-1").unwrap(),
            seq: 1,
            kind: "registered",
            data: "{}".into(),
            at: DateTime::UNIX_EPOCH,
        };
        let original = entry.hash("");
        assert_eq!(original.len(), 64);
        for changed in [
            LedgerEntry {
                seq: 2,
                ..entry.clone()
            },
            LedgerEntry {
                kind: "approved",
                ..entry.clone()
            },
            LedgerEntry {
                data: "[]".into(),
                ..entry.clone()
            },
            LedgerEntry {
                at: DateTime::UNIX_EPOCH + chrono::TimeDelta::microseconds(1),
                ..entry.clone()
            },
            LedgerEntry {
                consent_id: ConsentId::parse("c-2").unwrap(),
                ..entry.clone()
            },
        ] {
            assert_ne!(changed.hash(""), original);
        }
        assert_ne!(entry.hash("00"), original);
    }
}
