//! What an Update Consent may say. Form only: the token inside is verified elsewhere.

use serde::Deserialize;

use super::consent::{ConsentedAccount, StatusReason, UserIdentity};

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
}
