//! The bank's pages: a cursor says how far the walk is, for one question, and cannot be forged.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::NaiveDate;
use serde_json::{Value, json};

use super::data::Account;
use super::requests::{invalid, need};
use super::{Answer, Bank, Quirk, Seen};

struct Question {
    account: &'static str,
    from: NaiveDate,
    to: NaiveDate,
}

impl Question {
    fn new_cursor(&self, position: usize) -> String {
        self.cursor(position, &uuid::Uuid::new_v4().simple().to_string())
    }

    fn cursor(&self, position: usize, nonce: &str) -> String {
        let text = format!(
            "secret {} {} {} {position} {nonce}",
            self.account, self.from, self.to
        );
        let tag = digest(&SHA256, text.as_bytes());
        let tag = URL_SAFE_NO_PAD.encode(tag);
        format!("{position}.{nonce}.{tag}")
    }
}

fn day(seen: &Seen, name: &str) -> Result<NaiveDate, Answer> {
    let text = seen
        .parameter(name)
        .filter(|text| text.len() == 10)
        .ok_or_else(invalid)?;
    NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| invalid())
}

impl Bank {
    pub fn page(&self, seen: &Seen, account: &'static Account) -> Result<Answer, Answer> {
        let question = Question {
            account: account.reference,
            from: day(seen, "from_date")?,
            to: day(seen, "to_date")?,
        };
        need(question.from <= question.to)?;
        let size = seen.parameter("page_size").ok_or_else(invalid)?;
        need(size.bytes().all(|byte| byte.is_ascii_digit()))?;
        let size: usize = size.parse().map_err(|_| invalid())?;
        need((10..=500).contains(&size))?;
        let begin = match seen.parameter("cursor") {
            None => 0,
            Some(cursor) => self.position(&question, cursor)?,
        };
        let rows: Vec<&Value> = self.rows[account.reference]
            .iter()
            .filter(|(at, _)| {
                let day = if self.has(Quirk::DaysInUtc) {
                    at.to_utc().date_naive()
                } else {
                    at.date_naive()
                };
                (question.from..=question.to).contains(&day)
            })
            .map(|(_, row)| row)
            .collect();
        let size = if self.has(Quirk::OneRowTooMany) {
            size + 1
        } else {
            size
        };
        let end = (begin + size).min(rows.len());
        let mut page = json!({"transactions": rows.get(begin..end).unwrap_or_default()});
        if end < rows.len() {
            page["next_cursor"] = Value::from(question.new_cursor(end));
        }
        Ok(Answer::ok(page))
    }

    fn position(&self, question: &Question, cursor: &str) -> Result<usize, Answer> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._~:=+/-".contains(&byte);
        need(cursor.len() <= 512 && cursor.bytes().all(allowed))?;
        let wrong = || Answer::error(400, "invalid_cursor");
        let mut parts = cursor.split('.');
        let position = parts.next().and_then(|it| it.parse().ok());
        let nonce = parts.next().unwrap_or_default();
        if self.has(Quirk::AnyCursor) {
            return Ok(position.unwrap_or(0));
        }
        let position = position.ok_or_else(wrong)?;
        if question.cursor(position, nonce) != cursor {
            return Err(wrong());
        }
        let fresh = self.memory().cursors_used.insert(cursor.to_owned());
        if !fresh && self.has(Quirk::CursorWorksOnce) {
            return Err(wrong());
        }
        Ok(position)
    }
}
