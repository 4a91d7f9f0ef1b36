//! Why a bank has no answer, in Rust and on the wire.

use poem::http::{StatusCode, header};
use poem::{IntoResponse, Response, error::ResponseError};

use super::asking::breach;
use super::contract;
use crate::generated::calls::CallError;
use crate::http::schemas_named_in;

/// Why the bank has no answer: the errors of `openapi/core-bank-1.yaml` and `openapi/sign-in-1.yaml`. The texts are for the
/// log of both sides; they reach neither PayNet nor a customer, and hold no personal data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BankError {
    /// The account is out for the moment, by a rule of the bank.
    #[error("the account is blocked for the moment")]
    AccountBlocked,
    /// The account is closed, or not (any more) this customer's.
    #[error("the account is closed or unknown")]
    AccountGone,
    /// The account's data is out for the moment, for a technical reason.
    #[error("the account's data is not available for the moment")]
    AccountUnavailable,
    /// The second factor that was started is not known, or not of this sign-in.
    #[error("there is no such challenge")]
    ChallengeUnknown,
    /// There is no such customer (any more).
    #[error("there is no such customer")]
    CustomerUnknown,
    /// The idempotency key was used for something else.
    #[error("the idempotency key was used for something else")]
    IdempotencyConflict,
    /// The cursor is not, or no longer, one of the bank's for this question.
    #[error("the cursor does not belong to this question")]
    InvalidCursor,
    /// The question breaks the contract.
    #[error("the request breaks the contract: {0}")]
    InvalidRequest(String),
    /// The customer has no second factor of this kind.
    #[error("the customer has no second factor of this kind")]
    MethodUnavailable,
    /// The bank accepts neither certificate nor token, or not for this operation. An operator has to act.
    #[error("the bank refuses us: {0}")]
    Refused(String),
    /// The sign-in is not known or has run out.
    #[error("there is no such sign-in")]
    SignInUnknown,
    /// The bank's systems do not answer, or not sensibly.
    #[error("the bank's systems are not available: {reason}")]
    Unavailable {
        reason: String,
        /// Seconds after which it makes sense to ask again, 1 to 86400.
        retry_after: Option<u32>,
    },
    /// The bank does not offer this operation, or not for this kind of account.
    #[error("the bank does not offer {0}")]
    Unsupported(String),
    /// No customer has this user name, or the one who has it has no phrase.
    #[error("there is no such user name")]
    UsernameUnknown,
}

impl BankError {
    /// The systems behind do not answer, or not sensibly.
    pub fn unavailable(reason: impl Into<String>) -> Self {
        Self::Unavailable {
            reason: reason.into(),
            retry_after: None,
        }
    }

    /// What the traits answer for an operation that an implementation does not have.
    pub fn unsupported(operation: &str) -> Self {
        Self::Unsupported(operation.to_owned())
    }

