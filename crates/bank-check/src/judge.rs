//! What every answer must look like, whatever was asked: the requirements that are judged on all exchanges of a run.

use crate::{
    call::{Contract, Exchange, REQUEST_ID, Scope},
    document::Document,
    report::Detail,
};

pub(crate) const NO_REDIRECTS: &str = "CB-01";
pub(crate) const SUCCESS_SCHEMA: &str = "CB-03";
pub(crate) const ERROR_BODY: &str = "CB-04";
pub(crate) const HEADERS: &str = "CB-05";
pub(crate) const CORRELATION: &str = "CB-06";
pub(crate) const TIME_BUDGET: &str = "CB-07";
pub(crate) const LIMITS_TOLD: &str = "CB-35";

const RETRY_AFTER_RANGE: std::ops::RangeInclusive<u32> = 1..=86_400;
/// Shown of a header's value; it is the bank's program that chose it, not the customer.
const SHOWN_HEADER: usize = 60;

/// A requirement that an answer does not meet.
pub(crate) struct Breach {
    pub(crate) requirement: &'static str,
    pub(crate) detail: Detail,
}

/// Judges one answer by everything that holds for all.
pub(crate) fn judge(document: &Document, exchange: &Exchange) -> Vec<Breach> {
    if exchange.call.scope == Scope::Status {
        return Vec::new();
    }
    let mut verdict = Judge {
        document,
        exchange,
        breaches: Vec::new(),
    };
    match exchange.status {
        200..300 => verdict.success(),
        300..400 => verdict.breach(NO_REDIRECTS, "is a redirect"),
        _ => verdict.error(),
    }
    if !(300..400).contains(&exchange.status) {
        verdict.content_type();
        verdict.no_store();
    }
    verdict.correlation();
    verdict.retry_after();
    verdict.breaches
}

struct Judge<'a> {
    document: &'a Document,
    exchange: &'a Exchange,
    breaches: Vec<Breach>,
}

