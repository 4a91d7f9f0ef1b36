//! Who we are at PayNet, where PayNet is, and how its open questions are settled.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use crate::consent::ReasonCode;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ofp {
    pub dp_id: Option<String>,
    pub client_id: Option<String>,
    pub authorization_server: Option<String>,
    pub resource_server: Option<String>,
    pub server_ca: Option<PathBuf>,
    pub client_certificate: Option<PathBuf>,
    pub client_private_key: Option<PathBuf>,
    pub redirect_uris: Vec<String>,
    /// `dc_id` to the name customers are shown.
    pub consumers: BTreeMap<String, String>,
    pub authorization_minutes: i64,
    pub profile: WireProfile,
}

/// The wire profile v1.2.2 (docs/decisions/0001-wire-profile.md). Each field is described in
/// `config/default.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WireProfile {
    pub signature_headers: Vec<String>,
    /// Seconds.
    pub issued_at_window: i64,
    /// Seconds.
    pub clock_skew: i64,
    /// Seconds.
    pub token_lifetime: i64,
    pub paynet_jwks_path: String,
    pub consumer_jwks_path: String,
    pub declined_reason: ReasonCode,
    pub no_account_reason: ReasonCode,
    pub envelope_status: String,
    pub redirect_consent_id: String,
    pub redirect_error: String,
    pub redirect_error_description: String,
}
