//! Where all state is kept, and the password to it.

mod address;

use std::path::PathBuf;

use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{Environment, KeyLocation, KeySource, schema};
pub use address::Reach;
use address::{is_postgres, postgres_problems, reach, with_password};

/// `[database]`
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// May hold a password: never printed.
    #[schemars(schema_with = "schema::secret_text")]
    pub(super) url: SecretString,
    /// With the password to put into `url` as its only content.
    pub password_file: Option<PathBuf>,
    /// Of whoever owns the tables; left out, the user of `url` does.
    #[schemars(schema_with = "schema::secret_text")]
    #[serde(default)]
    owner_url: Option<SecretString>,
    pub owner_password_file: Option<PathBuf>,
    /// Left out: see [`Database::tls`].
    tls: Option<DatabaseTls>,
    /// PEM; left out, the system's authorities are trusted.
    pub ca: Option<PathBuf>,
    certificate: Option<PathBuf>,
    private_key: Option<KeyLocation>,
    passphrase_file: Option<PathBuf>,
    /// Left out: see [`super::Config::migrates_at_start`].
    pub(super) migrate: Option<Migrate>,
    pub pool_size: usize,
    pub checkout_timeout_ms: u64,
    pub connect_timeout_ms: u64,
    pub statement_timeout_ms: u64,
    pub lock_timeout_ms: u64,
    pub idle_in_transaction_timeout_ms: u64,
}

/// How the connection is encrypted. There is nothing in between: encryption without knowing to whom is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DatabaseTls {
    Disable,
    /// The certificate comes from an authority that we trust, and is for the host of the address.
    VerifyFull,
}

/// Who brings the schema up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Migrate {
    /// Every start of the service.
    Auto,
    /// `izin migrate`; a start only looks.
    Check,
}

impl Database {
    /// The address, with the password of `password_file` in it.
    pub fn url_with(&self, password: Option<&SecretString>) -> SecretString {
        with_password(&self.url, password)
    }

    /// The same of the owner. None: there is no other than the user of `url`.
    pub fn owner_url_with(&self, password: Option<&SecretString>) -> Option<SecretString> {
        let url = self.owner_url.as_ref()?;
        Some(with_password(url, password))
    }

    pub fn reach(&self) -> Reach {
        reach(self.url.expose_secret())
    }

    /// The user whom the service connects as, if the address names one.
    pub fn user(&self) -> Option<String> {
        let url = self.url.expose_secret().parse::<tokio_postgres::Config>();
        url.ok()?.get_user().map(str::to_owned)
    }

    /// Of the service's connection.
    pub fn tls(&self) -> DatabaseTls {
        self.tls_to(&self.url)
    }

    /// Beyond this machine a connection is encrypted unless it is said otherwise.
    pub fn tls_to(&self, url: &SecretString) -> DatabaseTls {
        self.tls.unwrap_or(match reach(url.expose_secret()) {
            Reach::Network => DatabaseTls::VerifyFull,
            Reach::File | Reach::Socket | Reach::ThisMachine => DatabaseTls::Disable,
        })
    }

    fn addresses(&self) -> impl Iterator<Item = (&'static str, &SecretString)> {
        let owner = self.owner_url.as_ref();
        let owner = owner.map(|url| ("database.owner_url", url));
        std::iter::once(("database.url", &self.url)).chain(owner)
    }

    /// What we show the database.
    pub fn client_key(&self) -> Option<KeySource> {
        KeySource::of(
            self.private_key.as_ref(),
            self.certificate.as_ref(),
            self.passphrase_file.as_ref(),
        )
    }

    pub(super) fn client_certificate(&self) -> Option<&PathBuf> {
        self.certificate.as_ref()
    }

