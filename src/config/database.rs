//! Where all state is kept, and the password to it.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::schema;
use super::secrets::has_password;

/// More is not a password.
const LONGEST_PASSWORD: u64 = 4096;

/// `[database]`
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// May hold a password: never printed.
    #[schemars(schema_with = "schema::secret_text")]
    pub url: SecretString,
    /// With the password to put into `url` as its only content.
    pub password_file: Option<PathBuf>,
    pub pool_size: usize,
}

/// Why there is no password.
#[derive(Debug, thiserror::Error)]
#[error("database.password_file: {path}: {reason}")]
pub struct PasswordFileError {
    path: String,
    reason: String,
}

impl Database {
    /// The address, with the password of `password_file`, which is read now.
    pub fn connection_url(&self) -> Result<SecretString, PasswordFileError> {
        let Some(file) = &self.password_file else {
            return Ok(self.url.clone());
        };
        let error = |reason: String| PasswordFileError {
            path: file.display().to_string(),
            reason,
        };
        let password = read_password(file).map_err(|cause| error(cause.to_string()))?;
        if password.is_empty() {
            return Err(error("is empty".into()));
        }
        let url = self.url.expose_secret();
        let Some((user, host)) = user_and_host(url) else {
            return Err(error("database.url names no user".into()));
        };
        let password = encoded(&password);
        Ok(format!("{user}:{password}@{host}").into())
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

/// Without the line end that most editors leave.
fn read_password(file: &Path) -> io::Result<String> {
    let mut password = String::new();
    let file = fs::File::open(file)?.take(LONGEST_PASSWORD + 1);
    io::BufReader::new(file).read_to_string(&mut password)?;
    if password.len() as u64 > LONGEST_PASSWORD {
        return Err(io::Error::other("is too long for a password"));
    }
    password.truncate(password.trim_end_matches(['\r', '\n']).len());
    Ok(password)
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
    fn the_password_comes_from_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        let settings =
            format!("[database]\nurl = \"postgres://izin@db:5432/izin\"\npassword_file = {file:?}");
        let database = database(&settings);
        for (content, url) in [
            ("hunter2", "postgres://izin:hunter2@db:5432/izin"),
            ("hunter2\n", "postgres://izin:hunter2@db:5432/izin"),
            (
                "p@ss/w:rd?#é \r\n",
                "postgres://izin:p%40ss%2Fw%3Ard%3F%23%C3%A9%20@db:5432/izin",
            ),
        ] {
            fs::write(&file, content).unwrap();
            assert_eq!(database.connection_url().unwrap().expose_secret(), url);
        }
        for content in ["", "\n", &"x".repeat(5000)] {
            fs::write(&file, content).unwrap();
            let told = database.connection_url().unwrap_err().to_string();
            assert!(
                told.contains("password_file") && !told.contains("xx"),
                "{told}"
            );
        }
        fs::remove_file(&file).unwrap();
        let told = database.connection_url().unwrap_err().to_string();
        assert!(told.contains(file.to_str().unwrap()), "{told}");
    }

    #[test]
    fn without_a_file_the_address_is_used_as_it_is() {
        let url = "postgres://izin:hunter2@db/izin";
        let database = database(&format!("database.url = \"{url}\""));
        assert_eq!(database.connection_url().unwrap().expose_secret(), url);
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
