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
use crate::config::{BalanceAmount, ResponseBody, ResponsePayload, WireProfile};
use crate::http::ApiError;
use crate::ids::{DcId, DpId};
use crate::keys::SigningKeys;

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
    pub async fn seal(&self, to: &Recipient, mut plaintext: Value) -> Result<Response, ApiError> {
        if self.profile.balance_amount == BalanceAmount::Nested {
            nest_amounts(&mut plaintext);
        }
        let key = to.keys.encryption_key(&to.encryption_key).map_err(failed)?;
        let jwe = key
            .encrypt(Some("JWT"), plaintext.to_string().as_bytes())
            .map_err(failed)?;
        let jws = self.signed(to, jwe).await?;
        let media_type = self.profile.response_body;
        let body = match media_type {
            ResponseBody::Envelope => json!({
                "status": self.profile.envelope_status,
                "error_message": self.profile.envelope_error_message,
                "data": jws,
            })
            .to_string(),
            ResponseBody::Jose | ResponseBody::Jwt => jws,
        };
        Ok(Response::builder()
            .header(header::CONTENT_TYPE, media_type.media_type())
            .header(header::CACHE_CONTROL, "no-store")
            .body(body))
    }

    async fn signed(&self, to: &Recipient, jwe: String) -> Result<String, ApiError> {
        let (fields, payload) = match self.profile.response_payload {
            ResponsePayload::Claims => (fields("JWT", None), self.claims(to, &jwe).to_string()),
            // RFC 7515 §4.1.9: what is signed is a JOSE object itself.
            ResponsePayload::Jwe => (fields("JOSE", Some("JOSE")), jwe),
        };
        let signed = match self.signing.current() {
            Ok(signer) => sign(&*signer, &fields, payload.as_bytes()).await,
            Err(error) => Err(error),
        };
        signed.map_err(|error| match error {
            SignError::Busy(_) => ApiError::unavailable(error).because("seal.busy"),
            SignError::Failed(_) | SignError::NoCurrentKey => {
                ApiError::unavailable(error).because("seal.no_signature")
            }
            SignError::Header(_) => failed(error),
        })
    }

    fn claims(&self, to: &Recipient, jwe: &str) -> Value {
        let now = self.clock.now();
        json!({
            "iss": self.dp_id,
            "aud": [PAYNET_AUDIENCE, to.dc_id],
            "iat": now.timestamp(),
            "nbf": now.timestamp(),
            "exp": (now + LIFE).timestamp(),
            "jti": Uuid::new_v4(),
            "data": jwe,
        })
    }
}

fn fields(typ: &str, cty: Option<&str>) -> HeaderFields {
    HeaderFields {
        typ: Some(typ.to_owned()),
        cty: cty.map(str::to_owned),
        ..HeaderFields::default()
    }
}

fn failed(cause: impl std::fmt::Display) -> ApiError {
    ApiError::internal(cause).because("seal.failed")
}

/// The older form of a balance's amounts. Other answers have no members of these names.
fn nest_amounts(plaintext: &mut Value) {
    for name in ["available_balance", "current_balance", "statement_balance"] {
        let data = plaintext.get_mut("data");
        let balance = data.and_then(|data| data.get_mut(name)?.as_object_mut());
        let Some(balance) = balance else {
            continue;
        };
        let parts = (balance.remove("amount"), balance.remove("currency"));
        if let (Some(amount), Some(currency)) = parts {
            let amount = json!({ "amount": amount, "currency": currency });
            balance.insert("amount".to_owned(), amount);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_amounts_of_a_balance_are_nested() {
        let flat = json!({"credit_debit_indicator": "credit", "amount": "1.00", "currency": "MYR"});
        let nested = json!({
            "credit_debit_indicator": "credit", "amount": {"amount": "1.00", "currency": "MYR"},
        });
        let mut balance = json!({"data": {"account_id": "a", "current_balance": flat}});
        nest_amounts(&mut balance);
        assert_eq!(balance["data"]["current_balance"], nested);
        let listed = json!({"data": [{"amount": {"amount": "1.00", "currency": "MYR"}}]});
        for untouched in [listed, json!({"data": {"account_id": "a"}}), json!({})] {
            let mut plaintext = untouched.clone();
            nest_amounts(&mut plaintext);
            assert_eq!(plaintext, untouched);
        }
    }
}
