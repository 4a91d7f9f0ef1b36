//! The Account Access Consent as PayNet keeps it: states, the transitions between them, and what an Update Consent may say.
//!
//! Pure: no HTTP, no clock, no keys. Ids are plain strings throughout the simulator because a counterparty in a test must be able to
//! send malformed ones.

use std::fmt;

use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

pub(crate) const CONSENT_TYPE: &str = "urn:openfinance-ml:account-access-consent:v1.2";

/// An authorization that is not finished by then has failed.
pub(crate) const AUTHORIZATION_WINDOW: TimeDelta = TimeDelta::minutes(5);

/// The wire spelling is lower snake case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentStatus {
    AwaitingAuthorization,
    Authorized,
    Expired,
    Failed,
    Rejected,
    Revoked,
    Suspended,
}

impl ConsentStatus {
    pub const ALL: [Self; 7] = [
        Self::AwaitingAuthorization,
        Self::Authorized,
        Self::Expired,
        Self::Failed,
        Self::Rejected,
        Self::Revoked,
        Self::Suspended,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::AwaitingAuthorization => "awaiting_authorization",
            Self::Authorized => "authorized",
            Self::Expired => "expired",
            Self::Failed => "failed",
            Self::Rejected => "rejected",
            Self::Revoked => "revoked",
            Self::Suspended => "suspended",
        }
    }

    /// PayNet's consent states, v1.2.2 §13.
    pub fn may_become(self, next: Self) -> bool {
        match self {
            Self::AwaitingAuthorization => {
                matches!(next, Self::Authorized | Self::Failed | Self::Rejected)
            }
            Self::Authorized => matches!(next, Self::Suspended | Self::Expired | Self::Revoked),
            Self::Suspended => matches!(next, Self::Authorized | Self::Revoked | Self::Expired),
            Self::Expired | Self::Failed | Self::Rejected | Self::Revoked => false,
        }
    }

    pub fn is_terminal(self) -> bool {
        !Self::ALL.into_iter().any(|next| self.may_become(next))
    }
}

impl fmt::Display for ConsentStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

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

/// The body of Update Consent, before any check.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Update {
    pub(crate) consent_id: Option<String>,
    pub(crate) status: String,
    pub(crate) id_token: Option<String>,
    pub(crate) user_identity: Option<UserIdentity>,
    #[serde(default)]
    pub(crate) accounts: Option<Vec<ConsentedAccount>>,
    pub(crate) status_reason: Option<StatusReason>,
}

/// An Update Consent whose form is complete; the `id_token` is still only a string.
#[derive(Clone, Debug)]
pub(crate) enum Decision {
    Authorized {
        id_token: String,
        identity: UserIdentity,
        accounts: Vec<ConsentedAccount>,
    },
    Rejected(StatusReason),
}

const MAX_ID: usize = 36;
const MAX_ID_TOKEN: usize = 3000;
/// Base64 of a SHA-256, with padding.
const HASHED_ID_LENGTH: usize = 44;

impl Update {
    /// What v1.2.2 demands of the body; the text says what is missing.
    pub(crate) fn decision(self, consent_id: &str) -> Result<Decision, String> {
        if self.consent_id.is_some_and(|stated| stated != consent_id) {
            return Err("consent_id differs from the one in the path".to_owned());
        }
        match self.status.as_str() {
            "authorized" => {
                if self.status_reason.is_some() {
                    return Err("status_reason must be absent when authorized".to_owned());
                }
                authorized(self.id_token, self.user_identity, self.accounts)
            }
            "rejected" => {
                let reason = self.status_reason.ok_or("status_reason is required")?;
                if !REASON_CODES.contains(&reason.reason_code.as_str()) {
                    return Err(format!("unknown reason_code {}", reason.reason_code));
                }
                Ok(Decision::Rejected(reason))
            }
            other => Err(format!(
                "status must be authorized or rejected, not {other}"
            )),
        }
    }
}

const REASON_CODES: [&str; 9] = [
    "duplicate",
    "format_error",
    "inactive_account",
    "inactive_provider",
    "internal_error",
    "not_allowed",
    "provider_error",
    "timeout",
    "validation_error",
];

fn authorized(
    id_token: Option<String>,
    identity: Option<UserIdentity>,
    accounts: Option<Vec<ConsentedAccount>>,
) -> Result<Decision, String> {
    let id_token = id_token.ok_or("id_token is required")?;
    if id_token.len() > MAX_ID_TOKEN {
        return Err(format!("id_token is longer than {MAX_ID_TOKEN} characters"));
    }
    let identity = identity.ok_or("user_identity is required")?;
    if !["nric", "passport"].contains(&identity.id_type.as_str()) {
        return Err(format!("unknown id_type {}", identity.id_type));
    }
    if identity.hashed_id_number.len() != HASHED_ID_LENGTH {
        return Err(format!(
            "hashed_id_number must have {HASHED_ID_LENGTH} characters"
        ));
    }
    let accounts = accounts.ok_or("accounts is required")?;
    check_accounts(&accounts)?;
    Ok(Decision::Authorized {
        id_token,
        identity,
        accounts,
    })
}

fn check_accounts(accounts: &[ConsentedAccount]) -> Result<(), String> {
    if accounts.is_empty() {
        return Err("at least one account is required".to_owned());
    }
    for (position, account) in accounts.iter().enumerate() {
        if account.account_id.is_empty() || account.account_id.chars().count() > MAX_ID {
            return Err(format!("account_id must have 1 to {MAX_ID} characters"));
        }
        if account.account_number.is_empty() || account.account_name.is_empty() {
            return Err("account_number and account_name are required".to_owned());
        }
        let earlier = &accounts[..position];
        if earlier
            .iter()
            .any(|other| other.account_id == account.account_id)
        {
            return Err("an account is listed twice".to_owned());
        }
    }
    Ok(())
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

    #[test]
    fn an_update_must_be_complete() {
        let complete = serde_json::json!({
            "status": "authorized",
            "id_token": "a.b.c",
            "user_identity": {"id_type": "nric", "hashed_id_number": "x".repeat(44)},
            "accounts": [{"account_id": "a", "account_number": "1", "account_name": "Savings"}],
        });
        assert!(decide(&complete).is_ok());
        let cases = [
            ("/status", serde_json::json!("revoked")),
            ("/id_token", serde_json::json!("x".repeat(3001))),
            (
                "/user_identity/hashed_id_number",
                serde_json::json!("x".repeat(43)),
            ),
            ("/user_identity/id_type", serde_json::json!("army")),
            ("/accounts", serde_json::json!([])),
            ("/accounts/0/account_id", serde_json::json!("a".repeat(37))),
        ];
        for (pointer, value) in cases {
            let mut changed = complete.clone();
            *changed
                .pointer_mut(pointer)
                .expect("the pointer names a field") = value;
            assert!(decide(&changed).is_err(), "{pointer}");
        }
        for field in ["id_token", "user_identity", "accounts"] {
            let mut changed = complete.clone();
            changed.as_object_mut().expect("an object").remove(field);
            assert!(decide(&changed).is_err(), "{field}");
        }
        let bare = serde_json::json!({"status": "rejected"});
        assert_eq!(decide(&bare).unwrap_err(), "status_reason is required");
    }

    fn decide(body: &serde_json::Value) -> Result<Decision, String> {
        let update: Update = serde_json::from_value(body.clone()).map_err(|e| e.to_string())?;
        update.decision("c-1")
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
