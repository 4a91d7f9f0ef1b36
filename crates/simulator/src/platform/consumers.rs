//! What the platform offers consumers and no Data Provider sees: pushed requests, the providers' list, revocation.

use std::sync::Arc;

use chrono::{DateTime, FixedOffset};
use poem::{Endpoint, IntoResponse, Request, Response, http::StatusCode, web::Json};
use serde::Deserialize;
use serde_json::json;

use super::{
    Platform,
    consent::{CONSENT_TYPE, ConsentStatus},
    consents::{Change, NewConsent},
    error::ApiError,
    events::EventType,
    form::{Form, field, peer, read_form},
    state::{Code, Holder, PushedRequest},
};
use crate::random;

const REQUEST_URI: &str = "urn:ietf:params:oauth:request_uri:";
const REQUEST_SECONDS: u32 = 300;

/// `POST /consumers/par` (RFC 9126): a consumer announces the consent it wants; PayNet tells the provider before it answers.
pub(crate) struct PushEndpoint(pub(crate) Arc<Platform>);

/// `GET /consumers/providers`: whom consumers can choose from.
pub(crate) struct ProvidersEndpoint(pub(crate) Arc<Platform>);

/// `POST /consumers/consent/revoke`: the consumer stops the consent its token speaks of.
pub(crate) struct StopEndpoint(pub(crate) Arc<Platform>);

/// `GET /consumers/jwks/{dp_id}`: the keys that providers sign answers with.
pub(crate) struct ProviderKeysEndpoint(pub(crate) Arc<Platform>);

impl Endpoint for PushEndpoint {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let form = read_form(&mut request).await?;
        let peer = peer(&request);
        let dc_id = self.0.authenticate(&form, &peer).await?.consumer()?;
        let handle = self.0.push(dc_id, &form).await?;
        let body = json!({
            "request_uri": format!("{REQUEST_URI}{handle}"),
            "expires_in": REQUEST_SECONDS,
        });
        Ok(Json(body).with_status(StatusCode::CREATED).into_response())
    }
}

impl Endpoint for ProvidersEndpoint {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let certificate = peer(&request).certificate;
        let known = self
            .0
            .state()
            .consumers
            .values()
            .any(|consumer| Some(&consumer.client_certificate) == certificate.as_ref());
        if !known {
            return Err(ApiError::invalid_client("not a registered Data Consumer").into());
        }
        Ok(Json(self.0.providers_list()).into_response())
    }
}

impl Endpoint for ProviderKeysEndpoint {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let dp_id: String = request.path_params()?;
        let provider = self.0.provider(&dp_id);
        let provider = provider.ok_or_else(|| ApiError::not_found("no such Data Provider"))?;
        // No token at hand: fetched keys are fetched anew, as a consumer without a cache would want.
        let keys = self.0.provider_keys(&provider, "").await?;
        Ok(Json(keys).into_response())
    }
}

impl Endpoint for StopEndpoint {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let Holder::Consumer { consent_id, .. } = self.0.token_holder(&request)? else {
            return Err(ApiError::unauthorized_client("only Data Consumers may do this").into());
        };
        let change = Change {
            to: ConsentStatus::Revoked,
            reason: None,
            by: "data_consumer_user",
        };
        let consent = self.0.change_consent(&consent_id, change, |_| {})?;
        self.0
            .announce_later(consent_id, EventType::ConsentStatusUpdated);
        Ok(Json(consent)
            .with_status(StatusCode::CREATED)
            .into_response())
    }
}

/// One entry of `authorization_details` (RFC 9396).
#[derive(Deserialize)]
struct AuthorizationDetail {
    #[serde(rename = "type")]
    kind: String,
    consent: RequestedConsent,
}

#[derive(Deserialize)]
struct RequestedConsent {
    dp_id: String,
    consent_purpose: String,
    permissions: Vec<String>,
    expiration_datetime: DateTime<FixedOffset>,
}

impl Platform {
    async fn push(self: &Arc<Self>, dc_id: String, form: &Form) -> Result<String, ApiError> {
        let redirect_uri = field(form, "redirect_uri")?.to_owned();
        let state = field(form, "state")?.to_owned();
        let consumer = self.consumer(&dc_id)?;
        if !consumer.callback_urls.contains(&redirect_uri) {
            return Err(ApiError::invalid_request("redirect_uri is not registered"));
        }
        let requested = requested_consent(form)?;
        let provider = self.registered(&requested.dp_id)?;
        if !provider.online {
            return Err(ApiError::provider_unavailable(
                "the Data Provider is offline",
            ));
        }
        let consent = self.store_consent(NewConsent {
            dc_id: dc_id.clone(),
            dp_id: requested.dp_id,
            purpose: requested.consent_purpose,
            permissions: requested.permissions,
            expires_at: requested.expiration_datetime,
        });
        let event = self
            .announce(&consent.consent_id, EventType::ConsentCreated)
            .await?;
        if !event.accepted() {
            tracing::warn!(?event, "the provider did not take the new consent");
            return Err(ApiError::provider_unavailable(
                "the Data Provider did not take the consent",
            ));
        }
        let pushed = PushedRequest {
            dc_id,
            consent_id: consent.consent_id,
            redirect_uri,
            state,
            browser: None,
        };
        let handle = random::handle();
        self.state().requests.insert(handle.clone(), pushed);
        Ok(handle)
    }

    /// The one-time request behind a `request_uri`.
    pub(crate) fn take_request(&self, request_uri: &str) -> Option<PushedRequest> {
        let handle = request_uri.strip_prefix(REQUEST_URI)?;
        self.state().requests.remove(handle)
    }

    /// Kept with the consent until the browser comes back.
    pub(crate) fn remember_pushed(&self, pushed: PushedRequest) {
        if let Some(record) = self.state().consents.get_mut(&pushed.consent_id) {
            record.pushed = Some(pushed);
        }
    }

    pub(crate) fn remember_code(&self, code: String, grant: Code) {
        self.state().codes.insert(code, grant);
    }

    fn providers_list(&self) -> serde_json::Value {
        let state = self.state();
        let providers = state.providers.values().map(|provider| {
            json!({
                "provider_id": provider.dp_id,
                "name": provider.name,
                "status": if provider.online { "online" } else { "offline" },
                "provider_type": "bank",
                "authorization_server": self.addresses.authorization_server,
                "resource_server": self.addresses.resource_server,
                "supported_use_cases": ["pfm", "credit_underwriting"],
            })
        });
        providers.collect()
    }
}

fn requested_consent(form: &Form) -> Result<RequestedConsent, ApiError> {
    let details: Vec<AuthorizationDetail> =
        serde_json::from_str(field(form, "authorization_details")?)
            .map_err(|error| ApiError::invalid_request(error.to_string()))?;
    let mut details = details.into_iter();
    match (details.next(), details.next()) {
        (Some(detail), None) if detail.kind == CONSENT_TYPE => Ok(detail.consent),
        _ => Err(ApiError::invalid_request(
            "authorization_details must hold one account access consent",
        )),
    }
}
