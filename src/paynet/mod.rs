//! PayNet, as we call it: discovery, tokens, key sets, and the consent operations. Everything that comes
//! back is bounded in size and time and believed only as far as its signature or TLS goes.

mod cache;
mod consents;
mod context;
mod discovery;
mod fetch;
mod id_token;
mod keys;
mod token;

use std::sync::Arc;

use crate::clock::SharedClock;
use crate::config::Ofp;
use crate::generated::ofp_dp::client::Client;
use crate::ids::{DpId, InvalidId};
use crate::signing::SigningKeys;

pub use consents::{RemoteConsent, RetrieveError, UpdateAnswer, consent_from_wire};
pub use context::ClientContext;
pub use keys::{KeyDirectory, KeysUnavailable, Party};

use discovery::DiscoverySource;
use fetch::Fetcher;
use token::TokenSource;

#[derive(Debug, thiserror::Error)]
pub enum PaynetSetupError {
    #[error("ofp.{0} is required")]
    Missing(&'static str),
    #[error(transparent)]
    Id(#[from] InvalidId),
    #[error("{path}: {problem}")]
    File {
        path: String,
        problem: std::io::Error,
    },
    #[error("the client certificate, its key or the authority cannot be used: {0}")]
    Tls(reqwest::Error),
}

/// Everything the service needs of PayNet. Cheap to clone.
#[derive(Clone)]
pub struct Paynet {
    dp_id: DpId,
    client: Client,
    clock: SharedClock,
    discovery: Arc<DiscoverySource>,
    keys: Arc<KeyDirectory>,
    signing: SigningKeys,
    tokens: Arc<TokenSource>,
}

impl Paynet {
    /// Connects lazily: nothing is sent before it is needed.
    pub fn new(
        config: &Ofp,
        signing: SigningKeys,
        clock: SharedClock,
    ) -> Result<Self, PaynetSetupError> {
        let http = fetch::mutual_tls_client(config)?;
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
        let context = ClientContext::new(tokens.clone(), config.profile.update_method);
        let base = resource_server.trim_end_matches('/');
        let client = Client::new_with_client(base, http, context);
        Ok(Self {
            dp_id,
            client,
            clock,
            discovery,
            keys,
            signing,
            tokens,
        })
    }

    pub fn keys(&self) -> &Arc<KeyDirectory> {
        &self.keys
    }
}

fn required<'a>(value: Option<&'a str>, key: &'static str) -> Result<&'a str, PaynetSetupError> {
    value.ok_or(PaynetSetupError::Missing(key))
}

fn required_path<'a>(
    value: Option<&'a std::path::Path>,
    key: &'static str,
) -> Result<&'a std::path::Path, PaynetSetupError> {
    value.ok_or(PaynetSetupError::Missing(key))
}
