//! PayNet for commands that ask it something beside the running service.

use std::sync::Arc;

use izin_jose::CryptoPool;

use super::keys::KeyMaterial;
use crate::clock::SharedClock;
use crate::config::Config;
use crate::http::install_crypto_provider;
use crate::keys::SigningKeys;
use crate::paynet::Paynet;

/// With the keys of the configuration as they are now.
pub async fn connect(config: &Config, clock: &SharedClock) -> anyhow::Result<Paynet> {
    install_crypto_provider();
    let pool = Arc::new(CryptoPool::start(1, config.limits.sealing_queue)?);
    let material = {
        let (config, now) = (config.clone(), clock.now());
        tokio::task::spawn_blocking(move || KeyMaterial::read(&config, &pool, now)).await??
    };
    let signing = SigningKeys::new(material.ring, clock.clone());
    Ok(Paynet::new(
        &config.ofp,
        material.paynet,
        signing,
        clock.clone(),
    )?)
}
