//! `GET /callback`: the provider sends the browser back; PayNet gives the consumer a code or an error.

use std::sync::Arc;

use chrono::TimeDelta;
use poem::{Endpoint, Request, Response, http::StatusCode};
use url::Url;

use super::{BROWSER_COOKIE, cookie, page, query_parameter};
use crate::{
    platform::{
        Platform,
        consent::{Consent, ConsentStatus},
        state::{Code, PushedRequest},
    },
    random,
};

const CODE_LIFE: TimeDelta = TimeDelta::seconds(60);

pub(super) struct Callback(pub(super) Arc<Platform>);

impl Endpoint for Callback {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let consent_id = query_parameter(&request, "consent_id").unwrap_or_default();
        let Some(record) = self.0.consent_record(&consent_id) else {
            let problem = "This consent is unknown.";
            return Ok(page::failure(StatusCode::BAD_REQUEST, problem));
        };
        if record.consent.status == ConsentStatus::Authorized && record.userinfo.is_none() {
            self.0.fetch_userinfo_later(&record.consent);
        }
        let Some(pushed) = record.pushed else {
            // Created by a script and not by a consumer: there is nobody to send the browser to.
            return Ok(page::outcome(&record.consent));
        };
        if pushed.browser.as_deref() != cookie(&request, BROWSER_COOKIE) {
            let problem = "This authorization was started in another browser.";
            return Ok(page::failure(StatusCode::BAD_REQUEST, problem));
        }
        Ok(match self.0.back_to_consumer(&record.consent, &pushed) {
            Some(location) => page::see_other(location.as_str()),
            None => page::failure(
                StatusCode::BAD_REQUEST,
                "The application cannot be reached.",
            ),
        })
    }
}

impl Platform {
    fn back_to_consumer(&self, consent: &Consent, pushed: &PushedRequest) -> Option<Url> {
        let mut url = Url::parse(&pushed.redirect_uri).ok()?;
        let mut query = url.query_pairs_mut();
        query.append_pair("state", &pushed.state);
        match outcome(consent) {
            Ok(()) => {
                query.append_pair("code", &self.issue_code(pushed));
            }
            Err((error, description)) => {
                query.append_pair("error", error);
                query.append_pair("error_description", &description);
            }
        }
        drop(query);
        Some(url)
    }

    fn issue_code(&self, pushed: &PushedRequest) -> String {
        let code = random::handle();
        let grant = Code {
            dc_id: pushed.dc_id.clone(),
            consent_id: pushed.consent_id.clone(),
            redirect_uri: pushed.redirect_uri.clone(),
            expires_at: self.now() + CODE_LIFE,
        };
        self.remember_code(code.clone(), grant);
        code
    }

    /// PayNet may ask who authorized (v1.2.2, journey step 7). The customer does not wait for it.
    fn fetch_userinfo_later(self: &Arc<Self>, consent: &Consent) {
        let Some(provider) = self.provider(&consent.dp_id) else {
            return;
        };
        let platform = Arc::clone(self);
        let consent_id = consent.consent_id.clone();
        self.running.spawn(async move {
            let fetched = platform
                .providers
                .userinfo(&provider.webhooks_url, &consent_id)
                .await;
            match fetched {
                Ok(userinfo) => platform.record_userinfo(&consent_id, userinfo),
                Err(error) => tracing::warn!(%error, "userinfo cannot be fetched"),
            }
        });
    }
}

/// RFC 6749 §4.1.2.1 for everything that is not an authorization.
fn outcome(consent: &Consent) -> Result<(), (&'static str, String)> {
    let reason = consent
        .status_reason
        .as_ref()
        .map_or("", |reason| reason.reason_code.as_str());
    match consent.status {
        ConsentStatus::Authorized => Ok(()),
        ConsentStatus::AwaitingAuthorization => Err((
            "temporarily_unavailable",
            "the bank has not told the outcome yet".to_owned(),
        )),
        ConsentStatus::Failed => Err(("server_error", reason.to_owned())),
        _ => Err(("access_denied", reason.to_owned())),
    }
}
