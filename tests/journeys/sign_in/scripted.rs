//! A bank's sign-in that does as it is told, and remembers what it was asked.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard};

use chrono::{TimeDelta, Utc};
use izin::Institution;
use izin::sign_in::types::{
    Capabilities, Challenge, OpenSignIn, PasswordCheck, PasswordOutcome, PasswordResult,
    SecondFactorCheck, SecondFactorMethod, SecondFactorOutcome, SecondFactorResult,
    SecondFactorStart, SignedIn,
};
use izin::sign_in::{
    BankError, CheckPasswordParams, CheckSecondFactorParams, CustomerId, GetCapabilitiesParams,
    SignIn, StartSecondFactorParams,
};
use uuid::Uuid;

pub const ACR: &str = "urn:bank-contoh:acr:strong";

/// Clones share the script.
#[derive(Clone, Default)]
pub struct ScriptedBank(Arc<Mutex<Script>>);

#[derive(Default)]
pub struct Script {
    /// In the bank's order.
    pub methods: Vec<SecondFactorMethod>,
    /// In place of a right password.
    pub password: Option<PasswordOutcome>,
    /// What the next code is answered with, once.
    pub next_code: Option<Result<SecondFactorResult, BankError>>,
    /// Whether codes cannot be sent to this customer.
    pub nothing_to_send_to: bool,
    /// Every order for a code, with its key.
    pub orders: Vec<(Uuid, SecondFactorStart)>,
    /// What the customer's browser calls itself, as the password came with it.
    pub agent: Option<String>,
    used: HashSet<String>,
}

impl ScriptedBank {
    pub fn with(methods: &[SecondFactorMethod]) -> Self {
        let bank = Self::default();
        bank.script().methods = methods.to_vec();
        bank
    }

    pub fn script(&self) -> MutexGuard<'_, Script> {
        self.0.lock().unwrap()
    }

    /// A binary with this bank's sign-in.
    pub fn linked(&self) -> Institution {
        let bank = self.clone();
        Institution::default().sign_in(|_| async { Ok::<_, BankError>(bank) })
    }

    /// The code that was sent last.
    pub fn sent_code(&self) -> String {
        code(self.script().keys().len())
    }
}

impl Script {
    /// Of different orders.
    pub fn keys(&self) -> Vec<Uuid> {
        let mut keys: Vec<_> = self.orders.iter().map(|(key, _)| *key).collect();
        keys.dedup();
        keys
    }
}

fn code(number: usize) -> String {
    format!("1000{number:02}")
}

fn challenge_id(number: usize) -> String {
    format!("challenge-number-{number}")
}

fn customer() -> CustomerId {
    CustomerId::parse("CIF-1001").unwrap()
}

impl SignIn for ScriptedBank {
    async fn get_capabilities(&self, _: GetCapabilitiesParams) -> Result<Capabilities, BankError> {
        Ok(Capabilities {
            contract_version: "1.0".to_owned(),
            implementation: None,
            operations: vec!["checkPassword".to_owned()],
            methods: self.script().methods.clone(),
        })
    }

    async fn check_password(
        &self,
        params: CheckPasswordParams,
        _: PasswordCheck,
    ) -> Result<PasswordOutcome, BankError> {
        let mut script = self.script();
        script.agent = params.x_customer_agent;
        let right = PasswordOutcome {
            outcome: PasswordResult::Right,
            sign_in: Some(OpenSignIn {
                sign_in_id: "sign-in-of-the-scripted-bank".to_owned(),
                customer_id: customer(),
                expires_at: (Utc::now() + TimeDelta::minutes(10)).fixed_offset(),
                methods: script.methods.clone(),
            }),
            retry_after_seconds: None,
        };
        Ok(script.password.clone().unwrap_or(right))
    }

    async fn start_second_factor(
        &self,
        params: StartSecondFactorParams,
        body: SecondFactorStart,
    ) -> Result<Challenge, BankError> {
        let mut script = self.script();
        if script.nothing_to_send_to {
            return Err(BankError::MethodUnavailable);
        }
        script.orders.push((params.idempotency_key, body));
        Ok(Challenge {
            challenge_id: challenge_id(script.keys().len()),
            method: SecondFactorMethod::SentCode,
            sent_to: Some("Nurul's phone".to_owned()),
            match_number: None,
            poll_after_seconds: 5,
            expires_at: (Utc::now() + TimeDelta::minutes(3)).fixed_offset(),
        })
    }

    async fn check_second_factor(
        &self,
        _: CheckSecondFactorParams,
        body: SecondFactorCheck,
    ) -> Result<SecondFactorOutcome, BankError> {
        let mut script = self.script();
        let sent = script.keys().len();
        let expected = match &body.challenge_id {
            Some(challenge) if *challenge != challenge_id(sent) => {
                return Err(BankError::ChallengeUnknown);
            }
            Some(_) => code(sent),
            None => "123456".to_owned(),
        };
        let outcome = match script.next_code.take() {
            Some(told) => told?,
            None if body.code.expose() == expected && script.used.insert(expected) => {
                SecondFactorResult::Right
            }
            None => SecondFactorResult::Wrong,
        };
        let is_right = outcome == SecondFactorResult::Right;
        let signed_in = is_right.then(|| SignedIn {
            customer_id: customer(),
            acr: ACR.to_owned(),
            amr: vec!["pwd".to_owned(), "hwk".to_owned()],
            at: Utc::now().fixed_offset(),
        });
        Ok(SecondFactorOutcome {
            outcome,
            signed_in,
            retry_after_seconds: None,
        })
    }
}