    /// Status and code of the contracts.
    pub(super) fn wire(&self) -> (StatusCode, &'static str) {
        match self {
            Self::AccountBlocked => (StatusCode::CONFLICT, "account_blocked"),
            Self::AccountGone => (StatusCode::NOT_FOUND, "account_gone"),
            Self::AccountUnavailable => (StatusCode::CONFLICT, "account_unavailable"),
            Self::ChallengeUnknown => (StatusCode::NOT_FOUND, "challenge_unknown"),
            Self::CustomerUnknown => (StatusCode::NOT_FOUND, "customer_unknown"),
            Self::IdempotencyConflict => (StatusCode::CONFLICT, "idempotency_conflict"),
            Self::InvalidCursor => (StatusCode::BAD_REQUEST, "invalid_cursor"),
            Self::InvalidRequest(_) => (StatusCode::BAD_REQUEST, "invalid_request"),
            Self::MethodUnavailable => (StatusCode::CONFLICT, "method_unavailable"),
            Self::Refused(_) => (StatusCode::FORBIDDEN, "access_denied"),
            Self::SignInUnknown => (StatusCode::NOT_FOUND, "sign_in_unknown"),
            Self::Unavailable { .. } => {
                (StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable")
            }
            Self::Unsupported(_) => (StatusCode::NOT_IMPLEMENTED, "unsupported"),
            Self::UsernameUnknown => (StatusCode::NOT_FOUND, "username_unknown"),
        }
    }

    /// By the code, which has been found to stand with its own status.
    fn of_code(code: &str, operation: &str, said: String, retry_after: Option<u32>) -> Self {
        match code {
            "access_denied" | "invalid_client" => Self::Refused(said),
            "account_blocked" => Self::AccountBlocked,
            "account_gone" => Self::AccountGone,
            "account_unavailable" => Self::AccountUnavailable,
            "challenge_unknown" => Self::ChallengeUnknown,
            "customer_unknown" => Self::CustomerUnknown,
            "idempotency_conflict" => Self::IdempotencyConflict,
            "invalid_cursor" => Self::InvalidCursor,
            "invalid_request" => Self::InvalidRequest(said),
            "method_unavailable" => Self::MethodUnavailable,
            "sign_in_unknown" => Self::SignInUnknown,
            "unsupported" => Self::unsupported(operation),
            "username_unknown" => Self::UsernameUnknown,
            _ => Self::Unavailable {
                reason: said,
                retry_after,
            },
        }
    }
}

/// What came over HTTP instead of a documented success.
impl From<CallError> for BankError {
    fn from(error: CallError) -> Self {
        let told = error.to_string();
        let (operation, status, headers, body) = match error {
            CallError::Refused {
                operation,
                status,
                headers,
                body,
            } => (operation, status, headers, body),
            // The reader's own words quote what it read.
            CallError::Invalid { operation, reason } => {
                return breach(operation, &without_values(&reason));
            }
            CallError::Unreachable { .. } => return Self::unavailable(told),
        };
        // A bare 404 of a wrong base address, or a proxy's page, must never end a consent: the code decides, and only in JSON
        // and with its own status.
        let Some(refusal) = contract::refusal(operation, status, &headers, &body) else {
            return Self::unavailable(format!("{told}, without a code of the contract"));
        };
        let retry_after = headers.get(header::RETRY_AFTER);
        let retry_after = retry_after.and_then(|value| value.to_str().ok()?.parse().ok());
        let retry_after = retry_after.filter(|seconds| (1..=86_400).contains(seconds));
        let description = refusal.description.as_deref().map(loggable);
        let description = description.as_deref().unwrap_or("without description");
        let said = format!("{told}: {} ({description})", refusal.code);
        tracing::info!(
            operation,
            status,
            code = refusal.code,
            description,
            "the bank refuses"
        );
        Self::of_code(&refusal.code, operation, said, retry_after)
    }
}

/// Where an answer is not as documented: members and schemas by name, and nothing of what stood there.
pub(super) fn without_values(reason: &str) -> String {
    let member = reason
        .strip_prefix("failed to parse")
        .and_then(|rest| rest.split("field `").nth(1)?.split('`').next());
    let schemas = schemas_named_in(reason);
    match (member, schemas) {
        (Some(member), Some(schemas)) => format!("not as documented: {member} (at {schemas})"),
        (None, Some(schemas)) => format!("not as documented (at {schemas})"),
        _ => "not JSON as documented".to_owned(),
    }
}

/// On one line, and as long as the contracts allow.
fn loggable(description: &str) -> String {
    const LONGEST: usize = 500;
    let shortened: String = description.chars().take(LONGEST).collect();
    shortened.escape_debug().to_string()
}

/// For serving a bank over HTTP.
impl ResponseError for BankError {
    fn status(&self) -> StatusCode {
        self.wire().0
    }

