//! The customers' pages: server-rendered, no script. One session walks from sign-in to result at a single
//! address, `/consent`; each form posts to its own step, so that a stale form (the Back button, a second
//! tab) leads to where the customer really stands and repeats nothing.

mod accounts;
mod errors;
mod flow;
pub mod messages;
pub mod render;
mod responses;
mod result;
mod review;
mod second_factor;
mod sign_in;
pub mod views;

use std::collections::BTreeMap;
use std::sync::Arc;

use poem::endpoint::BoxEndpoint;
use poem::{Endpoint, EndpointExt, Request, Response, Route, get, post};

use crate::authorization::Authorization;
use crate::consent::Consent;
use crate::ids::DcId;
pub use errors::PageErrors;
use render::Renderer;

/// What every page needs.
pub struct Pages {
    pub authorization: Authorization,
    pub bank_name: String,
    pub help_line: Option<String>,
    /// `dc_id` to legal name.
    pub consumers: BTreeMap<String, String>,
    pub renderer: Arc<Renderer>,
    /// Cookies are marked Secure and carry the `__Host-` prefix.
    pub secure: bool,
}

impl Pages {
    fn consumer_name(&self, dc_id: &DcId) -> String {
        self.consumers
            .get(dc_id.as_str())
            .cloned()
            .unwrap_or_else(|| dc_id.to_string())
    }

    fn consumer_of(&self, consent: &Consent) -> String {
        self.consumer_name(&consent.dc_id)
    }
}

/// The customers' listener: pages, and below `/v1` the operations that browsers bring (`webhooks`).
pub fn routes(
    pages: Arc<Pages>,
    webhooks: BoxEndpoint<'static, Response>,
) -> BoxEndpoint<'static, Response> {
    let errors = PageErrors::new(pages.clone());
    let screens = Route::new()
        .at("/authorize/:handle", get(flow::enter).head(flow::look))
        .at("/consent", get(flow::show))
        .at("/consent/:screen", post(flow::submit))
        .at("/static/:name", get(responses::asset))
        .data(pages)
        .map_to_response()
        .boxed();
    ByPath { screens, webhooks }.with(errors).boxed()
}

/// Not poem's nesting: a router nested in a router without stripping the prefix panics (poem 3.1.12).
struct ByPath {
    screens: BoxEndpoint<'static, Response>,
    webhooks: BoxEndpoint<'static, Response>,
}

impl Endpoint for ByPath {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        if request.uri().path().starts_with("/v1/") {
            self.webhooks.call(request).await
        } else {
            self.screens.call(request).await
        }
    }
}
