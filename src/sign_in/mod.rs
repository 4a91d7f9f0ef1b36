//! The sign-in port. However a customer proves who they are, it ends in one type, [`SignedIn`], and nothing
//! later knows how it came about.
//!
//! This release has one kind: our own pages ask for user name, password and second factor, and the bank
//! checks them through [`PasswordCheck`]. Failures are counted per user name, known or not, in the database,
//! so that the lock holds on every replica and says nothing about which names exist.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::clock::SharedClock;
use crate::config;
use crate::ids::CustomerId;
use crate::secret::random_token;
use crate::store::{At, Store, StoreError};

/// A customer who has proved who they are, with how and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedIn {
    pub customer: CustomerId,
    pub acr: String,
    pub amr: Vec<String>,
    pub at: DateTime<Utc>,
}

#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    #[error("the bank's sign-in is not available: {0}")]
    Unavailable(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckedPassword {
    Right(CustomerId),
    Wrong,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecondFactor {
    Right {
        acr: &'static str,
        amr: &'static str,
    },
    Wrong,
}

/// What a bank offers so that our pages may ask for the password.
#[async_trait]
pub trait PasswordCheck: Send + Sync {
    /// The customer's own secure phrase; `None` for an unknown name.
    async fn phrase(&self, username: &str) -> Result<Option<String>, SignInError>;

    async fn check_password(
        &self,
        username: &str,
        password: &str,
    ) -> Result<CheckedPassword, SignInError>;

    async fn check_second_factor(
        &self,
        customer: &CustomerId,
        code: &str,
    ) -> Result<SecondFactor, SignInError>;
}

/// The outcome of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt<T> {
    Passed(T),
    Failed,
    /// Too many failures; further attempts are not even looked at.
    Locked,
    /// Right, but used before: a code works once.
    Spent,
}

/// Password and second factor, throttled.
pub struct PasswordSignIn {
    bank: Arc<dyn PasswordCheck>,
    store: Store,
    clock: SharedClock,
    attempts: i32,
    lock: TimeDelta,
    /// Makes the phrase of an unknown name look like any other, and always the same for the same name: on
    /// every replica, and after a restart.
    decoy_key: String,
}

impl PasswordSignIn {
    pub async fn new(
        bank: Arc<dyn PasswordCheck>,
        store: Store,
        clock: SharedClock,
        config: &config::SignIn,
    ) -> Result<Self, SignInError> {
        let fresh = random_token().map_err(|error| SignInError::Unavailable(error.to_string()))?;
        let decoy_key = store.installation_secret("decoy phrases", &fresh).await?;
        Ok(Self {
            bank,
            store,
            clock,
            attempts: config.attempts,
            lock: TimeDelta::minutes(config.lock_minutes),
            decoy_key,
        })
    }

    /// How long a lock lasts, in minutes.
    pub fn lock_minutes(&self) -> Option<u32> {
        u32::try_from(self.lock.num_minutes()).ok()
    }

    /// The phrase to show for this name; an invented one if the name is unknown.
    pub async fn phrase(&self, username: &str) -> Result<String, SignInError> {
        let known = self.bank.phrase(username).await?;
        Ok(known.unwrap_or_else(|| self.decoy(username)))
    }

    pub async fn password(
        &self,
        username: &str,
        password: &str,
    ) -> Result<Attempt<CustomerId>, SignInError> {
        // One budget for all spellings of a name.
        let subject = format!("password:{}", username.to_lowercase());
        if !self.may_try(&subject).await? {
            return Ok(Attempt::Locked);
        }
        match self.bank.check_password(username, password).await? {
            CheckedPassword::Right(customer) => {
                self.store.forget_failures(&subject).await?;
                Ok(Attempt::Passed(customer))
            }
            CheckedPassword::Wrong => self.failed(&subject).await,
        }
    }

    pub async fn second_factor(
        &self,
        customer: &CustomerId,
        code: &str,
    ) -> Result<Attempt<SignedIn>, SignInError> {
        let subject = format!("otp:{customer}");
        if !self.may_try(&subject).await? {
            return Ok(Attempt::Locked);
        }
        match self.bank.check_second_factor(customer, code).await? {
            SecondFactor::Wrong => self.failed(&subject).await,
            SecondFactor::Right { acr, amr } => {
                let now = self.clock.now();
                if !self.first_use_of_code(customer, code, now).await? {
                    return Ok(Attempt::Spent);
                }
                self.store.forget_failures(&subject).await?;
                Ok(Attempt::Passed(SignedIn {
                    customer: customer.clone(),
                    acr: acr.to_owned(),
                    amr: vec!["pwd".to_owned(), amr.to_owned()],
                    at: now,
                }))
            }
        }
    }

    /// A code works once (RFC 6238 §5.2), also when somebody looks over the customer's shoulder.
    async fn first_use_of_code(
        &self,
        customer: &CustomerId,
        code: &str,
        now: DateTime<Utc>,
    ) -> Result<bool, SignInError> {
        const LONGER_THAN_A_CODE_LIVES: TimeDelta = TimeDelta::minutes(3);
        let until = At(now + LONGER_THAN_A_CODE_LIVES);
        Ok(self
            .store
            .first_use(&format!("otp:{customer}"), code, until)
            .await?)
    }

    /// Counts the attempt before the bank is asked, in one statement: attempts made side by side share the
    /// budget. A lock is not prolonged by trying while it lasts.
    async fn may_try(&self, subject: &str) -> Result<bool, SignInError> {
        let now = self.clock.now();
        if self.store.failures(subject, At(now)).await? >= self.attempts {
            return Ok(false);
        }
        let until = At(now + self.lock);
        let counted = self.store.count_failure(subject, At(now), until).await?;
        Ok(counted <= self.attempts)
    }

    /// The attempt is counted already.
    async fn failed<T>(&self, subject: &str) -> Result<Attempt<T>, SignInError> {
        let failures = self.store.failures(subject, At(self.clock.now())).await?;
        Ok(if failures >= self.attempts {
            Attempt::Locked
        } else {
            Attempt::Failed
        })
    }

    fn decoy(&self, username: &str) -> String {
        const FIRST: [&str; 8] = [
            "two", "seven", "a quiet", "the old", "my first", "nine", "a small", "the last",
        ];
        const SECOND: [&str; 8] = [
            "green", "wooden", "paper", "silver", "sleepy", "morning", "river", "red",
        ];
        const THIRD: [&str; 8] = [
            "kites",
            "lantern",
            "umbrellas",
            "bridge",
            "teapot",
            "sparrows",
            "garden",
            "drums",
        ];
        let key =
            aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, self.decoy_key.as_bytes());
        let tag = aws_lc_rs::hmac::sign(&key, username.as_bytes());
        let pick = |words: [&'static str; 8], at: usize| words[usize::from(tag.as_ref()[at]) % 8];
        format!("{} {} {}", pick(FIRST, 0), pick(SECOND, 1), pick(THIRD, 2))
    }
}

#[cfg(all(test, feature = "embedded"))]
mod tests;
