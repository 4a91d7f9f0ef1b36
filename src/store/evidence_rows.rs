//! Rows of the ledger, the access log and the checkpoints.

use diesel::prelude::*;

use super::schema::{access_log, checkpoint_stretches, checkpoints, ledger};
use super::types::At;
use crate::consent::{AccessLink, LedgerLink, personal, sealed};

/// One reading of customer data, or the refusal of one, before it has its place in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    pub at: At,
    pub consent_id: String,
    pub dc_id: String,
    pub category: String,
    pub outcome: String,
    pub interaction_id: String,
    pub customer_id: Option<String>,
    pub account_id: String,
}

/// The same as it is kept. Customer, account and salt go when retention erases them.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = access_log)]
pub struct AccessRow {
    pub segment: String,
    pub position: i32,
    pub at: At,
    pub consent_id: String,
    pub dc_id: String,
    pub category: String,
    pub outcome: String,
    pub interaction_id: String,
    pub customer_id: Option<String>,
    pub account_id: Option<String>,
    pub salt: Option<String>,
    pub personal_sha256: String,
    pub hash: String,
}

impl AccessRow {
    /// The row after the one with the hash `previous`.
    pub fn new(
        access: Access,
        (segment, position): (&str, i32),
        previous: &str,
        salt: String,
    ) -> Self {
        let personal = personal(access.customer_id.as_deref(), &access.account_id);
        let mut row = Self {
            segment: segment.to_owned(),
            position,
            at: access.at,
            consent_id: access.consent_id,
            dc_id: access.dc_id,
            category: access.category,
            outcome: access.outcome,
            interaction_id: access.interaction_id,
            customer_id: access.customer_id,
            account_id: Some(access.account_id),
            personal_sha256: sealed(&salt, &personal),
            salt: Some(salt),
            hash: String::new(),
        };
        row.hash = row.link().hash(previous);
        row
    }

    pub fn link(&self) -> AccessLink<'_> {
        AccessLink {
            segment: &self.segment,
            position: self.position,
            at: self.at.0,
            consent_id: &self.consent_id,
            dc_id: &self.dc_id,
            category: &self.category,
            outcome: &self.outcome,
            interaction_id: &self.interaction_id,
            personal_sha256: &self.personal_sha256,
        }
    }
}

/// Data and salt go when retention erases them; `data_sha256` is missing in entries that are older than salts.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = ledger)]
pub struct LedgerRow {
    pub chain: String,
    pub seq: i32,
    pub kind: String,
    pub at: At,
    pub data: Option<String>,
    pub salt: Option<String>,
    pub data_sha256: Option<String>,
    pub hash: String,
}

impl LedgerRow {
    /// The entry after the one with the hash `previous`.
    pub fn new(
        (chain, seq): (&str, i32),
        kind: &str,
        at: At,
        data: String,
        previous: &str,
        salt: String,
    ) -> Self {
        let data_sha256 = sealed(&salt, &data);
        let mut row = Self {
            chain: chain.to_owned(),
            seq,
            kind: kind.to_owned(),
            at,
            data: Some(data),
            salt: Some(salt),
            data_sha256: Some(data_sha256),
            hash: String::new(),
        };
        row.hash = row.link().hash(previous);
        row
    }

    pub fn link(&self) -> LedgerLink<'_> {
        let older_than_salts = || self.data.as_deref().unwrap_or_default();
        LedgerLink {
            chain: &self.chain,
            seq: self.seq,
            kind: &self.kind,
            at: self.at.0,
            data_sha256: self.data_sha256.as_deref().unwrap_or_else(older_than_salts),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = checkpoints)]
pub struct CheckpointRow {
    pub number: i32,
    pub at: At,
    pub jws: String,
}

/// What a checkpoint covers of one chain or segment.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = checkpoint_stretches)]
pub struct StretchRow {
    /// [`LEDGER`] or [`ACCESS`].
    pub log: String,
    pub chain: String,
    pub last_seq: i32,
    pub first_seq: i32,
    /// The hash of the last.
    pub head: String,
    pub checkpoint: i32,
}

pub const LEDGER: &str = "ledger";
pub const ACCESS: &str = "access";
