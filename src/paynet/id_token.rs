//! The id token inside Update Consent: our word on who approved and how they signed in (ADR 0001).
//! Signed at delivery, so that it cannot expire in the queue.

use biscuit::{ClaimsSet, RegisteredClaims, SingleOrMultiple, Timestamp};
use chrono::{DateTime, TimeDelta, Utc};
use izin_jose::{HeaderFields, SignError, Signer};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::consent::{Identity, SignInFacts};
use crate::ids::{ConsentId, CustomerId, DpId};

const LIFE: TimeDelta = TimeDelta::minutes(5);

#[derive(Debug, Clone, Serialize, Deserialize)]
struct IdTokenClaims {
    auth_time: i64,
    acr: String,
    amr: Vec<String>,
    consent_id: ConsentId,
    id_type: String,
    hashed_id_number: String,
}

/// What an id token says.
pub struct IdToken<'a> {
    pub dp_id: &'a DpId,
    pub audience: &'a str,
    pub consent_id: &'a ConsentId,
    pub customer: &'a CustomerId,
    pub identity: &'a Identity,
    pub signed_in: &'a SignInFacts,
}

impl IdToken<'_> {
    pub async fn sign(self, signer: &dyn Signer, now: DateTime<Utc>) -> Result<String, SignError> {
        let claims = ClaimsSet {
            registered: RegisteredClaims {
                issuer: Some(self.dp_id.to_string()),
                subject: Some(self.customer.to_string()),
                audience: Some(SingleOrMultiple::Single(self.audience.to_owned())),
                issued_at: Some(Timestamp::from(now)),
                expiry: Some(Timestamp::from(now + LIFE)),
                not_before: None,
                id: Some(Uuid::new_v4().to_string()),
            },
            private: IdTokenClaims {
                auth_time: self.signed_in.at.timestamp(),
                acr: self.signed_in.acr.clone(),
                amr: self.signed_in.amr.clone(),
                consent_id: self.consent_id.clone(),
                id_type: self.identity.id_type.clone(),
                hashed_id_number: self.identity.hashed_id_number.clone(),
            },
        };
        let fields = HeaderFields {
            typ: Some("JWT".into()),
            ..HeaderFields::default()
        };
        izin_jose::sign(
            signer,
            &fields,
            serde_json::json!(claims).to_string().as_bytes(),
        )
        .await
    }
}
