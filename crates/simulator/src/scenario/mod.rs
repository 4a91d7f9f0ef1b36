//! The scripting side: what a test tells PayNet, the consumers and the network to do, honest or not, and what it can look at afterwards.

mod authorize;
mod data_call;
mod data_draft;
mod event;
mod request;

use std::time::Duration;

use izin_jose::KeyUse;
use serde_json::Value;

pub use self::{
    authorize::AuthorizeRequest,
    data_call::{DataAnswer, DataCall, DataTweak, Resource},
    event::{EventPost, EventTweak},
    request::{Answer, RawRequest},
};
use crate::{
    forge::{ForgeError, Signing},
    keys::KeysError,
    options::Consumer,
    pki::PkiError,
    platform::{
        consent::{Consent, ConsentStatus, StatusReason},
        consents::{Change, NewConsent},
        error::ApiError,
        events::EventType,
        faults::{Fault, Operation},
        state::{ConsentRecord, ReceivedUpdate, SentEvent},
    },
    provider_client::ProviderError,
    registration::published,
    simulator::{Simulator, SimulatorError},
    tls::TlsError,
};

/// A consent and its history, as PayNet saw it.
#[derive(Clone, Debug)]
pub struct ConsentSnapshot {
    pub consent: Consent,
    /// Update Consent calls with a valid token, refused ones included, oldest first.
    pub updates: Vec<ReceivedUpdate>,
    /// Revoke Consent calls, likewise.
    pub revocations: Vec<ReceivedUpdate>,
    /// Events that PayNet itself posted; those of [`Simulator::post_event`] are not among them.
    pub events: Vec<SentEvent>,
    /// What the provider said about the customer after the browser came back.
    pub userinfo: Option<Value>,
}

impl From<ConsentRecord> for ConsentSnapshot {
    fn from(record: ConsentRecord) -> Self {
        Self {
            consent: record.consent,
            updates: record.updates,
            revocations: record.revocations,
            events: record.events,
            userinfo: record.userinfo,
        }
    }
}

impl ConsentSnapshot {
    pub fn status(&self) -> ConsentStatus {
        self.consent.status
    }

    /// Update Consent calls that changed the consent; more than one would be a defect here.
    pub fn accepted_updates(&self) -> impl Iterator<Item = &ReceivedUpdate> {
        self.updates
            .iter()
            .filter(|update| update.refusal.is_none())
    }
}

impl Simulator {
    /// Stores a consent as a consumer would have caused it, and announces it to its provider.
    pub async fn create_consent(&self, new: NewConsent) -> Result<Consent, ScenarioError> {
        let consent = self.platform.store_consent(new);
        let event = self
            .announce(&consent.consent_id, EventType::ConsentCreated)
            .await?;
        if event.accepted() {
            Ok(consent)
        } else {
            Err(ScenarioError::EventRefused(event))
        }
    }

    /// Stores a consent that its provider has not heard of.
    pub fn store_consent(&self, new: NewConsent) -> Consent {
        self.platform.store_consent(new)
    }

    pub fn consent(&self, consent_id: &str) -> Option<ConsentSnapshot> {
        self.platform.consent_record(consent_id).map(Into::into)
    }

    /// Every consent, oldest first; those that a consumer's app started included.
    pub fn consents(&self) -> Vec<ConsentSnapshot> {
        let mut records = self.platform.consent_records();
        records.sort_by_key(|record| record.consent.created_at);
        records.into_iter().map(Into::into).collect()
    }

    /// Changes a consent in ways PayNet's rules would not allow; tells nobody. False if there is no such consent.
    pub fn edit_consent(&self, consent_id: &str, edit: impl FnOnce(&mut Consent)) -> bool {
        self.platform.edit_consent(consent_id, edit)
    }

    /// Posts the event for a consent as it is, honestly signed.
    pub async fn announce(
        &self,
        consent_id: &str,
        event_type: EventType,
    ) -> Result<SentEvent, ScenarioError> {
        Ok(self.platform.announce(consent_id, event_type).await?)
    }

    /// PayNet or the consumer changes the consent, by PayNet's rules, and the provider is told. `by` is as in `updated_by`.
    pub async fn transition(
        &self,
        consent_id: &str,
        to: ConsentStatus,
        reason: Option<StatusReason>,
        by: &str,
    ) -> Result<SentEvent, ScenarioError> {
        let change = Change { to, reason, by };
        self.platform.change_consent(consent_id, change, |_| {})?;
        self.announce(consent_id, EventType::ConsentStatusUpdated)
            .await
    }

    /// The customer revokes in the consumer's app.
    pub async fn revoke_by_consumer(&self, consent_id: &str) -> Result<SentEvent, ScenarioError> {
        self.transition(
            consent_id,
            ConsentStatus::Revoked,
            None,
            "data_consumer_user",
        )
        .await
    }

    /// Where PayNet sends the browser for this consent, honestly signed.
    pub async fn authorize_url(&self, consent_id: &str) -> Result<String, ScenarioError> {
        let url = self.platform.authorize_url(consent_id).await?;
        Ok(url.into())
    }

    /// What the provider says about the customer.
    pub async fn userinfo(&self, consent_id: &str) -> Result<Value, ScenarioError> {
        let consent = self.known(consent_id)?;
        let provider = self.platform.registered(&consent.dp_id)?;
        let asked = self
            .platform
            .providers
            .userinfo(&provider.webhooks_url, consent_id);
        Ok(asked.await?)
    }

