//! The listeners' addresses and how a connection to each begins.

use std::net::SocketAddr;

use anyhow::Context;

use crate::config::Config;
use crate::http::{BoundListener, Handshake, ServerTls};

pub async fn bind_webhooks(config: &Config, tls: ServerTls) -> anyhow::Result<BoundListener> {
    let address = config.listeners.webhooks.address;
    bind(address, Handshake::Tls(tls), config, "listeners.webhooks").await
}

/// Without TLS it is plain HTTP.
pub async fn bind_public(config: &Config, tls: Option<ServerTls>) -> anyhow::Result<BoundListener> {
    let address = config.listeners.public.address;
    let handshake = tls.map_or(Handshake::Plain, Handshake::Tls);
    bind(address, handshake, config, "listeners.public").await
}

pub async fn bind_ops(config: &Config) -> anyhow::Result<Option<BoundListener>> {
    let Some(address) = config.listeners.ops.address else {
        return Ok(None);
    };
    let listener = bind(address, Handshake::Plain, config, "listeners.ops").await?;
    Ok(Some(listener))
}

async fn bind(
    address: SocketAddr,
    handshake: Handshake,
    config: &Config,
    section: &str,
) -> anyhow::Result<BoundListener> {
    BoundListener::bind(address, handshake, config.limits.connections)
        .await
        .with_context(|| format!("{section}.address: {address} cannot be listened on"))
}

/// Configured, or the address itself.
pub fn public_url(config: &Config, bound: SocketAddr) -> String {
    let section = &config.listeners.public;
    let scheme = if section.private_key.is_some() {
        "https"
    } else {
        "http"
    };
    let configured = section
        .base_url
        .as_deref()
        .map(|url| url.trim_end_matches('/').to_owned());
    configured.unwrap_or_else(|| format!("{scheme}://{bound}"))
}
