//! The Account Access Consent as PayNet keeps it, and what time does to it.
//!
//! Pure: no HTTP, no clock, no keys. Ids are plain strings throughout the simulator because a counterparty in a test must be able to
//! send malformed ones.

use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

pub use super::status::ConsentStatus;

pub(crate) const CONSENT_TYPE: &str = "urn:openfinance-ml:account-access-consent:v1.2";

/// An authorization that is not finished by then has failed.
pub(crate) const AUTHORIZATION_WINDOW: TimeDelta = TimeDelta::minutes(5);

/// Why a consent was rejected, suspended, revoked or failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusReason {
    pub reason_code: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason_description: Option<String>,
}

impl StatusReason {
    pub fn code(reason_code: &str) -> Self {
        Self {
            reason_code: reason_code.to_owned(),
            reason_description: None,
        }
    }
}

/// The customer as PayNet may know them: never the number itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserIdentity {
    pub id_type: String,
    pub hashed_id_number: String,
}

/// An account the customer agreed to share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentedAccount {
    pub account_id: String,
    pub account_number: String,
    pub account_name: String,
}

/// The consent object as it travels, in events and in answers (v1.2.2 §5.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    pub consent_id: String,
    pub dc_id: String,
    pub dp_id: String,
    #[serde(flatten, default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<UserIdentity>,
    pub consent_type: String,
    pub consent_purpose: String,
    pub permissions: Vec<String>,
    /// PayNet ends consents at the end of a Malaysian day, hence the offset.
    pub expiration_datetime: DateTime<FixedOffset>,
    pub status: ConsentStatus,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_reason: Option<StatusReason>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<ConsentedAccount>,
    pub created_at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_by: Option<String>,
}

/// A step that the consent's state does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a consent that is {from} cannot become {to}")]
pub(crate) struct ForbiddenTransition {
    pub(crate) from: ConsentStatus,
    pub(crate) to: ConsentStatus,
}

impl Consent {
    /// What the clock alone does: an unfinished authorization fails, an authorized consent expires.
    pub(crate) fn settle(&mut self, now: DateTime<Utc>) {
        let awaiting = self.status == ConsentStatus::AwaitingAuthorization;
        if awaiting && now - self.created_at > AUTHORIZATION_WINDOW {
            let reason = Some(StatusReason::code("timeout"));
            self.force(ConsentStatus::Failed, reason, "ofp", now);
        } else if self.status.may_become(ConsentStatus::Expired) && now > self.expiration_datetime {
            self.force(ConsentStatus::Expired, None, "ofp", now);
        }
    }

    pub(crate) fn check_transition(&self, to: ConsentStatus) -> Result<(), ForbiddenTransition> {
        let from = self.status;
        if from.may_become(to) {
            Ok(())
        } else {
            Err(ForbiddenTransition { from, to })
        }
    }

    pub(crate) fn transition(
        &mut self,
        to: ConsentStatus,
        reason: Option<StatusReason>,
        by: &str,
        now: DateTime<Utc>,
    ) -> Result<(), ForbiddenTransition> {
        self.check_transition(to)?;
        self.force(to, reason, by, now);
        Ok(())
    }

    /// Sets a status without asking whether PayNet could; tests stage their situations with it.
    pub(crate) fn force(
        &mut self,
        to: ConsentStatus,
        reason: Option<StatusReason>,
        by: &str,
        now: DateTime<Utc>,
    ) {
        self.status = to;
        self.status_reason = reason;
        self.updated_by = Some(by.to_owned());
        self.updated_at = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ConsentStatus::{
        Authorized, AwaitingAuthorization, Expired, Failed, Rejected, Revoked, Suspended,
    };

    /// Every pair that is not listed is refused.
    const ALLOWED: [(ConsentStatus, ConsentStatus); 9] = [
        (AwaitingAuthorization, Authorized),
        (AwaitingAuthorization, Failed),
        (AwaitingAuthorization, Rejected),
        (Authorized, Suspended),
        (Authorized, Expired),
        (Authorized, Revoked),
        (Suspended, Authorized),
        (Suspended, Revoked),
        (Suspended, Expired),
    ];

    #[test]
    fn the_transition_table_is_the_published_one() {
        for from in ConsentStatus::ALL {
            for to in ConsentStatus::ALL {
                let allowed = ALLOWED.contains(&(from, to));
                assert_eq!(from.may_become(to), allowed, "{from} to {to}");
                let mut consent = sample(from);
                let moved = consent.transition(to, None, "ofp", Utc::now());
                assert_eq!(moved.is_ok(), allowed);
                assert_eq!(consent.status, if allowed { to } else { from });
            }
        }
    }

    #[test]
    fn four_states_are_final() {
        let terminal: Vec<_> = ConsentStatus::ALL
            .into_iter()
            .filter(|status| status.is_terminal())
            .collect();
        assert_eq!(terminal, [Expired, Failed, Rejected, Revoked]);
    }

    #[test]
    fn an_authorization_fails_after_five_minutes_and_not_before() {
        let mut consent = sample(AwaitingAuthorization);
        let created = consent.created_at;
        consent.settle(created + AUTHORIZATION_WINDOW);
        assert_eq!(consent.status, AwaitingAuthorization);
        consent.settle(created + AUTHORIZATION_WINDOW + TimeDelta::milliseconds(1));
        assert_eq!(consent.status, Failed);
        assert_eq!(consent.status_reason, Some(StatusReason::code("timeout")));
    }

    #[test]
    fn an_authorized_consent_expires_and_a_revoked_one_stays_revoked() {
        for (status, after) in [
            (Authorized, Expired),
            (Suspended, Expired),
            (Revoked, Revoked),
        ] {
            let mut consent = sample(status);
            let expiry = consent.expiration_datetime.to_utc();
            consent.settle(expiry);
            assert_eq!(consent.status, status);
            consent.settle(expiry + TimeDelta::seconds(1));
            assert_eq!(consent.status, after);
        }
    }

    fn sample(status: ConsentStatus) -> Consent {
        let created_at = Utc::now();
        Consent {
            consent_id: "c-1".to_owned(),
            dc_id: "kira-budget".to_owned(),
            dp_id: "bank-contoh".to_owned(),
            identity: None,
            consent_type: CONSENT_TYPE.to_owned(),
            consent_purpose: "pfm".to_owned(),
            permissions: vec!["read_balances".to_owned()],
            expiration_datetime: (created_at + TimeDelta::days(90)).fixed_offset(),
            status,
            status_reason: None,
            accounts: Vec::new(),
            created_at,
            updated_at: None,
            updated_by: None,
        }
    }
}
