//! `GET /`: the first screen, with a button to start.

use std::sync::Arc;

use minijinja::context;
use poem::{Request, Response, handler, web::Data};

use super::ConsumerApp;

#[handler]
#[expect(
    clippy::needless_pass_by_value,
    reason = "extractors are taken by value"
)]
pub(super) fn link(app: Data<&Arc<ConsumerApp>>, request: &Request) -> Response {
    let (handle, linked) = {
        let mut sessions = app.sessions();
        let (handle, session) = sessions.of(request);
        (handle, session.links.len())
    };
    let page = context! { linked, purpose => app.purpose };
    app.set_cookie(app.screens.render("link", page), &handle)
}
