//! How the platform refuses: one error type, one body shape, PayNet's codes.

use poem::{IntoResponse, Response, error::ResponseError, http::StatusCode, web::Json};
use serde::Serialize;

/// A refusal as PayNet words it: `{error, error_description}` with a status.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{status} {code}: {description}")]
pub(crate) struct ApiError {
    status: StatusCode,
    code: &'static str,
    description: String,
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    error: &'a str,
    error_description: &'a str,
}

impl ApiError {
    pub(super) fn new(
        status: StatusCode,
        code: &'static str,
        description: impl Into<String>,
    ) -> Self {
        Self {
            status,
            code,
            description: description.into(),
        }
    }

    pub(crate) fn invalid_request(description: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", description)
    }

    /// RFC 6749 §5.2: client authentication failed, or the token is not the presenter's.
    pub(crate) fn invalid_client(description: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "invalid_client", description)
    }

    pub(crate) fn invalid_grant(description: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "invalid_grant", description)
    }

    pub(crate) fn unauthorized_client(description: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "unauthorized_client", description)
    }

    pub(crate) fn unsupported_grant_type(description: impl Into<String>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "unsupported_grant_type",
            description,
        )
    }

    pub(crate) fn invalid_scope(description: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_scope", description)
    }

    /// A signature that does not verify: PayNet's `JWS.InvalidSignature`.
    pub(crate) fn invalid_signature(description: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "JWS.InvalidSignature", description)
    }

    pub(crate) fn invalid_claim(description: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "JWS.InvalidClaim", description)
    }

    /// The consent does not exist, is somebody else's, or does not allow what is asked.
    pub(crate) fn consent_invalid(description: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "Consent.Invalid", description)
    }

    /// The consent exists, but its state or the content of the update forbids the step.
    pub(crate) fn rule_violation(description: impl Into<String>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "Consent.BusinessRuleViolation",
            description,
        )
    }

    pub(crate) fn not_found(description: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "invalid_request", description)
    }

    /// Framework errors: wrong method, unreadable parameter, body too large.
    pub(crate) fn framework(error: &poem::Error) -> Self {
        let status = error.status();
        if status.is_client_error() {
            Self::new(status, "invalid_request", error.to_string())
        } else {
            tracing::error!(%error, "the simulator failed");
            Self::new(status, "server_error", "the simulator failed")
        }
    }

    pub(crate) fn server_error(description: impl Into<String>) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "server_error",
            description,
        )
    }

    /// The Data Provider could not be reached or answered nonsense.
    pub(crate) fn provider_unavailable(description: impl Into<String>) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "Upstream.InvalidResponse",
            description,
        )
    }

    /// The Data Provider did not answer within PayNet's five seconds.
    pub(crate) fn provider_timeout(description: impl Into<String>) -> Self {
        Self::new(StatusCode::GATEWAY_TIMEOUT, "Upstream.Timeout", description)
    }

    pub(crate) fn code(&self) -> &'static str {
        self.code
    }

    pub(crate) fn response(&self) -> Response {
        let body = Json(ErrorBody {
            error: self.code,
            error_description: &self.description,
        });
        body.with_status(self.status).into_response()
    }
}

impl ResponseError for ApiError {
    fn status(&self) -> StatusCode {
        self.status
    }

    fn as_response(&self) -> Response {
        self.response()
    }
}

/// The last resort of every listener: whatever failed leaves as [`ApiError`].
pub(crate) fn refuse(error: poem::Error) -> Response {
    if error.is_from_response() {
        return error.into_response();
    }
    match error.downcast_ref::<ApiError>() {
        Some(refusal) => refusal.response(),
        None => ApiError::framework(&error).response(),
    }
}
