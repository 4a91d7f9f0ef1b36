//! Key sets of PayNet and of each Data Consumer.
//!
//! A set is kept for at most fifteen minutes (v1.2.2 portal, Certificates). A key id that is not in it
//! triggers one more fetch, at most once a minute, because a rotated key must work at once and a flood of
//! invented ids must not become a flood of fetches. If PayNet does not answer, the last known set serves
//! for a limited time.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::TimeDelta;
use izin_jose::{JwkSet, KeyId};
use tokio::sync::Mutex;

use super::cache::{Cached, Freshness};
use super::discovery::DiscoverySource;
use super::fetch::{FetchError, Fetcher};
use crate::clock::SharedClock;
use crate::config::WireProfile;
use crate::ids::DcId;

/// Data Consumers whose sets are remembered at a time.
const MAX_PARTIES: usize = 1_000;

/// Whose keys.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Party {
    Paynet,
    Consumer(DcId),
}

#[derive(Debug, Clone, thiserror::Error)]
#[error("the key set of {party:?} cannot be had: {cause}")]
pub struct KeysUnavailable {
    pub party: Party,
    pub cause: String,
}

const FRESHNESS: Freshness = Freshness {
    fresh_for: TimeDelta::minutes(15),
    refetch_every: TimeDelta::minutes(1),
    stale_for: TimeDelta::hours(4),
};

pub struct KeyDirectory {
    clock: SharedClock,
    publisher: Arc<Publisher>,
    sets: Mutex<HashMap<Party, Arc<Cached<JwkSet>>>>,
}

/// Where key sets come from.
struct Publisher {
    authorization_server: String,
    paynet_path: String,
    consumer_path: String,
    discovery: Arc<DiscoverySource>,
    fetcher: Fetcher,
}

impl KeyDirectory {
    pub(super) fn new(
        authorization_server: &str,
        profile: &WireProfile,
        discovery: Arc<DiscoverySource>,
        fetcher: Fetcher,
        clock: SharedClock,
    ) -> Self {
        let publisher = Arc::new(Publisher {
            authorization_server: authorization_server.trim_end_matches('/').to_owned(),
            paynet_path: profile.paynet_jwks_path.clone(),
            consumer_path: profile.consumer_jwks_path.clone(),
            discovery,
            fetcher,
        });
        let sets = Mutex::new(HashMap::new());
        Self {
            clock,
            publisher,
            sets,
        }
    }

    /// The party's keys, fetched again if `wanted` is not among those known. Whether it is in the set that
    /// comes back is for the caller to see.
    pub async fn keys(
        &self,
        party: &Party,
        wanted: &KeyId,
    ) -> Result<Arc<JwkSet>, KeysUnavailable> {
        let wanted = wanted.clone();
        self.get(party, move |set| set.get(&wanted).is_some()).await
    }

    /// The party's keys as they were fetched last, no older than a copy may be. Empty if PayNet knows none.
    pub async fn copy(&self, party: &Party) -> Result<Arc<JwkSet>, KeysUnavailable> {
        self.get(party, |_| true).await
    }

    async fn get(
        &self,
        party: &Party,
        has_it: impl Fn(&JwkSet) -> bool + Send + 'static,
    ) -> Result<Arc<JwkSet>, KeysUnavailable> {
        let set = self.set_of(party).await;
        let (publisher, whose) = (self.publisher.clone(), party.clone());
        let fetch = async move { publisher.fetch(&whose).await };
        set.get(self.clock.now(), has_it, fetch)
            .await
            .map_err(|cause| KeysUnavailable {
                party: party.clone(),
                cause,
            })
    }

    async fn set_of(&self, party: &Party) -> Arc<Cached<JwkSet>> {
        let mut sets = self.sets.lock().await;
        if sets.len() >= MAX_PARTIES && !sets.contains_key(party) {
            // PayNet's own set is wanted all the time; any other can be fetched again.
            let other = sets.keys().find(|party| **party != Party::Paynet).cloned();
            other.and_then(|other| sets.remove(&other));
        }
        let set = sets.entry(party.clone());
        set.or_insert_with(|| Arc::new(Cached::new(FRESHNESS)))
            .clone()
    }
}

impl Publisher {
    async fn fetch(&self, party: &Party) -> Result<JwkSet, String> {
        let url = self.address(party).await?;
        let body = match self.fetcher.get(&url, JwkSet::MAX_BYTES).await {
            Ok(body) => body,
            // PayNet says that this party has no keys (any more): that is an answer, not an outage.
            Err(FetchError::Status(404 | 410)) => return Ok(JwkSet::default()),
            Err(error) => return Err(error.to_string()),
        };
        let set = JwkSet::parse(&body).map_err(|error| error.to_string())?;
        for skipped in set.skipped() {
            let reason = skipped.error.reason();
            tracing::debug!(?party, position = skipped.position, reason, "skipped a key");
        }
        Ok(set)
    }

    async fn address(&self, party: &Party) -> Result<String, String> {
        match party {
            Party::Paynet => {
                let document = self
                    .discovery
                    .current()
                    .await
                    .map_err(|error| error.to_string())?;
                let built = || format!("{}{}", self.authorization_server, self.paynet_path);
                Ok(document.jwks_uri.clone().unwrap_or_else(built))
            }
            Party::Consumer(dc_id) => {
                let path = self.consumer_path.replace("{dc_id}", dc_id.as_str());
                Ok(format!("{}{path}", self.authorization_server))
            }
        }
    }
}
