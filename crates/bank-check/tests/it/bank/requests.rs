//! What the bank demands of a request before it looks at what is asked.

use serde_json::Value;
use uuid::Uuid;

use super::{Answer, Bank, Quirk, Seen};

const MOST_BODY: usize = 64 * 1024;

pub fn invalid() -> Answer {
    Answer::error(400, "invalid_request")
}

/// As the contracts have ids: a letter or digit first.
pub fn is_id(text: &str, least: usize, most: usize) -> bool {
    let first = text
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_alphanumeric());
    first && is_name(text, most) && text.len() >= least
}

pub fn is_name(text: &str, most: usize) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._~:-".contains(&byte);
    (1..=most).contains(&text.len()) && text.bytes().all(allowed)
}

impl Bank {
    pub fn need_uuid(&self, seen: &Seen, name: &str) -> Result<(), Answer> {
        let uuid = seen
            .header(name)
            .is_some_and(|it| it.len() == 36 && Uuid::parse_str(it).is_ok());
        self.need_if_read(uuid)
    }

    pub fn need_header(
        &self,
        seen: &Seen,
        name: &str,
        right: impl Fn(&str) -> bool,
    ) -> Result<(), Answer> {
        self.need_if_read(seen.header(name).is_some_and(right))
    }

    fn need_if_read(&self, right: bool) -> Result<(), Answer> {
        need(right || self.has(Quirk::IgnoresHeaders))
    }
}

pub fn need(right: bool) -> Result<(), Answer> {
    if right { Ok(()) } else { Err(invalid()) }
}

/// A JSON object of this content type and not too large.
pub fn json_body(seen: &Seen, contract: &str) -> Result<Value, Answer> {
    let most = if contract == "core-bank" {
        MOST_BODY
    } else {
        16 * 1024
    };
    if seen.body.len() > most {
        return Err(Answer::error(413, "invalid_request"));
    }
    if seen.header("content-type") != Some("application/json") {
        return Err(Answer::error(415, "invalid_request"));
    }
    seen.json().filter(Value::is_object).ok_or_else(invalid)
}

/// A member that is text and keeps a rule.
pub fn text<'v>(
    body: &'v Value,
    name: &str,
    right: impl Fn(&str) -> bool,
) -> Result<&'v str, Answer> {
    let text = body[name].as_str().filter(|text| right(text));
    text.ok_or_else(invalid)
}
