//! Where we listen, and with which certificates.

use std::net::SocketAddr;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{KeyLocation, KeySource};

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Listeners {
    pub webhooks: WebhooksListener,
    pub public: PublicListener,
    pub ops: OpsListener,
}

/// PayNet's side: mutual TLS only.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhooksListener {
    pub address: SocketAddr,
    pub base_url: Option<String>,
    pub certificate: Option<PathBuf>,
    pub private_key: Option<KeyLocation>,
    pub passphrase_file: Option<PathBuf>,
    pub client_ca: Option<PathBuf>,
    /// x5t#S256 of the only client certificates to accept; empty: any from `client_ca`.
    pub allowed_clients: Vec<String>,
}

impl WebhooksListener {
    pub fn key(&self) -> Option<KeySource> {
        KeySource::of(
            self.private_key.as_ref(),
            self.certificate.as_ref(),
            self.passphrase_file.as_ref(),
        )
    }
}

/// The customers' side.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PublicListener {
    pub address: SocketAddr,
    pub base_url: Option<String>,
    pub certificate: Option<PathBuf>,
    pub private_key: Option<KeyLocation>,
    pub passphrase_file: Option<PathBuf>,
}

impl PublicListener {
    /// Left out: plain HTTP.
    pub fn key(&self) -> Option<KeySource> {
        KeySource::of(
            self.private_key.as_ref(),
            self.certificate.as_ref(),
            self.passphrase_file.as_ref(),
        )
    }
}

/// The institution's own side: no authentication, hence loopback.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpsListener {
    /// Absent: no such listener.
    pub address: Option<SocketAddr>,
}
