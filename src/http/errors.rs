//! Errors as PayNet and browsers' scripts see them: `{error, error_description}` with a status from one
//! table (v1.2.2 portal, Error Codes; statuses from ADR 0001).

use std::borrow::Cow;
use std::fmt;

use poem::error::ResponseError;
use poem::http::{StatusCode, header};
use poem::{IntoResponse, Response};

/// Every code we answer with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorCode {
    AccessDenied,
    AccountTemporarilyBlocked,
    ConsentInvalid,
    InvalidClaim,
    InvalidClient,
    InvalidRequest,
    InvalidScope,
    InvalidSignature,
    MethodNotAllowed,
    NotFound,
    PayloadTooLarge,
    PermanentAccountAccessFailure,
    RequestTimeout,
    ServerError,
    TemporarilyUnavailable,
    TransientAccountAccessFailure,
    UnsupportedMediaType,
}

impl ErrorCode {
    pub const fn status(self) -> StatusCode {
        match self {
            Self::InvalidClaim | Self::InvalidRequest | Self::InvalidSignature => {
                StatusCode::BAD_REQUEST
            }
            Self::InvalidClient => StatusCode::UNAUTHORIZED,
            Self::AccessDenied
            | Self::AccountTemporarilyBlocked
            | Self::ConsentInvalid
            | Self::InvalidScope
            | Self::PermanentAccountAccessFailure
            | Self::TransientAccountAccessFailure => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::ServerError => StatusCode::INTERNAL_SERVER_ERROR,
            Self::TemporarilyUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The word on the wire. The portal has none of its own for 404, 405, 408, 413 and 415.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccessDenied => "access_denied",
            Self::AccountTemporarilyBlocked => "Consent.AccountTemporarilyBlocked",
            Self::ConsentInvalid => "Consent.Invalid",
            Self::InvalidClaim => "JWS.InvalidClaim",
            Self::InvalidClient => "invalid_client",
            Self::InvalidRequest
            | Self::MethodNotAllowed
            | Self::NotFound
            | Self::PayloadTooLarge
            | Self::RequestTimeout
            | Self::UnsupportedMediaType => "invalid_request",
            Self::InvalidScope => "AccessToken.InvalidScope",
            Self::InvalidSignature => "JWS.InvalidSignature",
            Self::PermanentAccountAccessFailure => "Consent.PermanentAccountAccessFailure",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::TransientAccountAccessFailure => "Consent.TransientAccountAccessFailure",
        }
    }
}

impl ErrorCode {
    /// The reason of a failure that nobody gave a more particular one.
    const fn reason(self) -> &'static str {
        match self {
            Self::AccessDenied => "request.denied",
            Self::AccountTemporarilyBlocked => "bank.account_blocked",
            Self::ConsentInvalid => "consent.invalid",
            Self::InvalidClaim => "claims.invalid",
            Self::InvalidClient => "tls.client_not_allowed",
            Self::InvalidRequest => "request.invalid",
            Self::InvalidScope => "consent.permission_missing",
            Self::InvalidSignature => "jws.invalid",
            Self::MethodNotAllowed => "request.method",
            Self::NotFound => "request.not_found",
            Self::PayloadTooLarge => "request.too_large",
            Self::PermanentAccountAccessFailure => "bank.account_gone",
            Self::RequestTimeout => "request.too_slow",
            Self::ServerError => "service.failed",
            Self::TemporarilyUnavailable => "service.unavailable",
            Self::TransientAccountAccessFailure => "bank.account_unavailable",
            Self::UnsupportedMediaType => "request.media_type",
        }
    }
}

/// A failure with the words for the outside and, apart from them, the reason for our log.
#[derive(Debug, Clone)]
pub struct ApiError {
    pub code: ErrorCode,
    /// For the caller: no personal data, no internals.
    pub description: Cow<'static, str>,
    /// For the log: the stable word, one of those in docs/refusals.md.
    pub reason: &'static str,
    /// For the log: the cause in particular. Never a token or personal data.
    pub detail: Cow<'static, str>,
    /// Seconds, for 429 and 503.
    pub retry_after: Option<u32>,
}

impl ApiError {
    pub fn new(code: ErrorCode, description: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            description: description.into(),
            reason: code.reason(),
            detail: Cow::Borrowed(""),
            retry_after: None,
        }
    }

    pub fn invalid_request(description: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::InvalidRequest, description)
    }

    /// Our own failure: the cause goes to the log only.
    pub fn internal(cause: impl fmt::Display) -> Self {
        Self::new(
            ErrorCode::ServerError,
            "an unexpected error occurred on our side",
        )
        .detailed(cause.to_string())
    }

    /// Something we depend on is not there for the moment.
    pub fn unavailable(cause: impl fmt::Display) -> Self {
        let mut error = Self::new(
            ErrorCode::TemporarilyUnavailable,
            "the service cannot answer for the moment; please try again",
        );
        error.retry_after = Some(5);
        error.detailed(cause.to_string())
    }

    /// Says in the log which rule it was, by a word that is listed in docs/refusals.md.
    #[must_use]
    pub fn because(mut self, reason: &'static str) -> Self {
        self.reason = reason;
        self
    }

    /// Adds the cause for the log.
    #[must_use]
    pub fn detailed(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = detail.into();
        self
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.description)
    }
}

