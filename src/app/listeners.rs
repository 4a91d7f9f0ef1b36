//! The listeners' addresses and how a connection to each begins.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use izin_jose::KeyId;

use crate::config::Config;
use crate::http::{BoundListener, Handshake, server_config};

pub async fn bind_webhooks(config: &Config) -> anyhow::Result<BoundListener> {
    let section = &config.listeners.webhooks;
    let (Some(certificate), Some(key), Some(ca)) = (
        &section.certificate,
        &section.private_key,
        &section.client_ca,
    ) else {
        anyhow::bail!("listeners.webhooks needs certificate, private_key and client_ca");
    };
    let tls = server_config(certificate, key, Some(ca))?;
    let handshake = Handshake::Tls(Arc::new(tls));
    bind(section.address, handshake, config, "listeners.webhooks").await
}

pub async fn bind_public(config: &Config) -> anyhow::Result<BoundListener> {
    let section = &config.listeners.public;
    let handshake = match (&section.certificate, &section.private_key) {
        (Some(certificate), Some(key)) => {
            Handshake::Tls(Arc::new(server_config(certificate, key, None)?))
        }
        _ => Handshake::Plain,
    };
    bind(section.address, handshake, config, "listeners.public").await
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
    let scheme = if section.certificate.is_some() {
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

pub fn allowed_clients(config: &Config) -> anyhow::Result<HashSet<KeyId>> {
    let listed = &config.listeners.webhooks.allowed_clients;
    listed
        .iter()
        .map(|text| {
            text.parse().with_context(|| {
                format!("listeners.webhooks.allowed_clients: {text:?} is not an x5t#S256")
            })
        })
        .collect()
}
