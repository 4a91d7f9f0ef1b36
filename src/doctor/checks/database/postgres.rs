//! What PostgreSQL says of itself and of us: encryption, connections, and that the service's role may do no more than it needs, and no
//! less.

use crate::config::{Config, Environment, Reach};
use crate::doctor::finding::{Check, Finding, Theme};
use crate::store::PostgresFacts;

const TLS: Check = Check::new(Theme::Database, "database-tls", "encryption");
const CONNECTIONS: Check = Check::new(Theme::Database, "database-connections", "connections");
const ROLE: Check = Check::new(Theme::Database, "database-role", "role");
const RIGHTS: Check = Check::new(Theme::Database, "database-rights", "rights");

pub(super) fn findings(config: &Config, postgres: &PostgresFacts) -> [Finding; 4] {
    [
        encryption(config, postgres),
        connections(config, postgres),
        role(config, postgres),
        rights(config, postgres),
    ]
}

fn encryption(config: &Config, postgres: &PostgresFacts) -> Finding {
    match (&postgres.tls, config.database.reach()) {
        (Some(version), _) => {
            TLS.ok(format!("{version}, and the certificate is the database's"))
        }
        (None, Reach::Network) => TLS.warning(
            "not encrypted, and the database is on another machine",
            "Leave database.tls out, and name the authority of the database's certificate in database.ca.",
        ),
        (None, _) => TLS.ok("not encrypted; the database is on this machine"),
    }
}

fn connections(config: &Config, postgres: &PostgresFacts) -> Finding {
    let wanted = config.database.pool_size;
    let all = postgres.max_connections;
    let seen = format!("each replica takes up to {wanted} of {all}");
    if i64::try_from(wanted).is_ok_and(|wanted| wanted < all) {
        CONNECTIONS.ok(seen)
    } else {
        CONNECTIONS.warning(
            seen,
            "Make database.pool_size smaller, or max_connections of PostgreSQL larger.",
        )
    }
}

fn role(config: &Config, postgres: &PostgresFacts) -> Finding {
    let user = &postgres.user;
    match (postgres.is_superuser, config.environment()) {
        (false, _) => ROLE.ok(format!("{user} is no superuser")),
        (true, Environment::Production) => ROLE.warning(
            format!("{user} is a superuser, who may do anything in every database"),
            "Make a role for the service and one that owns the tables (docs/configuration.md), and name them in database.url and database.owner_url.",
        ),
        (true, _) => ROLE.ok(format!(
            "{user} is a superuser; production should have a role of its own"
        )),
    }
}

/// Whoever owns the tables may do everything with them, so that this is about owners as well.
fn rights(config: &Config, postgres: &PostgresFacts) -> Finding {
    let user = &postgres.user;
    if !postgres.rights.missing.is_empty() {
        return RIGHTS.failed(
            format!("{user} lacks {}", list(&postgres.rights.missing)),
            "Run izin migrate, which grants what the service needs.",
        );
    }
    let against: Vec<String> = postgres
        .rights
        .against_evidence()
        .into_iter()
        .map(str::to_owned)
        .collect();
    if against.is_empty() {
        return RIGHTS.ok(format!("{user} can add to evidence, and not change it"));
    }
    let seen = format!("{user} can change evidence: {}", list(&against));
    if config.environment() == Environment::Production {
        RIGHTS.warning(
            seen,
            "Let another role own the tables: name it in database.owner_url, and run izin migrate.",
        )
    } else {
        RIGHTS.ok(format!("{seen}; production should have two roles"))
    }
}

/// The first few.
fn list(rights: &[String]) -> String {
    const SHOWN: usize = 3;
    let told = rights[..rights.len().min(SHOWN)].join(", ");
    match rights.len().saturating_sub(SHOWN) {
        0 => told,
        more => format!("{told} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Verdict;
    use crate::store::Deviation;

    fn config(environment: &str, url: &str) -> Config {
        let text = format!("environment = \"{environment}\"\ndatabase.url = \"{url}\"");
        Config::from_layers(&[&text]).unwrap()
    }

    #[test]
    fn who_can_change_evidence_is_told_of_in_production() {
        let postgres = |too_many: &[&str], missing: &[&str]| PostgresFacts {
            rights: Deviation {
                too_many: too_many.iter().map(|&one| one.to_owned()).collect(),
                missing: missing.iter().map(|&one| one.to_owned()).collect(),
            },
            ..facts(false)
        };
        for (environment, facts, expected) in [
            ("production", postgres(&[], &[]), Verdict::Ok),
            (
                "production",
                postgres(&["DELETE on consents"], &[]),
                Verdict::Ok,
            ),
            (
                "production",
                postgres(&["DELETE on ledger"], &[]),
                Verdict::Warning,
            ),
            ("uat", postgres(&["DELETE on ledger"], &[]), Verdict::Ok),
            ("uat", postgres(&[], &["INSERT on ledger"]), Verdict::Failed),
        ] {
            let finding = rights(&config(environment, "postgres:///izin"), &facts);
            assert_eq!(finding.verdict, expected, "{facts:?}");
        }
    }

    fn facts(is_superuser: bool) -> PostgresFacts {
        PostgresFacts {
            max_connections: 100,
            user: "izin".into(),
            is_superuser,
            tls: None,
            rights: Deviation::default(),
        }
    }

    #[test]
    fn a_superuser_is_told_of_in_production() {
        let postgres = facts;
        for (environment, is_superuser, expected) in [
            ("production", true, Verdict::Warning),
            ("production", false, Verdict::Ok),
            ("uat", true, Verdict::Ok),
        ] {
            let config = config(environment, "postgres:///izin");
            assert_eq!(role(&config, &postgres(is_superuser)).verdict, expected);
        }
        let greedy = Config::from_layers(&["database.pool_size = 100"]).unwrap();
        assert_eq!(
            connections(&greedy, &postgres(false)).verdict,
            Verdict::Warning
        );
    }
}
