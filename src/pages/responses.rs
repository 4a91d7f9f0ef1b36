//! Responses of the customers' listener: pages, redirects, cookies, static files, and the headers that keep
//! a page from being framed, cached, sniffed or made to talk to anybody else.

use std::sync::Arc;

use poem::http::{HeaderValue, StatusCode, header};
use poem::web::{Data, Path};
use poem::{Request, Response, handler};

use super::Pages;
use crate::http::{ApiError, ErrorCode};
use crate::secret::Secret;

/// No script, nothing from anywhere else, never in a frame.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Where a page's forms may end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forms {
    /// On this site.
    Here,
    /// Off-site after our own 303. Chromium applies `form-action` to every hop of such a redirect, so the
    /// directive is left out; the address is from the allow-list.
    MayLeave,
}

pub fn page(status: StatusCode, html: String, forms: Forms) -> Response {
    let policy = match forms {
        Forms::Here => format!("{POLICY}; form-action 'self'"),
        Forms::MayLeave => POLICY.to_owned(),
    };
    Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "text/html; charset=utf-8")
        .header(header::CONTENT_SECURITY_POLICY, policy)
        .header(header::CACHE_CONTROL, "no-store")
        .body(html)
}

/// To another page of ours.
pub fn see(path: &str) -> Response {
    Response::builder()
        .status(StatusCode::SEE_OTHER)
        .header(header::LOCATION, path)
        .header(header::CACHE_CONTROL, "no-store")
        .finish()
}

/// The headers of every response on the customers' listener.
pub fn harden(response: &mut Response, secure: bool) {
    let always = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ];
    let headers = response.headers_mut();
    for (name, value) in always {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(
        "permissions-policy",
        HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=()"),
    );
    headers.insert(
        "cross-origin-opener-policy",
        HeaderValue::from_static("same-origin"),
    );
    if secure {
        let year = HeaderValue::from_static("max-age=31536000; includeSubDomains");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
}

/// `__Host-` makes the browser insist on Secure, this host and the root path; plain HTTP cannot have it.
fn cookie_name(secure: bool) -> &'static str {
    if secure {
        "__Host-izin_session"
    } else {
        "izin_session"
    }
}

pub fn session_id(request: &Request, secure: bool) -> Option<Secret> {
    let name = cookie_name(secure);
    // HTTP/2 may split the cookies into several fields (RFC 9113 §8.2.3).
    let fields = request.headers().get_all(header::COOKIE).into_iter();
    let mut pairs = fields
        .filter_map(|field| field.to_str().ok())
        .flat_map(|text| text.split(';'));
    pairs.find_map(|pair| {
        let (key, value) = pair.trim().split_once('=')?;
        (key == name && value.len() == 43).then(|| value.to_owned().into())
    })
}

/// Lax: the browser comes from PayNet's site and must bring it along on the way to `/consent`.
pub fn with_session(mut response: Response, id: &Secret, secure: bool) -> Response {
    let attributes = if secure { "; Secure" } else { "" };
    let cookie = Secret::from(format!(
        "{}={}; Path=/; HttpOnly; SameSite=Lax{attributes}",
        cookie_name(secure),
        id.expose()
    ));
    if let Ok(mut value) = HeaderValue::from_str(cookie.expose()) {
        value.set_sensitive(true);
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
    response
}

/// Files under `/static/`; their links carry a content hash, so browsers may keep them for good.
#[expect(
    clippy::needless_pass_by_value,
    reason = "extractors are passed by value"
)]
#[handler]
pub fn asset(pages: Data<&Arc<Pages>>, Path(name): Path<String>) -> poem::Result<Response> {
    let asset = pages.renderer.asset(&name).ok_or_else(|| {
        poem::Error::from(ApiError::new(ErrorCode::NotFound, "there is no such file"))
    })?;
    Ok(Response::builder()
        .header(header::CONTENT_TYPE, asset.content_type)
        .header(header::CACHE_CONTROL, "public, max-age=31536000, immutable")
        .body(asset.bytes.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_not_printed() {
        let id: Secret = "x".repeat(43).into();
        let response = with_session(see("/"), &id, true);
        assert!(response.headers().contains_key(header::SET_COOKIE));
        let printed = format!("{:?}", response.headers());
        assert!(!printed.contains(id.expose()), "{printed}");
    }

    #[test]
    fn the_session_is_found_in_whichever_cookie_field() {
        let id = "x".repeat(43);
        let split = Request::builder()
            .header(header::COOKIE, "_ga=1")
            .header(header::COOKIE, format!("izin_session={id}"))
            .finish();
        assert_eq!(session_id(&split, false), Some(id.clone().into()));
        let other_host = Request::builder()
            .header(header::COOKIE, format!("izin_session={id}"))
            .finish();
        assert_eq!(
            session_id(&other_host, true),
            None,
            "https wants the __Host- cookie"
        );
    }
}