    /// The status of the provider's health check.
    pub async fn health(&self, dp_id: &str) -> Result<u16, ScenarioError> {
        let provider = self.platform.registered(dp_id)?;
        let asked = self.platform.providers.health(&provider.webhooks_url);
        Ok(asked.await?)
    }

    /// Lists a provider as online or offline.
    pub fn set_online(&self, dp_id: &str, online: bool) -> Result<(), ScenarioError> {
        let mut provider = self.platform.registered(dp_id)?;
        provider.online = online;
        self.platform.register_provider(provider);
        Ok(())
    }

    /// Every access token that was issued since the start, to providers and consumers.
    pub fn access_tokens(&self) -> Vec<String> {
        self.platform.access_tokens()
    }

    /// Orders what happens to the next calls of an operation, one fault per call.
    pub fn order_faults(&self, operation: Operation, faults: impl IntoIterator<Item = Fault>) {
        self.platform.order_faults(operation, faults);
    }

    /// How often an operation was called since the start, faults included.
    pub fn calls(&self, operation: Operation) -> u64 {
        self.platform.calls(operation)
    }

    /// Turns PayNet's clock forward: authorization windows close, consents expire, access tokens and codes run out.
    /// Signed claims keep the machine's time, because the receiver's clock has not moved.
    pub fn advance(&self, duration: Duration) {
        self.platform.clock.skip(duration);
    }

    /// Signs with any key of the PKI; for requests that no scripting method builds.
    pub fn sign(&self, signing: &Signing, payload: &[u8]) -> Result<String, ScenarioError> {
        Ok(signing.sign(&self.pki, payload)?)
    }

    /// Makes PayNet publish these keys of the PKI, and no others.
    pub fn publish_paynet_keys(&self, names: &[&str]) -> Result<(), ScenarioError> {
        let keys = self.published_keys(names, &[])?;
        self.platform.publish_keys(keys);
        Ok(())
    }

    /// Makes a consumer publish these keys of the PKI, and no others.
    pub fn publish_consumer_keys(
        &self,
        dc_id: &str,
        signing: &[&str],
        encryption: &[&str],
    ) -> Result<(), ScenarioError> {
        let mut consumer = self.platform.consumer(dc_id)?;
        consumer.published = self.published_keys(signing, encryption)?;
        self.platform.register_consumer(consumer);
        Ok(())
    }

    /// Makes a consumer publish this document, whatever it is.
    pub fn publish_consumer_document(
        &self,
        dc_id: &str,
        document: Value,
    ) -> Result<(), ScenarioError> {
        self.platform.consumer(dc_id)?;
        self.platform.publish_document(dc_id, document);
        Ok(())
    }

    /// What a consumer publishes.
    pub fn published_by_consumer(&self, dc_id: &str) -> Result<Value, ScenarioError> {
        Ok(self.platform.consumer(dc_id)?.published)
    }

    fn published_keys(
        &self,
        signing: &[&str],
        encryption: &[&str],
    ) -> Result<Value, ScenarioError> {
        let mut certificates = Vec::new();
        for name in signing {
            certificates.push((self.pki.certificate(name)?, KeyUse::Signature));
        }
        for name in encryption {
            certificates.push((self.pki.certificate(name)?, KeyUse::Encryption));
        }
        let borrowed: Vec<_> = certificates
            .iter()
            .map(|(pem, key_use)| (pem.as_slice(), *key_use))
            .collect();
        Ok(published(&borrowed)?)
    }

    fn known(&self, consent_id: &str) -> Result<Consent, ScenarioError> {
        self.platform
            .current_consent(consent_id)
            .ok_or_else(|| ScenarioError::UnknownConsent(consent_id.to_owned()))
    }

    fn consumer(&self, dc_id: &str) -> Result<&Consumer, ScenarioError> {
        self.consumers
            .iter()
            .find(|consumer| consumer.dc_id == dc_id)
            .ok_or_else(|| ScenarioError::UnknownConsumer(dc_id.to_owned()))
    }
}

/// Why a step of a script could not be taken. What the provider answered is not among these.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    #[error("the provider did not take the event: {0:?}")]
    EventRefused(SentEvent),
    #[error(transparent)]
    Forge(#[from] ForgeError),
    /// Nothing came back: refused in the handshake, connection closed, time-out.
    #[error("no answer: {0:?}")]
    Http(#[from] reqwest::Error),
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    Keys(#[from] KeysError),
    #[error(transparent)]
    Pki(#[from] PkiError),
    /// PayNet itself refused, by its own rules.
    #[error("PayNet refused: {0}")]
    Platform(String),
    #[error("calling the provider: {0}")]
    Provider(String),
    #[error(transparent)]
    Simulator(#[from] SimulatorError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("there is no consent {0}")]
    UnknownConsent(String),
    #[error("there is no consumer {0}")]
    UnknownConsumer(String),
    #[error("not a URL: {0}")]
    Url(#[from] url::ParseError),
}

impl From<ApiError> for ScenarioError {
    fn from(error: ApiError) -> Self {
        Self::Platform(error.to_string())
    }
}

impl From<ProviderError> for ScenarioError {
    fn from(error: ProviderError) -> Self {
        Self::Provider(error.to_string())
    }
}
