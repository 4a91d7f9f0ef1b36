//! The consumer's side of PayNet's API: pushed requests, tokens, signed data calls, and opening what comes back.

use izin_jose::{DecryptionKey, FileSigner, HeaderFields, JwkSet, SignError, sign};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    messages::{Access, Balance, BalanceDocument, Envelope, ListedProvider, TokenAnswer, Wish},
    paynet_error::PaynetError,
};
use crate::{
    keys::{numeric_now, parse_set, verify_claims},
    platform::consent::{CONSENT_TYPE, Consent},
};

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const ASSERTION_SECONDS: f64 = 300.0;
const SIGNATURE_SECONDS: f64 = 300.0;

/// Everything that a consumer needs to talk to PayNet.
#[derive(Debug)]
pub(super) struct Paynet {
    pub(super) http: reqwest::Client,
    pub(super) dc_id: String,
    pub(super) callback_url: String,
    pub(super) authorization_server: String,
    pub(super) resource_server: String,
    pub(super) signer: FileSigner,
    pub(super) decryption: DecryptionKey,
}

impl Paynet {
    pub(super) async fn providers(&self) -> Result<Vec<ListedProvider>, PaynetError> {
        let url = format!("{}/consumers/providers", self.resource_server);
        Ok(successful(self.http.get(url).send().await?)
            .await?
            .json()
            .await?)
    }

    /// The `request_uri` to send the browser with.
    pub(super) async fn push(
        &self,
        provider_id: &str,
        wish: &Wish,
        state: &str,
    ) -> Result<String, PaynetError> {
        let details = json!([{
            "type": CONSENT_TYPE,
            "consent": {
                "dp_id": provider_id,
                "consent_purpose": wish.purpose,
                "permissions": wish.permissions,
                "expiration_datetime": wish.expires_at,
            },
        }]);
        let fields = [
            ("redirect_uri", self.callback_url.clone()),
            ("state", state.to_owned()),
            ("scope", "openid accounts".to_owned()),
            ("authorization_details", details.to_string()),
        ];
        let answer: Value = self.post_form("consumers/par", &fields).await?;
        let request_uri = answer.get("request_uri").and_then(Value::as_str);
        request_uri
            .map(str::to_owned)
            .ok_or(PaynetError::Incomplete("request_uri"))
    }

    pub(super) async fn exchange(&self, code: &str) -> Result<Access, PaynetError> {
        let fields = [
            ("grant_type", "authorization_code".to_owned()),
            ("code", code.to_owned()),
            ("redirect_uri", self.callback_url.clone()),
        ];
        self.tokens(&fields).await
    }

    async fn refresh(&self, access: &Access) -> Result<Access, PaynetError> {
        let fields = [
            ("grant_type", "refresh_token".to_owned()),
            ("refresh_token", access.refresh.clone()),
        ];
        self.tokens(&fields).await
    }

    async fn tokens(&self, fields: &[(&str, String)]) -> Result<Access, PaynetError> {
        let answer: TokenAnswer = self.post_form("consumers/token", fields).await?;
        let detail = answer.authorization_details.into_iter().next();
        Ok(Access {
            bearer: answer.access_token,
            refresh: answer.refresh_token,
            consent: detail
                .ok_or(PaynetError::Incomplete("authorization_details"))?
                .consent,
        })
    }

    /// The balance; an access token that has run out is renewed once.
    pub(super) async fn balance(
        &self,
        access: &mut Access,
        account_id: &str,
    ) -> Result<Balance, PaynetError> {
        match self.ask_balance(access, account_id).await {
            Err(PaynetError::Refused { status: 401, .. }) => {
                *access = self.refresh(access).await?;
                self.ask_balance(access, account_id).await
            }
            answer => answer,
        }
    }