impl Judge<'_> {
    fn breach(&mut self, requirement: &'static str, problem: impl Into<String>) {
        self.breaches.push(Breach {
            requirement,
            detail: self.exchange.detail(problem),
        });
    }

    fn success(&mut self) {
        let exchange = self.exchange;
        let operation = exchange.call.operation;
        let Some(response) = self.document.response(operation, exchange.status) else {
            let problem = format!("{} is not documented for {operation}", exchange.status);
            return self.breach(SUCCESS_SCHEMA, problem);
        };
        let Some(body) = &exchange.json else {
            return self.breach(SUCCESS_SCHEMA, "the body is not JSON");
        };
        for violation in self.document.violations(response, body) {
            let problem = format!("{} {}", violation.path, violation.rule);
            self.breach(SUCCESS_SCHEMA, problem);
        }
    }

    fn error(&mut self) {
        let exchange = self.exchange;
        let operation = exchange.call.operation;
        let Some(response) = self.document.response(operation, exchange.status) else {
            let problem = format!("{} is not documented for {operation}", exchange.status);
            return self.breach(ERROR_BODY, problem);
        };
        let Some(body) = &exchange.json else {
            return self.breach(ERROR_BODY, "the body is not JSON");
        };
        for violation in self.document.violations(response, body) {
            let problem = format!("{} {}", violation.path, violation.rule);
            self.breach(ERROR_BODY, problem);
        }
        if let Some(code) = exchange.error_code()
            && !response.codes.iter().any(|known| known == code)
        {
            let problem = format!("{code} is not documented for this status of {operation}");
            self.breach(ERROR_BODY, problem);
        }
    }

    fn content_type(&mut self) {
        let value = self.exchange.header("content-type").unwrap_or_default();
        let lower = value.to_ascii_lowercase();
        let mut parts = lower.split(';').map(str::trim);
        let json = parts.next() == Some("application/json");
        let utf8 = parts.all(|part| part == "charset=utf-8" || part == "charset=\"utf-8\"");
        if !json || !utf8 {
            let shown = crate::call::printable(value, SHOWN_HEADER);
            let problem = format!("Content-Type is {shown:?}, not application/json in UTF-8");
            self.breach(HEADERS, problem);
        }
        if std::str::from_utf8(&self.exchange.body).is_err() {
            self.breach(HEADERS, "the body is not UTF-8");
        }
    }

    /// `core-bank` asks it of answers about customers, `sign-in` of every response.
    fn no_store(&mut self) {
        let exchange = self.exchange;
        let asked = match exchange.call.contract {
            Contract::CoreBank => {
                exchange.call.operation != "getCapabilities" && exchange.status < 300
            }
            Contract::SignIn => true,
        };
        let values = exchange.headers.get_all("cache-control");
        let told = values.iter().filter_map(|value| value.to_str().ok());
        let mut directives = told.flat_map(|value| value.split(',')).map(str::trim);
        if asked && !directives.any(|it| it.eq_ignore_ascii_case("no-store")) {
            self.breach(HEADERS, "there is no Cache-Control: no-store");
        }
    }

    fn correlation(&mut self) {
        let call = &self.exchange.call;
        let Some(sent) = call
            .request_id()
            .filter(|id| uuid::Uuid::parse_str(id).is_ok())
        else {
            return;
        };
        let came = self.exchange.header(REQUEST_ID).unwrap_or_default();
        if came.is_empty() {
            self.breach(CORRELATION, "there is no x-request-id");
        } else if !came.eq_ignore_ascii_case(sent) {
            self.breach(CORRELATION, "x-request-id is not the one that was sent");
        }
    }

    fn retry_after(&mut self) {
        if !matches!(self.exchange.status, 429 | 503) {
            return;
        }
        let value = self.exchange.header("retry-after").unwrap_or_default();
        let seconds = value.parse::<u32>().ok();
        if !seconds.is_some_and(|seconds| RETRY_AFTER_RANGE.contains(&seconds)) {
            self.breach(
                LIMITS_TOLD,
                "Retry-After is not a number of seconds from 1 to 86400",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chrono::Utc;
    use http::{HeaderMap, HeaderValue};

    use super::*;
    use crate::call::Call;

    const CORE: &str = include_str!("../../../generated/core_bank/openapi.json");
    const RIGHT: &str = r#"{"sub": "CIF-1", "id_type": "nric", "id_number": "900101-14-5566"}"#;
    const GONE: &str = r#"{"error": "customer_unknown"}"#;

    fn exchange(status: u16, body: &[u8]) -> Exchange {
        let call = Call::customer("CIF-1");
        let document = Document::parse("core-bank", CORE).unwrap();
        let json: Option<serde_json::Value> = serde_json::from_slice(body).ok();
        let code = json.as_ref().and_then(|it| it["error"].as_str());
        let code = code
            .filter(|code| document.knows_code(code))
            .map(str::to_owned);
        let mut headers = HeaderMap::new();
        headers.insert(
            "content-type",
            HeaderValue::from_static("application/json; charset=UTF-8"),
        );
        headers.insert(
            "cache-control",
            HeaderValue::from_static("private, no-store"),
        );
        let id = HeaderValue::from_str(call.request_id().unwrap()).unwrap();
        headers.insert(REQUEST_ID, id);
        Exchange {
            call,
            sent_at: Utc::now(),
            elapsed: Duration::ZERO,
            status,
            headers,
            body: bytes::Bytes::copy_from_slice(body),
            json,
            code,
        }
    }

    fn breached(exchange: &Exchange) -> Vec<&'static str> {
        let document = Document::parse("core-bank", CORE).unwrap();
        let found = judge(&document, exchange);
        found.into_iter().map(|breach| breach.requirement).collect()
    }

    #[test]
    fn right_answers_breach_nothing() {
        assert!(breached(&exchange(200, RIGHT.as_bytes())).is_empty());
        assert!(breached(&exchange(404, GONE.as_bytes())).is_empty());
    }

    #[test]
    fn bodies_are_judged_by_the_document() {
        assert_eq!(breached(&exchange(200, b"{}")), [SUCCESS_SCHEMA; 2]);
        assert_eq!(breached(&exchange(200, b"rubbish")), [SUCCESS_SCHEMA]);
        assert_eq!(breached(&exchange(201, RIGHT.as_bytes())), [SUCCESS_SCHEMA]);
        assert_eq!(breached(&exchange(404, b"<html>")), [ERROR_BODY]);
        assert_eq!(breached(&exchange(418, GONE.as_bytes())), [ERROR_BODY]);
        // A code of the contract, with the status of another.
        assert_eq!(breached(&exchange(400, GONE.as_bytes())), [ERROR_BODY]);
        assert_eq!(
            breached(&exchange(404, br#"{"error": "no_such"}"#)),
            [ERROR_BODY]
        );
        assert_eq!(breached(&exchange(302, b"")), [NO_REDIRECTS]);
    }

    #[test]
    fn headers_are_judged() {
        let with = |name: &'static str, value: Option<&'static str>| {
            let mut exchange = exchange(200, RIGHT.as_bytes());
            match value {
                Some(value) => {
                    exchange
                        .headers
                        .insert(name, HeaderValue::from_static(value));
                }
                None => {
                    exchange.headers.remove(name);
                }
            }
            breached(&exchange)
        };
        assert_eq!(with("content-type", Some("text/html")), [HEADERS]);
        assert_eq!(
            with("content-type", Some("application/json; charset=latin1")),
            [HEADERS]
        );
        assert!(with("content-type", Some("application/json")).is_empty());
        assert_eq!(with("cache-control", None), [HEADERS]);
        assert_eq!(with("cache-control", Some("no-cache")), [HEADERS]);
        assert_eq!(with(REQUEST_ID, None), [CORRELATION]);
        let other = "0b6ad7d2-6f0c-4f43-9c0e-3a4f9f2f1180";
        assert_eq!(with(REQUEST_ID, Some(other)), [CORRELATION]);
    }

    #[test]
    fn limits_must_say_when_to_come_back() {
        let busy = br#"{"error": "temporarily_unavailable"}"#;
        for (value, met) in [("1", true), ("86400", true), ("0", false), ("soon", false)] {
            let mut exchange = exchange(503, busy);
            exchange
                .headers
                .insert("retry-after", HeaderValue::from_static(value));
            assert_eq!(breached(&exchange).is_empty(), met, "{value}");
        }
        assert_eq!(breached(&exchange(429, busy)), [LIMITS_TOLD]);
    }

    #[test]
    fn what_a_proxy_may_have_answered_is_judged_by_its_status_alone() {
        let mut exchange = exchange(400, b"<html>");
        exchange.call.scope = Scope::Status;
        assert!(breached(&exchange).is_empty());
    }
}
