//! The upgrade drill of docs/spec-upgrade.md: a new edition of PayNet's document arrives.
//!
//! The report is checked with every run. What the compiler says, and two editions side by side, take a build in a copy of
//! this package: those tests are ignored, and `./test --all` runs them.

mod copy;
mod edition;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use copy::Copy;

/// A break per line, in the order of the report, then what is harmless.
const REPORT: [(&str, bool); 6] = [
    ("enum-value-renamed/ConsentStatus:rejected..declined", true),
    ("field-added/ConsentUpdate.channel", true),
    ("field-removed/StatusReason.reason_description", true),
    (
        "max-length-tightened/ConsentUpdate.id_token:3000..2500",
        true,
    ),
    ("operation-added/getAccountStatement", true),
    (
        "parameter-added/getAccountTransactions.query.merchant",
        false,
    ),
];

/// Every place that has to follow, as rustc names it. The shorter id token is not among them: a length is checked when the
/// service runs, and the report is where it shows.
const COMPILER: [(&str, &str); 6] = [
    ("E0027", "merchant"),              // the handler takes its parameters apart
    ("E0046", "get_account_statement"), // the trait has no default methods
    ("E0063", "channel"),               // what we send is written in full
    ("E0560", "reason_description"),    // what we send has no such field any more
    ("E0599", "Rejected"),              // the value has another name
    ("E0609", "reason_description"),    // what we read has no such field any more
];

#[test]
fn the_report_names_every_change_and_whom_it_breaks() {
    let folder = tempfile::tempdir().expect("a folder");
    let new = edition::written(folder.path());
    let output = spec_diff(&[&document(), &new], &["--json"]);
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let changes = report["changes"].as_array().expect("changes");
    let breaks = |verdict: &Value| verdict["breaking"] == true;
    let found: Vec<(&str, bool)> = changes
        .iter()
        .map(|change| {
            let breaking = breaks(&change["as_server"]) || breaks(&change["as_client"]);
            (change["id"].as_str().unwrap_or_default(), breaking)
        })
        .collect();
    assert_eq!(found, REPORT);
}

#[test]
fn accepted_breaks_let_the_edition_pass() {
    let folder = tempfile::tempdir().expect("a folder");
    let new = edition::written(folder.path());
    let accepted = folder.path().join("accepted-breaks.toml");
    let entries = REPORT.iter().filter(|(_, breaking)| *breaking);
    let entries: Vec<String> = entries
        .map(|(id, _)| format!("[[accept]]\nid = \"{id}\"\nreason = \"the drill\"\n"))
        .collect();
    fs::write(&accepted, entries.concat()).expect("written");
    let accepted = accepted.display().to_string();
    let output = spec_diff(&[&document(), &new], &["--accepted", &accepted]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        text.contains("0 breaking, 5 breaking but accepted, 1 not breaking."),
        "{text}"
    );
}

