//! PayNet's Open Finance Platform: authorization server and resource server.
//!
//! The Data Provider's half of the API is the generated trait, implemented in [`api`]; the consumers' half (pushed requests, codes, data)
//! is hand-written, because no Data Provider ever sees it. All state is in memory.

pub(crate) mod api;
pub(crate) mod client;
pub(crate) mod consent;
pub(crate) mod consents;
pub(crate) mod consumers;
#[cfg(test)]
mod contract;
pub(crate) mod data;
pub(crate) mod decision;
pub(crate) mod error;
pub(crate) mod events;
pub(crate) mod faults;
pub(crate) mod form;
pub(crate) mod guard;
pub(crate) mod routes;
pub(crate) mod state;
pub(crate) mod status;
pub(crate) mod token;
pub(crate) mod update;

use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use izin_jose::{JwkSet, UnverifiedJws};
use serde_json::Value;

use self::state::{ProviderKeys, RegisteredConsumer, RegisteredProvider, State};
pub(crate) use self::{
    error::ApiError,
    guard::{ProviderCall, PublicCall, RequestProof, TokenCall},
};
use crate::{
    clock::Clock, dialect::Dialect, keys, listener::Running, provider_client::ProviderClient,
};

/// Where the platform is reached.
#[derive(Clone, Debug)]
pub(crate) struct Addresses {
    /// Also the issuer.
    pub(crate) authorization_server: String,
    pub(crate) resource_server: String,
    /// The browser-facing part of the authorization server.
    pub(crate) pages: String,
}

#[derive(Debug)]
pub(crate) struct Platform {
    pub(crate) addresses: Addresses,
    pub(crate) clock: Clock,
    pub(crate) dialect: Dialect,
    pub(crate) providers: ProviderClient,
    pub(crate) running: Running,
    /// What `GET /v1/oauth/jwks/paynet` answers.
    published_keys: Mutex<Value>,
    state: Mutex<State>,
}

impl Platform {
    pub(crate) fn new(
        addresses: Addresses,
        providers: ProviderClient,
        running: Running,
        dialect: Dialect,
        published_keys: Value,
    ) -> Self {
        Self {
            addresses,
            clock: Clock::default(),
            dialect,
            providers,
            running,
            published_keys: Mutex::new(published_keys),
            state: Mutex::default(),
        }
    }

    pub(crate) fn issuer(&self) -> &str {
        &self.addresses.authorization_server
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// A test that panicked under the lock has failed already; the others may go on.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn published_keys(&self) -> Value {
        let keys = self.published_keys.lock();
        keys.unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn publish_keys(&self, keys: Value) {
        let mut published = self
            .published_keys
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *published = keys;
    }

    pub(crate) fn provider(&self, dp_id: &str) -> Option<RegisteredProvider> {
        self.state().providers.get(dp_id).cloned()
    }

    pub(crate) fn register_provider(&self, provider: RegisteredProvider) {
        let key = provider.dp_id.clone();
        self.state().providers.insert(key, provider);
    }

    pub(crate) fn register_consumer(&self, consumer: RegisteredConsumer) {
        let key = consumer.dc_id.clone();
        self.state().consumers.insert(key, consumer);
    }

    /// The provider's keys for this token; those that are fetched are fetched again when they do not hold the token's kid.
    pub(crate) async fn provider_keys(
        &self,
        provider: &RegisteredProvider,
        token: &str,
    ) -> Result<JwkSet, ApiError> {
        match &provider.keys {
            ProviderKeys::Registered(keys) => Ok(keys.clone()),
            ProviderKeys::Fetched(Some(keys)) if holds_key_of(keys, token) => Ok(keys.clone()),
            ProviderKeys::Fetched(_) => self.fetch_provider_keys(provider).await,
        }
    }

    async fn fetch_provider_keys(&self, provider: &RegisteredProvider) -> Result<JwkSet, ApiError> {
        let fetched = self.providers.jwks(&provider.webhooks_url).await;
        let bytes = fetched.map_err(|error| {
            tracing::warn!(%error, dp_id = provider.dp_id, "the provider's keys cannot be fetched");
            ApiError::invalid_client("the client's keys cannot be fetched")
        })?;
        let keys =
            keys::parse_set(&bytes).map_err(|error| ApiError::invalid_client(error.to_string()))?;
        if let Some(known) = self.state().providers.get_mut(&provider.dp_id) {
            known.keys = ProviderKeys::Fetched(Some(keys.clone()));
        }
        Ok(keys)
    }
}

fn holds_key_of(keys: &JwkSet, token: &str) -> bool {
    UnverifiedJws::parse(token)
        .ok()
        .and_then(|jws| jws.header().kid.clone())
        .is_some_and(|kid| {
            keys.verifying_key(&kid, izin_jose::Algorithm::Ps256)
                .is_ok()
        })
}
