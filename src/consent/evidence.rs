//! Evidence: the ledger entry that every change leaves, the row that every data access leaves, and the receipt of what the customer saw.
//!
//! Entries form hash chains: each hash covers the one before it, so an edit, a reordering or a missing entry shows. What is personal is
//! covered by a salted hash of its own, which stays when retention erases the text and the salt: the chain still verifies, and nobody
//! can find the text out by trying all that it may have been. docs/evidence.md has the formulas for whoever wants to verify with tools
//! of their own.

use std::fmt::Write as _;

use aws_lc_rs::digest::{SHA256, digest};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use crate::ids::ConsentId;

/// The ledger's chain of what was done to the installation itself. No consent's id has such a character.
pub const INSTALLATION: &str = "@installation";

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

/// What the hash of a ledger entry covers.
#[derive(Debug, Clone, Copy)]
pub struct LedgerLink<'a> {
    /// A consent's id, or [`INSTALLATION`].
    pub chain: &'a str,
    pub seq: i32,
    pub kind: &'a str,
    pub at: DateTime<Utc>,
    /// [`sealed`]; in entries that are older than salts, the data itself.
    pub data_sha256: &'a str,
}

impl LedgerLink<'_> {
    /// Over the previous hash (empty for the first entry) and every field.
    pub fn hash(&self, previous: &str) -> String {
        let (seq, at) = (self.seq.to_string(), moment(self.at));
        let fields = [self.chain, &seq, self.kind, &at, self.data_sha256];
        chained(previous, &fields)
    }
}

/// What the hash of a row of the access log covers.
#[derive(Debug, Clone, Copy)]
pub struct AccessLink<'a> {
    pub segment: &'a str,
    /// From 1.
    pub position: i32,
    pub at: DateTime<Utc>,
    pub consent_id: &'a str,
    pub dc_id: &'a str,
    pub category: &'a str,
    pub outcome: &'a str,
    pub interaction_id: &'a str,
    /// [`sealed`] of [`personal`].
    pub personal_sha256: &'a str,
}

impl AccessLink<'_> {
    /// Over the previous hash (empty for the first row) and every field.
    pub fn hash(&self, previous: &str) -> String {
        let (position, at) = (self.position.to_string(), moment(self.at));
        let fields = [
            self.segment,
            &position,
            &at,
            self.consent_id,
            self.dc_id,
            self.category,
            self.outcome,
            self.interaction_id,
            self.personal_sha256,
        ];
        chained(previous, &fields)
    }
}

/// The personal part of a row of the access log, as it is hashed: customer (empty if there is none) and account.
pub fn personal(customer_id: Option<&str>, account_id: &str) -> String {
    format!("{}\n{account_id}", customer_id.unwrap_or_default())
}

/// Lower-case hexadecimal SHA-256 of salt, line feed and text.
pub fn sealed(salt: &str, text: &str) -> String {
    sha256_hex(format!("{salt}\n{text}").as_bytes())
}

/// Lower-case hexadecimal SHA-256 of all of it, separated by line feeds, which none of the fields contains.
fn chained(previous: &str, fields: &[&str]) -> String {
    let mut text = previous.to_owned();
    for field in fields {
        text.push('\n');
        text.push_str(field);
    }
    sha256_hex(text.as_bytes())
}

/// Microseconds, always: what both databases keep.
fn moment(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
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

pub fn sha256_hex(bytes: &[u8]) -> String {
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

    const LEDGER: LedgerLink<'_> = LedgerLink {
        chain: "c-1",
        seq: 1,
        kind: "registered",
        at: DateTime::UNIX_EPOCH,
        data_sha256: "00",
    };

    const ACCESS: AccessLink<'_> = AccessLink {
        segment: "s-1",
        position: 1,
        at: DateTime::UNIX_EPOCH,
        consent_id: "c-1",
        dc_id: "dc-1",
        category: "read_accounts",
        outcome: "shared",
        interaction_id: "i-1",
        personal_sha256: "00",
    };

    fn later() -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + chrono::TimeDelta::microseconds(1)
    }

    /// The formula of docs/evidence.md, worked out with sha256sum.
    #[test]
    fn the_hashes_are_the_documented_ones() {
        let sealed = sealed("5a", "{}");
        assert_eq!(
            sealed,
            "0305715c6259bc907a96f20a33c8f9f10f49c2ef3861e45b3ba2e4157ded718b"
        );
        let link = LedgerLink {
            data_sha256: &sealed,
            ..LEDGER
        };
        assert_eq!(
            link.hash(""),
            "4ae88fc66ecbef7b9f6038c55243461997538a676ed1a3475f53b64c3751c46f"
        );
    }

    #[test]
    fn every_field_moves_the_hash() {
        let changed = [
            LedgerLink {
                chain: "c-2",
                ..LEDGER
            },
            LedgerLink { seq: 2, ..LEDGER },
            LedgerLink {
                kind: "approved",
                ..LEDGER
            },
            LedgerLink {
                at: later(),
                ..LEDGER
            },
            LedgerLink {
                data_sha256: "01",
                ..LEDGER
            },
        ];
        let mut hashes: Vec<_> = changed.iter().map(|link| link.hash("")).collect();
        hashes.extend([LEDGER.hash(""), LEDGER.hash("00")]);
        let changed = [
            AccessLink {
                segment: "s-2",
                ..ACCESS
            },
            AccessLink {
                position: 2,
                ..ACCESS
            },
            AccessLink {
                at: later(),
                ..ACCESS
            },
            AccessLink {
                consent_id: "c-2",
                ..ACCESS
            },
            AccessLink {
                dc_id: "dc-2",
                ..ACCESS
            },
            AccessLink {
                category: "read_balances",
                ..ACCESS
            },
            AccessLink {
                outcome: "refused",
                ..ACCESS
            },
            AccessLink {
                interaction_id: "i-2",
                ..ACCESS
            },
            AccessLink {
                personal_sha256: "01",
                ..ACCESS
            },
        ];
        hashes.extend(changed.iter().map(|link| link.hash("")));
        hashes.extend([ACCESS.hash(""), ACCESS.hash("00")]);
        let different: std::collections::HashSet<_> = hashes.iter().collect();
        assert_eq!(different.len(), hashes.len());
    }

    #[test]
    fn the_salt_and_every_personal_value_move_the_seal() {
        let seals = [
            sealed("5a", &personal(Some("CIF-1"), "a-1")),
            sealed("5b", &personal(Some("CIF-1"), "a-1")),
            sealed("5a", &personal(Some("CIF-2"), "a-1")),
            sealed("5a", &personal(None, "a-1")),
            sealed("5a", &personal(Some("CIF-1"), "a-2")),
        ];
        let different: std::collections::HashSet<_> = seals.iter().collect();
        assert_eq!(different.len(), seals.len());
    }
}
