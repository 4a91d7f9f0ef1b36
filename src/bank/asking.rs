//! The care with which every question to a bank is asked, whichever contract it belongs to: within the time budget, the answer
//! held against the document, and what is wrong with it told to the operator.

use std::time::Duration;

use poem_openapi::types::{ParseError, ParseFromJSON, ToJSON};

use super::BankError;

/// Where a bank's implementation lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Implementation {
    /// In this process. What it answers has been through no reader yet.
    Linked,
    /// Behind the generated client, which has held every answer against the document.
    OverHttp,
}

/// How the questions of one contract are asked.
#[derive(Debug, Clone, Copy)]
pub struct Asking {
    pub implementation: Implementation,
    /// What the bank has for one question, repetitions included.
    pub budget: Duration,
}

impl Asking {
    /// Within the budget; an answer that has not been read from a document is held against it here.
    pub async fn ask<T: ToJSON + ParseFromJSON>(
        &self,
        operation: &'static str,
        question: impl Future<Output = Result<T, BankError>>,
    ) -> Result<T, BankError> {
        let answer = tokio::time::timeout(self.budget, question).await;
        let late = |_| {
            Err(BankError::unavailable(format!(
                "{operation}: no answer in time"
            )))
        };
        let answer = match answer.unwrap_or_else(late) {
            Ok(answer) if self.implementation == Implementation::Linked => as_documented(&answer)
                .map_err(|reason| breach(operation, &super::error::without_values(&reason))),
            other => other,
        };
        // These two do not mend themselves.
        if let Err(error @ (BankError::Refused(_) | BankError::InvalidRequest(_))) = &answer {
            tracing::error!(operation, %error, "the bank does not take our calls");
        }
        answer
    }
}

/// The rule of a contract that an answer breaks, in words without personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken(pub &'static str);

/// For the rules that no schema can say.
pub fn rule(kept: bool, rule: &'static str) -> Result<(), Broken> {
    if kept { Ok(()) } else { Err(Broken(rule)) }
}

/// What the document cannot say of an answer.
pub fn judged<T>(operation: &'static str, answer: Result<T, Broken>) -> Result<T, BankError> {
    answer.map_err(|broken| breach(operation, broken.0))
}

fn as_documented<T: ToJSON + ParseFromJSON>(answer: &T) -> Result<T, String> {
    T::parse_from_json(answer.to_json()).map_err(ParseError::into_message)
}

pub(super) fn breach(operation: &'static str, rule: &str) -> BankError {
    tracing::error!(operation, rule, "the bank's answer breaks the contract");
    BankError::unavailable(format!(
        "{operation}: the answer breaks the contract: {rule}"
    ))
}
