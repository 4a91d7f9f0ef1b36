//! What every refusal must look like, whatever was wrong with the request.

use std::fmt;

use uuid::Uuid;

use super::finding::{Finding, Outcome, Seen};
use crate::scenario::{Answer, ScenarioError};

/// Status and error code; where the documents allow several, any of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refusal(&'static [(u16, &'static str)]);

pub(super) const ACCESS_DENIED: Refusal = Refusal(&[(403, "access_denied")]);
pub(super) const CLAIM: Refusal = Refusal(&[(400, "JWS.InvalidClaim")]);
pub(super) const CLIENT: Refusal = Refusal(&[(401, "invalid_client")]);
pub(super) const CONSENT: Refusal = Refusal(&[(403, "Consent.Invalid")]);
pub(super) const MEDIA_TYPE: Refusal = Refusal(&[(415, "invalid_request")]);
pub(super) const METHOD: Refusal = Refusal(&[(405, "invalid_request")]);
pub(super) const NOT_FOUND: Refusal = Refusal(&[(404, "invalid_request")]);
/// A consent of another Data Consumer: its signature is not the one expected, or the consent is not its own.
pub(super) const NOT_THEIRS: Refusal = Refusal(&[
    (400, "JWS.InvalidSignature"),
    (400, "JWS.InvalidClaim"),
    (403, "Consent.Invalid"),
]);
pub(super) const REQUEST: Refusal = Refusal(&[(400, "invalid_request")]);
pub(super) const REQUEST_OR_NOT_FOUND: Refusal =
    Refusal(&[(400, "invalid_request"), (404, "invalid_request")]);
pub(super) const SCOPE: Refusal = Refusal(&[(403, "AccessToken.InvalidScope")]);
pub(super) const SIGNATURE: Refusal = Refusal(&[(400, "JWS.InvalidSignature")]);
pub(super) const SIGNATURE_OR_CLAIM: Refusal =
    Refusal(&[(400, "JWS.InvalidSignature"), (400, "JWS.InvalidClaim")]);
/// A missing parameter of the contract, or a missing signature: the documents leave open which it is called.
pub(super) const SIGNATURE_OR_REQUEST: Refusal =
    Refusal(&[(400, "JWS.InvalidSignature"), (400, "invalid_request")]);
pub(super) const SLOW: Refusal = Refusal(&[(408, "invalid_request")]);
pub(super) const TOO_LARGE: Refusal = Refusal(&[(413, "invalid_request")]);

impl Refusal {
    /// `sent` is the interaction id of the request.
    pub(super) fn check(&self, answer: &Answer, sent: Option<&str>) -> Outcome<Seen> {
        let error = answer.error().unwrap_or_default();
        let mut expected = self.0.iter();
        ensure!(
            expected.any(|(status, code)| (*status, *code) == (answer.status, &*error)),
            "{} {} instead of {self}",
            answer.status,
            excerpt(&answer.text())
        );
        error_body(answer)?;
        interaction_id(answer, sent)?;
        ensure!(
            answer.header("location").is_none() && answer.header("set-cookie").is_none(),
            "a refusal neither redirects nor sets a cookie: {:?}",
            answer.headers
        );
        Ok(Seen::new(format!("{} {error}", answer.status)))
    }

    /// For pages, which say the same in words.
    pub(super) fn has_status(&self, status: u16) -> bool {
        self.0.iter().any(|(expected, _)| *expected == status)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, (status, code)) in self.0.iter().enumerate() {
            let before = if position == 0 { "" } else { " or " };
            write!(f, "{before}{status} {code}")?;
        }
        Ok(())
    }
}

/// Where no particular answer can be asked for: an answer of 4xx, or none because the connection was closed.
pub(super) fn refused_somehow(answer: Result<Answer, ScenarioError>) -> Outcome<Seen> {
    match answer {
        Ok(answer) => {
            let status = answer.status;
            ensure!(
                (400..500).contains(&status),
                "{status} {}",
                excerpt(&answer.text())
            );
            Ok(Seen::new(status.to_string()))
        }
        Err(ScenarioError::Http(_)) => Ok(Seen::new("the connection was closed")),
        Err(other) => Err(other.into()),
    }
}

/// An answer may be a page, or sealed data.
pub(super) fn excerpt(text: &str) -> String {
    const LONGEST: usize = 160;
    match text.char_indices().nth(LONGEST) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

/// `{error, error_description}`, both with something in them, and nothing else.
fn error_body(answer: &Answer) -> Outcome {
    let body = answer.json();
    let text = answer.text();
    let members = body
        .as_object()
        .ok_or_else(|| Finding::Wrong(format!("the error is not a JSON object: {text}")))?;
    let said = |name: &str| {
        let value = members.get(name).and_then(|value| value.as_str());
        value.is_some_and(|value| !value.trim().is_empty())
    };
    ensure!(
        members.len() == 2 && said("error") && said("error_description"),
        "an error is {{error, error_description}} and nothing else: {text}"
    );
    let media_type = answer.header("content-type").unwrap_or_default();
    ensure!(
        media_type.starts_with("application/json"),
        "the error is {media_type:?} and not JSON"
    );
    Ok(())
}

/// Present on every answer; the caller's own if that was a UUID.
pub(super) fn interaction_id(answer: &Answer, sent: Option<&str>) -> Outcome {
    let received = answer.header("x-fapi-interaction-id").unwrap_or_default();
    ensure!(
        Uuid::parse_str(received).is_ok(),
        "x-fapi-interaction-id is {received:?} and not a UUID"
    );
    if let Some(sent) = sent {
        ensure!(
            received.eq_ignore_ascii_case(sent),
            "x-fapi-interaction-id is {received:?} and not the caller's {sent:?}"
        );
    }
    Ok(())
}
