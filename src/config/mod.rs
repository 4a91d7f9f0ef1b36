//! Configuration: compiled-in defaults, then a file, then the environment (`IZIN__SECTION__KEY`). One
//! struct per concern; unknown keys are errors; what a command needs is checked before it starts, and all
//! problems are told at once.

mod bank;
mod check;
mod keys;
mod listeners;
mod ofp;
mod ops;
mod profile;

use std::path::Path;

use figment::Figment;
use figment::providers::{Env, Format, Toml};
use serde::Deserialize;

pub use bank::{Bank, BankEndpoint, BankKind, BankSettings, SignIn};
pub use check::ConfigProblems;
pub use keys::{KeyLocation, KeySource, Pkcs11, Signing, SigningKey};
pub use listeners::Listeners;
pub use ofp::{ClientAuth, Ofp};
pub use ops::Ops;
pub use profile::{
    AuthorizeListener, BalanceAmount, ResponseBody, ResponsePayload, SignatureHeader, SigningParty,
    TimeoutUpdate, UpdateMethod, WireProfile,
};

/// The commented defaults, which are documentation as well.
pub const DEFAULTS: &str = include_str!("../../config/default.toml");

/// What `izin demo` starts with, over the defaults.
#[cfg(any(test, feature = "lab"))]
pub const DEMO: &str = include_str!("../../config/demo.toml");

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    environment: Option<Environment>,
    pub database: Database,
    pub listeners: Listeners,
    pub ofp: Ofp,
    pub pkcs11: Pkcs11,
    pub signing: Signing,
    pub bank: Bank,
    pub sign_in: SignIn,
    pub ui: Ui,
    pub limits: Limits,
    pub ops: Ops,
}

/// Guards everything that would weaken a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    Demo,
    Uat,
    Production,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// May hold a password: never printed.
    pub url: secrecy::SecretString,
    pub pool_size: usize,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database")
            .field("pool_size", &self.pool_size)
            .finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ui {
    pub name: String,
    /// Where customers get help, in a few words.
    pub help_line: Option<String>,
    pub session_minutes: i64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    pub sealing_queue: usize,
    pub connections: usize,
    /// Milliseconds.
    pub bank_timeout: u64,
}

impl Config {
    /// Defaults, those of the bank's own binary over them, `file` if given, environment.
    pub fn load(file: Option<&Path>, own_defaults: &str) -> Result<Self, ConfigProblems> {
        let mut figment = Figment::from(Toml::string(DEFAULTS)).merge(Toml::string(own_defaults));
        if let Some(path) = file {
            if !path.is_file() {
                return Err(ConfigProblems::one(format!(
                    "{}: no such file",
                    path.display()
                )));
            }
            figment = figment.merge(Toml::file_exact(path));
        }
        Self::extract(&figment.merge(Env::prefixed("IZIN__").split("__")))
    }

    /// Defaults and this text in place of a file, without the environment.
    pub fn load_text(text: &str, own_defaults: &str) -> Result<Self, ConfigProblems> {
        let figment = Figment::from(Toml::string(DEFAULTS)).merge(Toml::string(own_defaults));
        Self::extract(&figment.merge(Toml::string(text)))
    }

    /// Defaults and these texts, later ones winning, without the environment.
    #[cfg(any(test, feature = "lab"))]
    pub fn from_layers(layers: &[&str]) -> Result<Self, ConfigProblems> {
        let defaults = Figment::from(Toml::string(DEFAULTS));
        let figment = layers
            .iter()
            .fold(defaults, |figment, text| figment.merge(Toml::string(text)));
        Self::extract(&figment)
    }

    fn extract(figment: &Figment) -> Result<Self, ConfigProblems> {
        figment.extract().map_err(|errors| {
            errors
                .into_iter()
                .map(|error| describe(&error))
                .collect::<Vec<_>>()
                .into()
        })
    }

    pub fn environment(&self) -> Environment {
        self.environment.unwrap_or(match self.bank.kind {
            BankKind::Demo => Environment::Demo,
            BankKind::Http | BankKind::Linked => Environment::Production,
        })
    }
}

/// Where and what is wrong. The framework's own words quote the value, which may hold a password.
fn describe(error: &figment::Error) -> String {
    let secret = match error.path.first().map(String::as_str) {
        Some("database") => true,
        Some("bank") => error.path.get(1).is_some_and(|key| key == "settings"),
        _ => false,
    };
    if secret {
        format!(
            "{}: not as documented in config/default.toml",
            error.path.join(".")
        )
    } else {
        error.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_complete_and_the_demo_file_fits() {
        assert!(Config::from_layers(&[]).is_ok());
        let demo = Config::from_layers(&[DEMO]).unwrap();
        assert_eq!(demo.environment(), Environment::Demo);
    }

    #[test]
    fn an_unknown_key_is_named() {
        let problems = Config::from_layers(&["[ofp]\ndpid = \"x\""]).unwrap_err();
        assert!(problems.to_string().contains("dpid"), "{problems}");
    }

    #[test]
    fn the_database_url_is_never_printed() {
        let config =
            Config::from_layers(&["[database]\nurl = \"postgres://u:hunter2@db/x\""]).unwrap();
        assert!(!format!("{config:?}").contains("hunter2"));
        let wrong = Config::from_layers(&["database = \"postgres://u:hunter2@db/x\""]).unwrap_err();
        assert!(!wrong.to_string().contains("hunter2"), "{wrong}");
        assert!(wrong.to_string().contains("database"));
    }
}