    async fn ask_balance(&self, access: &Access, account_id: &str) -> Result<Balance, PaynetError> {
        let mut url = reqwest::Url::parse(&self.resource_server)
            .map_err(|_| PaynetError::Incomplete("resource server"))?;
        if let Ok(mut path) = url.path_segments_mut() {
            path.extend(["v1", "accounts", account_id, "balances"]);
        }
        let reference = Uuid::new_v4().to_string();
        let signature = self
            .signature(&access.consent, url.as_str(), &reference)
            .await?;
        let answer = self
            .http
            .get(url)
            .bearer_auth(&access.bearer)
            .header("x-fapi-interaction-id", &reference)
            .header("x-signature", signature)
            .send()
            .await?;
        let envelope: Envelope = successful(answer).await?.json().await?;
        let plaintext = self.open(&access.consent.dp_id, &envelope.data).await?;
        let document: BalanceDocument = serde_json::from_slice(&plaintext)?;
        Ok(Balance {
            current: document.data.current_balance,
            available: document.data.available_balance,
            reference,
        })
    }

    /// The consumer's own signature, which reaches the provider unchanged.
    async fn signature(
        &self,
        consent: &Consent,
        url: &str,
        jti: &str,
    ) -> Result<String, PaynetError> {
        let now = numeric_now();
        let claims = json!({
            "iss": self.dc_id,
            "sub": consent.consent_id,
            "aud": [consent.dp_id, "Paynet OFP"],
            "iat": now,
            "nbf": now,
            "exp": now + SIGNATURE_SECONDS,
            "jti": jti,
            "qpm": {},
            "url": url,
        });
        Ok(self.sign(&claims).await?)
    }

    /// Checks the provider's signature and decrypts.
    async fn open(&self, dp_id: &str, token: &str) -> Result<Vec<u8>, PaynetError> {
        let keys = self.provider_keys(dp_id).await?;
        let claims = verify_claims(token, &keys)?;
        claims.must_be("iss", dp_id)?;
        claims.must_be_for(&self.dc_id)?;
        claims.must_be_current(numeric_now(), 3600.0)?;
        Ok(self.decryption.decrypt(claims.text("data")?)?)
    }

    async fn provider_keys(&self, dp_id: &str) -> Result<JwkSet, PaynetError> {
        let url = format!("{}/consumers/jwks/{dp_id}", self.resource_server);
        let answer = successful(self.http.get(url).send().await?).await?;
        Ok(parse_set(&answer.bytes().await?)?)
    }

    /// Ends the consent from the consumer's side.
    pub(super) async fn stop(&self, access: &mut Access) -> Result<(), PaynetError> {
        match self.ask_stop(access).await {
            Err(PaynetError::Refused { status: 401, .. }) => {
                *access = self.refresh(access).await?;
                self.ask_stop(access).await
            }
            answer => answer,
        }
    }

    async fn ask_stop(&self, access: &Access) -> Result<(), PaynetError> {
        let url = format!("{}/consumers/consent/revoke", self.resource_server);
        let call = self.http.post(url).bearer_auth(&access.bearer);
        successful(call.send().await?).await.map(|_| ())
    }

    async fn post_form<T: for<'a> Deserialize<'a>>(
        &self,
        path: &str,
        fields: &[(&str, String)],
    ) -> Result<T, PaynetError> {
        let mut form = fields.to_vec();
        form.push(("client_id", self.dc_id.clone()));
        form.push(("client_assertion_type", ASSERTION_TYPE.to_owned()));
        form.push(("client_assertion", self.assertion().await?));
        let url = format!("{}/{path}", self.authorization_server);
        let answer = self.http.post(url).form(&form).send().await?;
        Ok(successful(answer).await?.json().await?)
    }

    async fn assertion(&self) -> Result<String, PaynetError> {
        let now = numeric_now();
        let claims = json!({
            "iss": self.dc_id,
            "sub": self.dc_id,
            "aud": self.authorization_server,
            "iat": now,
            "exp": now + ASSERTION_SECONDS,
            "jti": Uuid::new_v4().to_string(),
        });
        Ok(self.sign(&claims).await?)
    }

    async fn sign(&self, claims: &Value) -> Result<String, SignError> {
        let payload = claims.to_string();
        sign(&self.signer, &HeaderFields::default(), payload.as_bytes()).await
    }
}

async fn successful(answer: reqwest::Response) -> Result<reqwest::Response, PaynetError> {
    if answer.status().is_success() {
        return Ok(answer);
    }
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.unwrap_or_default();
    let code = body.get("error").and_then(Value::as_str);
    Err(PaynetError::Refused {
        status,
        code: code.unwrap_or("unknown").to_owned(),
    })
}
