//! The consents' life at PayNet: created, authorized or not, ended; and what each step makes PayNet tell the provider.

use std::sync::Arc;

use chrono::{DateTime, FixedOffset, NaiveTime, TimeDelta};
use uuid::Uuid;

use super::{
    Platform,
    consent::{CONSENT_TYPE, Consent, ConsentStatus, StatusReason, UserIdentity},
    error::ApiError,
    events::EventType,
    state::{ConsentRecord, ReceivedUpdate, SentEvent},
};

const MALAYSIA_SECONDS: i32 = 8 * 3600;

/// What a consumer asks for.
#[derive(Clone, Debug)]
pub struct NewConsent {
    pub dc_id: String,
    pub dp_id: String,
    /// `pfm` or `credit_underwriting`.
    pub purpose: String,
    pub permissions: Vec<String>,
    pub expires_at: DateTime<FixedOffset>,
}

impl NewConsent {
    /// Everything of one customer for personal finance, for ninety days; `dc_id` and `dp_id`.
    pub fn new(consumer: impl Into<String>, provider: impl Into<String>) -> Self {
        Self {
            dc_id: consumer.into(),
            dp_id: provider.into(),
            purpose: "pfm".to_owned(),
            permissions: ["read_accounts", "read_balances", "read_transactions"]
                .map(str::to_owned)
                .to_vec(),
            expires_at: end_of_day_after(90),
        }
    }

    #[must_use]
    pub fn purpose(mut self, purpose: &str) -> Self {
        purpose.clone_into(&mut self.purpose);
        self
    }

    #[must_use]
    pub fn permissions(mut self, permissions: &[&str]) -> Self {
        self.permissions = permissions.iter().map(|&one| one.to_owned()).collect();
        self
    }

    #[must_use]
    pub fn expires_at(mut self, expires_at: DateTime<FixedOffset>) -> Self {
        self.expires_at = expires_at;
        self
    }
}

/// A step of a consent's life.
#[derive(Clone, Debug)]
pub(crate) struct Change<'a> {
    pub(crate) to: ConsentStatus,
    pub(crate) reason: Option<StatusReason>,
    /// As in `updated_by` of the consent object.
    pub(crate) by: &'a str,
}

/// 23:59:59 Malaysian time, so many days from now: how PayNet's consents end.
pub(crate) fn end_of_day_after(days: i64) -> DateTime<FixedOffset> {
    let last = crate::clock::Clock::machine() + TimeDelta::days(days);
    let Some(malaysia) = FixedOffset::east_opt(MALAYSIA_SECONDS) else {
        return last.fixed_offset();
    };
    let last = last.with_timezone(&malaysia);
    NaiveTime::from_hms_opt(23, 59, 59)
        .and_then(|end| last.with_time(end).single())
        .unwrap_or(last)
}

impl Platform {
    /// Stores a consent that awaits authorization; tells nobody.
    pub(crate) fn store_consent(&self, new: NewConsent) -> Consent {
        let consent = Consent {
            consent_id: Uuid::new_v4().to_string(),
            dc_id: new.dc_id,
            dp_id: new.dp_id,
            identity: None,
            consent_type: CONSENT_TYPE.to_owned(),
            consent_purpose: new.purpose,
            permissions: new.permissions,
            expiration_datetime: new.expires_at,
            status: ConsentStatus::AwaitingAuthorization,
            status_reason: None,
            accounts: Vec::new(),
            created_at: self.now(),
            updated_at: None,
            updated_by: None,
        };
        let record = ConsentRecord::new(consent.clone());
        self.state()
            .consents
            .insert(consent.consent_id.clone(), record);
        consent
    }

    /// The consent as of now: what the clock ended has ended.
    pub(crate) fn current_consent(&self, consent_id: &str) -> Option<Consent> {
        self.consent_record(consent_id).map(|record| record.consent)
    }

    pub(crate) fn consent_record(&self, consent_id: &str) -> Option<ConsentRecord> {
        let now = self.now();
        let mut state = self.state();
        let record = state.consents.get_mut(consent_id)?;
        record.consent.settle(now);
        Some(record.clone())
    }

