//! The sign-in on our own pages: what the bank checks, throttled.
//!
//! Failures are counted per user name, known or not, in the database, so that the lock holds on every replica and says nothing
//! about which names exist. What the bank counts and locks by itself stays in force.

use chrono::{DateTime, TimeDelta, Utc};

use super::decoy::Decoys;
use super::rules::{CheckedCode, CheckedPassword};
use super::types::RetryAfterSeconds;
use super::{
    Attempt, Challenge, Checks, CodeOrder, OpenSignIn, SecondFactor, SignInError, SignedIn, Visitor,
};
use crate::bank::BankError;
use crate::clock::SharedClock;
use crate::config;
use crate::ids::CustomerId;
use crate::secret::{Secret, fingerprint, random_token};
use crate::store::{At, Store};

/// Longer than a code from an authenticator is accepted.
const LIFE_OF_A_CODE: TimeDelta = TimeDelta::minutes(3);

/// Password and second factor, throttled.
pub struct PasswordSignIn {
    bank: Checks,
    store: Store,
    clock: SharedClock,
    attempts: i32,
    lock: TimeDelta,
    decoys: Decoys,
}

impl PasswordSignIn {
    pub async fn new(
        bank: Checks,
        store: Store,
        clock: SharedClock,
        config: &config::SignIn,
    ) -> Result<Self, SignInError> {
        let fresh = random_token()?;
        let key = store.installation_secret("decoy phrases", fresh.expose());
        let key = Secret::from(key.await?);
        Ok(Self {
            bank,
            store,
            clock,
            attempts: config.attempts,
            lock: TimeDelta::minutes(config.lock_minutes),
            decoys: Decoys::keyed(key.expose()),
        })
    }

    /// The phrase to show for this name; an invented one if the bank has none.
    pub async fn phrase(&self, visitor: &Visitor, username: &str) -> Result<String, SignInError> {
        match self.bank.phrase(visitor, username).await {
            Err(BankError::UsernameUnknown | BankError::Unsupported(_)) => {
                Ok(self.decoys.phrase(username))
            }
            known => Ok(known?),
        }
    }

    /// Passes, fails or is locked.
    pub async fn password(
        &self,
        visitor: &Visitor,
        username: &str,
        password: Secret,
    ) -> Result<Attempt<OpenSignIn>, SignInError> {
        // One budget for all spellings of a name.
        let subject = format!("password:{}", username.to_lowercase());
        if !self.may_try(&subject).await? {
            return Ok(self.locked(None));
        }
        match self.bank.password(visitor, username, password).await {
            Ok(CheckedPassword::Right(open)) => {
                self.store.forget_failures(&subject).await?;
                Ok(Attempt::Passed(open))
            }
            Ok(CheckedPassword::Wrong) => self.failed(&subject).await,
            Ok(CheckedPassword::Locked(seconds)) => Ok(self.locked(seconds)),
            Err(error) => {
                self.store.take_back_failure(&subject).await?;
                Err(error.into())
            }
        }
    }

    /// Has the code of this order sent. Passes, or is locked, gone or not offered. `consumer` is who asks for the data.
    pub async fn send_code(
        &self,
        visitor: &Visitor,
        open: &OpenSignIn,
        order: &CodeOrder,
        consumer: &str,
    ) -> Result<Attempt<Challenge>, SignInError> {
        let subject = sent_codes(&open.customer);
        // An order counts once, however often the page is asked for until its code is sent.
        let key = order.key.to_string();
        if !self.was_seen(&subject, &key).await? {
            if !self.may_try(&subject).await? {
                return Ok(self.locked(None));
            }
            let until = At(self.clock.now() + self.lock);
            self.store.first_use(&subject, &key, until).await?;
        }
        let refused = match self.bank.start(visitor, open, order, consumer).await {
            Ok(challenge) => return Ok(Attempt::Passed(challenge)),
            Err(BankError::SignInUnknown) => Ok(Attempt::Gone),
            Err(BankError::MethodUnavailable | BankError::Unsupported(_)) => {
                Ok(Attempt::NotOffered)
            }
            // A code may have been sent all the same.
            Err(error) => return Err(error.into()),
        };
        self.store.take_back_failure(&subject).await?;
        refused
    }

