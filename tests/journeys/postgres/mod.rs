//! What is particular to PostgreSQL: its connection over TLS, its roles, replicas that start together, transactions that conflict,
//! limits of time, and a million consents.

mod conflicts;
mod migrate;
mod roles;
mod scale;
mod timeouts;
mod tls;
mod together;

use std::path::{Path, PathBuf};
use std::process::Command;

/// A file with this as `[database]`.
fn database_file(folder: &Path, settings: &str) -> PathBuf {
    let file = folder.join("database.toml");
    std::fs::write(&file, format!("[database]\n{settings}\n")).unwrap();
    file
}

/// What `izin` with these arguments says on both outputs, and its exit code.
async fn izin(arguments: &[&str], config: &Path) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_izin"));
    command.args(arguments).arg("--config").arg(config);
    let run = move || command.output().unwrap();
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.code().unwrap(),
        String::from_utf8(said).unwrap(),
    )
}

/// What the doctor finds of this check, by its verdict and in its words.
async fn doctor(check: &str, config: &Path) -> (String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_izin"));
    command.args(["doctor", "--json", "--config"]).arg(config);
    let run = move || command.output().unwrap();
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    let findings: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).unwrap();
    let finding = findings.iter().find(|one| one["check"] == check);
    let finding = finding.unwrap_or_else(|| panic!("no {check} in {findings:#?}"));
    let text = |name: &str| finding[name].as_str().unwrap().to_owned();
    (text("verdict"), text("seen"))
}
