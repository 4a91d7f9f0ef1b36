//! Update, Revoke and Retrieve Consent (v1.2.2 portal), through the generated client.

use std::time::Duration;

use chrono::{DateTime, Datelike, FixedOffset, Utc};
use progenitor_client::Error;
use reqwest::StatusCode;

use super::Paynet;
use super::id_token::IdToken;
use super::retry_after::retry_after;
use crate::consent::{
    AccountSnapshot, Actor, Identity, Intent, NewConsent, Permission, PlatformReport, Purpose,
    ReasonCode, Status, StatusReason,
};
use crate::generated::ofp_dp::types;
use crate::ids::{AccountId, ConsentId};

/// What became of an Update Consent or a Revoke Consent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpdateAnswer {
    Accepted,
    /// PayNet will never accept it; the state it has can be retrieved.
    Refused(String),
    /// Not delivered, or delivered without our hearing the answer.
    Unknown {
        detail: String,
        retry_after: Option<Duration>,
    },
}

/// A consent as PayNet has it.
#[derive(Debug, Clone, PartialEq)]
pub struct RemoteConsent {
    pub consent: NewConsent,
    /// `None` where PayNet says nothing of them.
    pub accounts: Option<Vec<AccountId>>,
}

impl RemoteConsent {
    pub fn report(&self) -> PlatformReport {
        self.consent.report()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RetrieveError {
    #[error("PayNet does not know this consent")]
    NotFound,
    #[error("PayNet's answer is not usable: {0}")]
    Unusable(String),
    #[error("PayNet did not answer: {detail}")]
    Unavailable {
        detail: String,
        retry_after: Option<Duration>,
    },
}

impl Paynet {
    /// Tells PayNet what was decided or stopped at our side.
    pub async fn tell(&self, consent: &ConsentId, intent: &Intent) -> UpdateAnswer {
        let unknown = |detail: String| UpdateAnswer::Unknown {
            detail,
            retry_after: None,
        };
        if let Intent::Revoke { by, reason } = intent {
            let body = revocation(*by, reason.as_deref());
            let answer = self.client.revoke_consent(consent, None, &body).await;
            return self.update_answer(answer.map(|_| ())).await;
        }
        let body = match self.update_body(consent, intent).await {
            Ok(body) => body,
            Err(problem) => return unknown(problem),
        };
        let answer = self.client.update_consent(consent, None, &body).await;
        self.update_answer(answer.map(|_| ())).await
    }

    pub async fn retrieve_consent(&self, id: &ConsentId) -> Result<RemoteConsent, RetrieveError> {
        match self.client.retrieve_consent(id, None).await {
            Ok(found) => {
                let found = found.into_inner();
                let accounts = found.accounts.as_ref().map(|accounts| {
                    let ids = accounts.iter().map(|account| account.account_id.clone());
                    ids.collect()
                });
                let consent = consent_from_wire(found).map_err(RetrieveError::Unusable)?;
                if consent.id == *id && consent.dp_id == self.dp_id {
                    Ok(RemoteConsent { consent, accounts })
                } else {
                    Err(RetrieveError::Unusable("another consent came back".into()))
                }
            }
            Err(error) => {
                let (status, retry_after) = (error.status(), self.retry_after(&error));
                let described = Described::of(error).await;
                if described.says_unknown(status) {
                    Err(RetrieveError::NotFound)
                } else {
                    Err(RetrieveError::Unavailable {
                        detail: described.text,
                        retry_after,
                    })
                }
            }
        }
    }

    async fn update_body(
        &self,
        consent: &ConsentId,
        intent: &Intent,
    ) -> Result<types::ConsentUpdate, String> {
        let mut body = types::ConsentUpdate {
            consent_id: Some(consent.clone()),
            status: types::ConsentStatus::Rejected,
            id_token: None,
            user_identity: None,
            accounts: None,
            status_reason: None,
        };
        match intent {
            Intent::Authorize {
                customer,
                identity,
                signed_in,
                accounts,
            } => {
                let discovery = self
                    .discovery
                    .current()
                    .await
                    .map_err(|error| error.to_string())?;
                let token = IdToken {
                    dp_id: &self.dp_id,
                    audience: &discovery.issuer,
                    consent_id: consent,
                    customer,
                    identity,
                    signed_in,
                };
                let key = self.signing.current().map_err(|error| error.to_string())?;
                let signed = token.sign(&*key, self.clock.now()).await;
                body.status = types::ConsentStatus::Authorized;
                body.id_token = Some(signed.map_err(|error| error.to_string())?);
                body.user_identity = Some(user_identity(identity)?);
                body.accounts = Some(accounts.iter().map(consented_account).collect());
            }
            Intent::Reject { reason } => body.status_reason = Some(reason_to_wire(reason)?),
            Intent::Revoke { .. } => return Err("a revocation is no update".into()),
        }
        Ok(body)
    }

    async fn update_answer(&self, answer: Result<(), Error<()>>) -> UpdateAnswer {
        let error = match answer {
            Ok(()) => return UpdateAnswer::Accepted,
            Err(error) => error,
        };
        let status = error.status();
        let retry_after = self.retry_after(&error);
        let detail = Described::of(error).await.text;
        match status {
            // Accepted, only the body was not what the document says.
            Some(status) if status.is_success() => UpdateAnswer::Accepted,
            Some(
                StatusCode::BAD_REQUEST
                | StatusCode::FORBIDDEN
                | StatusCode::NOT_FOUND
                | StatusCode::CONFLICT
                | StatusCode::GONE
                | StatusCode::UNPROCESSABLE_ENTITY,
            ) => UpdateAnswer::Refused(detail),
            _ => UpdateAnswer::Unknown {
                detail,
                retry_after,
            },
        }
    }

    fn retry_after(&self, error: &Error<()>) -> Option<Duration> {
        let Error::UnexpectedResponse(response) = error else {
            return None;
        };
        retry_after(response.headers(), self.clock.now())
    }
}

/// A failed call: PayNet's error code, if it gave one, and words for the log and the outbox, never a body
/// we do not know.
struct Described {
    code: Option<String>,
    text: String,
}

impl Described {
    /// In PayNet's own words: a 404 without them may be of something in between, and what follows from this one cannot be undone.
    fn says_unknown(&self, status: Option<StatusCode>) -> bool {
        let is_refusal = status.is_some_and(|status| status.is_client_error());
        match self.code.as_deref() {
            // PayNet's table has no code of its own for a consent that is none.
            Some("Consent.Invalid" | "Consent.NotFound") => is_refusal,
            Some("invalid_request") => status == Some(StatusCode::NOT_FOUND),
            _ => false,
        }
    }

    async fn of(error: Error<()>) -> Self {
        let text = match error {
            Error::UnexpectedResponse(response) => return Self::of_answer(response).await,
            Error::CommunicationError(error) | Error::ResponseBodyError(error) => {
                super::fetch::transport(error).to_string()
            }
            // The reader's own words quote what it read.
            Error::InvalidResponsePayload(_, error) => format!(
                "unreadable answer (line {}, column {})",
                error.line(),
                error.column()
            ),
            Error::Custom(detail) => detail,
            other => other.to_string(),
        };
        Self { code: None, text }
    }

    async fn of_answer(response: reqwest::Response) -> Self {
        let status = response.status();
        let body = super::fetch::read_bounded(response, 16 * 1024)
            .await
            .unwrap_or_default();
        let code = serde_json::from_slice::<types::Error>(&body).ok();
        let code = code.map(|body| body.error);
        let named = super::fetch::loggable_code(code.as_deref());
        Self {
            text: format!("status {status}, {named}"),
            code,
        }
    }
}

fn user_identity(identity: &Identity) -> Result<types::UserIdentity, String> {
    let id_type = serde_json::from_value(identity.id_type.clone().into())
        .map_err(|_| format!("unknown id_type {:?}", identity.id_type))?;
    Ok(types::UserIdentity {
        id_type,
        hashed_id_number: identity.hashed_id_number.clone(),
    })
}

fn consented_account(account: &AccountSnapshot) -> types::ConsentedAccount {
    types::ConsentedAccount {
        account_id: account.account_id.clone(),
        account_number: account.account_number.clone(),
        account_name: account.account_name.clone(),
    }
}

/// The customer acted with us; otherwise we did. A reason in words comes with the only code that fits.
fn revocation(by: Actor, reason: Option<&str>) -> types::ConsentRevocation {
    let updated_by = match by {
        Actor::Customer => types::UpdatedBy::DataProviderUser,
        Actor::Bank | Actor::DataConsumer | Actor::Platform | Actor::Term => {
            types::UpdatedBy::DataProvider
        }
    };
    let status_reason = reason.and_then(|reason| {
        let described = StatusReason {
            code: ReasonCode::NotAllowed,
            description: Some(reason.to_owned()),
        };
        reason_to_wire(&described).ok()
    });
    types::ConsentRevocation {
        updated_by,
        status_reason,
    }
}

fn reason_to_wire(reason: &StatusReason) -> Result<types::StatusReason, String> {
    let reason_code = serde_json::from_value(reason.code.as_str().into())
        .map_err(|_| format!("unknown reason {:?}", reason.code))?;
    Ok(types::StatusReason {
        reason_code,
        reason_description: reason.description.clone(),
    })
}

/// Reads the consent object of an event or of Retrieve Consent.
pub fn consent_from_wire(wire: types::Consent) -> Result<NewConsent, String> {
    let purpose = Purpose::parse(wire.consent_purpose.as_str())
        .ok_or_else(|| "consent_purpose is unknown".to_owned())?;
    let permissions: Vec<Permission> = wire
        .permissions
        .iter()
        .map(|permission| Permission::parse(permission.as_str()))
        .collect::<Option<_>>()
        .ok_or_else(|| "a permission is unknown".to_owned())?;
    let reason = wire.status_reason.and_then(|reason| {
        let code = ReasonCode::parse(reason.reason_code.as_str())?;
        let description = reason.reason_description;
        Some(StatusReason {
            code,
            description: description.map(|text| text.replace(char::is_control, " ")),
        })
    });
    Ok(NewConsent {
        id: wire.consent_id,
        dc_id: wire.dc_id,
        dp_id: wire.dp_id,
        urn: plain(wire.consent_type, "consent_type")?,
        purpose,
        permissions,
        status: Status::parse(wire.status.as_str()).ok_or("status is unknown")?,
        reason,
        expires_at: moment(wire.expiration_datetime)?,
        created_at: moment(wire.created_at)?,
        updated_at: wire.updated_at.map(moment).transpose()?,
        updated_by: wire.updated_by.map(actor),
    })
}

/// As both databases keep it, a leap second as the first of the next minute. A year has four digits (RFC 3339 §5.6), though the
/// reader knows more of them; and what began or ended before 1970 is a mistake.
fn moment(at: DateTime<FixedOffset>) -> Result<DateTime<Utc>, String> {
    DateTime::from_timestamp_micros(at.timestamp_micros())
        .filter(|at| (1970..=9999).contains(&at.year()))
        .ok_or_else(|| "a time is not of this age".to_owned())
}

/// The customer, wherever they act: at the consumer, at PayNet or with us.
fn actor(by: types::UpdatedBy) -> Actor {
    match by {
        types::UpdatedBy::DataConsumer => Actor::DataConsumer,
        types::UpdatedBy::DataProvider => Actor::Bank,
        types::UpdatedBy::Ofp => Actor::Platform,
        types::UpdatedBy::DataConsumerUser
        | types::UpdatedBy::DataProviderUser
        | types::UpdatedBy::OfpUser => Actor::Customer,
    }
}

/// A short text that can be stored and shown.
fn plain(text: String, name: &str) -> Result<String, String> {
    const LONGEST: usize = 200;
    if text.len() <= LONGEST && !text.chars().any(char::is_control) {
        Ok(text)
    } else {
        Err(format!(
            "{name} is not a plain text of at most {LONGEST} bytes"
        ))
    }
}
