//! What a migration may do, so that the previous release works on while replicas are replaced one after the other
//! (docs/decisions/0010-database-roles-and-migrations.md): add. A linter, because nobody remembers it on the day.

use std::collections::BTreeMap;
use std::path::Path;

/// The first release's schema: nothing was there before it.
const BASELINE: &str = "0004";

/// Migrations that take away what no supported release uses any more, with the reason. Each must also tell older releases to stay
/// away: `UPDATE schema_guard SET needs = '<its own version>'`.
const CONTRACTS: [(&str, &str); 0] = [];

/// What breaks a release that does not know of it, and what to do in its place.
const BREAKING: [(&str, &str); 13] = [
    ("DROP TABLE", "leave it until no supported release uses it"),
    ("DROP COLUMN", "leave it until no supported release uses it"),
    (
        "RENAME",
        "add the new one, write both, drop the old one later",
    ),
    ("SET NOT NULL", "the previous release may write NULL"),
    ("SET DATA TYPE", "add a column of the new type"),
    (" TYPE ", "add a column of the new type"),
    ("DROP DEFAULT", "the previous release may count on it"),
    ("ADD CONSTRAINT", "the previous release may break it"),
    ("ADD CHECK", "the previous release may break it"),
    ("ADD UNIQUE", "the previous release may break it"),
    ("ADD FOREIGN", "the previous release may break it"),
    ("ADD PRIMARY", "the previous release may break it"),
    ("CREATE UNIQUE INDEX", "the previous release may break it"),
];

fn problems(version: &str, text: &str) -> Vec<String> {
    let is_contract = CONTRACTS.iter().any(|(contract, _)| *contract == version);
    let lines = text.lines().map(|line| line.split("--").next().unwrap());
    let text = lines.collect::<Vec<_>>().join(" ");
    let statements: Vec<String> = text
        .split(';')
        .map(|one| {
            one.split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
                .to_uppercase()
        })
        .collect();
    let made: Vec<&str> = statements
        .iter()
        .filter_map(|one| one.strip_prefix("CREATE TABLE "))
        .filter_map(|rest| {
            rest.trim_start_matches("IF NOT EXISTS ")
                .split([' ', '('])
                .next()
        })
        .collect();
    let mut problems = Vec::new();
    let mut problem = |statement: &str, instead: &str| {
        problems.push(format!("{version}: {statement}: {instead}"));
    };
    for statement in &statements {
        // With a table of its own a migration may do what it wants.
        if statement.split([' ', '(']).any(|word| made.contains(&word)) {
            continue;
        }
        let breaking = BREAKING.iter().find(|(words, _)| statement.contains(words));
        if let Some((_, instead)) = breaking.filter(|_| !is_contract) {
            problem(statement, instead);
        }
        let has = |words: &str| statement.contains(words);
        if has("ADD COLUMN") && has("NOT NULL") && !has("DEFAULT") {
            problem(
                statement,
                "give it a DEFAULT: the previous release does not fill it",
            );
        }
        // A large database may have it already, made CONCURRENTLY under the same name.
        if has("CREATE INDEX") && !has("IF NOT EXISTS") {
            problem(statement, "say IF NOT EXISTS");
        }
    }
    if is_contract && !text.contains(&format!("needs = '{version}'")) {
        problem("", "older releases are not told to stay away");
    }
    problems
}

#[test]
fn no_migration_breaks_the_previous_release() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/common");
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let version = name.split('_').next().unwrap().to_owned();
        let text = std::fs::read_to_string(path.join("up.sql")).unwrap();
        assert!(found.insert(version, text).is_none(), "two of {name}");
    }
    let later = found
        .iter()
        .filter(|(version, _)| version.as_str() > BASELINE);
    let problems: Vec<_> = later
        .flat_map(|(version, text)| problems(version, text))
        .collect();
    assert_eq!(problems, [""; 0]);
}

#[test]
fn what_breaks_it_is_seen() {
    for breaking in [
        "ALTER TABLE consents DROP COLUMN reason;",
        "ALTER TABLE consents\n  ADD COLUMN a TEXT NOT NULL;",
        "ALTER TABLE consents RENAME COLUMN a TO b;",
        "ALTER TABLE consents ALTER COLUMN a TYPE INTEGER;",
        "CREATE UNIQUE INDEX IF NOT EXISTS a ON consents (b);",
        "CREATE INDEX a ON consents (b);",
    ] {
        assert_eq!(problems("0099", breaking).len(), 1, "{breaking}");
    }
    for harmless in [
        "ALTER TABLE consents ADD COLUMN a TEXT NOT NULL DEFAULT '';",
        "-- DROP TABLE consents;\nALTER TABLE consents ADD COLUMN a TEXT;",
        "CREATE TABLE a (b TEXT NOT NULL); CREATE UNIQUE INDEX c ON a (b);",
        "CREATE INDEX IF NOT EXISTS a ON consents (b);",
        "DROP INDEX consents_ending;",
    ] {
        assert_eq!(problems("0099", harmless), [""; 0], "{harmless}");
    }
}
