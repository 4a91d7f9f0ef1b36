//! The few things the authorization server says to a person.

use minijinja::{Environment, context};
use poem::{Response, http::StatusCode};

use crate::platform::consent::Consent;

const TEMPLATE: &str = include_str!("../../templates/platform.html");

pub(super) fn see_other(location: &str) -> Response {
    Response::builder()
        .status(StatusCode::SEE_OTHER)
        .header("location", location)
        .header("cache-control", "no-store")
        .header("referrer-policy", "no-referrer")
        .finish()
}

pub(super) fn failure(status: StatusCode, problem: &str) -> Response {
    html(status, "error", "Something went wrong", problem)
}

/// For consents that no consumer waits for.
pub(super) fn outcome(consent: &Consent) -> Response {
    let text = format!("The consent is {}.", consent.status);
    html(StatusCode::OK, "outcome", "Back at the platform", &text)
}

fn html(status: StatusCode, screen: &str, title: &str, text: &str) -> Response {
    // The name's ending is what turns escaping on.
    let rendered = Environment::new().render_named_str(
        "platform.html",
        TEMPLATE,
        context! { screen, title, text },
    );
    match rendered {
        Ok(body) => Response::builder()
            .status(status)
            .content_type("text/html; charset=utf-8")
            .header("cache-control", "no-store")
            .header(
                "content-security-policy",
                "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
            )
            .header("x-content-type-options", "nosniff")
            .body(body),
        Err(error) => {
            tracing::error!(%error, "a page of the simulator cannot be rendered");
            Response::builder()
                .status(StatusCode::INTERNAL_SERVER_ERROR)
                .finish()
        }
    }
}
