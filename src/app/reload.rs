//! Keys, certificates and authorities read again while the service runs.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::ensure;
use izin_jose::{CryptoPool, KeyId, TokenError};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::keys::{KeyMaterial, LiveKeys, files};
use crate::clock::SharedClock;
use crate::config::Config;
use crate::keys::Stamp;

/// How often the files are looked at. Renewals are prepared days before; a minute would do as well.
const WATCH_EVERY: Duration = Duration::from_secs(5);

/// When what could not be used is tried again though no file has changed: a token or a network drive may be back.
const RETRY_EVERY: Duration = Duration::from_secs(60);

/// Reads again on request and on change. Cheap to clone.
#[derive(Clone)]
pub struct Reload(Arc<Inner>);

struct Inner {
    in_use: Mutex<InUse>,
    live: LiveKeys,
    pool: Arc<CryptoPool>,
    clock: SharedClock,
    /// One reading at a time.
    turn: tokio::sync::Mutex<()>,
}

/// What was read last.
#[derive(Clone)]
pub(super) struct InUse {
    pub config: Config,
    /// What its files looked like.
    pub stamp: Stamp,
    /// Of our ends of TLS.
    pub certificates: HashSet<KeyId>,
}

impl Reload {
    pub(super) fn new(
        in_use: InUse,
        live: LiveKeys,
        pool: Arc<CryptoPool>,
        clock: SharedClock,
    ) -> Self {
        Self(Arc::new(Inner {
            in_use: Mutex::new(in_use),
            live,
            pool,
            clock,
            turn: tokio::sync::Mutex::default(),
        }))
    }

    /// Puts into use what `config` says of keys, certificates, authorities and allowed clients. Its other settings take effect at the
    /// next start. On failure everything stays as it was.
    pub async fn with(&self, config: Config) -> anyhow::Result<()> {
        let _turn = self.0.turn.lock().await;
        self.put_into_use(config).await
    }

    /// The files of the configuration that is in use by now, unless somebody has read them meanwhile.
    async fn again(&self) -> anyhow::Result<()> {
        let _turn = self.0.turn.lock().await;
        let InUse { config, stamp, .. } = self.in_use();
        let now = look_at(&config).await;
        if now.as_ref() == Some(&stamp) {
            return Ok(());
        }
        self.put_into_use(config).await
    }

    /// Only with the turn.
    async fn put_into_use(&self, config: Config) -> anyhow::Result<()> {
        config.check()?;
        let (pool, now) = (self.0.pool.clone(), self.0.clock.now());
        let wanted = config.clone();
        let read = move || KeyMaterial::read(&wanted, &pool, now);
        let material = tokio::task::spawn_blocking(read).await??;
        let known = self.in_use().certificates;
        for (section, certificate) in material.invalid_certificates(now) {
            ensure!(
                known.contains(&certificate.thumbprint),
                "{section}: the new certificate is valid from {} until {}, and not now",
                certificate.not_before.to_rfc3339(),
                certificate.not_after.to_rfc3339()
            );
        }
        let in_use = InUse {
            config,
            stamp: material.stamp.clone(),
            certificates: material.thumbprints(),
        };
        self.0.live.replace(material);
        *self.0.in_use.lock().unwrap_or_else(PoisonError::into_inner) = in_use;
        let signs = self.0.live.signing.current_id();
        let signs = signs.map(|key_id| key_id.to_string());
        tracing::info!(
            signs,
            "keys and certificates were read again and are in use"
        );
        Ok(())
    }

    /// Looks at the files until `stop`, and reads again when one has changed and all have come to rest: key and certificate are seldom
    /// replaced in the same moment. What cannot be used is tried again every minute, and at the next change.
    pub(super) async fn watch(self, stop: CancellationToken) {
        let mut before = None;
        let mut refused = None;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(WATCH_EVERY) => {}
            }
            let InUse { config, stamp, .. } = self.in_use();
            let now = look_at(&config).await;
            let has_changed = now.as_ref() != Some(&stamp);
            let may_try = refused
                .as_ref()
                .is_none_or(|refused: &Refused| refused.may_be_tried(now.as_ref(), Instant::now()));
            if has_changed && may_try && now == before {
                refused = self.again().await.err().map(|error| {
                    let is_final = is_final(&error);
                    let error = format!("{error:#}");
                    tracing::error!(
                        error,
                        "changed key or certificate files cannot be used; the old ones stay in use"
                    );
                    Refused {
                        stamp: now.clone(),
                        again: (!is_final).then(|| Instant::now() + RETRY_EVERY),
                    }
                });
            }
            before = now;
        }
    }

    fn in_use(&self) -> InUse {
        let in_use = self.0.in_use.lock();
        in_use.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Files that could not be used.
struct Refused {
    stamp: Option<Stamp>,
    /// None: not before one of them changes.
    again: Option<Instant>,
}

impl Refused {
    fn may_be_tried(&self, stamp: Option<&Stamp>, now: Instant) -> bool {
        stamp != self.stamp.as_ref() || self.again.is_some_and(|again| again <= now)
    }
}

async fn look_at(config: &Config) -> Option<Stamp> {
    let files = files(config);
    let looked = tokio::task::spawn_blocking(move || Stamp::of(&files)).await;
    looked.ok()
}

/// Where another try could only lock the token, or cannot succeed before a restart.
fn is_final(error: &anyhow::Error) -> bool {
    use TokenError::{PinFinalTry, PinLocked, PinRefused, PinUnproven};
    let mut causes = error.chain();
    causes.any(|cause| {
        let token = cause.downcast_ref();
        matches!(
            token,
            Some(PinFinalTry | PinLocked | PinRefused | PinUnproven)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_refused_is_tried_again() {
        let stamp = Some(Stamp::of(&["/".into()]));
        let other = Some(Stamp::of(&["/tmp".into()]));
        let now = Instant::now();
        let refused = |again| Refused {
            stamp: stamp.clone(),
            again,
        };
        let (passing, final_one) = (refused(Some(now + RETRY_EVERY)), refused(None));
        for refused in [&passing, &final_one] {
            assert!(!refused.may_be_tried(stamp.as_ref(), now));
            assert!(refused.may_be_tried(other.as_ref(), now), "a file changed");
        }
        let later = now + RETRY_EVERY;
        assert!(passing.may_be_tried(stamp.as_ref(), later));
        assert!(!final_one.may_be_tried(stamp.as_ref(), later), "a PIN");
    }

    #[test]
    fn a_refused_pin_is_known_behind_all_that_was_said_of_it() {
        use crate::keys::KeyProblem;
        let refused = KeyProblem::from(TokenError::PinRefused);
        assert!(is_final(&anyhow::Error::from(refused).context("ofp")));
        assert!(!is_final(&anyhow::anyhow!("a network drive")));
    }
}
