//! Where all state is kept, and the password to it.

use std::fmt::Write as _;
use std::path::PathBuf;

use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::schema;
use super::secrets::has_password;

/// `[database]`
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// May hold a password: never printed.
    #[schemars(schema_with = "schema::secret_text")]
    pub(super) url: SecretString,
    /// With the password to put into `url` as its only content.
    pub password_file: Option<PathBuf>,
    pub pool_size: usize,
}

impl Database {
    /// The address, with the password of `password_file` in it.
    pub fn url_with(&self, password: Option<&SecretString>) -> SecretString {
        let url = self.url.expose_secret();
        // Without a user there is nobody whose password it could be, which `check` tells.
        match (password, user_and_host(url)) {
            (Some(password), Some((user, host))) => {
                let password = encoded(password.expose_secret());
                format!("{user}:{password}@{host}").into()
            }
            _ => self.url.clone(),
        }
    }

    /// What `izin serve` needs of it.
    pub(super) fn check(&self, problems: &mut Vec<String>) {
        let url = self.url.expose_secret();
        let embedded = url.starts_with("sqlite:");
        if embedded && !cfg!(feature = "embedded") {
            problems
                .push("database.url: sqlite needs a build with the feature \"embedded\"".into());
        }
        if !embedded
            && !["postgres://", "postgresql://"]
                .iter()
                .any(|scheme| url.starts_with(scheme))
        {
            problems.push("database.url must be sqlite:PATH or postgres://…".into());
        }
        if self.password_file.is_none() {
            return;
        }
        if embedded {
            problems.push(
                "database.password_file is for PostgreSQL, and database.url is SQLite's".into(),
            );
        } else if has_password(url) {
            problems.push(
                "database.password_file and a password in database.url exclude each other".into(),
            );
        } else if user_and_host(url).is_none() {
            problems.push(
                "database.url must name the user whose password database.password_file has".into(),
            );
        }
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
        database(settings).check(&mut problems);
        problems
    }

    #[test]
    fn every_password_can_be_put_into_the_address() {
        let database = database("database.url = \"postgres://izin@db:5432/izin?sslmode=disable\"");
        for (password, encoded) in [
            ("hunter2", "hunter2"),
            ("p@ss/w:rd?#%41", "p%40ss%2Fw%3Ard%3F%23%2541"),
            ("é ~", "%C3%A9%20~"),
        ] {
            let url = database.url_with(Some(&password.into()));
            let expected = format!("postgres://izin:{encoded}@db:5432/izin?sslmode=disable");
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
}
