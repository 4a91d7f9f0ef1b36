//! Sealing an answer: encrypted to the Data Consumer, signed by us (docs/decisions/0001-wire-profile.md,
//! rows "response body" and "JWE").

use std::sync::Arc;

use chrono::TimeDelta;
use izin_jose::{HeaderFields, JwkSet, KeyId, SignError, sign};
use poem::Response;
use poem::http::header;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::clock::SharedClock;
use crate::config::WireProfile;
use crate::http::ApiError;
use crate::ids::{DcId, DpId};
use crate::signing::SigningKeys;

/// How long a consumer may take the answer for valid.
const LIFE: TimeDelta = TimeDelta::minutes(5);
/// PayNet's name among the audiences (sandbox samples, ADR 0001).
const PAYNET_AUDIENCE: &str = "Paynet OFP";

/// For whom an answer is sealed: a key that was found before the bank was asked.
pub struct Recipient {
    pub dc_id: DcId,
    pub keys: Arc<JwkSet>,
    pub encryption_key: KeyId,
}

#[derive(Clone)]
pub struct Sealer {
    pub dp_id: DpId,
    pub signing: SigningKeys,
    pub clock: SharedClock,
    pub profile: WireProfile,
}

impl Sealer {
    pub async fn seal(&self, to: &Recipient, plaintext: &Value) -> Result<Response, ApiError> {
        let key = to
            .keys
            .encryption_key(&to.encryption_key)
            .map_err(ApiError::internal)?;
        let jwe = key
            .encrypt(Some("JWT"), plaintext.to_string().as_bytes())
            .map_err(|error| ApiError::internal(error.reason()))?;
        let now = self.clock.now();
        let claims = json!({
            "iss": self.dp_id,
            "aud": [PAYNET_AUDIENCE, to.dc_id],
            "iat": now.timestamp(),
            "nbf": now.timestamp(),
            "exp": (now + LIFE).timestamp(),
            "jti": Uuid::new_v4(),
            "data": jwe,
        });
        let fields = HeaderFields {
            typ: Some("JWT".into()),
            ..HeaderFields::default()
        };
        let jws = sign(
            self.signing.current(),
            &fields,
            claims.to_string().as_bytes(),
        )
        .await
        .map_err(|error| match error {
            SignError::Busy(_) => ApiError::unavailable(error),
            _ => ApiError::internal(error),
        })?;
        let envelope = json!({
            "status": self.profile.envelope_status, "error_message": "", "data": jws,
        });
        Ok(Response::builder()
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::CACHE_CONTROL, "no-store")
            .body(envelope.to_string()))
    }
}
