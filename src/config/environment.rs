//! How much is at stake, and what follows: what production must not have, and what an operator should know of. What is about one
//! section alone stands with that section (`bank`, `ops`, the wire profile's `danger_` settings).

use schemars::JsonSchema;
use serde::Deserialize;

use super::check::is_loopback_http;
use super::{BankKind, Config, Migrate, Reach};

/// Customers would read it as their bank's name.
const NAME_OF_THE_DEMO_BANK: &str = "Bank Contoh";

/// Guards everything that would weaken a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// The built-in demo bank beside the simulator.
    Demo,
    /// PayNet's test environment.
    Uat,
    /// Real customers.
    Production,
}

impl Environment {
    /// As it is configured.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Demo => "demo",
            Self::Production => "production",
            Self::Uat => "uat",
        }
    }
}

impl Config {
    pub fn environment(&self) -> Environment {
        self.environment.unwrap_or(match self.bank.kind {
            BankKind::Demo => Environment::Demo,
            BankKind::Http | BankKind::Linked => Environment::Production,
        })
    }

    /// Whether a start of the service brings the schema up to date. A file of SQLite has no owner but the service.
    pub fn migrates_at_start(&self) -> bool {
        let is_careful =
            self.environment() == Environment::Production && self.database.reach() != Reach::File;
        let left_out = if is_careful {
            Migrate::Check
        } else {
            Migrate::Auto
        };
        self.database.migrate.unwrap_or(left_out) == Migrate::Auto
    }

    pub(super) fn refused_in_production(&self, problems: &mut Vec<String>) {
        if self.environment() != Environment::Production {
            return;
        }
        let mut refuse = |problem: &str| {
            problems.push(format!("{problem} with environment = \"production\""));
        };
        if self.ui.name == NAME_OF_THE_DEMO_BANK {
            refuse("ui.name must be the bank's own, and not the demo bank's,");
        }
        let public = &self.listeners.public;
        // What is no better anywhere else has been told already.
        match &public.base_url {
            Some(url) if is_loopback_http(url) => refuse("listeners.public.base_url must be https"),
            None if public.certificate.is_none() && public.address.ip().is_loopback() => {
                refuse(
                    "listeners.public needs a certificate, or the https base_url of the proxy in front,",
                );
            }
            _ => {}
        }
        if self
            .ofp
            .redirect_uris
            .iter()
            .any(|uri| is_loopback_http(uri))
        {
            refuse("ofp.redirect_uris must all be https");
        }
    }

