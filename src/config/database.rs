//! Where all state is kept, and the password to it.

use std::fmt::Write as _;
use std::path::PathBuf;

use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio_postgres::config::Host;

use super::secrets::has_password;
use super::{Environment, KeyLocation, KeySource, schema};

/// What the address may not say of TLS, because `tls` and the keys beside it do.
const TLS_PARAMETERS: [&str; 8] = [
    "sslcert",
    "sslcrl",
    "sslkey",
    "sslmode",
    "sslnegotiation",
    "sslpassword",
    "sslrootcert",
    "requiressl",
];

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
    /// Left out: [`Migrate::Check`] in production, else [`Migrate::Auto`].
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

/// Where an address leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// A file of SQLite.
    File,
    /// Another machine, or what may be one.
    Network,
    /// A socket in the file system, which has no name that a certificate could be for.
    Socket,
    /// TCP within this machine.
    ThisMachine,
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
    pub(super) fn check(&self, environment: Environment, problems: &mut Vec<String>) {
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
            postgres_address(
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
            postgres_address(
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

/// Of one address and the file with its password.
fn postgres_address(
    (key, url): (&str, &str),
    (file, has_file): (&str, bool),
    problems: &mut Vec<String>,
) {
    for parameter in parameters(url) {
        if TLS_PARAMETERS.contains(&parameter) {
            problems.push(format!(
                "{key} may not have {parameter}: database.tls = \"verify-full\" or \"disable\" says how the connection is \
                 encrypted, database.ca whose certificate is trusted, database.certificate and database.private_key what we show"
            ));
        }
    }
    if !has_file {
        return;
    }
    if has_password(url) {
        problems.push(format!("{file} and a password in {key} exclude each other"));
    } else if user_and_host(url).is_none() {
        problems.push(format!(
            "{key} must name the user whose password {file} has"
        ));
    }
}

fn is_postgres(url: &str) -> bool {
    ["postgres://", "postgresql://"]
        .iter()
        .any(|scheme| url.starts_with(scheme))
}

/// The names after the question mark.
fn parameters(url: &str) -> impl Iterator<Item = &str> {
    let parameters = url.split_once('?').map_or("", |(_, parameters)| parameters);
    let names = parameters
        .split('&')
        .filter(|parameter| !parameter.is_empty());
    names.map(|parameter| parameter.split('=').next().unwrap_or_default())
}

fn reach(url: &str) -> Reach {
    if url.starts_with("sqlite:") {
        return Reach::File;
    }
    let without_tls: Vec<_> = parameters(url)
        .filter(|name| TLS_PARAMETERS.contains(name))
        .collect();
    // Those are refused; until then it is told where the rest leads.
    let url = if without_tls.is_empty() {
        url
    } else {
        url.split('?').next().unwrap_or(url)
    };
    let Ok(address) = url.parse::<tokio_postgres::Config>() else {
        return Reach::Network;
    };
    let by_number = address
        .get_hostaddrs()
        .iter()
        .map(std::net::IpAddr::is_loopback);
    let by_name = address.get_hosts().iter().filter_map(|host| match host {
        Host::Tcp(name) => Some(is_loopback(name)),
        #[cfg(unix)]
        Host::Unix(_) => None,
    });
    let mut over_tcp = by_number.chain(by_name).peekable();
    match (over_tcp.peek().is_some(), over_tcp.all(|here| here)) {
        (false, _) => Reach::Socket,
        (true, true) => Reach::ThisMachine,
        (true, false) => Reach::Network,
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database")
            .field("password_file", &self.password_file)
            .field("pool_size", &self.pool_size)
            .finish_non_exhaustive()
    }
}

fn with_password(url: &SecretString, password: Option<&SecretString>) -> SecretString {
    // Without a user there is nobody whose password it could be, which `problems` tells.
    match (password, user_and_host(url.expose_secret())) {
        (Some(password), Some((user, host))) => {
            let password = encoded(password.expose_secret());
            format!("{user}:{password}@{host}").into()
        }
        _ => url.clone(),
    }
}

/// What stands before and after the `@`.
fn user_and_host(url: &str) -> Option<(&str, &str)> {
    let host = url.find("://")? + "://".len();
    let end = url[host..].find(['/', '?', '#']);
    let end = end.map_or(url.len(), |end| host + end);
    let at = host + url[host..end].find('@')?;
    Some((&url[..at], &url[at + 1..]))
}

/// Percent-encoded, so that every character may stand in a password (RFC 3986 §2.3).
fn encoded(password: &str) -> String {
    let mut encoded = String::new();
    for byte in password.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(byte.into());
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn database(settings: &str) -> Database {
        Config::from_layers(&[settings]).unwrap().database
    }

    fn problems(settings: &str) -> Vec<String> {
        let mut problems = Vec::new();
        database(settings).check(Environment::Production, &mut problems);
        problems
    }

    #[test]
    fn every_password_can_be_put_into_the_address() {
        let database =
            database("database.url = \"postgres://izin@db:5432/izin?application_name=a\"");
        for (password, encoded) in [
            ("hunter2", "hunter2"),
            ("p@ss/w:rd?#%41", "p%40ss%2Fw%3Ard%3F%23%2541"),
            ("é ~", "%C3%A9%20~"),
        ] {
            let url = database.url_with(Some(&password.into()));
            let expected = format!("postgres://izin:{encoded}@db:5432/izin?application_name=a");
            assert_eq!(url.expose_secret(), expected);
        }
        let unchanged = database.url_with(None);
        assert_eq!(unchanged.expose_secret(), database.url.expose_secret());
    }

    #[test]
    fn one_password_and_a_user_to_it() {
        let with_file = |url: &str| {
            problems(&format!(
                "[database]\nurl = \"{url}\"\npassword_file = \"f\""
            ))
        };
        assert_eq!(with_file("postgres://izin@db/izin"), Vec::<String>::new());
        for (url, told) in [
            ("postgres://izin:hunter2@db/izin", "exclude each other"),
            ("postgres://db/izin", "must name the user"),
            (
                "postgres://db/izin?application_name=a@b",
                "must name the user",
            ),
            ("sqlite:izin.db", "is for PostgreSQL"),
        ] {
            let problems = with_file(url);
            assert!(
                problems.iter().any(|problem| problem.contains(told)),
                "{url}: {problems:?}"
            );
            assert!(!problems.join("").contains("hunter2"));
        }
        let told = problems("database.url = \"mysql://izin:hunter2@db/izin\"");
        assert_eq!(told, ["database.url must be sqlite:PATH or postgres://…"]);
    }

    #[test]
    fn beyond_this_machine_the_connection_is_encrypted() {
        for (url, reach, tls) in [
            ("sqlite:izin.db", Reach::File, DatabaseTls::Disable),
            ("postgres:///izin", Reach::Socket, DatabaseTls::Disable),
            (
                "postgres://izin@%2Frun%2Fpostgresql/izin",
                Reach::Socket,
                DatabaseTls::Disable,
            ),
            (
                "postgres:///izin?host=/run/postgresql",
                Reach::Socket,
                DatabaseTls::Disable,
            ),
            (
                "postgres://izin@localhost/izin",
                Reach::ThisMachine,
                DatabaseTls::Disable,
            ),
            (
                "postgres://izin@[::1]:5433/izin",
                Reach::ThisMachine,
                DatabaseTls::Disable,
            ),
            (
                "postgres://izin@db/izin",
                Reach::Network,
                DatabaseTls::VerifyFull,
            ),
            (
                "postgres://izin@10.0.0.5:5432/izin",
                Reach::Network,
                DatabaseTls::VerifyFull,
            ),
            (
                "postgres://izin@localhost,db/izin",
                Reach::Network,
                DatabaseTls::VerifyFull,
            ),
            (
                "postgres://izin@localhost/izin?hostaddr=10.0.0.5",
                Reach::Network,
                DatabaseTls::VerifyFull,
            ),
        ] {
            let database = database(&format!("database.url = \"{url}\""));
            assert_eq!((database.reach(), database.tls()), (reach, tls), "{url}");
        }
    }

    #[test]
    fn tls_that_cannot_be_or_is_too_little_is_told() {
        for (settings, told) in [
            (
                "url = \"postgres://izin@db/izin\"\ntls = \"disable\"",
                "is refused",
            ),
            (
                "url = \"postgres://izin@db/izin?sslmode=require\"",
                "may not have sslmode",
            ),
            (
                "url = \"postgres://izin@db/izin?a=b&sslrootcert=/x\"",
                "may not have sslrootcert",
            ),
            (
                "url = \"postgres:///izin\"\ntls = \"verify-full\"",
                "has a socket",
            ),
            (
                "url = \"sqlite:izin.db\"\ntls = \"verify-full\"",
                "is for PostgreSQL",
            ),
            (
                "url = \"postgres://izin@localhost/izin\"\nca = \"ca.crt\"",
                "database.ca is of no use",
            ),
            (
                "url = \"postgres://izin@db/izin\"\nowner_password_file = \"x\"",
                "without database.owner_url",
            ),
            (
                "url = \"postgres://db/izin\"\nowner_url = \"postgres://owner@db/izin\"",
                "must name its user",
            ),
            (
                "url = \"sqlite:izin.db\"\nowner_url = \"postgres://owner@db/izin\"",
                "is for PostgreSQL",
            ),
            ("lock_timeout_ms = 99", "lock_timeout_ms must be between"),
            (
                "statement_timeout_ms = 60001",
                "statement_timeout_ms must be between",
            ),
        ] {
            let problems = problems(&format!("[database]\n{settings}"));
            assert!(
                matches!(&problems[..], [one] if one.contains(told)),
                "{settings}: {problems:?}"
            );
        }
        let wrong = Config::from_layers(&["database.tls = \"require\""]).unwrap_err();
        assert!(wrong.to_string().contains("verify-full"), "{wrong}");
        let elsewhere =
            database("database.url = \"postgres://izin@db/izin\"\ndatabase.tls = \"disable\"");
        let mut problems = Vec::new();
        elsewhere.check(Environment::Uat, &mut problems);
        assert_eq!(problems, Vec::<String>::new());
    }
}
