//! Consents that customers were led through, prepared once and used by all checks that leave them as they are.

use std::sync::Arc;

use chrono::Utc;
use http::Method;
use serde_json::json;

use super::{
    Bench, Credentials,
    bench::{FOR_ALL, FOR_ONE, fresh_id},
    data_calls::opened,
    finding::{Finding, Outcome},
};
use crate::{
    customer::{Hop, Page},
    forge::Signing,
    platform::{consent::ConsentStatus, consents::NewConsent, events::EventType},
    scenario::DataCall,
};

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

/// A consent under which data was served until it was revoked.
#[derive(Clone, Debug)]
pub(super) struct Revoked {
    pub(super) consent_id: String,
    pub(super) account_id: String,
    /// PayNet's event from before the revocation, which the provider took, and its signature.
    pub(super) event: String,
    pub(super) signature: String,
}

impl Bench<'_> {
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
    pub(super) async fn repaired<T>(
        &self,
        trial: impl Future<Output = Outcome<T>> + Send,
    ) -> Outcome<T> {
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

    /// A consent that was approved and revoked.
    pub(super) async fn revoked(&self) -> Outcome<&Revoked> {
        let staged = self
            .revoked
            .get_or_init(|| async { self.revoke_one().await.map_err(Finding::text) });
        prepared(staged.await)
    }

    async fn revoke_one(&self) -> Outcome<Revoked> {
        let Authorized {
            consent_id,
            account_id,
            ..
        } = self
            .approved(self.new_consent(FOR_ONE)?, &self.customer)
            .await?;
        let call = DataCall::balances(&consent_id, &account_id);
        opened(&self.simulator.data_call(call).await?)?;
        let consent = self.consent(&consent_id)?.consent;
        let event = json!({ "event_type": "consent_status_updated", "data": consent }).to_string();
        let signing = Signing::by("paynet-signing").detached();
        let signature = self.simulator.sign(&signing, event.as_bytes())?;
        let url = format!("{}/v1/consents/events", self.webhooks_url);
        let request = self.simulator.request(Method::POST, url);
        let request = request
            .certificate("paynet-client")
            .header("x-fapi-signature", &signature)
            .header("x-fapi-interaction-id", fresh_id());
        let taken = request.body("application/json", event.clone()).send();
        let taken = taken.await?;
        ensure!(taken.status == 200, "{} {}", taken.status, taken.text());
        let told = self
            .simulator
            .transition(&consent_id, ConsentStatus::Revoked, None, "ofp");
        let told = told.await?;
        ensure!(
            told.accepted(),
            "the provider did not take the event: {told:?}"
        );
        Ok(Revoked {
            consent_id,
            account_id,
            event,
            signature,
        })
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

fn prepared<T>(staged: &Result<T, String>) -> Outcome<&T> {
    staged.as_ref().map_err(|why| unprepared(why))
}

fn unprepared(why: &str) -> Finding {
    Finding::Wrong(format!("the check could not be prepared: {why}"))
}
