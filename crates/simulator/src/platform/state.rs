//! What the platform remembers: all in memory, behind one mutex, gone with the process.

use std::collections::{BTreeMap, HashMap, VecDeque};

use chrono::{DateTime, Utc};
use izin_jose::{JwkSet, KeyId};
use serde::Serialize;
use serde_json::Value;

use super::{
    consent::Consent,
    faults::{Fault, Operation},
};

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) providers: BTreeMap<String, RegisteredProvider>,
    pub(super) consumers: BTreeMap<String, RegisteredConsumer>,
    pub(super) consents: BTreeMap<String, ConsentRecord>,
    /// By `dc_id`: what is published in the place of a key set, as it is.
    pub(super) documents: HashMap<String, Value>,
    /// By access token.
    pub(super) tokens: HashMap<String, Grant>,
    /// By refresh token.
    pub(super) refresh_tokens: HashMap<String, RefreshGrant>,
    /// By authorization code.
    pub(super) codes: HashMap<String, Code>,
    /// By the handle inside a `request_uri`.
    pub(super) requests: HashMap<String, PushedRequest>,
    /// Client assertions and consumer signatures seen: issuer and jti, with the end of the assertion's life.
    pub(super) assertions: HashMap<(String, String), DateTime<Utc>>,
    pub(super) faults: HashMap<Operation, VecDeque<Fault>>,
    pub(super) calls: HashMap<Operation, u64>,
}

/// A Data Provider as PayNet has registered it.
#[derive(Clone, Debug)]
pub(crate) struct RegisteredProvider {
    pub(crate) dp_id: String,
    pub(crate) client_id: String,
    pub(crate) name: String,
    pub(crate) webhooks_url: String,
    pub(crate) pages_url: String,
    pub(crate) keys: ProviderKeys,
    pub(crate) client_certificate: Option<KeyId>,
    pub(crate) client_authentication: ClientAuthentication,
    pub(crate) online: bool,
}

/// Where PayNet takes a provider's signing keys from.
#[derive(Clone, Debug)]
pub(crate) enum ProviderKeys {
    /// `GET {webhooks_url}/v1/oauth/jwks`, as last fetched.
    Fetched(Option<JwkSet>),
    Registered(JwkSet),
}

/// How a provider authenticates at the token endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientAuthentication {
    /// A signed client assertion, over the registered client certificate.
    #[default]
    PrivateKeyJwt,
    /// The registered client certificate alone.
    TlsClientAuth,
}

/// A Data Consumer as PayNet has registered it; its client id is its `dc_id`.
#[derive(Clone, Debug)]
pub(crate) struct RegisteredConsumer {
    pub(crate) dc_id: String,
    pub(crate) client_certificate: KeyId,
    pub(crate) signing_keys: JwkSet,
    /// `x-enc-kid` of everything forwarded for this consumer.
    pub(crate) encryption_kid: KeyId,
    /// What `GET /v1/oauth/jwks/{dc_id}` answers.
    pub(crate) published: Value,
    pub(crate) callback_urls: Vec<String>,
}

/// A consent and all that happened to it.
#[derive(Clone, Debug)]
pub(crate) struct ConsentRecord {
    pub(crate) consent: Consent,
    pub(crate) updates: Vec<ReceivedUpdate>,
    pub(crate) revocations: Vec<ReceivedUpdate>,
    pub(crate) events: Vec<SentEvent>,
    pub(crate) userinfo: Option<Value>,
    pub(crate) pushed: Option<PushedRequest>,
}

impl ConsentRecord {
    pub(crate) fn new(consent: Consent) -> Self {
        Self {
            consent,
            updates: Vec::new(),
            revocations: Vec::new(),
            events: Vec::new(),
            userinfo: None,
            pushed: None,
        }
    }
}

/// An Update Consent or a revocation that reached the platform with a valid token.
#[derive(Clone, Debug, Serialize)]
pub struct ReceivedUpdate {
    pub at: DateTime<Utc>,
    pub interaction_id: Option<String>,
    pub body: Value,
    /// Absent when accepted, else the error code of the answer.
    pub refusal: Option<String>,
}

/// An event that was sent to the provider, and what came back.
#[derive(Clone, Debug, Serialize)]
pub struct SentEvent {
    pub event_type: &'static str,
    /// Of the answer; absent when there was none.
    pub status: Option<u16>,
    /// What went wrong without an answer.
    pub failure: Option<String>,
}

impl SentEvent {
    pub fn accepted(&self) -> bool {
        self.status == Some(200)
    }
}

/// What a consumer pushed before it sent the browser (RFC 9126).
#[derive(Clone, Debug)]
pub(crate) struct PushedRequest {
    pub(crate) dc_id: String,
    pub(crate) consent_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) state: String,
    /// Handle of the browser that opened the request; the callback wants to see it again.
    pub(crate) browser: Option<String>,
}

/// A one-time authorization code.
#[derive(Clone, Debug)]
pub(crate) struct Code {
    pub(crate) dc_id: String,
    pub(crate) consent_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) expires_at: DateTime<Utc>,
}

/// What an access token allows, and over which certificate (RFC 8705 §3).
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub(crate) holder: Holder,
    pub(crate) certificate: KeyId,
    pub(crate) expires_at: DateTime<Utc>,
}

#[derive(Clone, Debug)]
pub(crate) struct RefreshGrant {
    pub(crate) dc_id: String,
    pub(crate) consent_id: String,
}

/// Whom an access token was issued to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Holder {
    Consumer { dc_id: String, consent_id: String },
    Provider { dp_id: String },
}

impl State {
    pub(super) fn provider_by_client(&self, client_id: &str) -> Option<&RegisteredProvider> {
        self.providers
            .values()
            .find(|provider| provider.client_id == client_id)
    }

    /// Remembers a jti; false if it was there before.
    pub(super) fn remember_assertion(
        &mut self,
        issuer: &str,
        jti: &str,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> bool {
        self.assertions.retain(|_, end| *end > now);
        let key = (issuer.to_owned(), jti.to_owned());
        self.assertions.insert(key, until).is_none()
    }
}
