//! Who takes part: a Data Provider as a test or the demonstration describes it, turned into what PayNet keeps.

use izin_jose::{Jwk, JwkSet, KeyUse};
use serde_json::Value;

use crate::{
    keys,
    options::Consumer,
    pki::Pki,
    platform::state::{ClientAuthentication, ProviderKeys, RegisteredConsumer, RegisteredProvider},
    simulator::{Simulator, SimulatorError},
};

/// A Data Provider to register.
#[derive(Clone, Debug)]
pub struct Provider {
    pub dp_id: String,
    pub client_id: String,
    pub name: String,
    /// Base URL of its mutual TLS listener.
    pub webhooks_url: String,
    /// Base URL of its customers' listener.
    pub pages_url: String,
    pub keys: KeySource,
    /// The registered mutual TLS certificate, as PEM; without one no token is issued.
    pub client_certificate: Option<Vec<u8>>,
    pub client_authentication: ClientAuthentication,
    /// Offline providers are listed and cannot be chosen.
    pub online: bool,
}

/// Where PayNet takes a provider's signing keys from.
#[derive(Clone, Debug)]
pub enum KeySource {
    /// Registered certificates, as PEM.
    Certificates(Vec<Vec<u8>>),
    /// `GET {webhooks_url}/v1/oauth/jwks`, fetched when first needed and again for an unknown kid.
    Jwks,
}

impl Provider {
    /// An online provider whose keys are fetched and whose client id is its `dp_id`.
    pub fn new(dp_id: impl Into<String>, webhooks_url: impl Into<String>) -> Self {
        let dp_id = dp_id.into();
        let webhooks_url = webhooks_url.into();
        Self {
            client_id: dp_id.clone(),
            name: dp_id.clone(),
            pages_url: webhooks_url.clone(),
            dp_id,
            webhooks_url,
            keys: KeySource::Jwks,
            client_certificate: None,
            client_authentication: ClientAuthentication::PrivateKeyJwt,
            online: true,
        }
    }

    /// As consumers list it.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    #[must_use]
    pub fn pages_url(mut self, pages_url: impl Into<String>) -> Self {
        self.pages_url = pages_url.into();
        self
    }

    #[must_use]
    pub fn client_id(mut self, client_id: impl Into<String>) -> Self {
        self.client_id = client_id.into();
        self
    }

    /// PEM.
    #[must_use]
    pub fn client_certificate(mut self, certificate: impl Into<Vec<u8>>) -> Self {
        self.client_certificate = Some(certificate.into());
        self
    }

    #[must_use]
    pub fn keys(mut self, keys: KeySource) -> Self {
        self.keys = keys;
        self
    }

    #[must_use]
    pub fn client_authentication(mut self, how: ClientAuthentication) -> Self {
        self.client_authentication = how;
        self
    }

    fn registered(self) -> Result<RegisteredProvider, SimulatorError> {
        let keys = match &self.keys {
            KeySource::Jwks => ProviderKeys::Fetched(None),
            KeySource::Certificates(certificates) => {
                ProviderKeys::Registered(signing_keys(certificates)?)
            }
        };
        let certificate = self.client_certificate.as_deref().map(keys::key_id);
        Ok(RegisteredProvider {
            dp_id: self.dp_id,
            client_id: self.client_id,
            name: self.name,
            webhooks_url: self.webhooks_url.trim_end_matches('/').to_owned(),
            pages_url: self.pages_url.trim_end_matches('/').to_owned(),
            keys,
            client_certificate: certificate.transpose()?,
            client_authentication: self.client_authentication,
            online: self.online,
        })
    }

    /// A provider that is only there to be listed as unavailable.
    pub fn offline(dp_id: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            online: false,
            ..Self::new(dp_id, "https://localhost:1")
        }
    }
}

impl Simulator {
    /// Registers a provider, or replaces what was registered under its `dp_id`.
    pub fn register_provider(&self, provider: Provider) -> Result<(), SimulatorError> {
        self.platform.register_provider(provider.registered()?);
        Ok(())
    }
}

pub(crate) fn registered_consumer(
    pki: &Pki,
    consumer: &Consumer,
    base_url: &str,
    signs_calls_with: &str,
) -> Result<RegisteredConsumer, SimulatorError> {
    let own = consumer.key("signing");
    let mut signing = vec![pki.certificate(&own)?];
    if own != signs_calls_with {
        signing.push(pki.certificate(signs_calls_with)?);
    }
    let mut keys: Vec<(&[u8], KeyUse)> = Vec::new();
    keys.extend(
        signing
            .iter()
            .map(|pem| (pem.as_slice(), KeyUse::Signature)),
    );
    let encryption = pki.certificate(&consumer.key("encryption"))?;
    keys.push((&encryption, KeyUse::Encryption));
    Ok(RegisteredConsumer {
        dc_id: consumer.dc_id.clone(),
        client_certificate: keys::key_id(&pki.certificate(&consumer.key("client"))?)?,
        signing_keys: signing_keys(&signing)?,
        encryption_kid: keys::key_id(&encryption)?,
        published: published(&keys)?,
        callback_urls: vec![format!("{base_url}/callback")],
    })
}

fn signing_keys(certificates: &[Vec<u8>]) -> Result<JwkSet, SimulatorError> {
    let keys: Result<Vec<Jwk>, _> = certificates
        .iter()
        .map(|pem| keys::public_jwk(pem, KeyUse::Signature))
        .collect();
    Ok(JwkSet::new(keys?)?)
}

/// A JWK set as JSON.
pub(crate) fn published(certificates: &[(&[u8], KeyUse)]) -> Result<Value, SimulatorError> {
    let keys: Result<Vec<Jwk>, _> = certificates
        .iter()
        .map(|(pem, key_use)| keys::public_jwk(pem, *key_use))
        .collect();
    Ok(serde_json::to_value(JwkSet::new(keys?)?)?)
}