impl std::error::Error for ApiError {}

impl ResponseError for ApiError {
    fn status(&self) -> StatusCode {
        self.code.status()
    }

    fn as_response(&self) -> Response {
        self.clone().into_response()
    }
}

impl IntoResponse for ApiError {
    /// The error itself stays in the response's extensions, so that a listener for people can make a page
    /// of it.
    fn into_response(self) -> Response {
        let body = serde_json::json!({
            "error": self.code.as_str(),
            "error_description": self.description,
        });
        let mut response = Response::builder()
            .status(self.code.status())
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::CACHE_CONTROL, "no-store")
            .body(body.to_string());
        if let Some(seconds) = self.retry_after {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, seconds.into());
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// The one that helps: why, and not only that, something failed.
pub fn innermost_cause<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> &'a (dyn std::error::Error + 'static) {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause
}

/// The one writer: our own errors as they are, the framework's by their status.
pub fn error_response(error: &poem::Error) -> Response {
    if let Some(own) = error.downcast_ref::<ApiError>() {
        return own.clone().into_response();
    }
    from_framework(error).into_response()
}

fn from_framework(error: &poem::Error) -> ApiError {
    let code = match error.status() {
        StatusCode::NOT_FOUND => ErrorCode::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => ErrorCode::MethodNotAllowed,
        StatusCode::PAYLOAD_TOO_LARGE => ErrorCode::PayloadTooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ErrorCode::UnsupportedMediaType,
        status if status.is_client_error() => ErrorCode::InvalidRequest,
        _ => return ApiError::internal(error),
    };
    let description: Cow<'static, str> = match code {
        ErrorCode::NotFound => "there is no such resource".into(),
        ErrorCode::MethodNotAllowed => "this method is not supported here".into(),
        ErrorCode::PayloadTooLarge => "the body is larger than allowed".into(),
        ErrorCode::UnsupportedMediaType => "this media type is not supported here".into(),
        _ => return parse_failure(error),
    };
    ApiError::new(code, description)
}

/// What could not be read, by name only: the framework's own words quote the input, which may be personal.
fn parse_failure(error: &poem::Error) -> ApiError {
    use poem_openapi::error::{ParseParamError, ParsePathError, ParseRequestPayloadError};
    let (description, reason): (Cow<'static, str>, _) =
        if let Some(parameter) = error.downcast_ref::<ParseParamError>() {
            let name = parameter.name;
            let told = format!("the parameter {name} is missing or not as documented");
            (told.into(), "request.parameter")
        } else if error.is::<ParsePathError>() {
            // The framework calls path parameters by their position.
            let told = "a parameter in the path is not as documented";
            (told.into(), "request.parameter")
        } else if let Some(body) = error.downcast_ref::<ParseRequestPayloadError>() {
            let told = match schemas_named_in(&body.reason) {
                Some(schemas) => format!("the body is not as documented (at {schemas})").into(),
                None => "the body is not JSON as documented".into(),
            };
            (told, "request.body")
        } else {
            ("the request cannot be read".into(), "request.invalid")
        };
    ApiError::invalid_request(description).because(reason)
}

/// The schemas of the framework's message, innermost first: `… type "A" … parsing "B"` is `A in B`.
pub fn schemas_named_in(reason: &str) -> Option<String> {
    const BEFORE_A_NAME: [&str; 3] = ["input type \"", "failed to parse \"", "while parsing \""];
    let mut found: Vec<(usize, &str)> = BEFORE_A_NAME
        .iter()
        .flat_map(|before| {
            reason
                .match_indices(before)
                .map(|(at, text)| at + text.len())
        })
        .filter_map(|at| Some((at, reason[at..].split('"').next()?)))
        .filter(|(_, name)| {
            (1..=60).contains(&name.len())
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        })
        .collect();
    found.sort_unstable();
    let names: Vec<&str> = found.into_iter().map(|(_, name)| name).collect();
    (!names.is_empty()).then(|| names.join(" in "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parse_failure_names_schemas_and_never_quotes_the_input() {
        let reason = r#"Expected input type "ConsentStatus", found "900101-14-5566". (occurred while parsing "Consent") (occurred while parsing "ConsentEvent")"#;
        let told = schemas_named_in(reason).unwrap();
        assert_eq!(told, "ConsentStatus in Consent in ConsentEvent");
        assert_eq!(schemas_named_in("expected value at line 1"), None);
    }
}
