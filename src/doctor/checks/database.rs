//! The database: it answers, its schema is this release's, and it is one for production. Nothing is written and no migration applied.

mod postgres;

use secrecy::ExposeSecret;

use super::listeners::Running;
use crate::config::{Config, Environment};
use crate::database::options;
use crate::doctor::Subject;
use crate::doctor::finding::{Check, Finding, Theme};
use crate::store::{Migrations, Obstacle, StoreError, inspect};

const KIND: Check = Check::new(Theme::Database, "database-kind", "kind");
const REACHABLE: Check = Check::new(Theme::Database, "database-reachable", "connection");
const MIGRATIONS: Check = Check::new(Theme::Database, "database-migrations", "schema");
const WRITABLE: Check = Check::new(Theme::Database, "database-writable", "writes");

pub async fn database(subject: &Subject, running: &Running) -> Vec<Finding> {
    let config = &subject.config;
    let is_sqlite = address(config).starts_with("sqlite:");
    let mut findings = vec![kind(config, is_sqlite)];
    if subject.offline && !is_sqlite {
        findings.push(REACHABLE.skipped(super::OFFLINE));
        return findings;
    }
    let options = match options(config) {
        Ok(options) => options,
        Err(problem) => {
            let advice =
                "Correct that key of [database]; the password's file must be closed to others.";
            findings.push(REACHABLE.failed(format!("{problem:#}"), advice));
            return findings;
        }
    };
    match inspect(options).await {
        Err(problem) => findings.push(unreachable(config, is_sqlite, running, &problem)),
        Ok(found) => {
            findings.push(REACHABLE.ok(format!("{} answers", found.server)));
            findings.push(migrations(
                &found.migrations,
                config.migrates_at_start(),
                running,
            ));
            findings.push(writable(found.obstacle.as_ref()));
            if let Some(facts) = found.postgres {
                findings.extend(postgres::findings(config, &facts));
            }
        }
    }
    findings
}

fn kind(config: &Config, is_sqlite: bool) -> Finding {
    match (is_sqlite, config.environment()) {
        (false, _) => KIND.ok("PostgreSQL, which several replicas can share"),
        (true, Environment::Production) => KIND.failed(
            "SQLite: one replica only, and a copy of the data only where you make one",
            "Set database.url to a PostgreSQL database (postgres://…).",
        ),
        (true, _) => KIND.ok("SQLite, for a demo or a pilot with one replica"),
    }
}

fn unreachable(
    config: &Config,
    is_sqlite: bool,
    running: &Running,
    problem: &StoreError,
) -> Finding {
    let seen = format!("{}: {problem}", place(config));
    if is_sqlite {
        let url = address(config);
        let path = url.trim_start_matches("sqlite:");
        return if std::path::Path::new(path).exists() || running.any() {
            REACHABLE.failed(
                seen,
                "Let database.url name a file that the user which izin runs as may read and write.",
            )
        } else {
            REACHABLE
                .skipped(format!(
                    "{path} is not there yet; izin serve makes it at its first start"
                ))
                .advised("Start izin serve, and run izin doctor again.")
        };
    }
    REACHABLE.failed(
        seen,
        "Correct database.url, or let the database accept connections from this machine; psql with the same address shows whether it does.",
    )
}

/// As it is configured: it may hold a password.
fn address(config: &Config) -> String {
    config.database.url_with(None).expose_secret().to_owned()
}

/// The address without user and password.
fn place(config: &Config) -> String {
    let url = address(config);
    if url.starts_with("sqlite:") {
        return url;
    }
    let Ok(parsed) = reqwest::Url::parse(&url) else {
        return "database.url".into();
    };
    let host = parsed
        .host_str()
        .unwrap_or("this machine")
        .replace("%2F", "/");
    let name = parsed.path();
    match parsed.port() {
        Some(port) => format!("{host}:{port}{name}"),
        None => format!("{host}{name}"),
    }
}

