//! The demo bank's half of a sign-in on our own pages: phrase, password, and a code from an authenticator.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use subtle::ConstantTimeEq;

use super::{DemoBank, DemoCustomer, TOTP_SECRET_VARIABLE};
use crate::bank::BankError;
use crate::clock::malaysian;
use crate::generated::sign_in::server::{
    CheckPasswordParams, CheckSecondFactorParams, GetCapabilitiesParams, LookUpPhraseParams, SignIn,
};
use crate::generated::sign_in::types::{
    Capabilities, CodeMethod, OpenSignIn, PasswordCheck, PasswordOutcome, PasswordResult, Phrase,
    PhraseQuery, SecondFactorCheck, SecondFactorMethod, SecondFactorOutcome, SecondFactorResult,
    SignedIn,
};
use crate::ids::CustomerId;
use crate::secret::random_token;

const SIGN_IN_LIFE: TimeDelta = TimeDelta::minutes(10);
/// A code is accepted in its own half minute and in those beside it.
const CODE_LIFE: TimeDelta = TimeDelta::seconds(90);

/// The second factor: codes from an authenticator, each of them once, and the sign-ins that wait for one.
pub struct SecondFactors {
    totp: totp_rs::TOTP,
    /// From the secret of the codes, so that a restart and another replica know the sign-ins of this one.
    key: hmac::Key,
    /// With the moment from which a code is of no use to anybody.
    used: Mutex<HashMap<(CustomerId, String), DateTime<Utc>>>,
}

impl SecondFactors {
    pub fn with_secret(secret: &str) -> Result<Self, BankError> {
        let bad =
            |problem: String| BankError::unavailable(format!("{TOTP_SECRET_VARIABLE}: {problem}"));
        let bytes = totp_rs::Secret::Encoded(secret.to_owned())
            .to_bytes()
            .map_err(|problem| bad(problem.to_string()))?;
        let secret = hmac::Key::new(hmac::HMAC_SHA256, &bytes);
        let derived = hmac::sign(&secret, b"sign-ins of the demo bank");
        // Unchecked, because the customary demo secret is shorter than RFC 4226 asks of real ones.
        let totp = totp_rs::TOTP::new_unchecked(totp_rs::Algorithm::SHA1, 6, 1, 30, bytes);
        Ok(Self {
            totp,
            key: hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref()),
            used: Mutex::default(),
        })
    }

    /// A sign-in without memory: its end, a random value, and a MAC over both and the customer, who cannot be told from it.
    fn open(&self, customer: &CustomerId, ends: i64) -> Result<String, BankError> {
        let nonce = random_token().map_err(|error| BankError::unavailable(error.to_string()))?;
        let tag = hmac::sign(&self.key, &message(customer, ends, nonce.expose()));
        Ok(format!(
            "s.{ends}.{}.{}",
            nonce.expose(),
            URL_SAFE_NO_PAD.encode(tag)
        ))
    }

    /// Whether the sign-in is this customer's, and still open.
    fn is_open(&self, sign_in_id: &str, customer: &CustomerId, now: i64) -> bool {
        let parts: Vec<_> = sign_in_id.split('.').collect();
        let ["s", ends, nonce, tag] = parts.as_slice() else {
            return false;
        };
        let (Ok(ends), Ok(tag)) = (ends.parse(), URL_SAFE_NO_PAD.decode(tag)) else {
            return false;
        };
        let genuine = hmac::verify(&self.key, &message(customer, ends, nonce), &tag);
        genuine.is_ok() && now < ends
    }

    fn accepts(&self, customer: &CustomerId, code: &str, now: DateTime<Utc>) -> bool {
        if !self.totp.check(code, seconds(now)) {
            return false;
        }
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.retain(|_, until| *until > now);
        let code = (customer.clone(), code.to_owned());
        used.insert(code, now + CODE_LIFE).is_none()
    }
}

fn message(customer: &CustomerId, ends: i64, nonce: &str) -> Vec<u8> {
    format!("{customer}\n{ends}\n{nonce}").into_bytes()
}

fn seconds(now: DateTime<Utc>) -> u64 {
    u64::try_from(now.timestamp()).unwrap_or_default()
}

/// Names that were tried too often, known or not, so that a lock tells nothing.
#[derive(Default)]
pub(super) struct Locks(Mutex<HashMap<String, Failures>>);

struct Failures {
    count: u32,
    last: DateTime<Utc>,
}

impl Locks {
    /// More than Izin itself lets through, so that Izin's own lock is the one that customers of the demo meet.
    const LIMIT: u32 = 10;
    const LOCK: TimeDelta = TimeDelta::minutes(15);

