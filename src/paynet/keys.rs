//! Key sets of PayNet and of each Data Consumer.
//!
//! A set is kept for at most fifteen minutes (v1.2.2 portal, Certificates). A key id that is not in it
//! triggers one more fetch, at most once a minute, because a rotated key must work at once and a flood of
//! invented ids must not become a flood of fetches. If PayNet does not answer, the last known set serves
//! for a limited time.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use izin_jose::{JwkSet, KeyId};
use tokio::sync::Mutex;

use super::discovery::DiscoverySource;
use super::fetch::Fetcher;
use crate::clock::SharedClock;
use crate::config::WireProfile;
use crate::ids::DcId;

const FRESH_FOR: TimeDelta = TimeDelta::minutes(15);
const REFETCH_EVERY: TimeDelta = TimeDelta::minutes(1);
const STALE_FOR: TimeDelta = TimeDelta::hours(4);
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

#[derive(Default)]
struct Entry {
    set: Option<(Arc<JwkSet>, DateTime<Utc>)>,
    tried_at: Option<DateTime<Utc>>,
}

type Slot = Arc<Mutex<Entry>>;

pub struct KeyDirectory {
    authorization_server: String,
    paynet_path: String,
    consumer_path: String,
    discovery: Arc<DiscoverySource>,
    fetcher: Fetcher,
    clock: SharedClock,
    slots: Mutex<HashMap<Party, Slot>>,
}

impl KeyDirectory {
    pub(super) fn new(
        authorization_server: &str,
        profile: &WireProfile,
        discovery: Arc<DiscoverySource>,
        fetcher: Fetcher,
        clock: SharedClock,
    ) -> Self {
        Self {
            authorization_server: authorization_server.trim_end_matches('/').to_owned(),
            paynet_path: profile.paynet_jwks_path.clone(),
            consumer_path: profile.consumer_jwks_path.clone(),
            discovery,
            fetcher,
            clock,
            slots: Mutex::new(HashMap::new()),
        }
    }

    /// The party's keys, fetched again if `wanted` is not among those known. Whether it is in the set that
    /// comes back is for the caller to see.
    pub async fn keys(
        &self,
        party: &Party,
        wanted: &KeyId,
    ) -> Result<Arc<JwkSet>, KeysUnavailable> {
        let slot = self.slot(party).await;
        // Held during the fetch: everybody else who wants this set waits for the one answer.
        let mut entry = slot.lock().await;
        let now = self.clock.now();
        if let Some((set, fetched_at)) = &entry.set {
            let fresh = now - *fetched_at < FRESH_FOR;
            let recently_tried = entry.tried_at.is_some_and(|at| now - at < REFETCH_EVERY);
            if (fresh && set.get(wanted).is_some()) || recently_tried {
                return Ok(set.clone());
            }
        }
        entry.tried_at = Some(now);
        match self.fetch(party).await {
            Ok(set) => {
                let set = Arc::new(set);
                entry.set = Some((set.clone(), now));
                Ok(set)
            }
            Err(cause) => match &entry.set {
                Some((set, fetched_at)) if now - *fetched_at < STALE_FOR => {
                    tracing::warn!(?party, %cause, "using the last known key set");
                    Ok(set.clone())
                }
                _ => Err(KeysUnavailable {
                    party: party.clone(),
                    cause,
                }),
            },
        }
    }

    async fn slot(&self, party: &Party) -> Slot {
        let mut slots = self.slots.lock().await;
        if slots.len() >= MAX_PARTIES && !slots.contains_key(party) {
            slots.clear();
        }
        slots.entry(party.clone()).or_default().clone()
    }

    async fn fetch(&self, party: &Party) -> Result<JwkSet, String> {
        let url = self.address(party).await?;
        let body = self
            .fetcher
            .get(&url, JwkSet::MAX_BYTES)
            .await
            .map_err(|error| error.to_string())?;
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
