//! Access tokens, each of use only over the certificate it was issued to.
//!
//! A Data Provider uses `client_credentials`; a Data Consumer exchanges its code and refreshes.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use izin_jose::KeyId;
use poem::{Endpoint, IntoResponse, Request, Response, web::Json};
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    Platform,
    client::ClientKind,
    consent::{CONSENT_TYPE, ConsentStatus},
    error::ApiError,
    form::{Form, field, peer, read_form},
    state::{Grant, Holder, RefreshGrant},
};
use crate::{listener::Peer, random};

const SCOPES: [&str; 3] = ["accounts", "openid", "profile"];
const TOKEN_LIFE: TimeDelta = TimeDelta::minutes(10);

/// `POST /consumers/token`. Providers use the documented `/token`.
pub(crate) struct ConsumerTokenEndpoint(pub(crate) Arc<Platform>);

impl Endpoint for ConsumerTokenEndpoint {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let form = read_form(&mut request).await?;
        let peer = peer(&request);
        let answer = self.0.consumer_token(&form, &peer).await?;
        let response = Json(answer).with_header("cache-control", "no-store");
        Ok(response.into_response())
    }
}

#[derive(Serialize)]
pub(super) struct TokenAnswer {
    access_token: String,
    token_type: &'static str,
    expires_in: i64,
    scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization_details: Option<Value>,
}

impl Platform {
    /// `client_credentials`, for providers.
    pub(super) async fn provider_token(
        &self,
        form: &Form,
        peer: &Peer,
    ) -> Result<TokenAnswer, ApiError> {
        let client = self.authenticate(form, peer).await?;
        let ClientKind::Provider(dp_id) = client.kind else {
            return Err(ApiError::unauthorized_client(
                "this client may not use this grant",
            ));
        };
        match field(form, "grant_type")? {
            "client_credentials" => {
                let scope = granted_scope(form)?;
                Ok(self.issue(Holder::Provider { dp_id }, client.certificate, scope))
            }
            other => Err(ApiError::unsupported_grant_type(format!(
                "{other} is not supported"
            ))),
        }
    }

    /// Codes and refresh tokens, for consumers.
    async fn consumer_token(&self, form: &Form, peer: &Peer) -> Result<TokenAnswer, ApiError> {
        let client = self.authenticate(form, peer).await?;
        let certificate = client.certificate.clone();
        let dc_id = client.consumer()?;
        let consent_id = match field(form, "grant_type")? {
            "authorization_code" => self.redeem_code(form, &dc_id)?,
            "refresh_token" => self.redeem_refresh(form, &dc_id)?,
            other => {
                return Err(ApiError::unsupported_grant_type(format!(
                    "{other} is not supported"
                )));
            }
        };
        self.issue_to_consumer(dc_id, consent_id, certificate, granted_scope(form)?)
    }

    fn redeem_code(&self, form: &Form, dc_id: &str) -> Result<String, ApiError> {
        let code = field(form, "code")?;
        let code = self.state().codes.remove(code);
        let code = code.ok_or_else(|| ApiError::invalid_grant("unknown or used code"))?;
        if code.dc_id != dc_id || code.expires_at < self.now() {
            return Err(ApiError::invalid_grant("the code is not valid"));
        }
        if field(form, "redirect_uri")? != code.redirect_uri {
            return Err(ApiError::invalid_grant("redirect_uri differs"));
        }
        Ok(code.consent_id)
    }

    fn redeem_refresh(&self, form: &Form, dc_id: &str) -> Result<String, ApiError> {
        let token = field(form, "refresh_token")?;
        let state = self.state();
        let grant = state.refresh_tokens.get(token);
        let grant = grant.filter(|grant| grant.dc_id == dc_id);
        let grant = grant.ok_or_else(|| ApiError::invalid_grant("unknown refresh token"))?;
        Ok(grant.consent_id.clone())
    }

    fn issue_to_consumer(
        &self,
        dc_id: String,
        consent_id: String,
        certificate: KeyId,
        scope: String,
    ) -> Result<TokenAnswer, ApiError> {
        let consent = self
            .current_consent(&consent_id)
            .filter(|consent| consent.status == ConsentStatus::Authorized)
            .ok_or_else(|| ApiError::invalid_grant("the consent is not authorized"))?;
        let holder = Holder::Consumer {
            dc_id: dc_id.clone(),
            consent_id: consent_id.clone(),
        };
        let mut answer = self.issue(holder, certificate, scope);
        let refresh_token = random::handle();
        let refresh = RefreshGrant { dc_id, consent_id };
        self.state()
            .refresh_tokens
            .insert(refresh_token.clone(), refresh);
        answer.refresh_token = Some(refresh_token);
        answer.authorization_details = Some(json!([{"type": CONSENT_TYPE, "consent": consent}]));
        Ok(answer)
    }

    fn issue(&self, holder: Holder, certificate: KeyId, scope: String) -> TokenAnswer {
        let access_token = random::handle();
        let grant = Grant {
            holder,
            certificate,
            expires_at: self.now() + TOKEN_LIFE,
        };
        self.state().tokens.insert(access_token.clone(), grant);
        TokenAnswer {
            access_token,
            token_type: "Bearer",
            expires_in: TOKEN_LIFE.num_seconds(),
            scope,
            refresh_token: None,
            authorization_details: None,
        }
    }

    pub(crate) fn access_tokens(&self) -> Vec<String> {
        self.state().tokens.keys().cloned().collect()
    }

    /// Who presents this token over this certificate; RFC 6750 §3.1 makes every failure a 401.
    pub(super) fn token_holder(&self, request: &Request) -> Result<Holder, ApiError> {
        let token = request
            .header("authorization")
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim())
            .ok_or_else(|| ApiError::invalid_client("a bearer token is required"))?;
        let grant = self.state().tokens.get(token).cloned();
        let grant = grant.ok_or_else(|| ApiError::invalid_client("unknown access token"))?;
        check_grant(&grant, &peer(request), self.now())?;
        Ok(grant.holder)
    }
}

fn check_grant(grant: &Grant, peer: &Peer, now: DateTime<Utc>) -> Result<(), ApiError> {
    if grant.expires_at <= now {
        return Err(ApiError::invalid_client("the access token has expired"));
    }
    if peer.certificate.as_ref() != Some(&grant.certificate) {
        return Err(ApiError::invalid_client(
            "the access token is bound to another certificate",
        ));
    }
    Ok(())
}

fn granted_scope(form: &Form) -> Result<String, ApiError> {
    let scope = form.get("scope").map_or("accounts", String::as_str);
    match scope.split(' ').find(|one| !SCOPES.contains(one)) {
        None => Ok(scope.to_owned()),
        Some(unknown) => Err(ApiError::invalid_scope(format!("unknown scope {unknown}"))),
    }
}