#[test]
fn what_cannot_be_compared_is_a_usage_error() {
    let missing = Path::new("openapi/no-such-file.yaml").to_owned();
    let config = package().join("openapi/codegen.toml");
    for paths in [[&document(), &missing], [&document(), &config]] {
        let output = spec_diff(&paths, &[]);
        assert_eq!(output.status.code(), Some(2), "{paths:?}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
#[ignore = "builds a copy of this package: ./test --all"]
fn the_compiler_leads_to_every_place_that_must_follow() {
    let copy = Copy::of_this_package("compiler");
    edition::written_to(&copy.path("openapi/ofp-dp-1.2.2.yaml"));

    let refused = copy.cargo(&["check", "--lib"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success());
    let reason = "is neither served nor called";
    assert!(
        said.contains("getAccountStatement") && said.contains(reason),
        "{said}"
    );

    copy.edit("openapi/codegen.toml", |config| {
        let after = "[document.serve.operations]\n";
        let entry = "getAccountStatement = { signature = \"Account\", context = \"crate::trust::AccountCall\", seal = \"BalanceData\" }\n";
        config.replacen(after, &format!("{after}{entry}"), 1)
    });
    let output = copy.cargo(&["check", "--lib", "--message-format=json"]);
    let found = compiler_errors(&output);
    let expected: BTreeSet<(String, String)> = COMPILER
        .iter()
        .map(|(code, symbol)| ((*code).to_owned(), (*symbol).to_owned()))
        .collect();
    assert_eq!(
        found,
        expected,
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
#[ignore = "builds a copy of this package: ./test --all"]
fn two_editions_are_served_side_by_side() {
    let copy = Copy::without_sources("side-by-side");
    edition::written_to(&copy.path("openapi/ofp-dp-1.3.0.yaml"));
    let operations = operations(&copy.path("openapi/codegen.toml"));
    copy.edit("openapi/codegen.toml", |_| side_by_side_config(&operations));
    copy.add("src/main.rs", include_str!("side_by_side/main.rs"));

    let output = copy.cargo(&["run", "--quiet"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let answers = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(
        answers,
        "1.2.2 health 200\n1.3.0 health 200\n1.2.2 statement 404\n1.3.0 statement 200\n"
    );
}

fn package() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn document() -> PathBuf {
    package().join("openapi/ofp-dp-1.2.2.yaml")
}

fn spec_diff(documents: &[&PathBuf], options: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_izin"))
        .current_dir(package())
        .args(["spec", "diff"])
        .args(documents)
        .args(options)
        .output()
        .expect("izin runs")
}

/// Code and symbol of every error: the last name that the message quotes which is one of those we expect, else all of it.
fn compiler_errors(output: &Output) -> BTreeSet<(String, String)> {
    let lines = output.stdout.split(|byte| *byte == b'\n');
    let messages = lines.filter_map(|line| serde_json::from_slice::<Value>(line).ok());
    messages
        .filter_map(|line| {
            let message = line.get("message")?;
            let code = message["code"]["code"].as_str()?;
            let text = message["message"].as_str()?;
            (message["level"] == "error").then(|| (code.to_owned(), symbol(text)))
        })
        .collect()
}

fn symbol(message: &str) -> String {
    let quoted = || message.split('`').skip(1).step_by(2);
    let expected = quoted().find(|name| COMPILER.iter().any(|(_, symbol)| symbol == name));
    expected.unwrap_or(message).to_owned()
}

/// Every operation that a codegen.toml mentions.
fn operations(config: &Path) -> Vec<String> {
    let text = fs::read_to_string(config).expect("codegen.toml");
    let config: toml::Table = text.parse().expect("TOML");
    let document = &config["document"][0];
    let served = document["serve"]["operations"]
        .as_table()
        .expect("served")
        .keys();
    let elsewhere = document["elsewhere"].as_table().expect("elsewhere").keys();
    let called = document["call"]["operations"].as_array().expect("called");
    let called = called
        .iter()
        .filter_map(toml::Value::as_str)
        .map(str::to_owned);
    served.chain(elsewhere).cloned().chain(called).collect()
}

/// Serves what the proof needs of both editions, and calls one operation of each.
fn side_by_side_config(operations: &[String]) -> String {
    let mut config =
        "[runtime]\nsignature = \"crate::Signature\"\nerror = \"crate::Refusal\"\n".to_owned();
    for (version, statement) in [("1.2.2", false), ("1.3.0", true)] {
        let module = version.replace('.', "_");
        let served = "{ signature = \"Nothing\", context = \"crate::Call\" }";
        let elsewhere = operations
            .iter()
            .filter(|id| *id != "getHealth" && *id != "retrieveConsent");
        let elsewhere: Vec<String> = elsewhere
            .map(|id| format!("{id} = \"not needed here\"\n"))
            .collect();
        let elsewhere = elsewhere.concat();
        let statement = if statement {
            "getAccountStatement = { signature = \"Nothing\", context = \"crate::Call\", seal = \"BalanceData\" }\n"
        } else {
            ""
        };
        config.extend([format!(
            "[[document]]\nfile = \"ofp-dp-{version}.yaml\"\nmodule = \"ofp_{module}\"\n\
             [document.serve]\ntrait = \"OfpWebhooks\"\n\
             [document.serve.operations]\ngetHealth = {served}\n{statement}\
             [document.call]\ncontext = \"crate::Context\"\noperations = [\"retrieveConsent\"]\n\
             [document.elsewhere]\n{elsewhere}"
        )]);
    }
    config
}
