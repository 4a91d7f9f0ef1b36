//! Who we are at PayNet, where PayNet is, and how its open questions are settled.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use super::profile::WireProfile;
use super::{KeyLocation, KeySource};

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ofp {
    pub dp_id: Option<String>,
    pub client_id: Option<String>,
    pub authorization_server: Option<String>,
    pub resource_server: Option<String>,
    pub server_ca: Option<PathBuf>,
    pub client_certificate: Option<PathBuf>,
    pub client_private_key: Option<KeyLocation>,
    pub client_passphrase_file: Option<PathBuf>,
    pub client_auth: ClientAuth,
    pub redirect_uris: Vec<String>,
    /// `dc_id` to the name customers are shown.
    pub consumers: BTreeMap<String, String>,
    pub authorization_minutes: i64,
    pub profile: WireProfile,
}

impl Ofp {
    /// What we show PayNet.
    pub fn client_key(&self) -> Option<KeySource> {
        KeySource::of(
            self.client_private_key.as_ref(),
            self.client_certificate.as_ref(),
            self.client_passphrase_file.as_ref(),
        )
    }
}

/// How we prove who we are at PayNet's token endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuth {
    /// A signed client assertion, beside the client certificate.
    PrivateKeyJwt,
    /// The client certificate alone (RFC 8705 §2.1).
    TlsClientAuth,
}
