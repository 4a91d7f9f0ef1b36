//! The token endpoint: who the client is, and an access token that only its certificate can use.
//!
//! A Data Provider uses `client_credentials`; a Data Consumer exchanges its code and refreshes. Client authentication is
//! `private_key_jwt` over the registered client certificate (v1.2.2, Client Authentication), or the certificate alone.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use izin_jose::{JwkSet, KeyId};
use poem::{Endpoint, IntoResponse, Request, Response, web::Json};
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    Platform,
    consent::{CONSENT_TYPE, ConsentStatus},
    error::ApiError,
    state::{ClientAuthentication, Grant, Holder, RefreshGrant},
};
use crate::{
    keys::{Claims, TokenError, numeric_now, verify_claims},
    listener::Peer,
    random,
};

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const ASSERTION_SECONDS: f64 = 600.0;
const SCOPES: [&str; 3] = ["accounts", "openid", "profile"];
const TOKEN_LIFE: TimeDelta = TimeDelta::minutes(10);
const MAX_FORM: usize = 64 * 1024;

/// A form's fields; a repeated field is refused (RFC 6749 §3.2).
pub(super) type Form = HashMap<String, String>;

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

/// A client that has proved who it is.
pub(super) struct Client {
    kind: ClientKind,
    certificate: KeyId,
}

enum ClientKind {
    Consumer(String),
    Provider(String),
}

impl Client {
    /// The consumer's id; providers have no business at the consumers' endpoints.
    pub(super) fn consumer(self) -> Result<String, ApiError> {
        match self.kind {
            ClientKind::Consumer(dc_id) => Ok(dc_id),
            ClientKind::Provider(_) => Err(ApiError::unauthorized_client(
                "only Data Consumers may do this",
            )),
        }
    }
}

/// What is registered about a client, whichever side it is on.
struct Registration {
    kind: ClientKind,
    certificate: Option<KeyId>,
    authentication: ClientAuthentication,
    keys: JwkSet,
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

    /// Certificate first, then the assertion: without the certificate nothing is looked at.
    pub(super) async fn authenticate(&self, form: &Form, peer: &Peer) -> Result<Client, ApiError> {
        let Some(certificate) = peer.certificate.clone() else {
            return Err(ApiError::invalid_client("a client certificate is required"));
        };
        let client_id = field(form, "client_id")?;
        let registration = self.registration(client_id, form).await?;
        if registration.certificate.as_ref() != Some(&certificate) {
            return Err(ApiError::invalid_client(
                "the client certificate is not the registered one",
            ));
        }
        match registration.authentication {
            ClientAuthentication::TlsClientAuth => {}
            ClientAuthentication::PrivateKeyJwt => {
                self.check_assertion(client_id, form, &registration.keys)?;
            }
        }
        Ok(Client {
            kind: registration.kind,
            certificate,
        })
    }

    async fn registration(&self, client_id: &str, form: &Form) -> Result<Registration, ApiError> {
        if let Some(consumer) = self.state().consumers.get(client_id) {
            return Ok(Registration {
                kind: ClientKind::Consumer(consumer.dc_id.clone()),
                certificate: Some(consumer.client_certificate.clone()),
                authentication: ClientAuthentication::PrivateKeyJwt,
                keys: consumer.signing_keys.clone(),
            });
        }
        let provider = self.state().provider_by_client(client_id).cloned();
        let provider = provider.ok_or_else(|| ApiError::invalid_client("unknown client"))?;
        let assertion = form.get("client_assertion").map_or("", String::as_str);
        Ok(Registration {
            keys: self.provider_keys(&provider, assertion).await?,
            kind: ClientKind::Provider(provider.dp_id),
            certificate: provider.client_certificate,
            authentication: provider.client_authentication,
        })
    }

    fn check_assertion(&self, client_id: &str, form: &Form, keys: &JwkSet) -> Result<(), ApiError> {
        if field(form, "client_assertion_type")? != ASSERTION_TYPE {
            return Err(ApiError::invalid_client("unknown client_assertion_type"));
        }
        let assertion = field(form, "client_assertion")?;
        let checked = verify_claims(assertion, keys)
            .and_then(|claims| self.check_assertion_claims(client_id, &claims));
        checked.map_err(|error| ApiError::invalid_client(error.to_string()))
    }

    fn check_assertion_claims(&self, client_id: &str, claims: &Claims) -> Result<(), TokenError> {
        claims.must_be("iss", client_id)?;
        claims.must_be("sub", client_id)?;
        claims.must_be_for(self.issuer())?;
        claims.must_be_current(numeric_now(), ASSERTION_SECONDS)?;
        let jti = claims.text("jti")?;
        let now = Utc::now();
        let until = now + TimeDelta::minutes(11);
        if self.state().remember_assertion(client_id, jti, until, now) {
            Ok(())
        } else {
            Err(TokenError::claim("jti was used before"))
        }
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

pub(super) fn field<'a>(form: &'a Form, name: &str) -> Result<&'a str, ApiError> {
    form.get(name)
        .map(String::as_str)
        .filter(|value| !value.is_empty())
        .ok_or_else(|| ApiError::invalid_request(format!("{name} is missing")))
}

pub(super) async fn read_form(request: &mut Request) -> Result<Form, ApiError> {
    let form = request
        .content_type()
        .is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"));
    if !form {
        return Err(ApiError::invalid_request("a form is required"));
    }
    let body = request.take_body().into_bytes_limit(MAX_FORM).await;
    let body = body.map_err(|_| ApiError::invalid_request("the form is too large"))?;
    parse_form(&body)
}

pub(super) fn parse_form(body: &[u8]) -> Result<Form, ApiError> {
    let mut fields = Form::new();
    for (name, value) in url::form_urlencoded::parse(body) {
        if fields
            .insert(name.to_string(), value.into_owned())
            .is_some()
        {
            return Err(ApiError::invalid_request(format!("{name} is repeated")));
        }
    }
    Ok(fields)
}

pub(super) fn peer(request: &Request) -> Peer {
    request
        .extensions()
        .get::<Peer>()
        .cloned()
        .unwrap_or_default()
}