    /// What is allowed and should be known, one sentence each, beginning with the key that it is about.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        for danger in self.ofp.profile.dangers() {
            warnings.push(format!(
                "ofp.profile.{danger} is set: a check of account calls is left out"
            ));
        }
        match self.environment() {
            Environment::Demo => {
                self.warn_of_demo_beyond_this_machine(&mut warnings);
                self.warn_of_a_plain_database(&mut warnings);
            }
            Environment::Uat => {
                self.warn_of_wider_times(&mut warnings);
                self.warn_of_a_plain_database(&mut warnings);
            }
            Environment::Production => {
                self.warn_of_wider_times(&mut warnings);
                self.warn_in_production(&mut warnings);
            }
        }
        warnings
    }

    /// Encrypted or not, customers' data are the same.
    fn warn_of_a_plain_database(&self, warnings: &mut Vec<String>) {
        if self.database.has_a_plain_address() {
            warnings.push(
                "database.tls is \"disable\", and the database is on another machine: the network must be private"
                    .into(),
            );
        }
    }

    fn warn_of_demo_beyond_this_machine(&self, warnings: &mut Vec<String>) {
        let addresses = [
            ("listeners.public.address", self.listeners.public.address),
            (
                "listeners.webhooks.address",
                self.listeners.webhooks.address,
            ),
        ];
        for (key, address) in addresses {
            if !address.ip().is_loopback() {
                warnings.push(format!(
                    "{key} is reached from other machines, and the demo's passwords are in its documentation"
                ));
            }
        }
    }

    /// What PayNet's documents say (docs/decisions/0001-wire-profile.md); more leaves a signed call in force for longer.
    fn warn_of_wider_times(&self, warnings: &mut Vec<String>) {
        let profile = &self.ofp.profile;
        for (key, seconds, documented) in [
            ("issued_at_window", profile.issued_at_window, 300),
            ("clock_skew", profile.clock_skew, 10),
            ("token_lifetime", profile.token_lifetime, 600),
        ] {
            if seconds > documented {
                warnings.push(format!(
                    "ofp.profile.{key} is more than the {documented} seconds of the default: a signed call is accepted for longer"
                ));
            }
        }
    }

    fn warn_in_production(&self, warnings: &mut Vec<String>) {
        let mut warn = |known: bool, warning: &str| {
            if known {
                warnings.push(warning.to_owned());
            }
        };
        warn(
            self.database.reach() == Reach::File,
            "database.url is SQLite's: one replica only, and no copy of what it holds but yours",
        );
        warn(
            self.migrates_at_start() && self.database.reach() != Reach::File,
            "database.migrate is \"auto\": the service's user must own the tables, and so can change what is evidence",
        );
        warn(
            self.evidence.checkpoint_dir.is_none(),
            "evidence.checkpoint_dir is not set: whoever writes the database could compute all evidence anew, and nothing would show it",
        );
        warn(
            self.ofp.consumers.is_empty(),
            "ofp.consumers is empty: customers are shown the dc_id in place of a consumer's name",
        );
        warn(
            self.ofp.resource_server.is_some() && self.paynet_is_simulated(),
            "ofp.authorization_server and ofp.resource_server are this machine, as the simulator's are",
        );
        warn(
            self.sign_in.attempts > 10,
            "sign_in.attempts is more than 10: passwords can be guessed for longer",
        );
        warn(
            self.sign_in.lock_minutes < 5,
            "sign_in.lock_minutes is less than 5: passwords can be guessed faster",
        );
        warn(
            self.ui.session_minutes > 30,
            "ui.session_minutes is more than 30: a browser that was left is in use for longer",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a production installation has, without what is checked elsewhere.
    const PRODUCTION: &str = r#"
environment = "production"
database.url = "postgres:///izin"
evidence.checkpoint_dir = "/var/lib/izin/checkpoints"
[listeners.public]
base_url = "https://consent.bank.example"
[ofp]
authorization_server = "https://as.paynet.example"
resource_server = "https://rs.paynet.example"
redirect_uris = ["https://paynet.example/back"]
consumers = { app = "App Sdn Bhd" }
[ui]
name = "Bank Sebenar"
"#;

    fn config(extra: &str) -> Config {
        Config::from_layers(&[PRODUCTION, extra]).unwrap()
    }

    fn refused(extra: &str) -> Vec<String> {
        let mut problems = Vec::new();
        config(extra).refused_in_production(&mut problems);
        problems
    }

    #[test]
    fn a_production_installation_gives_no_cause() {
        assert_eq!(refused(""), Vec::<String>::new());
        assert_eq!(config("").warnings(), Vec::<String>::new());
    }

    #[test]
    fn what_is_for_a_demo_is_refused_in_production() {
        for (extra, told) in [
            ("ui.name = \"Bank Contoh\"", "ui.name"),
            (
                "listeners.public.base_url = \"http://localhost:8080\"",
                "listeners.public.base_url",
            ),
            (
                "ofp.redirect_uris = [\"https://a.example\", \"http://localhost/back\"]",
                "ofp.redirect_uris",
            ),
        ] {
            let problems = refused(extra);
            assert!(
                matches!(&problems[..], [one] if one.starts_with(told)),
                "{extra}: {problems:?}"
            );
            let elsewhere = format!("environment = \"uat\"\n{extra}");
            assert_eq!(refused(&elsewhere), Vec::<String>::new(), "{extra}");
        }
        let plain = PRODUCTION.replace("base_url =", "#");
        let mut problems = Vec::new();
        Config::from_layers(&[&plain])
            .unwrap()
            .refused_in_production(&mut problems);
        assert!(
            matches!(&problems[..], [one] if one.starts_with("listeners.public needs")),
            "{problems:?}"
        );
    }

    #[test]
    fn what_weakens_production_is_a_warning() {
        for (extra, told) in [
            ("database.url = \"sqlite:izin.db\"", "database.url"),
            ("database.migrate = \"auto\"", "database.migrate"),
            (
                "ofp.profile.issued_at_window = 301",
                "ofp.profile.issued_at_window",
            ),
            ("ofp.profile.clock_skew = 11", "ofp.profile.clock_skew"),
            (
                "ofp.profile.token_lifetime = 601",
                "ofp.profile.token_lifetime",
            ),
            ("sign_in.attempts = 11", "sign_in.attempts"),
            ("sign_in.lock_minutes = 4", "sign_in.lock_minutes"),
            ("ui.session_minutes = 31", "ui.session_minutes"),
            (
                "[ofp]\nauthorization_server = \"https://localhost\"\nresource_server = \"https://127.0.0.1\"",
                "ofp.authorization_server",
            ),
        ] {
            let warnings = config(extra).warnings();
            assert!(
                matches!(&warnings[..], [one] if one.starts_with(told)),
                "{extra}: {warnings:?}"
            );
        }
        let unnamed = PRODUCTION.replace("consumers =", "#");
        let warnings = Config::from_layers(&[&unnamed]).unwrap().warnings();
        assert!(
            matches!(&warnings[..], [one] if one.starts_with("ofp.consumers")),
            "{warnings:?}"
        );
        let inside = PRODUCTION.replace("evidence.checkpoint_dir =", "#");
        let warnings = Config::from_layers(&[&inside]).unwrap().warnings();
        assert!(
            matches!(&warnings[..], [one] if one.starts_with("evidence.checkpoint_dir")),
            "{warnings:?}"
        );
    }

    #[test]
    fn a_database_over_a_network_without_tls_is_a_warning() {
        for (url, count) in [("postgres://izin@db/izin", 1), ("postgres:///izin", 0)] {
            let text = format!(
                "environment = \"uat\"\ndatabase.url = \"{url}\"\ndatabase.tls = \"disable\""
            );
            let warnings = config(&text).warnings();
            assert_eq!(warnings.len(), count, "{url}: {warnings:?}");
        }
    }

    #[test]
    fn a_demo_that_others_reach_is_a_warning() {
        let reached = "environment = \"demo\"\nlisteners.public.address = \"0.0.0.0:8080\"";
        let warnings = config(reached).warnings();
        assert!(
            matches!(&warnings[..], [one] if one.starts_with("listeners.public.address")),
            "{warnings:?}"
        );
        assert_eq!(
            config("environment = \"demo\"").warnings(),
            Vec::<String>::new()
        );
    }
}
