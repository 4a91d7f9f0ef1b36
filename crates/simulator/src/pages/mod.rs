//! The browser-facing part of the authorization server: from the consumer to the provider, and back.
//!
//! Two redirects and one plain page. v1.2.2 has no `state` towards the provider, so the way back is bound to the browser by a cookie, and
//! the outcome is what the resource server knows, never what the query says.

mod authorize;
mod callback;
mod page;

use std::sync::Arc;

use poem::{Endpoint, EndpointExt, Request, Response, Route, get};

use crate::platform::Platform;

const BROWSER_COOKIE: &str = "ofp_browser";

pub(crate) fn routes(
    platform: &Arc<Platform>,
) -> impl Endpoint<Output = Response> + 'static + use<> {
    Route::new()
        .at(
            "/authorize",
            get(authorize::Authorize(Arc::clone(platform))),
        )
        .at("/callback", get(callback::Callback(Arc::clone(platform))))
        .catch_all_error(|error| async move {
            page::failure(error.status(), "This page does not exist.")
        })
}

/// A cookie of the request; the value is a handle of ours or nothing.
pub(crate) fn cookie<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request
        .header("cookie")?
        .split(';')
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value)
}

/// One query parameter, decoded.
pub(crate) fn query_parameter(request: &Request, name: &str) -> Option<String> {
    let query = request.uri().query().unwrap_or_default();
    url::form_urlencoded::parse(query.as_bytes())
        .find(|(found, _)| found == name)
        .map(|(_, value)| value.into_owned())
}
