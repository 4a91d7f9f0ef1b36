//! Rows and their translation to and from the core's types.

use diesel::prelude::*;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::StoreError;
use super::schema::{consent_events, consents, decisions, outbox, receipts};
use super::types::At;
use crate::consent::{Consent, Intent, Notice, Receipt, Status};
use crate::ids::{AccountId, AccountReference, ConsentId, CustomerId, DcId};

#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = consents, treat_none_as_null = true)]
pub struct ConsentRow {
    pub consent_id: String,
    pub dc_id: String,
    pub dp_id: String,
    pub consent_type: String,
    pub purpose: String,
    pub permissions: Value,
    pub status: String,
    pub reason: Option<Value>,
    pub expires_at: At,
    pub decide_by: At,
    pub customer_id: Option<String>,
    #[diesel(skip_update)]
    pub created_at: At,
    pub platform_updated_at: Option<At>,
    pub changed_at: At,
    pub version: i32,
}

impl From<&Consent> for ConsentRow {
    fn from(consent: &Consent) -> Self {
        Self {
            consent_id: consent.id.to_string(),
            dc_id: consent.dc_id.to_string(),
            dp_id: consent.dp_id.to_string(),
            consent_type: consent.urn.clone(),
            purpose: consent.purpose.as_str().to_owned(),
            permissions: serde_json::json!(consent.permissions),
            status: consent.status.as_str().to_owned(),
            reason: consent
                .reason
                .as_ref()
                .map(|reason| serde_json::json!(reason)),
            expires_at: consent.expires_at.into(),
            decide_by: consent.decide_by.into(),
            customer_id: consent.customer.as_ref().map(ToString::to_string),
            created_at: consent.created_at.into(),
            platform_updated_at: consent.platform_updated_at.map(At),
            changed_at: consent.changed_at.into(),
            version: consent.version,
        }
    }
}

impl TryFrom<ConsentRow> for Consent {
    type Error = StoreError;

    fn try_from(row: ConsentRow) -> Result<Self, StoreError> {
        let damaged = |what: &'static str| StoreError::Damaged(what);
        Ok(Self {
            id: ConsentId::parse(row.consent_id).map_err(|_| damaged("consents.consent_id"))?,
            dc_id: DcId::parse(row.dc_id).map_err(|_| damaged("consents.dc_id"))?,
            dp_id: crate::ids::DpId::parse(row.dp_id).map_err(|_| damaged("consents.dp_id"))?,
            urn: row.consent_type,
            purpose: from_json(Value::String(row.purpose), "consents.purpose")?,
            permissions: from_json(row.permissions, "consents.permissions")?,
            status: Status::parse(&row.status).ok_or(damaged("consents.status"))?,
            reason: row
                .reason
                .map(|value| from_json(value, "consents.reason"))
                .transpose()?,
            expires_at: row.expires_at.0,
            decide_by: row.decide_by.0,
            customer: row
                .customer_id
                .map(|id| customer_id(id, "consents.customer_id"))
                .transpose()?,
            created_at: row.created_at.0,
            platform_updated_at: row.platform_updated_at.map(|at| at.0),
            changed_at: row.changed_at.0,
            version: row.version,
        })
    }
}

pub(super) fn from_json<T: DeserializeOwned>(
    value: Value,
    what: &'static str,
) -> Result<T, StoreError> {
    serde_json::from_value(value).map_err(|_| StoreError::Damaged(what))
}

pub(super) fn account_id(text: String) -> Result<AccountId, StoreError> {
    AccountId::parse(text).map_err(|_| StoreError::Damaged("account_id"))
}

pub(super) fn account_reference(text: String) -> Result<AccountReference, StoreError> {
    AccountReference::parse(text).map_err(|_| StoreError::Damaged("accounts.bank_reference"))
}

pub(super) fn customer_id(text: String, what: &'static str) -> Result<CustomerId, StoreError> {
    CustomerId::parse(text).map_err(|_| StoreError::Damaged(what))
}

/// An event as it came in, for the record.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = consent_events)]
pub struct EventRow {
    pub consent_id: String,
    pub event_type: String,
    pub body_sha256: String,
    pub body: String,
    pub received_at: At,
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = outbox)]
pub struct OutboxRow {
    pub id: String,
    pub consent_id: String,
    pub intent: Value,
    pub attempts: i32,
    pub next_attempt_at: At,
    pub locked_until: Option<At>,
    pub parked_at: Option<At>,
    pub last_error: Option<String>,
    pub created_at: At,
    /// [`FOR_PAYNET`] or [`FOR_BANK`].
    pub recipient: String,
    /// The consent's version after the change that it is about.
    pub seq: i32,
}

/// To whom a delivery goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recipient {
    Bank,
    /// PayNet, and whoever cannot be read, so that somebody parks it.
    Paynet,
}

pub const FOR_BANK: &str = "bank";
pub const FOR_PAYNET: &str = "paynet";

/// The right to work on a row of the outbox until its time runs out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    pub delivery: String,
    /// Including the present one.
    pub attempts: i32,
}

/// A claimed row of the outbox.
#[derive(Debug, Clone)]
pub struct Delivery {
    pub lease: Lease,
    pub consent_id: ConsentId,
    pub message: Message,
}

/// What is to be delivered, and to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// For the customer, through the bank.
    Bank(Notice),
    Paynet(Intent),
}

/// A claimed row that this release cannot read.
#[derive(Debug)]
pub struct Damaged {
    pub lease: Lease,
    pub error: StoreError,
}

impl Delivery {
    pub(super) fn read(row: OutboxRow) -> Result<Self, Damaged> {
        let lease = Lease {
            delivery: row.id,
            attempts: row.attempts,
        };
        let consent_id =
            ConsentId::parse(row.consent_id).map_err(|_| StoreError::Damaged("outbox.consent_id"));
        let message = match row.recipient.as_str() {
            FOR_BANK => from_json(row.intent, "outbox.intent").map(Message::Bank),
            FOR_PAYNET => from_json(row.intent, "outbox.intent").map(Message::Paynet),
            _ => Err(StoreError::Damaged("outbox.recipient")),
        };
        match (consent_id, message) {
            (Ok(consent_id), Ok(message)) => Ok(Self {
                lease,
                consent_id,
                message,
            }),
            (Err(error), _) | (_, Err(error)) => Err(Damaged { lease, error }),
        }
    }
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = receipts)]
pub struct ReceiptRow {
    pub consent_id: String,
    pub language: String,
    pub template_hash: String,
    pub text: String,
    pub sha256: String,
    pub created_at: At,
}

impl From<&Receipt> for ReceiptRow {
    fn from(receipt: &Receipt) -> Self {
        Self {
            consent_id: receipt.consent_id.to_string(),
            language: receipt.language.clone(),
            template_hash: receipt.template_hash.clone(),
            text: receipt.text.clone(),
            sha256: receipt.sha256(),
            created_at: receipt.created_at.into(),
        }
    }
}

impl ReceiptRow {
    /// [`Receipt::sha256`] of what the row says now.
    pub fn computed_sha256(&self) -> Option<String> {
        let receipt = Receipt {
            consent_id: ConsentId::parse(self.consent_id.clone()).ok()?,
            language: self.language.clone(),
            template_hash: self.template_hash.clone(),
            text: self.text.clone(),
            created_at: self.created_at.0,
        };
        Some(receipt.sha256())
    }
}

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = decisions)]
pub struct DecisionRow {
    pub consent_id: String,
    pub decision: String,
    pub customer_id: Option<String>,
    pub sign_in: Option<Value>,
    pub decided_at: At,
}
