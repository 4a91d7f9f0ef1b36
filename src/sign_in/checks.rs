//! The questions of `openapi/sign-in-1.yaml` that our pages ask, each within the time budget and with its answer held against the
//! contract.

use std::sync::Arc;
use std::time::Duration;

use super::rules::{self, CheckedCode, CheckedPassword};
use super::{Challenge, CodeOrder, OpenSignIn, SecondFactor, Secret, Visitor, types};
use crate::bank::{Asking, BankError, Implementation, judged};
use crate::clock::SharedClock;
use crate::generated::sign_in::server::{
    CheckPasswordParams, CheckSecondFactorParams, DynSignIn, GetCapabilitiesParams,
    LookUpPhraseParams, StartSecondFactorParams,
};

/// As long as the contract lets the name of a Data Consumer be, in characters.
const LONGEST_NAME: usize = 200;

/// The bank's side of a sign-in. Cheap to clone.
#[derive(Clone)]
pub struct Checks {
    bank: Arc<dyn DynSignIn>,
    clock: SharedClock,
    asking: Asking,
}

impl Checks {
    /// `budget` is what the bank has for one question.
    pub fn new(
        bank: Arc<dyn DynSignIn>,
        clock: SharedClock,
        implementation: Implementation,
        budget: Duration,
    ) -> Self {
        let asking = Asking {
            implementation,
            budget,
        };
        Self {
            bank,
            clock,
            asking,
        }
    }

    /// What the bank offers. Concerns no customer.
    pub async fn capabilities(&self) -> Result<types::Capabilities, BankError> {
        let params = GetCapabilitiesParams {
            x_request_id: uuid::Uuid::new_v4(),
        };
        let capabilities = self.bank.get_capabilities(params);
        self.asking.ask("getCapabilities", capabilities).await
    }

    /// The phrase of this user name.
    pub async fn phrase(&self, visitor: &Visitor, username: &str) -> Result<String, BankError> {
        let params = LookUpPhraseParams {
            x_request_id: visitor.request,
            x_customer_address: None,
            x_customer_agent: visitor.agent.clone(),
        };
        let query = types::PhraseQuery {
            username: username.to_owned(),
        };
        let phrase = self.bank.look_up_phrase(params, query);
        let phrase = self.asking.ask("lookUpPhrase", phrase).await?;
        Ok(phrase.phrase)
    }

    pub async fn password(
        &self,
        visitor: &Visitor,
        username: &str,
        password: Secret,
    ) -> Result<CheckedPassword, BankError> {
        let params = CheckPasswordParams {
            x_request_id: visitor.request,
            x_customer_address: None,
            x_customer_agent: visitor.agent.clone(),
        };
        let check = types::PasswordCheck {
            username: username.to_owned(),
            password,
        };
        let outcome = self.bank.check_password(params, check);
        let outcome = self.asking.ask("checkPassword", outcome).await?;
        judged("checkPassword", rules::password(outcome, self.clock.now()))
    }

    /// Has a code sent. `consumer` is who asks for the data, as the customer is shown it.
    pub async fn start(
        &self,
        visitor: &Visitor,
        open: &OpenSignIn,
        order: &CodeOrder,
        consumer: &str,
    ) -> Result<Challenge, BankError> {
        let params = StartSecondFactorParams {
            x_request_id: visitor.request,
            idempotency_key: order.key,
            x_customer_address: None,
            x_customer_agent: visitor.agent.clone(),
        };
        let start = types::SecondFactorStart {
            sign_in_id: open.id.clone(),
            method: types::StartedMethod::SentCode,
            reason: types::SignInReason::ShareData,
            dc_name: Some(consumer.chars().take(LONGEST_NAME).collect()),
            language: order.language,
        };
        let challenge = self.bank.start_second_factor(params, start);
        let challenge = self.asking.ask("startSecondFactor", challenge).await?;
        let challenge = rules::challenge(challenge, self.clock.now());
        judged("startSecondFactor", challenge)
    }

    pub async fn code(
        &self,
        visitor: &Visitor,
        open: &OpenSignIn,
        factor: &SecondFactor,
        code: &Secret,
    ) -> Result<CheckedCode, BankError> {
        let params = CheckSecondFactorParams {
            x_request_id: visitor.request,
            x_customer_address: None,
            x_customer_agent: visitor.agent.clone(),
        };
        let method = match factor {
            SecondFactor::SentCode { .. } => types::CodeMethod::SentCode,
            SecondFactor::Totp => types::CodeMethod::Totp,
        };
        let check = types::SecondFactorCheck {
            sign_in_id: open.id.clone(),
            method,
            challenge_id: factor.challenge().map(|challenge| challenge.id.clone()),
            code: code.clone(),
        };
        let outcome = self.bank.check_second_factor(params, check);
        let outcome = self.asking.ask("checkSecondFactor", outcome).await?;
        let checked = rules::code(outcome, &open.customer, method, self.clock.now());
        judged("checkSecondFactor", checked)
    }
}
