//! PayNet's discovery document: its issuer, token endpoint and key set. Addresses are taken from it, never
//! built (ADR 0001).

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use tokio::sync::Mutex;

use super::fetch::{FetchError, Fetcher};
use crate::clock::SharedClock;

const MAX_BYTES: usize = 64 * 1024;
const FRESH_FOR: TimeDelta = TimeDelta::minutes(15);

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Discovery {
    pub issuer: String,
    pub token_endpoint: String,
    pub jwks_uri: Option<String>,
}

#[derive(Debug, Clone, thiserror::Error)]
pub enum DiscoveryError {
    #[error("PayNet's discovery document cannot be read: {0}")]
    Fetch(#[from] FetchError),
    #[error("PayNet's discovery document is not usable: {0}")]
    Unusable(String),
}

struct Cached {
    document: Arc<Discovery>,
    fetched_at: DateTime<Utc>,
}

/// Fetches at most one document at a time and keeps it for fifteen minutes; a stale one is better than
/// none.
pub struct DiscoverySource {
    authorization_server: String,
    fetcher: Fetcher,
    clock: SharedClock,
    cached: Mutex<Option<Cached>>,
}

impl DiscoverySource {
    pub fn new(authorization_server: &str, fetcher: Fetcher, clock: SharedClock) -> Self {
        let authorization_server = authorization_server.trim_end_matches('/').to_owned();
        Self {
            authorization_server,
            fetcher,
            clock,
            cached: Mutex::new(None),
        }
    }

    pub async fn current(&self) -> Result<Arc<Discovery>, DiscoveryError> {
        let mut cached = self.cached.lock().await;
        let now = self.clock.now();
        if let Some(known) = &*cached
            && now - known.fetched_at < FRESH_FOR
        {
            return Ok(known.document.clone());
        }
        match self.fetch().await {
            Ok(document) => {
                let document = Arc::new(document);
                *cached = Some(Cached {
                    document: document.clone(),
                    fetched_at: now,
                });
                Ok(document)
            }
            Err(error) => match &*cached {
                Some(known) => {
                    tracing::warn!(%error, "using the last known discovery document");
                    Ok(known.document.clone())
                }
                None => Err(error),
            },
        }
    }

    async fn fetch(&self) -> Result<Discovery, DiscoveryError> {
        let url = format!(
            "{}/.well-known/openid-configuration",
            self.authorization_server
        );
        let body = self.fetcher.get(&url, MAX_BYTES).await?;
        let document: Discovery = serde_json::from_slice(&body)
            .map_err(|error| DiscoveryError::Unusable(error.to_string()))?;
        self.check(&document)?;
        Ok(document)
    }

    /// The issuer must be the one we were configured with (OpenID Connect Discovery §4.3).
    fn check(&self, document: &Discovery) -> Result<(), DiscoveryError> {
        if document.issuer.trim_end_matches('/') != self.authorization_server {
            return Err(DiscoveryError::Unusable(format!(
                "issuer {:?} is not the configured {:?}",
                document.issuer, self.authorization_server
            )));
        }
        let addresses = [Some(&document.token_endpoint), document.jwks_uri.as_ref()];
        match addresses
            .into_iter()
            .flatten()
            .find(|url| !url.starts_with("https://"))
        {
            Some(url) => Err(DiscoveryError::Unusable(format!("{url:?} is not https"))),
            None => Ok(()),
        }
    }
}
