//! PayNet, as we call it: discovery, tokens, key sets, and the consent operations. Everything that comes
//! back is bounded in size and time and believed only as far as its signature or TLS goes.

mod cache;
mod consents;
mod context;
mod discovery;
mod fetch;
mod id_token;
mod keys;
mod retry_after;
mod token;

use std::sync::Arc;

use chrono::TimeDelta;

use crate::clock::SharedClock;
use crate::config::Ofp;
use crate::generated::ofp_dp::client::Client;
use crate::http::HttpClient;
use crate::ids::{ConsentId, DpId, InvalidId};
use crate::keys::SigningKeys;

pub use consents::{RemoteConsent, RetrieveError, UpdateAnswer, consent_from_wire};
pub use context::ClientContext;
pub use discovery::{DatedDiscovery, DiscoveryError};
pub use fetch::StatedDate;
pub use fetch::{FetchError, http_client};
pub use keys::{KeyDirectory, KeysUnavailable, Party};
pub use token::TokenError;

use discovery::DiscoverySource;
use fetch::Fetcher;
use token::TokenSource;

#[derive(Debug, thiserror::Error)]
pub enum PaynetSetupError {
    #[error("ofp.{0} is required")]
    Missing(&'static str),
    #[error(transparent)]
    Id(#[from] InvalidId),
}

/// Everything the service needs of PayNet. Cheap to clone.
#[derive(Clone)]
pub struct Paynet {
    dp_id: DpId,
    client: Client,
    clock: SharedClock,
    discovery: Arc<DiscoverySource>,
    http: HttpClient,
    keys: Arc<KeyDirectory>,
    /// Without a trailing slash.
    resource_server: String,
    signing: SigningKeys,
    tokens: Arc<TokenSource>,
}

impl Paynet {
    /// Connects lazily: nothing is sent before it is needed. `http` as [`http_client`] makes it.
    pub fn new(
        config: &Ofp,
        http: reqwest::Client,
        signing: SigningKeys,
        clock: SharedClock,
    ) -> Result<Self, PaynetSetupError> {
        let http = HttpClient::new(http);
        let fetcher = Fetcher::new(http.clone());
        let authorization_server = required(
            config.authorization_server.as_deref(),
            "authorization_server",
        )?;
        let resource_server = required(config.resource_server.as_deref(), "resource_server")?;
        let client_id = required(config.client_id.as_deref(), "client_id")?;
        let dp_id = DpId::parse(required(config.dp_id.as_deref(), "dp_id")?)?;
        let discovery = Arc::new(DiscoverySource::new(
            authorization_server,
            fetcher.clone(),
            clock.clone(),
        ));
        let keys = Arc::new(KeyDirectory::new(
            authorization_server,
            &config.profile,
            discovery.clone(),
            fetcher,
            clock.clone(),
        ));
        let tokens = Arc::new(TokenSource::new(
            client_id,
            config.client_auth,
            http.clone(),
            discovery.clone(),
            signing.clone(),
            clock.clone(),
        ));
        let update_method = config.profile.update_method;
        let context = ClientContext::new(http.clone(), tokens.clone(), update_method);
        let base = resource_server.trim_end_matches('/');
        let client = Client::new_with_client(base, http.current(), context);
        Ok(Self {
            dp_id,
            client,
            clock,
            discovery,
            http,
            keys,
            resource_server: base.to_owned(),
            signing,
            tokens,
        })
    }

    /// After a change of our client certificate: later calls present the new one, with a token that was issued to it (RFC 8705 §3
    /// binds a token to the certificate it was asked for with).
    pub fn renew(&self, http: reqwest::Client) {
        self.http.replace(http);
        self.tokens.forget();
    }

    pub fn keys(&self) -> &Arc<KeyDirectory> {
        &self.keys
    }

    /// PayNet's discovery document as it is now, for proving that it can be had.
    pub async fn look_up(&self) -> Result<DatedDiscovery, DiscoveryError> {
        self.discovery.look_up().await
    }

    /// Whether PayNet gives us a token now, and how long such a token lives. It is not used.
    pub async fn try_token(&self) -> Result<TimeDelta, TokenError> {
        self.tokens.try_out().await
    }

    /// The status with which the resource server refuses Retrieve Consent without a token.
    pub async fn status_without_token(&self, id: &ConsentId) -> Result<u16, FetchError> {
        let url = format!("{}/v1/consents/{id}", self.resource_server);
        let answer = self.http.current().get(url).send().await;
        Ok(answer.map_err(fetch::transport)?.status().as_u16())
    }
}

fn required<'a>(value: Option<&'a str>, key: &'static str) -> Result<&'a str, PaynetSetupError> {
    value.ok_or(PaynetSetupError::Missing(key))
}