    /// What every command needs of it, one sentence for each problem.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        self.address(&mut problems);
        self.owner(&mut problems);
        self.encryption(&mut problems);
        self.times(&mut problems);
        problems
    }

    /// What `izin serve` needs of it.
    pub fn check(&self, environment: Environment, problems: &mut Vec<String>) {
        problems.extend(self.problems());
        if environment != Environment::Production {
            return;
        }
        for (key, url) in self.addresses() {
            if self.is_plain_over_a_network(url) {
                problems.push(format!(
                    "database.tls = \"disable\" is refused with environment = \"production\" when {key} leads to another \
                     machine: leave it out, and name the authority of the database's certificate in database.ca"
                ));
            }
        }
    }

    /// What the operator should know, where it is allowed.
    pub(super) fn has_a_plain_address(&self) -> bool {
        self.addresses()
            .any(|(_, url)| self.is_plain_over_a_network(url))
    }

    fn is_plain_over_a_network(&self, url: &SecretString) -> bool {
        self.tls_to(url) == DatabaseTls::Disable && reach(url.expose_secret()) == Reach::Network
    }

    fn address(&self, problems: &mut Vec<String>) {
        let url = self.url.expose_secret();
        let embedded = self.reach() == Reach::File;
        if embedded && !cfg!(feature = "embedded") {
            problems
                .push("database.url: sqlite needs a build with the feature \"embedded\"".into());
        }
        if embedded {
            if self.password_file.is_some() {
                problems.push(
                    "database.password_file is for PostgreSQL, and database.url is SQLite's".into(),
                );
            }
        } else if is_postgres(url) {
            postgres_problems(
                ("database.url", url),
                ("database.password_file", self.password_file.is_some()),
                problems,
            );
        } else {
            problems.push("database.url must be sqlite:PATH or postgres://…".into());
        }
    }

    fn owner(&self, problems: &mut Vec<String>) {
        let Some(url) = &self.owner_url else {
            if self.owner_password_file.is_some() {
                problems.push(
                    "database.owner_password_file is of no use without database.owner_url".into(),
                );
            }
            return;
        };
        let url = url.expose_secret();
        if self.reach() == Reach::File {
            problems
                .push("database.owner_url is for PostgreSQL, and database.url is SQLite's".into());
        } else if is_postgres(url) {
            postgres_problems(
                ("database.owner_url", url),
                (
                    "database.owner_password_file",
                    self.owner_password_file.is_some(),
                ),
                problems,
            );
            if self.user().is_none() {
                problems.push(
                    "database.url must name its user: izin migrate grants that role what it needs"
                        .into(),
                );
            }
        } else {
            problems.push("database.owner_url must be postgres://…".into());
        }
    }

    fn encryption(&self, problems: &mut Vec<String>) {
        let mut is_used = false;
        for (key, url) in self.addresses() {
            if self.tls_to(url) == DatabaseTls::Disable {
                continue;
            }
            is_used = true;
            match reach(url.expose_secret()) {
                Reach::File => problems.push(format!(
                    "database.tls is for PostgreSQL, and {key} is SQLite's"
                )),
                Reach::Socket => problems.push(format!(
                    "database.tls = \"verify-full\" needs the name of a host, and {key} has a socket of this machine"
                )),
                Reach::Network | Reach::ThisMachine => {}
            }
        }
        if is_used {
            return;
        }
        let of_tls = [
            ("ca", self.ca.is_some()),
            ("certificate", self.certificate.is_some()),
            ("private_key", self.private_key.is_some()),
        ];
        let of_no_use = of_tls.iter().filter(|(_, given)| *given);
        problems.extend(of_no_use.map(|(key, _)| {
            format!("database.{key} is of no use without database.tls = \"verify-full\"")
        }));
    }

    fn times(&self, problems: &mut Vec<String>) {
        let times = [
            ("checkout_timeout_ms", self.checkout_timeout_ms),
            ("connect_timeout_ms", self.connect_timeout_ms),
            ("statement_timeout_ms", self.statement_timeout_ms),
            ("lock_timeout_ms", self.lock_timeout_ms),
            (
                "idle_in_transaction_timeout_ms",
                self.idle_in_transaction_timeout_ms,
            ),
        ];
        let wrong = times
            .iter()
            .filter(|(_, value)| !(100..=60_000).contains(value));
        problems.extend(
            wrong.map(|(key, _)| {
                format!("database.{key} must be between 100 and 60000 milliseconds")
            }),
        );
    }
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database")
            .field("password_file", &self.password_file)
            .field("pool_size", &self.pool_size)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
