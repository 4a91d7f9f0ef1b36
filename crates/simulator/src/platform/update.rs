//! Update Consent and Revoke Consent: what PayNet accepts from a Data Provider.

use std::sync::Arc;

use serde::Deserialize;

use super::{
    Platform,
    consent::{Consent, ConsentStatus, ConsentedAccount, StatusReason, UserIdentity},
    consents::Change,
    decision::{Decision, Update},
    error::ApiError,
    guard::ProviderCall,
    state::{ReceivedUpdate, RegisteredProvider},
};
use crate::keys::{Claims, TokenError, numeric_now, verify_claims};

/// An `id_token` speaks of a sign-in that has just happened; an hour is generous.
const ID_TOKEN_SECONDS: f64 = 3600.0;

/// The body of Revoke Consent.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Revocation {
    updated_by: String,
    status_reason: Option<StatusReason>,
}

impl Platform {
    pub(crate) async fn update_consent(
        self: &Arc<Self>,
        call: &ProviderCall,
        consent_id: &str,
        update: Update,
    ) -> Result<(), ApiError> {
        let outcome = self.apply_update(call, consent_id, update).await;
        let received = self.received(call, outcome.as_ref().err());
        self.record_update(consent_id, received);
        let consent = outcome?;
        if consent.status == ConsentStatus::Authorized {
            self.end_predecessors(&consent);
        }
        Ok(())
    }

    pub(crate) fn revoke_consent(
        &self,
        call: &ProviderCall,
        consent_id: &str,
        revocation: Revocation,
    ) -> Result<Consent, ApiError> {
        let outcome = self.apply_revocation(call, consent_id, revocation);
        let received = self.received(call, outcome.as_ref().err());
        self.record_revocation(consent_id, received);
        outcome
    }

    fn received(&self, call: &ProviderCall, refusal: Option<&ApiError>) -> ReceivedUpdate {
        ReceivedUpdate {
            at: self.now(),
            interaction_id: call.interaction_id.clone(),
            body: call.body.clone(),
            refusal: refusal.map(|error| error.code().to_owned()),
        }
    }

    async fn apply_update(
        &self,
        call: &ProviderCall,
        consent_id: &str,
        update: Update,
    ) -> Result<Consent, ApiError> {
        let consent = self.consent_of_provider(consent_id, &call.dp_id)?;
        let decision = update
            .decision(consent_id)
            .map_err(ApiError::invalid_request)?;
        // A consent that is over must not make us fetch keys; and no update of a provider ends a suspension.
        check_awaiting(&consent)?;
        match decision {
            Decision::Rejected(reason) => {
                let change = Change {
                    to: ConsentStatus::Rejected,
                    reason: Some(reason),
                    by: "data_provider_user",
                };
                self.change_consent(consent_id, change, |_| {})
            }
            Decision::Authorized {
                id_token,
                identity,
                accounts,
            } => {
                self.check_id_token(&consent, &id_token, &identity).await?;
                self.authorize(consent_id, identity, accounts)
            }
        }
    }

    fn authorize(
        &self,
        consent_id: &str,
        identity: UserIdentity,
        accounts: Vec<ConsentedAccount>,
    ) -> Result<Consent, ApiError> {
        let change = Change {
            to: ConsentStatus::Authorized,
            reason: None,
            by: "data_provider_user",
        };
        self.change_consent(consent_id, change, |consent| {
            consent.identity = Some(identity);
            consent.accounts = accounts;
        })
    }

    async fn check_id_token(
        &self,
        consent: &Consent,
        id_token: &str,
        identity: &UserIdentity,
    ) -> Result<(), ApiError> {
        let provider = self.registered(&consent.dp_id)?;
        let keys = self.provider_keys(&provider, id_token).await?;
        let claims = verify_claims(id_token, &keys);
        claims
            .and_then(|claims| self.check_id_token_claims(consent, identity, &claims))
            .map_err(|error| match error {
                TokenError::Claim(text) => ApiError::invalid_claim(format!("id_token: {text}")),
                other => ApiError::invalid_signature(format!("id_token: {other}")),
            })
    }

    fn check_id_token_claims(
        &self,
        consent: &Consent,
        identity: &UserIdentity,
        claims: &Claims,
    ) -> Result<(), TokenError> {
        claims.must_be("iss", &consent.dp_id)?;
        claims.must_be_for(self.issuer())?;
        claims.must_be_current(numeric_now(), ID_TOKEN_SECONDS)?;
        claims.text("sub")?;
        claims.time("auth_time")?;
        claims.must_be("consent_id", &consent.consent_id)?;
        claims.must_be("id_type", &identity.id_type)?;
        claims.must_be("hashed_id_number", &identity.hashed_id_number)
    }

    fn apply_revocation(
        &self,
        call: &ProviderCall,
        consent_id: &str,
        revocation: Revocation,
    ) -> Result<Consent, ApiError> {
        self.consent_of_provider(consent_id, &call.dp_id)?;
        let by = revocation.updated_by.as_str();
        if !["data_provider", "data_provider_user"].contains(&by) {
            return Err(ApiError::invalid_request(
                "updated_by must be data_provider or data_provider_user",
            ));
        }
        let change = Change {
            to: ConsentStatus::Revoked,
            reason: revocation.status_reason,
            by,
        };
        self.change_consent(consent_id, change, |_| {})
    }

    pub(crate) fn registered(&self, dp_id: &str) -> Result<RegisteredProvider, ApiError> {
        self.provider(dp_id)
            .ok_or_else(|| ApiError::invalid_request("unknown Data Provider"))
    }
}

fn check_awaiting(consent: &Consent) -> Result<(), ApiError> {
    if consent.status == ConsentStatus::AwaitingAuthorization {
        Ok(())
    } else {
        Err(ApiError::rule_violation(format!(
            "the consent is {}, not awaiting authorization",
            consent.status
        )))
    }
}
