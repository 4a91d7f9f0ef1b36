//! What is particular to PostgreSQL: its connection over TLS, its roles, replicas that start together, and transactions that conflict.

mod conflicts;
mod migrate;
mod roles;
mod scale;
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
