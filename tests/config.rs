//! `izin config` as it is used. What it prints is in tests/config: `UPDATE_EXPECTED=1 cargo test --test config` rewrites it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

struct Told {
    code: i32,
    out: String,
    errors: String,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config")
}

/// With these variables and no others of ours.
fn izin(arguments: &[&str], variables: &[(&str, &str)]) -> Told {
    let mut command = Command::new(env!("CARGO_BIN_EXE_izin"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("IZIN_") {
            command.env_remove(name);
        }
    }
    let output = command
        .current_dir(folder())
        .args(arguments)
        .envs(variables.iter().copied())
        .output()
        .expect("izin");
    Told {
        code: output.status.code().expect("an exit code"),
        out: String::from_utf8(output.stdout).expect("text"),
        errors: String::from_utf8(output.stderr).expect("text"),
    }
}

fn expect(name: &str, actual: &str) {
    let file = folder().join(name);
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        fs::write(&file, actual).expect("written");
    }
    let expected = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert!(
        expected == actual,
        "{name} is not what is told now:\n{actual}"
    );
}

/// As in a test environment of PayNet's, with secrets wherever they can be.
const VARIABLES: [(&str, &str); 3] = [
    (
        "IZIN__DATABASE__URL",
        "postgres://izin:hunter2@db.bank.example/izin",
    ),
    ("IZIN__BANK__SETTINGS__TOKEN", "hunter2"),
    ("IZIN__UI__HELP_LINE", ""),
];

#[test]
fn a_usable_configuration_is_ok() {
    let told = izin(&["config", "check", "--config", "uat.toml"], &VARIABLES);
    assert_eq!((told.code, &*told.out), (0, "ok\n"), "{}", told.errors);
    assert!(
        told.errors
            .starts_with("warning: ofp.profile.danger_skip_url is set"),
        "{}",
        told.errors
    );
    let by_variable = izin(
        &["config", "check"],
        &[&VARIABLES[..], &[("IZIN_CONFIG", "uat.toml")]].concat(),
    );
    assert_eq!((by_variable.code, &*by_variable.out), (0, "ok\n"));
}

#[test]
fn all_problems_are_told() {
    let variables = [
        ("IZIN__UI__NAM", "hunter2"),
        ("IZIN__DATABASE_POOL_SIZE", "3"),
        ("IZIN_DATABASE__URL", "hunter2"),
        ("IZIN__LIMITS__BANK_TIMEOUT", "5s"),
    ];
    let told = izin(&["config", "check", "--config", "wrong.toml"], &variables);
    assert_eq!((told.code, &*told.out), (1, ""));
    assert!(!told.errors.contains("hunter2"));
    expect("wrong.txt", &told.errors);
    // The service refuses with the same words.
    let refused = izin(&["serve", "--config", "wrong.toml"], &variables);
    assert_eq!(refused.code, 1);
    assert_eq!(refused.errors, told.errors);
    // And what can be shown of it is shown.
    let shown = izin(
        &["config", "show", "--changed", "--config", "wrong.toml"],
        &variables,
    );
    assert_eq!((shown.code, &*shown.errors), (0, ""));
    assert!(!shown.out.contains("hunter2"));
    expect("wrong-changed.txt", &shown.out);
}

#[test]
fn a_file_that_is_not_there_is_told() {
    for command in [&["config", "check"][..], &["serve"]] {
        let told = izin(&[command, &["--config", "missing.toml"]].concat(), &[]);
        assert_eq!(told.code, 1);
        assert!(
            told.errors.contains("cannot be read") && told.errors.contains("missing.toml"),
            "{}",
            told.errors
        );
    }
}

#[test]
fn the_effective_configuration_is_shown() {
    for (options, expected) in [
        (&[][..], "uat.txt"),
        (&["--changed"], "uat-changed.txt"),
        (&["--changed", "--json"], "uat-changed.json"),
    ] {
        let told = izin(
            &[&["config", "show", "--config", "uat.toml"], options].concat(),
            &VARIABLES,
        );
        assert_eq!((told.code, &*told.errors), (0, ""));
        assert!(!told.out.contains("hunter2"));
        expect(expected, &told.out);
    }
    let told = izin(&["config", "show", "--changed"], &[]);
    assert!(
        told.out.starts_with("Everything is as by default."),
        "{}",
        told.out
    );
}

#[test]
fn the_schema_is_the_committed_one() {
    let told = izin(&["config", "schema"], &[]);
    let committed = folder().join("../../config/schema.json");
    assert_eq!(
        (told.code, told.out),
        (0, fs::read_to_string(committed).expect("schema"))
    );
}

/// Each key of the schema is a row, and none is there twice.
#[test]
fn every_key_is_shown() {
    let told = izin(&["config", "show", "--json"], &[]);
    let shown: Value = serde_json::from_str(&told.out).expect("JSON");
    let shown = shown["settings"].as_array().expect("rows").iter();
    let shown: Vec<_> = shown
        .map(|row| row["key"].as_str().expect("a key").to_owned())
        .collect();
    let schema: Value = serde_json::from_str(&izin(&["config", "schema"], &[]).out).expect("JSON");
    let mut known = Vec::new();
    collect(&schema, "", &mut known);
    let sorted = |mut keys: Vec<String>| {
        keys.sort();
        keys
    };
    assert_eq!(sorted(shown), sorted(known));
}

fn collect(table: &Value, prefix: &str, keys: &mut Vec<String>) {
    for (name, schema) in table["properties"].as_object().into_iter().flatten() {
        let key = format!("{prefix}{name}");
        if schema["type"] == "object" {
            collect(schema, &format!("{key}."), keys);
        } else {
            keys.push(key);
        }
    }
}

#[test]
fn the_help_teaches() {
    for (command, expected) in [
        (&["config"][..], "help.txt"),
        (&["config", "check"], "help-check.txt"),
        (&["config", "show"], "help-show.txt"),
        (&["config", "schema"], "help-schema.txt"),
    ] {
        let told = izin(&[command, &["--help"]].concat(), &[]);
        assert_eq!(told.code, 0);
        expect(expected, &told.out);
    }
    let wrong = izin(&["config", "chek"], &[]);
    assert_eq!(wrong.code, 2);
}
