//! PayNet's discovery document: its issuer, token endpoint and key set. Addresses are taken from it, never
//! built (ADR 0001).

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

use super::cache::{Cached, Freshness};
use super::fetch::{Fetcher, StatedDate};
use crate::clock::SharedClock;

const MAX_BYTES: usize = 64 * 1024;
/// Characters.
const LONGEST_QUOTED: usize = 200;
const FRESHNESS: Freshness = Freshness {
    fresh_for: TimeDelta::minutes(15),
    refetch_every: TimeDelta::minutes(15),
    stale_for: TimeDelta::hours(24),
};

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Discovery {
    pub issuer: String,
    pub token_endpoint: String,
    pub jwks_uri: Option<String>,
}

#[derive(Debug, Clone, thiserror::Error)]
#[error("PayNet's discovery document cannot be had: {0}")]
pub struct DiscoveryError(String);

pub struct DiscoverySource {
    clock: SharedClock,
    issuer: Arc<Issuer>,
    cached: Cached<Discovery>,
}

/// The document as it is at this moment, with what the sender's clock said and when that was for ours.
#[derive(Debug, Clone)]
pub struct DatedDiscovery {
    pub document: Discovery,
    pub date: StatedDate,
    pub asked_at: DateTime<Utc>,
    pub answered_at: DateTime<Utc>,
}

struct Issuer {
    authorization_server: String,
    fetcher: Fetcher,
}

impl DiscoverySource {
    pub fn new(authorization_server: &str, fetcher: Fetcher, clock: SharedClock) -> Self {
        let authorization_server = authorization_server.trim_end_matches('/').to_owned();
        let issuer = Arc::new(Issuer {
            authorization_server,
            fetcher,
        });
        Self {
            clock,
            issuer,
            cached: Cached::new(FRESHNESS),
        }
    }

    pub async fn current(&self) -> Result<Arc<Discovery>, DiscoveryError> {
        let issuer = self.issuer.clone();
        let fetch = async move { issuer.fetch().await.map(|(document, _)| document) };
        self.cached
            .get(self.clock.now(), |_| true, fetch)
            .await
            .map_err(DiscoveryError)
    }

    /// Asks anew and keeps nothing.
    pub async fn look_up(&self) -> Result<DatedDiscovery, DiscoveryError> {
        let asked_at = self.clock.now();
        let (document, date) = self.issuer.fetch().await.map_err(DiscoveryError)?;
        Ok(DatedDiscovery {
            document,
            date,
            asked_at,
            answered_at: self.clock.now(),
        })
    }
}

impl Issuer {
    async fn fetch(&self) -> Result<(Discovery, StatedDate), String> {
        let url = format!(
            "{}/.well-known/openid-configuration",
            self.authorization_server
        );
        let answer = self
            .fetcher
            .get_dated(&url, MAX_BYTES)
            .await
            .map_err(|error| error.to_string())?;
        let document: Discovery =
            serde_json::from_slice(&answer.body).map_err(|error| error.to_string())?;
        self.check(&document)?;
        Ok((document, answer.date))
    }

    /// The issuer must be the one we were configured with (OpenID Connect Discovery §4.3).
    fn check(&self, document: &Discovery) -> Result<(), String> {
        if document.issuer.trim_end_matches('/') != self.authorization_server {
            return Err(format!(
                "issuer {} is not the configured {:?}",
                quoted(&document.issuer),
                self.authorization_server
            ));
        }
        let addresses = [Some(&document.token_endpoint), document.jwks_uri.as_ref()];
        match addresses
            .into_iter()
            .flatten()
            .find(|url| !url.starts_with("https://"))
        {
            Some(url) => Err(format!("{} is not https", quoted(url))),
            None => Ok(()),
        }
    }
}

/// A text from outside, for a message that stays readable.
fn quoted(text: &str) -> String {
    match text.char_indices().nth(LONGEST_QUOTED) {
        Some((end, _)) => format!("{:?}… ({} bytes)", &text[..end], text.len()),
        None => format!("{text:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_quoted_stays_short() {
        assert_eq!(quoted("https://as.example"), "\"https://as.example\"");
        let long = quoted(&"é".repeat(30_000));
        assert!(long.starts_with("\"éé") && long.ends_with("é\"… (60000 bytes)"));
        assert!(long.chars().count() < 250, "{long}");
    }
}
