//! The outermost layer of every listener: the interaction id, one log line per request, no panic and no
//! framework error that gets out unwritten.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use poem::http::{HeaderValue, Uri, header};
use poem::{Endpoint, IntoResponse, Request, Response};
use tokio::time::timeout;
use uuid::Uuid;

use super::errors::{ApiError, ErrorCode, error_response};

/// From the first byte of a request to its answer. Our own work is bounded much more tightly, so whoever
/// comes here has sent a body too slowly.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);

/// The header that follows a call through every system (v1.2.2 portal, Relevant HTTP Headers).
pub const INTERACTION_HEADER: &str = "x-fapi-interaction-id";

/// Correlation id: the caller's, if it is a UUID, else a fresh one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InteractionId(Uuid);

impl InteractionId {
    pub fn fresh() -> Self {
        Self(Uuid::new_v4())
    }

    pub fn uuid(self) -> Uuid {
        self.0
    }

    fn of(request: &Request) -> Self {
        request
            .header(INTERACTION_HEADER)
            .and_then(|value| Uuid::parse_str(value).ok())
            .map_or_else(Self::fresh, Self)
    }
}

impl fmt::Display for InteractionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Wraps a listener's routes.
pub struct Traced<E> {
    inner: E,
    listener: &'static str,
}

impl<E> Traced<E> {
    /// `listener` names it in the log.
    pub fn new(listener: &'static str, inner: E) -> Self {
        Self { inner, listener }
    }
}

impl<E: Endpoint> Endpoint for Traced<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let started = Instant::now();
        let interaction = InteractionId::of(&request);
        request.extensions_mut().insert(interaction);
        let (method, uri): (_, Uri) = (request.method().clone(), request.uri().clone());
        let long_body = announces_long_body(&request);
        let answer = AssertUnwindSafe(self.inner.call(request)).catch_unwind();
        let mut response = match timeout(REQUEST_TIMEOUT, answer).await {
            Ok(Ok(Ok(output))) => output.into_response(),
            Ok(Ok(Err(error))) => error_response(&error),
            Ok(Err(_)) => ApiError::internal("a handler panicked").into_response(),
            Err(_) => {
                let slow = "the request took too long to arrive";
                ApiError::new(ErrorCode::RequestTimeout, slow).into_response()
            }
        };
        if long_body && !response.status().is_success() {
            // What is left of the body is not read, so this connection ends: say so before it is used again.
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(header::CONNECTION, close);
        }
        if let Ok(value) = HeaderValue::from_str(&interaction.to_string()) {
            response.headers_mut().insert(INTERACTION_HEADER, value);
        }
        // Personal data or a one-time value is in almost everything; what may be kept says so itself.
        response
            .headers_mut()
            .entry(header::CACHE_CONTROL)
            .or_insert(HeaderValue::from_static("no-store"));
        let (status, path) = (response.status().as_u16(), loggable(uri.path()));
        let millis = started.elapsed().as_millis();
        if let Some(error) = response.extensions().get::<ApiError>() {
            let (code, reason, detail) = (error.code.as_str(), error.reason, &error.detail);
            tracing::info!(
                listener = self.listener, %interaction, %method, path, status, millis, error = code, reason, %detail,
                "request refused"
            );
        } else {
            tracing::info!(
                listener = self.listener, %interaction, %method, path, status, millis, "request"
            );
        }
        Ok(response)
    }
}

/// Longer than what is read along with the headers anyway, or of unknown length.
fn announces_long_body(request: &Request) -> bool {
    const READ_ALONG: u64 = 8 * 1024;
    match request.header(header::CONTENT_LENGTH) {
        Some(length) => length.parse().map_or(true, |bytes: u64| bytes > READ_ALONG),
        None => request.headers().contains_key(header::TRANSFER_ENCODING),
    }
}

/// Without the query, where signatures travel, and of the path only what cannot be a secret or a person's: names and UUIDs, the
/// form of the ids that we issue.
fn loggable(path: &str) -> String {
    let shown = path.split('/').map(|one| {
        let is_ours = is_name(one) || Uuid::parse_str(one).is_ok();
        if is_ours { one } else { "…" }
    });
    shown.collect::<Vec<_>>().join("/")
}

/// A word of an address: shorter than a one-time handle (43 characters), with fewer digits than the number of a person or an
/// account, and not an address of mail.
fn is_name(segment: &str) -> bool {
    const LONGEST: usize = 40;
    const MOST_DIGITS: usize = 4;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._~:-".contains(&byte);
    let digits = segment.bytes().filter(u8::is_ascii_digit).count();
    segment.len() <= LONGEST && digits <= MOST_DIGITS && segment.bytes().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_may_stay_unread_is_recognised() {
        let with = |name, value: &str| Request::builder().header(name, value).finish();
        assert!(announces_long_body(&with(
            header::CONTENT_LENGTH,
            "2097152"
        )));
        assert!(announces_long_body(&with(
            header::TRANSFER_ENCODING,
            "chunked"
        )));
        assert!(!announces_long_body(&with(header::CONTENT_LENGTH, "120")));
        assert!(!announces_long_body(&Request::builder().finish()));
    }

    #[test]
    fn handles_and_what_may_be_a_persons_are_not_logged() {
        let handle = "x".repeat(43);
        for hidden in [
            handle.as_str(),
            "900101-14-5566",
            "7001234567",
            "nurul@example.my",
            "Nurul%20Iman",
        ] {
            assert_eq!(loggable(&format!("/authorize/{hidden}")), "/authorize/…");
        }
        for shown in [
            "/v1/accounts/550e8400-e29b-41d4-a716-446655440010/balances",
            "/v1/oauth/jwks/kira-budget",
            "/static/izin.css",
        ] {
            assert_eq!(loggable(shown), shown);
        }
    }
}
