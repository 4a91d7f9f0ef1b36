//! `GET /authorize`: the consumer sends the browser here; PayNet sends it on to the provider with a signature over the consent id.

use std::sync::Arc;

use poem::{Endpoint, Request, Response, http::StatusCode};
use url::Url;

use super::{BROWSER_COOKIE, page, query_parameter};
use crate::{
    dialect::AuthorizeRoute,
    platform::{Platform, error::ApiError},
    random,
};

pub(super) struct Authorize(pub(super) Arc<Platform>);

impl Endpoint for Authorize {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        Ok(match self.0.begin(&request).await {
            Ok(response) => response,
            Err(problem) => page::failure(StatusCode::BAD_REQUEST, problem),
        })
    }
}

impl Platform {
    async fn begin(&self, request: &Request) -> Result<Response, &'static str> {
        let request_uri = query_parameter(request, "request_uri").unwrap_or_default();
        let pushed = self.take_request(&request_uri);
        let mut pushed = pushed.ok_or("This request is unknown, or was used before.")?;
        let client_id = query_parameter(request, "client_id");
        if client_id.as_ref() != Some(&pushed.dc_id) {
            return Err("This request belongs to another application.");
        }
        let location = self.authorize_url(&pushed.consent_id).await;
        let location = location.map_err(|_| "The bank cannot be reached right now.")?;
        let browser = random::handle();
        pushed.browser = Some(browser.clone());
        self.remember_pushed(pushed);
        let cookie = format!("{BROWSER_COOKIE}={browser}; Path=/; HttpOnly; SameSite=Lax");
        let mut response = page::see_other(location.as_str());
        if let Ok(cookie) = cookie.parse() {
            response.headers_mut().insert("set-cookie", cookie);
        }
        Ok(response)
    }

    /// Where PayNet sends the browser for this consent.
    pub(crate) async fn authorize_url(&self, consent_id: &str) -> Result<Url, ApiError> {
        let consent = self.current_consent(consent_id);
        let consent = consent.ok_or_else(|| ApiError::consent_invalid("no such consent"))?;
        let provider = self.registered(&consent.dp_id)?;
        let signature = self.providers.authorize_signature(consent_id).await;
        let signature = signature.map_err(|error| ApiError::server_error(error.to_string()))?;
        let invalid = |error: url::ParseError| ApiError::invalid_request(error.to_string());
        let relayed = self.dialect.authorize == AuthorizeRoute::Relayed;
        let base = if relayed {
            &provider.webhooks_url
        } else {
            &provider.pages_url
        };
        let mut url = Url::parse(&format!("{base}/v1/oauth/authorize")).map_err(invalid)?;
        url.query_pairs_mut()
            .append_pair("consent_id", consent_id)
            .append_pair("redirect_uri", &self.callback_url())
            .append_pair("signature", &signature);
        if !relayed {
            return Ok(url);
        }
        let location = self.providers.relayed(url.as_str()).await;
        let location =
            location.map_err(|error| ApiError::provider_unavailable(error.to_string()))?;
        let location = location
            .ok_or_else(|| ApiError::provider_unavailable("the provider does not redirect"))?;
        Url::parse(&location).map_err(invalid)
    }

    /// The `redirect_uri` a provider must have on its list.
    pub(crate) fn callback_url(&self) -> String {
        format!("{}/callback", self.addresses.pages)
    }
}
