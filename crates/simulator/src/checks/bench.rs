//! What checks stand on: the provider under test, a customer or two, and the consents they need, prepared once where checks only read.

use std::sync::Arc;

use chrono::Utc;
use tokio::sync::{Mutex, OnceCell};
use uuid::Uuid;

use super::finding::{Finding, Outcome};
use crate::{
    customer::{Customer, Hop, Page},
    keys::key_id,
    options::Consumer,
    platform::{
        consent::{Consent, ConsentStatus},
        consents::NewConsent,
        events::EventType,
    },
    scenario::{ConsentSnapshot, DataCall, ScenarioError},
    simulator::Simulator,
};

/// Purposes of the consents that checks share and of those they stage for themselves. They differ, because PayNet ends a consent when the
/// customer approves another for the same consumer and purpose.
const FOR_ALL: &str = "pfm";
const FOR_ONE: &str = "credit_underwriting";

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
    other_customer: Option<Credentials>,
    person: Customer,
    /// None until it is needed.
    shared: Mutex<Option<Result<Arc<Authorized>, String>>>,
    narrow: OnceCell<Result<Authorized, String>>,
    choosing: OnceCell<Result<Choosing, String>>,
}

/// A customer before the choice of accounts; for checks that do not get past it.
#[derive(Clone, Debug)]
pub(super) struct Choosing {
    pub(super) consent_id: String,
    pub(super) page: Page,
}

/// A consent the customer approved, with one account.
#[derive(Clone, Debug)]
pub(super) struct Authorized {
    pub(super) consent_id: String,
    pub(super) account_id: String,
    /// Accounts of the same customer that were not ticked.
    pub(super) other_accounts: Vec<String>,
    /// Every request of the journey.
    pub(super) hops: Vec<Hop>,
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
        Ok(self.person.at_another_device(&self.simulator.pki)?)
    }

    pub(super) fn consent(&self, consent_id: &str) -> Outcome<ConsentSnapshot> {
        let known = self.simulator.consent(consent_id);
        Ok(known.ok_or_else(|| ScenarioError::UnknownConsent(consent_id.to_owned()))?)
    }

    /// A consent nobody has decided on, known to the provider.
    pub(super) async fn awaiting(&self) -> Outcome<Consent> {
        self.awaiting_with(self.new_consent(FOR_ONE)?).await
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

    /// The consent that checks which only read have in common.
    pub(super) async fn shared(&self) -> Outcome<Arc<Authorized>> {
        let mut place = self.shared.lock().await;
        if place.is_none() {
            let approved = match self.new_consent(FOR_ALL) {
                Ok(new) => self.approved(new, &self.customer).await,
                Err(finding) => Err(finding),
            };
            *place = Some(approved.map(Arc::new).map_err(Finding::text));
        }
        match place.as_ref() {
            Some(Ok(staged)) => Ok(Arc::clone(staged)),
            Some(Err(why)) => Err(unprepared(why)),
            None => Err(unprepared("nothing was staged")),
        }
    }

    /// For checks that leave the shared consent changed if they fail: the provider hears the truth again, and if that does not help, the
    /// next check gets a new consent.
    pub(super) async fn repaired(&self, trial: impl Future<Output = Outcome> + Send) -> Outcome {
        let outcome = trial.await;
        if outcome.is_err() && !self.repair().await.unwrap_or(false) {
            *self.shared.lock().await = None;
        }
        outcome
    }

    async fn repair(&self) -> Outcome<bool> {
        let shared = self.shared().await?;
        let id = &shared.consent_id;
        self.simulator.edit_consent(id, |consent| {
            consent.status = ConsentStatus::Authorized;
            consent.updated_at = Some(Utc::now());
        });
        let told = self.simulator.announce(id, EventType::ConsentStatusUpdated);
        told.await?;
        let call = DataCall::balances(id, &shared.account_id);
        Ok(self.simulator.data_call(call).await?.status() == 200)
    }

    /// A consent without transactions; of the other customer, if there is one.
    pub(super) async fn narrow(&self) -> Outcome<&Authorized> {
        let staged = self.narrow.get_or_init(|| async {
            let who = self.other_customer.as_ref().unwrap_or(&self.customer);
            let narrow = ["read_accounts", "read_balances"];
            let consent = self.new_consent(FOR_ALL);
            let consent = consent.map(|new| new.permissions(&narrow));
            let approved = match consent {
                Ok(consent) => self.approved(consent, who).await,
                Err(finding) => Err(finding),
            };
            approved.map_err(Finding::text)
        });
        prepared(staged.await)
    }

    /// The accounts screen of a journey that stays there.
    pub(super) async fn choosing(&self) -> Outcome<&Choosing> {
        let staged = self.choosing.get_or_init(|| async {
            let choosing = self
                .signed_in()
                .await
                .map(|(page, consent_id)| Choosing { consent_id, page });
            choosing.map_err(Finding::text)
        });
        prepared(staged.await)
    }

    /// Somebody with an account that can be shared, before the choice of accounts. Codes of a second factor are scarce, hence the other
    /// customer, if there is one.
    pub(super) async fn signed_in(&self) -> Outcome<(Page, String)> {
        let who = self.other_customer.as_ref().unwrap_or(&self.customer);
        let (mut browser, consent_id) = self.at_the_door().await?;
        let page = browser
            .signs_in(&who.username, &who.password, &who.secret)
            .await?;
        ensure!(
            page.screen() == "accounts",
            "expected the accounts, got {}",
            page.summary()
        );
        Ok((page.clone(), consent_id))
    }

    /// A consent of the check's own, approved.
    pub(super) async fn authorized(&self) -> Outcome<Authorized> {
        self.approved(self.new_consent(FOR_ONE)?, &self.customer)
            .await
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

    fn new_consent(&self, purpose: &str) -> Outcome<NewConsent> {
        let new = NewConsent::new(&self.consumer()?.dc_id, &self.dp_id);
        Ok(new.purpose(purpose))
    }

    async fn awaiting_with(&self, new: NewConsent) -> Outcome<Consent> {
        Ok(self.simulator.create_consent(new).await?)
    }

    async fn approved(&self, new: NewConsent, who: &Credentials) -> Outcome<Authorized> {
        let consent_id = self.awaiting_with(new).await?.consent_id;
        let mut browser = self.browser()?;
        browser.opens(&self.link(&consent_id).await?).await?;
        let page = browser
            .signs_in(&who.username, &who.password, &who.secret)
            .await?;
        let mut accounts = page.choices();
        browser.selects_first().await?;
        browser.approves().await?;
        let page = browser.waits_for_result().await?.summary();
        let status = self.consent(&consent_id)?.status();
        ensure!(
            status == ConsentStatus::Authorized,
            "the customer approved, but at PayNet the consent is {status} ({page})"
        );
        let chosen = accounts.iter().position(|account| !account.disabled);
        let account = accounts.remove(chosen.unwrap_or_default());
        Ok(Authorized {
            consent_id,
            account_id: account.id,
            other_accounts: accounts.into_iter().map(|account| account.id).collect(),
            hops: browser.hops(),
        })
    }
}

/// A fresh interaction id.
pub(super) fn fresh_id() -> String {
    Uuid::new_v4().to_string()
}

fn prepared<T>(staged: &Result<T, String>) -> Outcome<&T> {
    staged.as_ref().map_err(|why| unprepared(why))
}

fn unprepared(why: &str) -> Finding {
    Finding::Wrong(format!("the check could not be prepared: {why}"))
}
