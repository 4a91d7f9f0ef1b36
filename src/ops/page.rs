//! The listener's own pages: plain HTML without scripts, from `config/ops/`.

use minijinja::{Environment, Value};
use poem::http::header;
use poem::{Response, handler};

use crate::http::ApiError;

const POLICY: &str = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const TEMPLATES: &[(&str, &str)] = &[
    ("docs.html", include_str!("../../config/ops/docs.html")),
    ("layout.html", include_str!("../../config/ops/layout.html")),
    #[cfg(feature = "lab")]
    ("try.html", include_str!("../../config/ops/try.html")),
];

pub struct Screens(Environment<'static>);

impl Screens {
    pub fn load() -> Result<Self, minijinja::Error> {
        let mut templates = Environment::new();
        for (name, text) in TEMPLATES {
            templates.add_template(name, text)?;
        }
        Ok(Self(templates))
    }

    pub fn render(&self, name: &str, context: Value) -> Result<Response, ApiError> {
        let page = self.0.get_template(name);
        let page = page.and_then(|template| template.render(context));
        Ok(html(page.map_err(ApiError::internal)?, POLICY))
    }
}

/// A page that may load what `policy` says.
pub fn html(page: String, policy: &str) -> Response {
    Response::builder()
        .header(header::CONTENT_TYPE, "text/html; charset=utf-8")
        .header(header::CONTENT_SECURITY_POLICY, policy)
        .header(header::REFERRER_POLICY, "no-referrer")
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .body(page)
}

#[handler]
pub fn stylesheet() -> Response {
    Response::builder()
        .header(header::CONTENT_TYPE, "text/css; charset=utf-8")
        .body(include_str!("../../config/ops/ops.css"))
}
