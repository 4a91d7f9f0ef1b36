//! What every refusal must look like, whatever was wrong with the request.

use uuid::Uuid;

use super::finding::{Finding, Outcome};
use crate::scenario::Answer;

/// Status and error code; where the documents allow several codes, any of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refusal {
    pub(super) status: u16,
    errors: &'static [&'static str],
}

pub(super) const ACCESS_DENIED: Refusal = Refusal::new(403, &["access_denied"]);
pub(super) const CLAIM: Refusal = Refusal::new(400, &["JWS.InvalidClaim"]);
pub(super) const CONSENT: Refusal = Refusal::new(403, &["Consent.Invalid"]);
pub(super) const MEDIA_TYPE: Refusal = Refusal::new(415, &["invalid_request"]);
pub(super) const METHOD: Refusal = Refusal::new(405, &["invalid_request"]);
pub(super) const NOT_FOUND: Refusal = Refusal::new(404, &["invalid_request"]);
pub(super) const REQUEST: Refusal = Refusal::new(400, &["invalid_request"]);
pub(super) const SCOPE: Refusal = Refusal::new(403, &["AccessToken.InvalidScope"]);
pub(super) const SIGNATURE: Refusal = Refusal::new(400, &["JWS.InvalidSignature"]);
pub(super) const SIGNATURE_OR_CLAIM: Refusal =
    Refusal::new(400, &["JWS.InvalidSignature", "JWS.InvalidClaim"]);
pub(super) const TOO_LARGE: Refusal = Refusal::new(413, &["invalid_request"]);

impl Refusal {
    pub(super) const fn new(status: u16, errors: &'static [&'static str]) -> Self {
        Self { status, errors }
    }

    /// `sent` is the interaction id of the request.
    pub(super) fn check(&self, answer: &Answer, sent: Option<&str>) -> Outcome {
        let Self { status, errors } = self;
        ensure!(
            answer.status == *status,
            "expected {status} {errors:?}, got {} {}",
            answer.status,
            answer.text()
        );
        let error = answer.error().unwrap_or_default();
        ensure!(
            errors.contains(&error.as_str()),
            "expected the error {errors:?}, got {}",
            answer.text()
        );
        error_body(answer)?;
        interaction_id(answer, sent)?;
        ensure!(
            answer.header("location").is_none() && answer.header("set-cookie").is_none(),
            "a refusal neither redirects nor sets a cookie: {:?}",
            answer.headers
        );
        Ok(())
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
