//! A configuration that cannot be used is explained without its secrets.

use std::path::Path;
use std::process::Command;

use izin_simulator::{Simulator, SimulatorOptions};

use super::known::DATABASE_PASSWORD;
use super::leaks::Secrets;
use crate::harness::{pki, serve_file};

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_fails_tells_no_secret() {
    let simulator = Simulator::start(SimulatorOptions::new(pki().clone()));
    let simulator = simulator.await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut secrets = Secrets::default();
    secrets.add("the password", DATABASE_PASSWORD);
    secrets.add_key(&pki().key_file("dp-signing"));
    let url = |rest: &str| format!("postgres://izin:{DATABASE_PASSWORD}@{rest}");
    let key = pki().key_file("dp-signing");
    let key = key.to_str().unwrap();
    let database = format!("sqlite:{}", folder.path().join("izin.db").display());
    for (told, database, extra) in [
        ("database", url("127.0.0.1:1/izin"), String::new()),
        ("database", url("127.0.0.1:1:2/izin"), String::new()),
        (
            "database",
            url("127.0.0.1/izin?sslmode=require"),
            String::new(),
        ),
        (
            "database",
            url("127.0.0.1/izin?password=%zz"),
            String::new(),
        ),
        (
            "url",
            url("h/izin").replace("postgres", "mysql"),
            String::new(),
        ),
        (
            "database",
            database.clone(),
            format!("[database]\nurl = [\"{DATABASE_PASSWORD}\"]"),
        ),
        (
            "bank.http.url",
            database.clone(),
            format!(
                "[bank]\nkind = \"http\"\n[bank.http]\nurl = \"https://izin:{DATABASE_PASSWORD}@bank\""
            ),
        ),
        (
            "bank.settings",
            database.clone(),
            format!("[bank]\nsettings = \"{DATABASE_PASSWORD}\""),
        ),
        ("dp-signing", database.clone(), with_client_certificate(key)),
        (
            "dp-signing",
            database,
            format!(
                "[bank]\nkind = \"http\"\n[bank.http]\nurl = \"https://bank\"\nserver_ca = {key:?}\ntoken_file = {key:?}\n[sign_in]\nchecked_by = \"demo\""
            ),
        ),
    ] {
        let config = serve_file(folder.path(), &database, &simulator, None);
        let text = std::fs::read_to_string(&config).unwrap();
        std::fs::write(&config, merged(&text, &extra)).unwrap();
        let said = fails_to_start(&config).await;
        assert!(said.contains(told), "{told} is not named: {said}");
        assert_eq!(secrets.found_in(&said), [""; 0]);
    }
    simulator.stop().await;
}

/// The private key where a certificate belongs.
fn with_client_certificate(key: &str) -> String {
    format!("[listeners.webhooks]\nclient_ca = {key:?}")
}

/// `extra` over the file's own keys.
fn merged(text: &str, extra: &str) -> String {
    fn over(base: &mut toml::Table, extra: toml::Table) {
        for (key, value) in extra {
            match (base.get_mut(&key), value) {
                (Some(toml::Value::Table(base)), toml::Value::Table(value)) => over(base, value),
                (_, value) => drop(base.insert(key, value)),
            }
        }
    }
    let mut base: toml::Table = text.parse().unwrap();
    over(&mut base, extra.parse().unwrap());
    base.to_string()
}

/// All that it says, with everything logged.
async fn fails_to_start(config: &Path) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_izin"));
    command
        .args(["serve", "--config"])
        .arg(config)
        .env("IZIN_LOG", "trace");
    let ended = tokio::task::spawn_blocking(move || command.output().unwrap());
    let ended = ended.await.unwrap();
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    let mut said = ended.stdout;
    said.extend(ended.stderr);
    String::from_utf8(said).unwrap()
}