fn migrations(found: &Migrations, at_start: bool, running: &Running) -> Finding {
    let applied = found.applied.len();
    if found.is_too_new() {
        return MIGRATIONS.failed(
            format!(
                "a newer release of izin has changed it ({}), and this one cannot work with it",
                found.unknown.join(", ")
            ),
            "Run the release of izin that changed it, or a newer one.",
        );
    }
    if found.pending.is_empty() {
        let newer = match found.unknown.len() {
            0 => String::new(),
            count => format!(", {count} of them of a newer release, which leave this one working"),
        };
        return MIGRATIONS.ok(format!(
            "{applied} migrations are applied, all of this release{newer}"
        ));
    }
    let seen = format!(
        "{applied} migrations are applied, {} not yet: {}",
        found.pending.len(),
        found.pending.join(", ")
    );
    match (at_start, running.any()) {
        (false, _) => MIGRATIONS.failed(seen, "Run izin migrate with this configuration."),
        (true, false) => MIGRATIONS.warning(seen, "Start izin serve: it applies them."),
        (true, true) => MIGRATIONS.failed(
            seen,
            "Restart izin serve, which applies them; if that changes nothing, it runs with another database.url than this one.",
        ),
    }
}

fn writable(obstacle: Option<&Obstacle>) -> Finding {
    let Some(obstacle) = obstacle else {
        return WRITABLE.ok("nothing keeps the service from writing");
    };
    let advice = match obstacle {
        Obstacle::Standby => "Let database.url name the primary server.",
        Obstacle::ReadOnly => {
            "Set default_transaction_read_only to off for the role (ALTER ROLE) and the database (ALTER DATABASE)."
        }
        Obstacle::Place(_) => {
            "Let the user that izin runs as write the file that database.url names and its folder, in which SQLite makes files beside it."
        }
    };
    WRITABLE.failed(obstacle.to_string(), advice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Verdict;

    fn config(environment: &str, url: &str) -> Config {
        let text = format!("environment = \"{environment}\"\ndatabase.url = \"{url}\"");
        Config::from_layers(&[&text]).unwrap()
    }

    #[test]
    fn sqlite_is_not_for_production() {
        for (environment, url, expected) in [
            ("production", "sqlite:izin.db", Verdict::Failed),
            ("uat", "sqlite:izin.db", Verdict::Ok),
            ("production", "postgres:///izin", Verdict::Ok),
        ] {
            let finding = kind(&config(environment, url), url.starts_with("sqlite:"));
            assert_eq!(finding.verdict, expected, "{environment} {url}");
        }
    }

    #[test]
    fn the_address_is_told_without_user_and_password() {
        for (url, expected) in [
            (
                "postgres://izin:hunter2@db.bank.example:5433/izin?x=hunter2",
                "db.bank.example:5433/izin",
            ),
            (
                "postgres://izin@%2Frun%2Fpostgresql/izin",
                "/run/postgresql/izin",
            ),
            ("postgres://:::hunter2", "database.url"),
        ] {
            assert_eq!(place(&config("uat", url)), expected);
        }
    }

    #[test]
    fn migrations_are_judged_by_whether_the_service_runs() {
        let found = |applied: &[&str], pending: &[&str], unknown: &[&str], needed: &str| {
            let own = |list: &[&str]| list.iter().map(|&one| one.to_owned()).collect();
            Migrations {
                applied: own(applied),
                pending: own(pending),
                unknown: own(unknown),
                needed: needed.into(),
            }
        };
        let (runs, rests) = (Running::everywhere(), Running::default());
        for (migrations_found, at_start, running, expected) in [
            (found(&["1"], &[], &[], ""), true, &rests, Verdict::Ok),
            (found(&[], &["1"], &[], ""), true, &rests, Verdict::Warning),
            (found(&[], &["1"], &[], ""), true, &runs, Verdict::Failed),
            (found(&[], &["1"], &[], ""), false, &rests, Verdict::Failed),
            (
                found(&["1", "2"], &[], &["2"], ""),
                true,
                &rests,
                Verdict::Ok,
            ),
            (
                found(&["1", "2"], &[], &["2"], "2"),
                true,
                &rests,
                Verdict::Failed,
            ),
        ] {
            let finding = migrations(&migrations_found, at_start, running);
            assert_eq!(finding.verdict, expected, "{migrations_found:?}");
        }
    }
}
