//! What checks stand on: the provider under test, a customer or two, and the consents they need, prepared once where checks only read.

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::{Mutex, OnceCell};
use uuid::Uuid;

use super::{
    finding::{Finding, Outcome},
    staged::{Authorized, Choosing, Revoked},
};
use crate::{
    customer::Customer,
    keys::key_id,
    options::Consumer,
    platform::{
        consent::{Consent, ConsentStatus},
        consents::NewConsent,
    },
    scenario::{ConsentSnapshot, ScenarioError},
    simulator::Simulator,
};

/// Purposes of the consents that checks share and of those they stage for themselves. They differ, because PayNet ends a consent when the
/// customer approves another for the same consumer and purpose.
pub(super) const FOR_ALL: &str = "pfm";
pub(super) const FOR_ONE: &str = "credit_underwriting";

/// How a customer signs in.
#[derive(Clone, Debug)]
pub struct Credentials {
    pub username: String,
    pub password: String,
    /// Of the second factor, in Base32.
    pub secret: String,
}

/// A registered provider and everything to check it with.
#[derive(Debug)]
pub struct Bench<'a> {
    pub(super) simulator: &'a Simulator,
    pub(super) dp_id: String,
    /// Base URL of its mutual TLS listener.
    pub(super) webhooks_url: String,
    /// Base URL of its customers' listener.
    pub(super) pages_url: String,
    pub(super) customer: Credentials,
    pub(super) other_customer: Option<Credentials>,
    person: Customer,
    /// None until it is needed.
    pub(super) shared: Mutex<Option<Result<Arc<Authorized>, String>>>,
    pub(super) narrow: OnceCell<Result<Authorized, String>>,
    pub(super) revoked: OnceCell<Result<Revoked, String>>,
    pub(super) choosing: OnceCell<Result<Choosing, String>>,
}

impl<'a> Bench<'a> {
    /// The provider must be registered with the simulator, and the customer must have an account that can be shared and read.
    pub fn new(
        simulator: &'a Simulator,
        dp_id: &str,
        customer: Credentials,
    ) -> Result<Self, ScenarioError> {
        let provider = simulator.platform.registered(dp_id)?;
        let person = Customer::new(&simulator.pki)
            .map_err(|error| ScenarioError::Platform(error.to_string()))?;
        Ok(Self {
            simulator,
            dp_id: provider.dp_id,
            webhooks_url: provider.webhooks_url,
            pages_url: provider.pages_url,
            customer,
            other_customer: None,
            person,
            shared: Mutex::default(),
            narrow: OnceCell::new(),
            revoked: OnceCell::new(),
            choosing: OnceCell::new(),
        })
    }

    /// Another customer with an account that can be shared; some checks need one.
    #[must_use]
    pub fn with_other_customer(mut self, customer: Credentials) -> Self {
        self.other_customer = Some(customer);
        self
    }

    /// As [`Customer::with_clock`].
    #[must_use]
    pub fn with_clock(mut self, now: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        self.person = self.person.with_clock(now);
        self
    }

    /// The consumer whose consents are checked.
    pub(super) fn consumer(&self) -> Outcome<&Consumer> {
        let first = self.simulator.consumers.first();
        first.ok_or_else(|| Finding::NotApplicable("a Data Consumer is needed".to_owned()))
    }

    pub(super) fn other_consumer(&self) -> Outcome<&Consumer> {
        let second = self.simulator.consumers.get(1);
        second.ok_or_else(|| Finding::NotApplicable("a second Data Consumer is needed".to_owned()))
    }

    pub(super) fn other_customer(&self) -> Outcome<&Credentials> {
        let other = self.other_customer.as_ref();
        other.ok_or_else(|| Finding::NotApplicable("a second customer is needed".to_owned()))
    }

    /// The kid of a key in the PKI.
    pub(super) fn key_id(&self, name: &str) -> Outcome<String> {
        let certificate = self.simulator.pki.certificate(name)?;
        Ok(key_id(&certificate)?.to_string())
    }

    /// A fresh browser.
    pub(super) fn browser(&self) -> Outcome<Customer> {
        let browser = self.person.at_another_device(&self.simulator.pki)?;
        Ok(browser.counted_in(&self.simulator.traffic))
    }

    pub(super) fn consent(&self, consent_id: &str) -> Outcome<ConsentSnapshot> {
        let known = self.simulator.consent(consent_id);
        Ok(known.ok_or_else(|| ScenarioError::UnknownConsent(consent_id.to_owned()))?)
    }

    /// A consent nobody has decided on, known to the provider.
    pub(super) async fn awaiting(&self) -> Outcome<Consent> {
        self.awaiting_with(self.new_consent(FOR_ONE)?).await
    }

    /// The same for a Data Consumer of its own, which publishes this document in the place of a key set. Answers the consumer's id, too.
    pub(super) async fn awaiting_of_publisher(&self, document: Value) -> Outcome<Consent> {
        let dc_id = Uuid::new_v4().to_string();
        self.simulator
            .register_consumer_publishing(&dc_id, document)?;
        let new = NewConsent::new(dc_id, &self.dp_id);
        self.awaiting_with(new.purpose(FOR_ONE)).await
    }

    /// A browser at the provider's first screen for a new consent; with the consent's id.
    pub(super) async fn at_the_door(&self) -> Outcome<(Customer, String)> {
        let consent = self.awaiting().await?;
        let mut browser = self.browser()?;
        browser
            .opens(&self.link(&consent.consent_id).await?)
            .await?;
        Ok((browser, consent.consent_id))
    }

    /// PayNet's link to the provider.
    pub(super) async fn link(&self, consent_id: &str) -> Outcome<String> {
        Ok(self.simulator.authorize_url(consent_id).await?)
    }

    /// Nobody has decided, and PayNet was told nothing.
    pub(super) fn still_awaits(&self, consent_id: &str) -> Outcome {
        let consent = self.consent(consent_id)?;
        ensure!(
            consent.status() == ConsentStatus::AwaitingAuthorization && consent.updates.is_empty(),
            "the consent is {} and PayNet received {:?}",
            consent.status(),
            consent.updates
        );
        Ok(())
    }

    pub(super) fn new_consent(&self, purpose: &str) -> Outcome<NewConsent> {
        let new = NewConsent::new(&self.consumer()?.dc_id, &self.dp_id);
        Ok(new.purpose(purpose))
    }

    pub(super) async fn awaiting_with(&self, new: NewConsent) -> Outcome<Consent> {
        Ok(self.simulator.create_consent(new).await?)
    }
}

/// A fresh interaction id.
pub(super) fn fresh_id() -> String {
    Uuid::new_v4().to_string()
}
