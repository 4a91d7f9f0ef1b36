//! The rules of `openapi/sign-in-1.yaml` that a schema cannot say, and what an answer that keeps them means.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

use super::types::{
    self, CodeMethod, PasswordOutcome, PasswordResult, RetryAfterSeconds, SecondFactorMethod,
    SecondFactorOutcome, SecondFactorResult,
};
use super::{Challenge, OpenSignIn, SignedIn};
use crate::bank::{Broken, rule};
use crate::ids::CustomerId;

/// How far the bank's clock may be away from ours: the time of the last factor is the moment of the check.
const CLOCK_DIFFERENCE: TimeDelta = TimeDelta::minutes(5);

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckedPassword {
    Right(OpenSignIn),
    Wrong,
    Locked(Option<RetryAfterSeconds>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckedCode {
    Right(SignedIn),
    Wrong,
    Expired,
    Locked(Option<RetryAfterSeconds>),
}

/// What came of a password.
pub fn password(answer: PasswordOutcome, now: DateTime<Utc>) -> Result<CheckedPassword, Broken> {
    let is_locked = answer.outcome == PasswordResult::Locked;
    wait(is_locked, answer.retry_after_seconds)?;
    match (answer.outcome, answer.sign_in) {
        (PasswordResult::Right, Some(sign_in)) => {
            rule(
                sign_in.expires_at > now,
                "expires_at of the sign-in is in the past",
            )?;
            Ok(CheckedPassword::Right(OpenSignIn {
                id: sign_in.sign_in_id,
                customer: sign_in.customer_id,
                methods: sign_in.methods,
            }))
        }
        (PasswordResult::Wrong, None) => Ok(CheckedPassword::Wrong),
        (PasswordResult::Locked, None) => Ok(CheckedPassword::Locked(answer.retry_after_seconds)),
        _ => Err(Broken("sign_in goes with right, and only with it")),
    }
}

/// A code that was sent, if that is what was asked for.
pub fn challenge(answer: types::Challenge, now: DateTime<Utc>) -> Result<Challenge, Broken> {
    rule(
        answer.method == SecondFactorMethod::SentCode,
        "method is another than was asked for",
    )?;
    rule(
        answer.expires_at > now,
        "expires_at of the challenge is in the past",
    )?;
    Ok(Challenge {
        id: answer.challenge_id,
        sent_to: answer.sent_to,
        expires_at: answer.expires_at.to_utc(),
    })
}

/// What came of a code of this customer's.
pub fn code(
    answer: SecondFactorOutcome,
    customer: &CustomerId,
    method: CodeMethod,
    now: DateTime<Utc>,
) -> Result<CheckedCode, Broken> {
    let is_locked = answer.outcome == SecondFactorResult::Locked;
    wait(is_locked, answer.retry_after_seconds)?;
    match (answer.outcome, answer.signed_in) {
        (SecondFactorResult::Right, Some(answer)) => {
            Ok(CheckedCode::Right(signed_in(answer, customer, now)?))
        }
        (SecondFactorResult::Wrong, None) => Ok(CheckedCode::Wrong),
        (SecondFactorResult::Expired, None) => {
            rule(
                method == CodeMethod::SentCode,
                "expired goes with a code that was sent, and only with it",
            )?;
            Ok(CheckedCode::Expired)
        }
        (SecondFactorResult::Locked, None) => Ok(CheckedCode::Locked(answer.retry_after_seconds)),
        _ => Err(Broken("signed_in goes with right, and only with it")),
    }
}

fn wait(is_locked: bool, seconds: Option<RetryAfterSeconds>) -> Result<(), Broken> {
    rule(
        is_locked || seconds.is_none(),
        "retry_after_seconds goes with locked, and only with it",
    )
}

fn signed_in(
    answer: types::SignedIn,
    customer: &CustomerId,
    now: DateTime<Utc>,
) -> Result<SignedIn, Broken> {
    rule(
        answer.customer_id == *customer,
        "customer_id is another than the sign-in's",
    )?;
    let is_password = |method: &String| method == "pwd";
    rule(
        answer.amr.iter().any(is_password) && !answer.amr.iter().all(is_password),
        "amr is not pwd and another factor",
    )?;
    let at = answer.at.to_utc().trunc_subsecs(6);
    rule(
        (at - now).abs() <= CLOCK_DIFFERENCE,
        "at is not the moment of the check",
    )?;
    Ok(SignedIn {
        customer: answer.customer_id,
        acr: answer.acr,
        amr: answer.amr,
        at,
    })
}

#[cfg(test)]
mod tests;
