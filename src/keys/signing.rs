//! The keys that sign data responses, id tokens and client assertions. Their public halves are what `GET /v1/oauth/jwks` publishes.
//!
//! A key is published before it signs and after it has signed for the last time, so that whoever keeps a copy of the set for a while
//! can always verify what arrives.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use chrono::{DateTime, TimeDelta, Utc};
use izin_jose::{JwkSet, JwkSetError, KeyId, SignError, Signer};

use super::certificate::CertificateFacts;
use super::reader::{KeyProblem, KeyReader};
use crate::clock::SharedClock;
use crate::config;

/// How long a key stays published after it has signed for the last time: much longer than anything signed is valid, and than PayNet
/// keeps a copy of the set.
const PUBLISHED_AFTERWARDS: TimeDelta = TimeDelta::days(1);

/// When a key that signs until then is published no more; None: at the end of all calendars.
pub fn published_until(until: DateTime<Utc>) -> Option<DateTime<Utc>> {
    until.checked_add_signed(PUBLISHED_AFTERWARDS)
}

#[derive(Debug, thiserror::Error)]
pub enum KeyRingProblem {
    #[error("{setting}: {problem}")]
    Key {
        setting: String,
        problem: KeyProblem,
    },
    #[error("signing.keys: {0}")]
    Set(#[from] JwkSetError),
    #[error("signing.keys: no key may sign now ({0})")]
    NoCurrentKey(String),
}

/// What a key is doing at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// Its certificate is not valid yet, or no more.
    Invalid,
    /// Published, and another one signs.
    Published,
    /// After `until`, and not published any more.
    Retired,
    Signs,
}

impl fmt::Display for KeyState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Invalid => "certificate invalid",
            Self::Published => "published",
            Self::Retired => "retired",
            Self::Signs => "signs",
        })
    }
}

/// All signing keys of one reading of the configuration; by default none.
#[derive(Debug, Default)]
pub struct KeyRing(Vec<RingKey>);

#[derive(Debug)]
struct RingKey {
    signer: Arc<dyn Signer>,
    certificate: CertificateFacts,
    from: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
}

impl RingKey {
    fn may_sign(&self, now: DateTime<Utc>) -> bool {
        self.from.is_none_or(|from| from <= now)
            && self.until.is_none_or(|until| now < until)
            && self.certificate.is_valid_at(now)
    }

    /// When it may sign: from the first moment to the one after the last.
    fn span(&self) -> (DateTime<Utc>, DateTime<Utc>) {
        let certificate = &self.certificate;
        let begin = self.from.map_or(certificate.not_before, |from| {
            from.max(certificate.not_before)
        });
        // A certificate is valid until its last second has passed.
        let last = certificate.not_after + TimeDelta::seconds(1);
        let end = self.until.map_or(last, |until| until.min(last));
        (begin, end)
    }

    fn is_published(&self, now: DateTime<Utc>) -> bool {
        self.until
            .and_then(published_until)
            .is_none_or(|last| now < last)
    }
}

impl KeyRing {
    /// Fails unless one of the keys may sign now. Blocks.
    pub fn read(
        reader: &KeyReader,
        keys: &[config::SigningKey],
        now: DateTime<Utc>,
    ) -> Result<Self, KeyRingProblem> {
        let mut ring = Vec::with_capacity(keys.len());
        for (number, key) in keys.iter().enumerate() {
            let (signer, certificate) =
                reader
                    .signer(&key.key())
                    .map_err(|problem| KeyRingProblem::Key {
                        setting: format!("signing.keys[{number}]"),
                        problem,
                    })?;
            ring.push(RingKey {
                signer,
                certificate,
                from: key.from,
                until: key.until,
            });
        }
        JwkSet::new(ring.iter().map(|key| key.signer.public_jwk()))?;
        let ring = Self(ring);
        if ring.current(now).is_none() {
            return Err(KeyRingProblem::NoCurrentKey(ring.times()));
        }
        if let Some((since, until)) = ring.gap(now) {
            tracing::warn!(%since, %until, "signing.keys: no key signs in this time");
        }
        Ok(ring)
    }

    /// Of those that may sign, the one that began last; among equals the one that stands first.
    fn current(&self, now: DateTime<Utc>) -> Option<&RingKey> {
        let candidates = self.0.iter().filter(|key| key.may_sign(now));
        candidates.rev().max_by_key(|key| key.from)
    }

    /// The first time from now on in which no key signs, though one will afterwards: since when, and until when.
    pub fn gap(&self, now: DateTime<Utc>) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let mut spans: Vec<_> = self.0.iter().map(RingKey::span).collect();
        spans.sort_unstable();
        let mut covered = now;
        for (begin, end) in spans.into_iter().filter(|(begin, end)| begin < end) {
            if begin > covered {
                return Some((covered, begin));
            }
            covered = covered.max(end);
        }
        None
    }

    fn published(&self, now: DateTime<Utc>) -> JwkSet {
        let published = self.0.iter().filter(|key| key.is_published(now));
        // A part of a set that was made before has no repeated key ids either.
        JwkSet::new(published.map(|key| key.signer.public_jwk())).unwrap_or_default()
    }

    /// What a key is doing now; None if it is none of these.
    pub fn state_of(&self, key_id: &KeyId, now: DateTime<Utc>) -> Option<KeyState> {
        let mut keys = self.0.iter();
        let key = keys.find(|key| key.signer.key_id() == key_id)?;
        let current = self.current(now).map(|key| key.signer.key_id());
        Some(if current == Some(key_id) {
            KeyState::Signs
        } else if !key.is_published(now) {
            KeyState::Retired
        } else if key.certificate.is_valid_at(now) {
            KeyState::Published
        } else {
            KeyState::Invalid
        })
    }

    fn times(&self) -> String {
        let times = self.0.iter().map(|key| {
            let certificate = &key.certificate;
            format!(
                "{}: certificate valid from {} until {}{}{}",
                certificate.thumbprint,
                certificate.not_before.to_rfc3339(),
                certificate.not_after.to_rfc3339(),
                named(", from ", key.from),
                named(", until ", key.until),
            )
        });
        times.collect::<Vec<_>>().join("; ")
    }
}

fn named(name: &str, at: Option<DateTime<Utc>>) -> String {
    at.map_or_else(String::new, |at| format!("{name}{}", at.to_rfc3339()))
}

/// The key ring of the moment. Cheap to clone; all clones see a replacement.
#[derive(Clone)]
pub struct SigningKeys {
    ring: Arc<ArcSwap<KeyRing>>,
    clock: SharedClock,
}

impl SigningKeys {
    pub fn new(ring: KeyRing, clock: SharedClock) -> Self {
        Self {
            ring: Arc::new(ArcSwap::from_pointee(ring)),
            clock,
        }
    }

    /// The key that signs now.
    pub fn current(&self) -> Result<Arc<dyn Signer>, SignError> {
        let ring = self.ring.load();
        let current = ring.current(self.clock.now());
        let current = current.map(|key| key.signer.clone());
        current.ok_or(SignError::NoCurrentKey)
    }

    /// What others need for verifying.
    pub fn published(&self) -> JwkSet {
        self.ring.load().published(self.clock.now())
    }

    /// The one that signs, for a log.
    pub fn current_id(&self) -> Option<KeyId> {
        let current = self.current().ok()?;
        Some(current.key_id().clone())
    }

    /// From now on. Signatures under way are finished with the key they began with.
    pub fn replace(&self, ring: KeyRing) {
        self.ring.store(Arc::new(ring));
    }
}

impl fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SigningKeys")
            .field(&self.ring.load())
            .finish()
    }
}