    fn seconds_left(&self, username: &str, now: DateTime<Utc>) -> Option<i32> {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        names.retain(|_, failures| failures.last + Self::LOCK > now);
        let failures = names.get(&username.to_lowercase())?;
        let left = (failures.last + Self::LOCK - now).num_seconds().max(1);
        (failures.count >= Self::LIMIT).then_some(i32::try_from(left).unwrap_or(i32::MAX))
    }

    fn note(&self, username: &str, was_right: bool, now: DateTime<Utc>) {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let name = username.to_lowercase();
        if was_right {
            names.remove(&name);
            return;
        }
        let failures = names.entry(name).or_insert(Failures {
            count: 0,
            last: now,
        });
        failures.count += 1;
        failures.last = now;
    }
}

impl DemoBank {
    #[cfg(feature = "lab")]
    /// The second-factor code of this moment, for the demo's start page.
    pub fn current_code(&self) -> String {
        let totp = &self.second_factors.totp;
        totp.generate(seconds(self.clock.now()))
    }

    fn named(&self, username: &str) -> Option<&DemoCustomer> {
        let mut customers = self.customers.iter();
        customers.find(|customer| customer.username == username)
    }
}

impl SignIn for DemoBank {
    async fn get_capabilities(
        &self,
        _params: GetCapabilitiesParams,
    ) -> Result<Capabilities, BankError> {
        let operations = ["lookUpPhrase", "checkPassword", "checkSecondFactor"];
        Ok(Capabilities {
            contract_version: "1.0".to_owned(),
            implementation: Some(concat!("izin demo bank ", env!("CARGO_PKG_VERSION")).to_owned()),
            operations: operations.map(str::to_owned).to_vec(),
            methods: vec![SecondFactorMethod::Totp],
        })
    }

    async fn look_up_phrase(
        &self,
        _params: LookUpPhraseParams,
        body: PhraseQuery,
    ) -> Result<Phrase, BankError> {
        let known = self.named(&body.username);
        let customer = known.ok_or(BankError::UsernameUnknown)?;
        Ok(Phrase {
            phrase: customer.phrase.clone(),
        })
    }

    async fn check_password(
        &self,
        _params: CheckPasswordParams,
        body: PasswordCheck,
    ) -> Result<PasswordOutcome, BankError> {
        let now = self.clock.now();
        if let Some(seconds) = self.locks.seconds_left(&body.username, now) {
            return Ok(PasswordOutcome {
                outcome: PasswordResult::Locked,
                sign_in: None,
                retry_after_seconds: Some(seconds),
            });
        }
        let known = self.named(&body.username);
        let expected = known.map_or("", |customer| customer.password.as_str());
        let equal: bool = expected
            .as_bytes()
            .ct_eq(body.password.expose().as_bytes())
            .into();
        let sign_in = match known {
            Some(customer) if equal => {
                let ends = self.clock.now() + SIGN_IN_LIFE;
                Some(OpenSignIn {
                    sign_in_id: self.second_factors.open(&customer.id, ends.timestamp())?,
                    customer_id: customer.id.clone(),
                    expires_at: malaysian(ends),
                    methods: vec![SecondFactorMethod::Totp],
                })
            }
            _ => None,
        };
        self.locks.note(&body.username, sign_in.is_some(), now);
        let outcome = match sign_in {
            Some(_) => PasswordResult::Right,
            None => PasswordResult::Wrong,
        };
        Ok(PasswordOutcome {
            outcome,
            sign_in,
            retry_after_seconds: None,
        })
    }

    async fn check_second_factor(
        &self,
        _params: CheckSecondFactorParams,
        body: SecondFactorCheck,
    ) -> Result<SecondFactorOutcome, BankError> {
        let (now, factors) = (self.clock.now(), &self.second_factors);
        let mut customers = self.customers.iter();
        let customer = customers
            .find(|customer| factors.is_open(&body.sign_in_id, &customer.id, now.timestamp()))
            .ok_or(BankError::SignInUnknown)?;
        if body.method != CodeMethod::Totp {
            return Err(BankError::MethodUnavailable);
        }
        if body.challenge_id.is_some() {
            let problem = "challenge_id goes with sent_code, and only with it";
            return Err(BankError::InvalidRequest(problem.to_owned()));
        }
        let is_right = factors.accepts(&customer.id, body.code.expose(), now);
        let signed_in = is_right.then(|| SignedIn {
            customer_id: customer.id.clone(),
            acr: "urn:izin:acr:two-factor".to_owned(),
            amr: vec!["pwd".to_owned(), "otp".to_owned()],
            at: malaysian(now),
        });
        Ok(SecondFactorOutcome {
            outcome: if is_right {
                SecondFactorResult::Right
            } else {
                SecondFactorResult::Wrong
            },
            signed_in,
            retry_after_seconds: None,
        })
    }
}

#[cfg(test)]
mod tests;
