//! `GET /callback`: the browser is back from the bank, with a code or an error.

use std::sync::Arc;

use minijinja::context;
use poem::{
    Request, Response, handler,
    http::StatusCode,
    web::{Data, Query},
};
use serde::Deserialize;

use super::{
    ConsumerApp,
    screens::see_other,
    session::{Link, Refusal},
};

#[derive(Deserialize)]
struct Outcome {
    state: Option<String>,
    code: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

#[handler]
pub(super) async fn callback(
    app: Data<&Arc<ConsumerApp>>,
    Query(outcome): Query<Outcome>,
    request: &Request,
) -> Response {
    let (handle, journey) = {
        let mut sessions = app.sessions();
        let (handle, session) = sessions.of(request);
        let state = outcome.state.unwrap_or_default();
        (handle, session.journeys.remove(&state))
    };
    let Some(provider) = journey else {
        let linked = !app.sessions().of(request).1.links.is_empty();
        if linked && outcome.code.is_some() {
            // Back, and "go back" once more: what it led to is there already.
            return app.set_cookie(see_other("/linked"), &handle);
        }
        let message = "We did not expect you back from a bank. Please start again.";
        return app.trouble(StatusCode::BAD_REQUEST, message);
    };
    let Some(code) = outcome.code else {
        let reason = reason(outcome.error, outcome.error_description);
        let mut sessions = app.sessions();
        let (_, session) = sessions.of(request);
        session.refusal = Some(Refusal {
            bank: provider.name,
            explanation: explanation(&reason),
        });
        return app.set_cookie(see_other("/not-linked"), &handle);
    };
    match app.paynet.exchange(&code).await {
        Ok(access) => {
            let mut sessions = app.sessions();
            let (_, session) = sessions.of(request);
            let consent_id = access.consent.consent_id.clone();
            session.links.insert(consent_id, Link { provider, access });
            app.set_cookie(see_other("/linked"), &handle)
        }
        Err(error) => {
            tracing::warn!(%error, "the code cannot be exchanged");
            app.trouble(StatusCode::SERVICE_UNAVAILABLE, error.message())
        }
    }
}

#[handler]
#[expect(
    clippy::needless_pass_by_value,
    reason = "extractors are taken by value"
)]
pub(super) fn not_linked(app: Data<&Arc<ConsumerApp>>, request: &Request) -> Response {
    let refusal = {
        let mut sessions = app.sessions();
        let (_, session) = sessions.of(request);
        session.refusal.clone()
    };
    match refusal {
        None => see_other("/"),
        Some(Refusal { bank, explanation }) => app
            .screens
            .render("not-linked", context! { bank, explanation }),
    }
}

/// PayNet puts its reason code into the description; the OAuth error alone says less.
fn reason(error: Option<String>, description: Option<String>) -> String {
    description
        .filter(|text| !text.is_empty())
        .or(error)
        .unwrap_or_default()
}

/// In words; what is not known is not repeated to the person.
fn explanation(reason: &str) -> &'static str {
    match reason {
        "not_allowed" | "access_denied" => "You chose not to share this account.",
        "inactive_account" => "The bank found no account that can be shared.",
        "timeout" => "It took longer than five minutes, so the bank stopped.",
        "temporarily_unavailable" | "the bank has not told the outcome yet" => {
            "The bank has not told us the outcome."
        }
        _ => "The bank did not link the account.",
    }
}
