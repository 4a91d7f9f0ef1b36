//! Keys, certificates and authorities read again while the service runs.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use izin_jose::CryptoPool;
use tokio_util::sync::CancellationToken;

use super::keys::{KeyMaterial, LiveKeys, files};
use crate::clock::SharedClock;
use crate::config::Config;
use crate::keys::Stamp;

/// How often the files are looked at. Renewals are prepared days before; a minute would do as well.
const WATCH_EVERY: Duration = Duration::from_secs(5);

/// Reads again on request and on change. Cheap to clone.
#[derive(Clone)]
pub struct Reload(Arc<Inner>);

struct Inner {
    /// What was read last: the configuration, and what its files looked like.
    read: Mutex<(Config, Stamp)>,
    live: LiveKeys,
    pool: Arc<CryptoPool>,
    clock: SharedClock,
    /// One reading at a time.
    turn: tokio::sync::Mutex<()>,
}

impl Reload {
    pub(super) fn new(
        config: Config,
        stamp: Stamp,
        live: LiveKeys,
        pool: Arc<CryptoPool>,
        clock: SharedClock,
    ) -> Self {
        Self(Arc::new(Inner {
            read: Mutex::new((config, stamp)),
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
        config.check()?;
        let (pool, now) = (self.0.pool.clone(), self.0.clock.now());
        let wanted = config.clone();
        let read = move || KeyMaterial::read(&wanted, &pool, now);
        let material = tokio::task::spawn_blocking(read).await??;
        let stamp = material.stamp.clone();
        self.0.live.replace(material);
        *self.0.read.lock().unwrap_or_else(PoisonError::into_inner) = (config, stamp);
        let signs = self.0.live.signing.current_id();
        let signs = signs.map(|key_id| key_id.to_string());
        tracing::info!(
            signs,
            "keys and certificates were read again and are in use"
        );
        Ok(())
    }

    /// Looks at the files until `stop`, and reads again when one has changed and all have come to rest: key and certificate are seldom
    /// replaced in the same moment. What cannot be used is told once; the next change, or [`Reload::with`], is the next attempt.
    pub(super) async fn watch(self, stop: CancellationToken) {
        let mut before = None;
        let mut refused = None;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(WATCH_EVERY) => {}
            }
            let (config, in_use) = self.read();
            let files = files(&config);
            let looked = tokio::task::spawn_blocking(move || Stamp::of(&files)).await;
            let now = looked.ok();
            let has_changed = now.as_ref() != Some(&in_use) && now != refused;
            if has_changed && now == before {
                refused = now.clone();
                if let Err(error) = self.with(config).await {
                    let error = format!("{error:#}");
                    tracing::error!(
                        error,
                        "changed key or certificate files cannot be used; the old ones stay in use"
                    );
                }
            }
            before = now;
        }
    }

    fn read(&self) -> (Config, Stamp) {
        let read = self.0.read.lock();
        read.unwrap_or_else(PoisonError::into_inner).clone()
    }
}
