//! Pages without memory: a cursor names the last transaction given and is bound to its question by a MAC.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::bank::types::{Cursor, Transaction, TransactionPage};
use crate::bank::{BankError, Period};
use crate::ids::{AccountReference, CustomerId};

const TAG_LENGTH: usize = 32;

/// What a cursor belongs to. The size of a page may change on the way.
pub struct Question<'a> {
    pub customer: &'a CustomerId,
    pub account: &'a AccountReference,
    pub period: Period,
}

pub struct Cursors(hmac::Key);

impl Cursors {
    pub fn sealed_with(key: &str) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()))
    }

    /// The page behind `cursor`, or the first one. `all` is newest first.
    pub fn page(
        &self,
        question: &Question<'_>,
        all: Vec<Transaction>,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<TransactionPage, BankError> {
        let start = match cursor {
            None => 0,
            Some(cursor) => {
                let last = self
                    .open(question, cursor)
                    .ok_or(BankError::InvalidCursor)?;
                let at = all.iter().position(|one| one.id == last);
                at.ok_or(BankError::InvalidCursor)? + 1
            }
        };
        let is_more = all.len() > start + limit;
        let transactions: Vec<_> = all.into_iter().skip(start).take(limit).collect();
        let last = transactions.last().filter(|_| is_more);
        Ok(TransactionPage {
            next_cursor: last.map(|last| self.seal(question, &last.id)),
            transactions,
        })
    }

    fn seal(&self, question: &Question<'_>, last: &str) -> Cursor {
        let tag = hmac::sign(&self.0, &message(question, last));
        URL_SAFE_NO_PAD.encode([tag.as_ref(), last.as_bytes()].concat())
    }

    fn open(&self, question: &Question<'_>, cursor: &str) -> Option<String> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (tag, last) = bytes.split_at_checked(TAG_LENGTH)?;
        let last = String::from_utf8(last.to_vec()).ok()?;
        hmac::verify(&self.0, &message(question, &last), tag).ok()?;
        Some(last)
    }
}

fn message(question: &Question<'_>, last: &str) -> Vec<u8> {
    let Period { from, to } = question.period;
    let Question {
        customer, account, ..
    } = question;
    format!("{customer}\n{account}\n{from}\n{to}\n{last}").into_bytes()
}
