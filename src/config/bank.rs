//! Where the bank's own systems are, for accounts and for signing in.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{KeyLocation, KeySource};

/// `[bank]`
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bank {
    pub kind: BankKind,
    /// With `kind = "http"`.
    #[serde(default)]
    pub http: BankEndpoint,
    /// With `kind = "linked"`: whatever the bank's own code wants to be told.
    #[serde(default)]
    #[schemars(schema_with = "super::schema::secret_table")]
    pub settings: BankSettings,
}

/// What the bank's own code is told. May hold secrets: never printed.
#[derive(Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct BankSettings(pub figment::value::Dict);

impl std::fmt::Debug for BankSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("BankSettings").finish_non_exhaustive()
    }
}

/// Who implements a contract of the bank's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum BankKind {
    /// The built-in demo bank.
    Demo,
    /// The bank, over HTTP.
    Http,
    /// The bank, in this binary.
    Linked,
}

impl BankKind {
    /// As it is configured.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Demo => "demo",
            Self::Http => "http",
            Self::Linked => "linked",
        }
    }
}

/// The bank's side of a contract over HTTP.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BankEndpoint {
    /// Without the path of the contract.
    pub url: Option<String>,
    /// PEM; left out, the system's authorities are trusted.
    pub server_ca: Option<PathBuf>,
    pub client_certificate: Option<PathBuf>,
    pub client_private_key: Option<KeyLocation>,
    pub client_passphrase_file: Option<PathBuf>,
    /// With a bearer token as its only content; read at every call.
    pub token_file: Option<PathBuf>,
}

impl BankEndpoint {
    /// What we show the bank.
    pub fn client_key(&self) -> Option<KeySource> {
        KeySource::of(
            self.client_private_key.as_ref(),
            self.client_certificate.as_ref(),
            self.client_passphrase_file.as_ref(),
        )
    }
}

/// `[sign_in]`
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    pub kind: SignInKind,
    /// Who checks what our pages ask for; left out, as `bank.kind`.
    pub checked_by: Option<BankKind>,
    /// Leave to ask for passwords on our pages.
    pub collect_passwords: bool,
    /// With `checked_by = "http"`.
    #[serde(default)]
    pub http: BankEndpoint,
    /// Failed attempts before a user name is locked.
    pub attempts: i32,
    pub lock_minutes: i64,
}

/// How customers prove who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SignInKind {
    Pages,
}

impl super::Config {
    /// Who checks what our pages ask for.
    pub fn sign_in_checked_by(&self) -> BankKind {
        self.sign_in.checked_by.unwrap_or(self.bank.kind)
    }
}