    fn as_response(&self) -> Response {
        let (status, code) = self.wire();
        let body = serde_json::json!({ "error": code, "error_description": self.to_string() });
        let response = Response::builder()
            .status(status)
            .content_type("application/json");
        let response = match self {
            Self::Unavailable {
                retry_after: Some(seconds),
                ..
            } => response.header(header::RETRY_AFTER, *seconds),
            _ => response,
        };
        response.body(body.to_string()).into_response()
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};

    use super::*;

    fn answered(operation: &'static str, status: u16, media: &str, body: &str) -> BankError {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_str(media).unwrap());
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("7"));
        CallError::Refused {
            operation,
            status,
            headers,
            body: body.to_owned().into(),
        }
        .into()
    }

    #[test]
    fn a_code_counts_only_in_json_and_with_its_own_status() {
        let gone = r#"{"error":"account_gone"}"#;
        let json = "application/json; charset=utf-8";
        assert_eq!(
            answered("getBalance", 404, json, gone),
            BankError::AccountGone
        );
        for unavailable in [
            answered("getBalance", 404, "text/html", gone),
            answered("getBalance", 409, json, gone),
            answered("getCustomer", 404, json, gone),
            answered("getBalance", 404, json, "<html>not found</html>"),
            answered("getBalance", 404, json, r#"{"error":"gone"}"#),
            answered("getBalance", 418, json, gone),
        ] {
            assert!(
                matches!(unavailable, BankError::Unavailable { .. }),
                "{unavailable:?}"
            );
        }
    }

    #[test]
    fn what_stood_in_an_answer_is_in_no_log() {
        let invalid = |reason: &str| {
            let error = CallError::Invalid {
                operation: "getCustomer",
                reason: reason.to_owned(),
            };
            BankError::from(error).to_string()
        };
        let poem = r#"Expected input type "string", found {"no":"900101-14-5566"}. (occurred while parsing "Customer")"#;
        let serde = "invalid type: integer `900101145566`, expected a string";
        for told in [invalid(poem), invalid(serde)] {
            assert!(!told.contains("900101"), "{told}");
        }
        assert!(invalid(poem).contains("Customer"), "{}", invalid(poem));
        let long = format!(
            r#"{{"error":"account_blocked","error_description":"{}"}}"#,
            "x".repeat(9_000)
        );
        assert_eq!(
            answered("getBalance", 409, "application/json", &long),
            BankError::AccountBlocked
        );
        assert_eq!(loggable("a\nforged line"), "a\\nforged line");
        assert_eq!(loggable(&"x".repeat(9_000)).len(), 500);
    }

    #[test]
    fn the_wait_is_passed_on_and_the_words_are_for_the_log() {
        let busy = r#"{"error":"temporarily_unavailable","error_description":"until 03:00"}"#;
        let BankError::Unavailable {
            reason,
            retry_after,
        } = answered("getBalance", 503, "application/json", busy)
        else {
            panic!("503 is unavailable");
        };
        assert_eq!(retry_after, Some(7));
        assert!(reason.contains("until 03:00"), "{reason}");
    }

    #[test]
    fn every_error_survives_the_way_over_http() {
        let errors = [
            ("getBalance", BankError::AccountBlocked),
            ("getBalance", BankError::AccountGone),
            ("getBalance", BankError::AccountUnavailable),
            ("getSecondFactor", BankError::ChallengeUnknown),
            ("getCustomer", BankError::CustomerUnknown),
            ("sendNotice", BankError::IdempotencyConflict),
            ("listTransactions", BankError::InvalidCursor),
            ("checkSecondFactor", BankError::MethodUnavailable),
            ("checkSecondFactor", BankError::SignInUnknown),
            ("getBalance", BankError::unsupported("getBalance")),
            ("lookUpPhrase", BankError::UsernameUnknown),
        ];
        for (operation, error) in errors {
            let (status, code) = error.wire();
            let body = format!(r#"{{"error":"{code}"}}"#);
            assert_eq!(
                answered(operation, status.as_u16(), "application/json", &body),
                error
            );
        }
    }
}
