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
    /// Of the last reading.
    config: Mutex<Config>,
    live: LiveKeys,
    pool: Arc<CryptoPool>,
    clock: SharedClock,
    /// One reading at a time.
    turn: tokio::sync::Mutex<()>,
}

impl Reload {
    pub(super) fn new(
        config: Config,
        live: LiveKeys,
        pool: Arc<CryptoPool>,
        clock: SharedClock,
    ) -> Self {
        Self(Arc::new(Inner {
            config: Mutex::new(config),
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
        let read = config.clone();
        let read = move || KeyMaterial::read(&read, &pool, now);
        let material = tokio::task::spawn_blocking(read).await??;
        self.0.live.replace(material);
        *self.0.config.lock().unwrap_or_else(PoisonError::into_inner) = config;
        let signs = self.0.live.signing.current_id();
        let signs = signs.map(|key_id| key_id.to_string());
        tracing::info!(
            signs,
            "keys and certificates were read again and are in use"
        );
        Ok(())
    }

    /// Looks at the files until `stop`, and reads again when one has changed. What cannot be used is told once; the next change, or
    /// [`Reload::with`], is the next attempt.
    pub(super) async fn watch(self, stop: CancellationToken) {
        let mut seen = self.stamp().await;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(WATCH_EVERY) => {}
            }
            let stamp = self.stamp().await;
            if stamp == seen {
                continue;
            }
            seen = stamp;
            if let Err(error) = self.with(self.config()).await {
                let error = format!("{error:#}");
                tracing::error!(
                    error,
                    "changed key or certificate files cannot be used; the old ones stay in use"
                );
            }
        }
    }

    fn config(&self) -> Config {
        let config = self.0.config.lock();
        config.unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn stamp(&self) -> Option<Stamp> {
        let files = files(&self.config());
        let stamp = tokio::task::spawn_blocking(move || Stamp::of(&files));
        stamp.await.ok()
    }
}
