//! Rendering: templates with escaping on, one stylesheet, no scripts.

use minijinja::{Environment, Value, context};
use poem::{Response, handler, http::StatusCode};

const TEMPLATES: [(&str, &str); 7] = [
    ("base.html", include_str!("../../templates/base.html")),
    ("consent.html", include_str!("../../templates/consent.html")),
    ("error.html", include_str!("../../templates/error.html")),
    ("link.html", include_str!("../../templates/link.html")),
    ("linked.html", include_str!("../../templates/linked.html")),
    (
        "not-linked.html",
        include_str!("../../templates/not-linked.html"),
    ),
    (
        "providers.html",
        include_str!("../../templates/providers.html"),
    ),
];

/// A redirect after a form may cross to the bank and back, and browsers apply `form-action` to every hop, so it is left out.
const CONTENT_SECURITY_POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'";

#[derive(Debug)]
pub(super) struct Screens {
    templates: Environment<'static>,
    brand: String,
    name: String,
}

impl Screens {
    pub(super) fn new(brand: &str, name: &str) -> Self {
        let mut templates = Environment::new();
        for (file, source) in TEMPLATES {
            if let Err(error) = templates.add_template(file, source) {
                tracing::error!(%error, file, "a template of the consumer app is broken");
            }
        }
        Self {
            templates,
            brand: brand.to_owned(),
            name: name.to_owned(),
        }
    }

    /// `screen` is the template's name and what `data-screen` says.
    pub(super) fn render(&self, screen: &str, page: Value) -> Response {
        let shared = context! { screen, brand => self.brand, name => self.name };
        let rendered = self
            .templates
            .get_template(&format!("{screen}.html"))
            .and_then(|template| template.render(context! { ..page, ..shared }));
        match rendered {
            Ok(body) => html(body),
            Err(error) => {
                tracing::error!(%error, screen, "a screen cannot be rendered");
                StatusCode::INTERNAL_SERVER_ERROR.into()
            }
        }
    }
}

fn html(body: String) -> Response {
    Response::builder()
        .content_type("text/html; charset=utf-8")
        .header("cache-control", "no-store")
        .header("content-security-policy", CONTENT_SECURITY_POLICY)
        .header("referrer-policy", "no-referrer")
        .header("x-content-type-options", "nosniff")
        .body(body)
}

pub(super) fn see_other(location: &str) -> Response {
    Response::builder()
        .status(StatusCode::SEE_OTHER)
        .header("location", location)
        .header("cache-control", "no-store")
        .finish()
}

#[handler]
pub(super) fn stylesheet() -> Response {
    Response::builder()
        .content_type("text/css; charset=utf-8")
        .header("x-content-type-options", "nosniff")
        .body(include_str!("../../static/consumer.css"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn everything_from_outside_is_escaped() {
        let screens = Screens::new("kira-budget", "<b>Kira</b>");
        let response = screens.render("error", context! { message => "<script>alert(1)</script>" });
        let body = response.into_body().into_string().await.expect("a page");
        assert!(!body.contains("<script>") && !body.contains("<b>Kira"));
        assert!(body.contains("&lt;script&gt;"));
    }

    #[test]
    fn every_template_compiles() {
        let mut environment = Environment::new();
        for (file, source) in TEMPLATES {
            environment.add_template(file, source).expect(file);
        }
    }
}