    /// For how many minutes no further code is sent, if so.
    pub async fn no_more_codes(&self, customer: &CustomerId) -> Result<Option<u32>, SignInError> {
        let now = At(self.clock.now());
        let sent = self.store.failures(&sent_codes(customer), now).await?;
        let minutes = u32::try_from(self.lock.num_minutes()).unwrap_or(u32::MAX);
        Ok((sent >= self.attempts).then_some(minutes))
    }

    /// What the customer typed as the second factor.
    pub async fn code(
        &self,
        visitor: &Visitor,
        open: &OpenSignIn,
        factor: &SecondFactor,
        code: &Secret,
    ) -> Result<Attempt<SignedIn>, SignInError> {
        let subject = format!("otp:{}", open.customer);
        if !self.may_try(&subject).await? {
            return Ok(self.locked(None));
        }
        // Whatever is neither right nor wrong is not the customer's failure.
        let excused = match self.bank.code(visitor, open, factor, code).await {
            Ok(CheckedCode::Right(signed_in)) => {
                if self.first_use(open, factor, code).await? {
                    self.store.forget_failures(&subject).await?;
                    let sent = sent_codes(&open.customer);
                    self.store.forget_failures(&sent).await?;
                    return Ok(Attempt::Passed(signed_in));
                }
                Ok(Attempt::Spent)
            }
            // The bank says so of a used code too; the customer is told which it is.
            Ok(CheckedCode::Wrong) => {
                if !self.was_used(&open.customer, code).await? {
                    return self.failed(&subject).await;
                }
                Ok(Attempt::Spent)
            }
            Ok(CheckedCode::Locked(seconds)) => return Ok(self.locked(seconds)),
            Ok(CheckedCode::Expired) => Ok(Attempt::Expired),
            Err(BankError::ChallengeUnknown) if factor.challenge().is_some() => {
                Ok(Attempt::Expired)
            }
            Err(BankError::SignInUnknown) => Ok(Attempt::Gone),
            Err(BankError::MethodUnavailable) => Ok(Attempt::NotOffered),
            Err(error) => Err(error.into()),
        };
        self.store.take_back_failure(&subject).await?;
        excused
    }

    /// A code works once (RFC 6238 §5.2), also when somebody looks over the customer's shoulder.
    async fn first_use(
        &self,
        open: &OpenSignIn,
        factor: &SecondFactor,
        code: &Secret,
    ) -> Result<bool, SignInError> {
        let ends = factor.challenge().map(|challenge| challenge.expires_at);
        let at_least = self.clock.now() + LIFE_OF_A_CODE;
        let until = ends.map_or(at_least, |ends: DateTime<Utc>| ends.max(at_least));
        let issuer = used_codes(&open.customer);
        let code = fingerprint(code);
        Ok(self.store.first_use(&issuer, &code, At(until)).await?)
    }

    async fn was_used(&self, customer: &CustomerId, code: &Secret) -> Result<bool, SignInError> {
        self.was_seen(&used_codes(customer), &fingerprint(code))
            .await
    }

    async fn was_seen(&self, kind: &str, value: &str) -> Result<bool, SignInError> {
        let now = At(self.clock.now());
        Ok(self.store.was_used(kind, value, now).await?)
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
            self.locked(None)
        } else {
            Attempt::Failed
        })
    }

    /// For as long as the bank says, or else as our own locks last.
    fn locked<T>(&self, seconds: Option<RetryAfterSeconds>) -> Attempt<T> {
        let minutes = match seconds {
            Some(seconds) => i64::from(seconds.saturating_add(59) / 60),
            None => self.lock.num_minutes(),
        };
        let minutes = u32::try_from(minutes).unwrap_or(u32::MAX);
        Attempt::Locked { minutes }
    }
}

/// Under which name used codes are remembered.
fn used_codes(customer: &CustomerId) -> String {
    format!("otp:{customer}")
}

/// Whoever knows a password must not flood the customer with messages.
fn sent_codes(customer: &CustomerId) -> String {
    format!("sent:{customer}")
}
