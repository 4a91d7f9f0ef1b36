//! Errors as pages. Whatever fails on the customers' listener, also what the framework or the guard makes,
//! becomes a page that says what happened and what to do next, unless the caller asked for JSON.

use std::sync::Arc;

use poem::http::uri::PathAndQuery;
use poem::http::{Method, StatusCode, header};
use poem::{Endpoint, IntoResponse, Middleware, Request, Response};

use super::Pages;
use super::flow::HOME;
use super::messages::Language;
use super::responses::{Forms, harden, page};
use super::views::{ErrorReason, ErrorView, Frame};
use crate::http::{ApiError, ErrorCode, InteractionId, error_response};

/// Wraps the listener's routes.
pub struct PageErrors {
    pages: Arc<Pages>,
}

impl PageErrors {
    pub fn new(pages: Arc<Pages>) -> Self {
        Self { pages }
    }
}

impl<E: Endpoint> Middleware<E> for PageErrors {
    type Output = WithPages<E>;

    fn transform(&self, inner: E) -> WithPages<E> {
        WithPages {
            inner,
            pages: self.pages.clone(),
        }
    }
}

pub struct WithPages<E> {
    inner: E,
    pages: Arc<Pages>,
}

impl<E: Endpoint> Endpoint for WithPages<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let reader = Reader::of(&request);
        let mut response = match self.inner.call(request).await {
            Ok(output) => output.into_response(),
            Err(error) => error_response(&error),
        };
        if let Some(error) = response.extensions().get::<ApiError>().cloned()
            && reader.wants_page
        {
            response = self.pages.error_page(&error, &reader);
        }
        harden(&mut response, self.pages.secure);
        Ok(response)
    }
}

/// Who reads the answer, and how.
pub struct Reader {
    language: Language,
    reference: String,
    /// Where the same may be asked for again: what was asked for itself, or after a form the step that the session stands at.
    again: String,
    wants_page: bool,
}

impl Reader {
    pub fn wants_json(&self) -> bool {
        !self.wants_page
    }

    pub fn of(request: &Request) -> Self {
        let accepts = request.header(header::ACCEPT).unwrap_or_default();
        let language = request.header(header::ACCEPT_LANGUAGE).unwrap_or_default();
        let interaction = request.extensions().get::<InteractionId>();
        let asked = request.uri().path_and_query();
        let again = asked.filter(|_| request.method() == Method::GET);
        let reference = interaction.map(ToString::to_string).unwrap_or_default();
        Self {
            language: Language::from_accept_language(language).unwrap_or_default(),
            reference: reference.split('-').next().unwrap_or_default().to_owned(),
            again: again.map_or(HOME, PathAndQuery::as_str).to_owned(),
            wants_page: !accepts.contains("application/json"),
        }
    }
}

impl Pages {
    /// A page for an error that is nobody's in particular: no consumer, no way off-site.
    fn error_page(&self, error: &ApiError, reader: &Reader) -> Response {
        let mut view = ErrorView::new(reason_of(error.code));
        if error.code.status().is_server_error() {
            view.retry_url = Some(reader.again.clone());
        }
        let frame = Frame {
            language: reader.language,
            bank_name: self.bank_name.clone(),
            help_line: self.help_line.clone(),
            consumer_name: None,
            csrf: None,
            reference: Some(reader.reference.clone()),
            deadline: None,
            path: HOME.to_owned(),
        };
        let mut response = self.rendered(error.code.status(), &frame, &view.into(), Forms::Here);
        // Kept for the log line of the outermost layer.
        response.extensions_mut().insert(error.clone());
        response
    }

    /// A screen, or plain words if even that fails.
    pub(super) fn rendered(
        &self,
        status: StatusCode,
        frame: &Frame,
        screen: &super::views::Screen,
        forms: Forms,
    ) -> Response {
        match self.renderer.page(frame, screen) {
            Ok(html) => page(status, html, forms),
            Err(error) => {
                tracing::error!(%error, screen = screen.screen(), "a page cannot be rendered");
                ApiError::internal("a page cannot be rendered").into_response()
            }
        }
    }
}

/// Errors of PayNet's side and errors of a journey meet here.
fn reason_of(code: ErrorCode) -> ErrorReason {
    match code {
        ErrorCode::ConsentInvalid => ErrorReason::UnknownConsent,
        ErrorCode::NotFound | ErrorCode::MethodNotAllowed => ErrorReason::NotFound,
        ErrorCode::ServerError => ErrorReason::Internal,
        ErrorCode::TemporarilyUnavailable => ErrorReason::Maintenance,
        _ => ErrorReason::InvalidLink,
    }
}
