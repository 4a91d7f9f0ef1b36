//! The whole report, as people and as programs read it: `UPDATE_EXPECTED=1 cargo test -p izin-spec-diff` rewrites them.

use std::fs;
use std::path::{Path, PathBuf};

use izin_spec_diff::{AcceptedBreaks, Document, Report, Roles, compare};

fn shop(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/it/shop")
        .join(name)
}

fn read(name: &str) -> String {
    fs::read_to_string(shop(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn report() -> Report {
    let edition = |name| Document::parse(read(name).as_bytes()).expect("a document");
    let (old, new) = (edition("old.yaml"), edition("new.yaml"));
    let roles = Roles::from_codegen(&read("codegen.toml"), &old, &new).expect("roles");
    let accepted = AcceptedBreaks::parse(&read("accepted-breaks.toml")).expect("accepted breaks");
    compare(&old, &new, &roles).accepting(&accepted)
}

fn expect(name: &str, actual: &str) {
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        fs::write(shop(name), actual).expect("written");
    }
    assert!(
        read(name) == actual,
        "{name} is not what is said now:\n{actual}"
    );
}

#[test]
fn the_report_in_words() {
    expect("report.txt", &report().to_string());
}

#[test]
fn the_report_as_json() {
    expect(
        "report.json",
        &format!("{:#}\n", serde_json::json!(report())),
    );
}

#[test]
fn every_id_is_there_once() {
    let report = report();
    let mut ids: Vec<&str> = report.changes.iter().map(|it| it.id.as_str()).collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all);
}
