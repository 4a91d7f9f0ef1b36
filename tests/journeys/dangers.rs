//! Settings that leave out a check (docs/decisions/0001-wire-profile.md), as an operator meets them: `izin serve` with one in force.

use std::path::{Path, PathBuf};
use std::process::Command;

use izin_simulator::{Simulator, SimulatorOptions};

use crate::harness::{Database, Process, eventually, pki, serve_file};

const DANGERS: [&str; 3] = ["danger_skip_qpm", "danger_skip_url", "danger_skip_replay"];

/// What each environment needs beyond the demo's file.
const UAT: &str = "[sign_in]\ncollect_passwords = true\n";
const PRODUCTION: &str = "[sign_in]\ncollect_passwords = true\nhttp = { url = \"http://127.0.0.1:1\" }\n\
                          [bank]\nkind = \"http\"\nhttp = { url = \"http://127.0.0.1:1\" }\n[ui]\nname = \"Bank Sebenar\"\n";

fn with_danger(file: &Path, environment: &str, danger: &str) -> PathBuf {
    let text = std::fs::read_to_string(file).unwrap();
    let text = text.replace(
        "environment = \"demo\"",
        &format!("environment = \"{environment}\""),
    );
    let more = match environment {
        "production" => PRODUCTION,
        "uat" => UAT,
        _ => "",
    };
    // What production refuses for other reasons.
    let text = match environment {
        "production" => text
            .replace("try_it = true", "try_it = false")
            .replace(
                "[listeners.public]\n",
                "[listeners.public]\nbase_url = \"https://bank.example\"\n",
            )
            .replace(
                "redirect_uris = [",
                "redirect_uris = [\"https://paynet.example\"] #",
            ),
        _ => text,
    };
    let file = file.with_file_name(format!("{environment}-{danger}.toml"));
    std::fs::write(
        &file,
        format!("{text}\n{more}[ofp.profile]\n{danger} = true\n"),
    )
    .unwrap();
    file
}

async fn simulator() -> Simulator {
    let pki = tokio::task::spawn_blocking(pki).await.unwrap();
    Simulator::start(SimulatorOptions::new(pki.clone()))
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn outside_production_each_is_a_warning_at_every_start() {
    let simulator = simulator().await;
    let folder = tempfile::tempdir().unwrap();
    let database = Database::sqlite();
    let file = serve_file(folder.path(), &database.url, &simulator, None);
    for environment in ["demo", "uat"] {
        for danger in DANGERS {
            let file = with_danger(&file, environment, danger);
            let log = folder.path().join("log");
            let process = Process::serve_logging(&file, &log);
            let warns = || async {
                let log = std::fs::read_to_string(&log).unwrap();
                let warnings = log.lines().filter(|line| line.contains("WARN"));
                let told: Vec<_> = warnings.filter(|line| line.contains("danger_")).collect();
                matches!(&told[..], [one] if one.contains(&format!("ofp.profile.{danger} is set")))
            };
            eventually(warns, &format!("a warning of {danger} in {environment}")).await;
            process.kill();
        }
    }
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_production_each_is_refused() {
    let simulator = simulator().await;
    let folder = tempfile::tempdir().unwrap();
    let database = Database::sqlite();
    let file = serve_file(folder.path(), &database.url, &simulator, None);
    for danger in DANGERS {
        let file = with_danger(&file, "production", danger);
        let mut serve = Command::new(env!("CARGO_BIN_EXE_izin"));
        let told = serve
            .args(["serve", "--config"])
            .arg(&file)
            .output()
            .unwrap();
        assert_eq!(told.status.code(), Some(1));
        let told = String::from_utf8(told.stderr).unwrap();
        let problems: Vec<_> = told
            .lines()
            .filter(|line| line.starts_with("  - "))
            .collect();
        let expected =
            format!("  - ofp.profile.{danger} is refused with environment = \"production\"");
        assert!(
            matches!(&problems[..], [one] if one.starts_with(&expected)),
            "{told}"
        );
    }
    simulator.stop().await;
}