    pub(crate) fn consent_records(&self) -> Vec<ConsentRecord> {
        let now = self.now();
        let mut state = self.state();
        let records = state.consents.values_mut();
        records
            .map(|record| {
                record.consent.settle(now);
                record.clone()
            })
            .collect()
    }

    /// A provider's consent; others' consents look like unknown ones.
    pub(crate) fn consent_of_provider(
        &self,
        consent_id: &str,
        dp_id: &str,
    ) -> Result<Consent, ApiError> {
        self.current_consent(consent_id)
            .filter(|consent| consent.dp_id == dp_id)
            .ok_or_else(|| ApiError::consent_invalid("there is no such consent"))
    }

    /// A transition by PayNet's rules, without telling anybody; `also` happens in the same moment.
    pub(crate) fn change_consent(
        &self,
        consent_id: &str,
        change: Change<'_>,
        also: impl FnOnce(&mut Consent),
    ) -> Result<Consent, ApiError> {
        let now = self.now();
        let mut state = self.state();
        let record = state.consents.get_mut(consent_id);
        let record = record.ok_or_else(|| ApiError::consent_invalid("there is no such consent"))?;
        record.consent.settle(now);
        record
            .consent
            .transition(change.to, change.reason, change.by, now)
            .map_err(|error| ApiError::rule_violation(error.to_string()))?;
        also(&mut record.consent);
        Ok(record.consent.clone())
    }

    /// Lets a test edit a consent in ways PayNet never would.
    pub(crate) fn edit_consent(&self, consent_id: &str, edit: impl FnOnce(&mut Consent)) -> bool {
        let mut state = self.state();
        let record = state.consents.get_mut(consent_id);
        record.map(|record| edit(&mut record.consent)).is_some()
    }

    /// At most one active consent per person, provider, consumer and purpose: the new one ends the others (v1.2.2 §13).
    pub(crate) fn end_predecessors(self: &Arc<Self>, successor: &Consent) {
        for consent_id in self.predecessors(successor) {
            let revoked = Change {
                to: ConsentStatus::Revoked,
                reason: Some(StatusReason::code("duplicate")),
                by: "ofp",
            };
            if self.change_consent(&consent_id, revoked, |_| {}).is_ok() {
                self.announce_later(consent_id, EventType::ConsentStatusUpdated);
            }
        }
    }

    fn predecessors(&self, successor: &Consent) -> Vec<String> {
        let same = |other: &&Consent| {
            other.consent_id != successor.consent_id
                && matches!(
                    other.status,
                    ConsentStatus::Authorized | ConsentStatus::Suspended
                )
                && other.dp_id == successor.dp_id
                && other.dc_id == successor.dc_id
                && other.consent_purpose == successor.consent_purpose
                && hashed_id(other.identity.as_ref()) == hashed_id(successor.identity.as_ref())
        };
        let state = self.state();
        let consents = state.consents.values().map(|record| &record.consent);
        consents
            .filter(same)
            .map(|consent| consent.consent_id.clone())
            .collect()
    }

    pub(crate) fn record_update(&self, consent_id: &str, update: ReceivedUpdate) {
        if let Some(record) = self.state().consents.get_mut(consent_id) {
            record.updates.push(update);
        }
    }

    pub(crate) fn record_revocation(&self, consent_id: &str, revocation: ReceivedUpdate) {
        if let Some(record) = self.state().consents.get_mut(consent_id) {
            record.revocations.push(revocation);
        }
    }

    pub(crate) fn record_event(&self, consent_id: &str, event: SentEvent) {
        if let Some(record) = self.state().consents.get_mut(consent_id) {
            record.events.push(event);
        }
    }

    pub(crate) fn record_userinfo(&self, consent_id: &str, userinfo: serde_json::Value) {
        if let Some(record) = self.state().consents.get_mut(consent_id) {
            record.userinfo = Some(userinfo);
        }
    }
}

fn hashed_id(identity: Option<&UserIdentity>) -> Option<&str> {
    identity.map(|identity| identity.hashed_id_number.as_str())
}
