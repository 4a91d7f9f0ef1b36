//! The tables that operators read.

use regex::Regex;

use super::deployment::Deployment;
use super::{file, key, signing};
use crate::harness::Database;

/// `UPDATE_EXPECTED=1 cargo test --test journeys doctor` accepts a change.
#[tokio::test(flavor = "multi_thread")]
async fn the_tables() {
    let deployment = Deployment::new(Database::sqlite()).await;
    expect("healthy.txt", &deployment.table_with(&[]));
    let broken = [
        ("server_ca", format!("server_ca = {}", file("rogue-ca"))),
        (
            "keys = ",
            signing(&file("dp-signing"), &key("paynet-signing")),
        ),
        (
            "redirect_uris",
            "redirect_uris = [\"https://paynet.invalid/\"]".into(),
        ),
        (
            "",
            "[ofp.profile]\ndanger_skip_url = true\nupdate_method = \"POST\"".into(),
        ),
    ];
    let broken = broken
        .each_ref()
        .map(|(begin, line)| (*begin, line.as_str()));
    expect("broken.txt", &deployment.table_with(&broken));
    deployment.stop().await;
}

/// Without what is another at every run. Where lines are broken depends on it too, so they are joined.
fn settled(table: &str) -> String {
    let joined = Regex::new(r"\n {20,}(?P<word>[^ ])").unwrap();
    let table = joined.replace_all(table, |found: &regex::Captures<'_>| {
        let word = &found["word"];
        let is_advice = word == "T";
        if is_advice {
            format!("\n      {word}")
        } else {
            format!(" {word}")
        }
    });
    let replacements = [
        // One may begin or end with a hyphen, where a word does not.
        (
            r"(?m)(?P<before>^|[^A-Za-z0-9_-])[A-Za-z0-9_-]{43}(?P<after>$|[^A-Za-z0-9_-])",
            "${before}THUMBPRINT${after}",
        ),
        (r"[^ ;]*/\.tmp[A-Za-z0-9]+/", "DIR/"),
        (r":\d{4,5}\b", ":PORT"),
        (r"until \d{4}-\d\d-\d\d \(\d+ days\)", "until DATE (DAYS)"),
        (r"SQLite [\d.]+", "SQLite VERSION"),
        (r"\b\d+ migrations", "N migrations"),
        (r"(?m)^  \w+ +open files .*(\n      To do.*)?\n", ""),
        (r"(?m)^\d+ failed, \d+ warnings?, ", ""),
    ];
    replacements
        .iter()
        .fold(table.into_owned(), |table, (pattern, with)| {
            Regex::new(pattern)
                .unwrap()
                .replace_all(&table, *with)
                .into_owned()
        })
}

fn expect(name: &str, table: &str) {
    let file = format!(
        "{}/tests/journeys/doctor/{name}",
        env!("CARGO_MANIFEST_DIR")
    );
    let table = settled(table);
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        std::fs::write(&file, &table).unwrap();
    }
    let expected = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        expected == table,
        "{name} is not what is said now:\n{table}"
    );
}
