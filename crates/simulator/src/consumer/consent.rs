//! `/consent`: what the app is about to ask the bank for, and the step to the bank.

use std::sync::Arc;

use minijinja::context;
use poem::{
    Request, Response, handler,
    http::StatusCode,
    web::{Data, Form, Query},
};
use serde::Deserialize;
use url::Url;

use super::{
    ConsumerApp,
    messages::{ListedProvider, Wish},
    screens::see_other,
};
use crate::random;

#[derive(Deserialize)]
struct Choice {
    provider: String,
}

#[derive(Deserialize)]
struct Submission {
    provider: String,
    csrf: String,
}

#[handler]
pub(super) async fn review(
    app: Data<&Arc<ConsumerApp>>,
    Query(choice): Query<Choice>,
    request: &Request,
) -> Response {
    let provider = match app.chosen(&choice.provider).await {
        Ok(provider) => provider,
        Err(trouble) => return trouble,
    };
    let (handle, csrf) = {
        let mut sessions = app.sessions();
        let (handle, session) = sessions.of(request);
        (handle, session.csrf.clone())
    };
    let wish = Wish::new(&app.purpose);
    let page = context! {
        csrf,
        provider => provider.provider_id,
        provider_name => provider.name,
        purpose => wish.purpose,
        permissions => wish.permissions,
        until => wish.expires_at.format("%-d %B %Y").to_string(),
    };
    app.set_cookie(app.screens.render("consent", page), &handle)
}

#[handler]
pub(super) async fn submit(
    app: Data<&Arc<ConsumerApp>>,
    request: &Request,
    Form(submission): Form<Submission>,
) -> Response {
    let (handle, csrf) = {
        let mut sessions = app.sessions();
        let (handle, session) = sessions.of(request);
        (handle, session.csrf.clone())
    };
    if csrf != submission.csrf {
        let message = "This page is out of date. Please start again.";
        return app.trouble(StatusCode::FORBIDDEN, message);
    }
    let provider = match app.chosen(&submission.provider).await {
        Ok(provider) => provider,
        Err(trouble) => return trouble,
    };
    let state = random::handle();
    let wish = Wish::new(&app.purpose);
    let pushed = app.paynet.push(&provider.provider_id, &wish, &state).await;
    let request_uri = match pushed {
        Ok(request_uri) => request_uri,
        Err(error) => {
            tracing::warn!(%error, "the consent cannot be started");
            return app.trouble(StatusCode::SERVICE_UNAVAILABLE, error.message());
        }
    };
    {
        let mut sessions = app.sessions();
        let (_, session) = sessions.of(request);
        session.journeys.insert(state, provider);
    }
    match app.platform_url(&request_uri) {
        Some(location) => app.set_cookie(see_other(location.as_str()), &handle),
        None => app.trouble(
            StatusCode::INTERNAL_SERVER_ERROR,
            "The bank cannot be reached right now.",
        ),
    }
}

impl ConsumerApp {
    /// An online provider of PayNet's list, or the screen that says why not.
    async fn chosen(&self, provider_id: &str) -> Result<ListedProvider, Response> {
        let listed = self.paynet.providers().await.map_err(|error| {
            tracing::warn!(%error, "the providers cannot be listed");
            self.trouble(StatusCode::SERVICE_UNAVAILABLE, error.message())
        })?;
        let provider = listed
            .into_iter()
            .find(|provider| provider.provider_id == provider_id);
        match provider {
            None => Err(self.trouble(StatusCode::NOT_FOUND, "We do not know that bank.")),
            Some(provider) if !provider.online() => Err(self.trouble(
                StatusCode::SERVICE_UNAVAILABLE,
                "That bank is not available right now.",
            )),
            Some(provider) => Ok(provider),
        }
    }

    fn platform_url(&self, request_uri: &str) -> Option<Url> {
        let mut url = Url::parse(&format!("{}/authorize", self.pages_url)).ok()?;
        url.query_pairs_mut()
            .append_pair("client_id", &self.paynet.dc_id)
            .append_pair("request_uri", request_uri);
        Some(url)
    }
}
