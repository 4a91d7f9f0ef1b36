//! Configuration: compiled-in defaults, then a file, then the environment (`IZIN__SECTION__KEY`). One
//! struct per concern; unknown keys are errors; what a command needs is checked before it starts, and all
//! problems are told at once, each with its place.

mod bank;
mod check;
mod database;
mod environment;
mod environment_variables;
mod evidence;
mod keys;
mod layers;
mod listeners;
mod loaded;
mod ofp;
mod ops;
mod problem;
mod profile;
mod reconcile;
mod schema;
mod secrets;
mod settings;
mod texts;
mod unknown;

use std::path::Path;

use schemars::JsonSchema;
use serde::Deserialize;

pub use bank::{Bank, BankEndpoint, BankKind, BankSettings, SignIn};
pub use check::ConfigProblems;
pub use database::{Database, DatabaseTls, Migrate, Reach};
pub use environment::Environment;
pub use evidence::{Evidence, Retention};
pub use keys::{ConfiguredKey, KeyLocation, KeySource, Pkcs11, Signing, SigningKey};
pub use layers::Origin;
pub use listeners::Listeners;
pub use loaded::Loaded;
pub use ofp::{ClientAuth, Ofp};
pub use ops::Ops;
pub use profile::{
    AuthorizeListener, BalanceAmount, ProfileChange, ResponseBody, ResponsePayload,
    SignatureHeader, SigningParty, TimeoutUpdate, UpdateMethod, WireProfile,
};
pub use reconcile::Reconcile;
pub use schema::PUBLISHED as SCHEMA;
pub use settings::{Setting, SettingOrigin};

/// The commented defaults, which are documentation as well.
pub const DEFAULTS: &str = include_str!("../../config/default.toml");

/// What `izin demo` starts with, over the defaults.
#[cfg(any(test, feature = "lab"))]
pub const DEMO: &str = include_str!("../../config/demo.toml");

#[derive(Debug, Clone, Deserialize, JsonSchema)]
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
    pub evidence: Evidence,
    pub retention: Retention,
    pub ops: Ops,
    pub reconcile: Reconcile,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ui {
    pub name: String,
    /// Where customers get help, in a few words.
    pub help_line: Option<String>,
    pub session_minutes: i64,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    pub sealing_queue: usize,
    pub connections: usize,
    /// Milliseconds.
    pub bank_timeout: u64,
}

impl Config {
    /// Defaults, those of the bank's own binary over them, `file` if given, environment. Whether it will do for a command is for
    /// [`Self::check`] to say.
    pub fn load(file: Option<&Path>, own_defaults: &str) -> Result<Self, ConfigProblems> {
        Loaded::read(file, own_defaults, std::env::vars_os()).config()
    }

    /// The same with everything that `izin serve` needs, all of whose problems are told at once.
    pub fn load_checked(file: Option<&Path>, own_defaults: &str) -> Result<Self, ConfigProblems> {
        Loaded::read(file, own_defaults, std::env::vars_os()).checked()
    }

    /// Defaults and this text in place of a file, without the environment.
    pub fn load_text(text: &str, own_defaults: &str) -> Result<Self, ConfigProblems> {
        Loaded::of_program(&[own_defaults, text]).config()
    }

    /// Defaults and these texts, later ones winning, without the environment.
    #[cfg(any(test, feature = "lab"))]
    pub fn from_layers(layers: &[&str]) -> Result<Self, ConfigProblems> {
        Loaded::of_program(layers).config()
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
