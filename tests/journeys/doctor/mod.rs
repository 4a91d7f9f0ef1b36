//! `izin doctor`: a healthy deployment, and the same with one thing broken at a time. Each is told by its own finding, with what to do.

pub mod certificate;
mod database;
mod deployment;
mod listeners;
mod onboarding;
mod paynet;
mod tables;
mod wrong_line;

use std::fs::File;
use std::process::Command;

use serde_json::{Value, json};

use crate::harness::{Database, on_both_databases, pki};
use deployment::{Deployment, Examination, doctor};

on_both_databases!(everything_is_in_order);

fn file(name: &str) -> Value {
    json!(pki().certificate_file(name))
}

fn key(name: &str) -> Value {
    json!(pki().key_file(name))
}

fn signing(certificate: &Value, key: &Value) -> String {
    format!("keys = [{{ certificate = {certificate}, private_key = {key} }}]")
}

async fn everything_is_in_order(database: Database) {
    let deployment = Deployment::new(database).await;
    let healthy = deployment.examined();
    assert_eq!(healthy.wrong(), [], "{:#?}", healthy.findings);
    assert_eq!(healthy.with_verdict("skipped"), Vec::<&str>::new());
    assert_eq!(healthy.code, 0);
    for check in [
        "certificate-expiry",
        "clock",
        "database-migrations",
        "database-writable",
        "key-set",
        "paynet-consents",
        "paynet-knows-our-key",
        "paynet-token",
        "public-headers",
        "test-signature",
        "webhooks-no-certificate",
        "webhooks-other-certificate",
    ] {
        assert!(healthy.with_verdict("ok").contains(&check), "{check}");
    }
    deployment.stop().await;
}

/// The service runs with certificates that end soon.
#[tokio::test(flavor = "multi_thread")]
async fn certificates_that_end() {
    let folder = tempfile::tempdir().unwrap();
    let soon = |name, days| json!(certificate::ending(folder.path(), name, days));
    let with = |text: String| {
        let text = text.replace(
            &signing(&file("dp-signing"), &key("dp-signing")),
            &signing(&soon("dp-signing", 5), &key("dp-signing")),
        );
        text.replace(
            &file("dp-server").to_string(),
            &soon("dp-server", 25).to_string(),
        )
    };
    let deployment = Deployment::changed(Database::sqlite(), |text, _, _| with(text)).await;
    let examination = deployment.examined();
    let expected = [
        ("certificate-expiry", "warning"),
        ("certificate-expiry", "failed"),
    ];
    assert_eq!(examination.wrong(), expected, "{:#?}", examination.findings);
    let about = |verdict: &str| {
        let mut all = examination.findings.iter();
        all.find(|one| one["verdict"] == verdict).unwrap()["about"].clone()
    };
    assert_eq!(about("warning"), "listeners.webhooks.certificate");
    assert_eq!(about("failed"), "signing.keys[0].certificate");
    assert!(examination.told("certificate-expiry").contains("25 days"));
    deployment.stop().await;
}

/// Nobody on this machine knows the authority, as browsers would not; and no address is the configured one without TLS.
#[tokio::test(flavor = "multi_thread")]
async fn customers_over_tls() {
    let change = |text: String, public: std::net::SocketAddr, _| {
        let before = format!("[listeners.public]\naddress = \"{public}\"\n");
        let tls = format!(
            "{before}certificate = {}\nprivate_key = {}\nbase_url = \"https://{public}\"\n",
            file("dp-server"),
            key("dp-server")
        );
        assert!(text.contains(&before), "{text}");
        text.replace(&before, &tls)
    };
    let deployment = Deployment::changed(Database::sqlite(), change).await;
    let examination = deployment.examined();
    assert_eq!(
        examination.wrong(),
        [("public-base-url", "warning")],
        "{:#?}",
        examination.findings
    );
    assert!(
        examination
            .told("public-base-url")
            .contains("UnknownIssuer")
    );
    let ok = examination.with_verdict("ok");
    for check in ["public-certificate", "public-headers", "key-set"] {
        assert!(ok.contains(&check), "{check}");
    }
    deployment.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_is_gone() {
    let deployment = Deployment::new(Database::postgres().await).await;
    deployment.database.drop().await;
    let examination = deployment.examined();
    assert_eq!(examination.wrong(), [("database-reachable", "failed")]);
    assert!(examination.told("database-reachable").contains("psql"));
    deployment.stop().await;
}

/// Nothing is there to connect to; everything else is looked at, and nothing is made.
#[tokio::test(flavor = "multi_thread")]
async fn the_service_does_not_run() {
    let deployment = Deployment::new(Database::sqlite()).await;
    let file = deployment.file(&[]);
    let database = deployment.path("never.db");
    let new = deployment.file(&[(
        "url = \"sqlite",
        &format!("url = \"sqlite:{}\"", database.display()),
    )]);
    let new = std::fs::read_to_string(new).unwrap();
    let Deployment {
        service,
        simulator,
        folder,
        database: _database,
        ..
    } = deployment;
    std::fs::rename(&file, folder.path().join("old.toml")).unwrap();
    std::fs::write(&file, new).unwrap();
    drop(service);
    let examination = Examination::of(&file, &["--json"]);
    let skipped = examination.with_verdict("skipped");
    assert_eq!(
        skipped,
        [
            "database-reachable",
            "paynet-consents",
            "webhooks-running",
            "public-running"
        ]
    );
    assert!(
        examination
            .told("webhooks-running")
            .contains("Start izin serve")
    );
    assert!(!database.exists(), "it only looks");
    // PayNet asks the service for its keys.
    assert_eq!(examination.wrong(), [("paynet-token", "failed")]);

    let offline = Examination::of(&file, &["--json", "--offline"]);
    assert_eq!(offline.wrong(), []);
    assert_eq!(offline.code, 0);
    let strict = Examination::of(&file, &["--json", "--offline", "--strict"]);
    assert_eq!((strict.wrong(), strict.code), (vec![], 1));
    let table = String::from_utf8(doctor(&file, &["--offline"]).stdout).unwrap();
    assert!(
        table.contains("Nothing failed, but") && table.contains("proves nothing of them"),
        "{table}"
    );
    let lost = Command::new(env!("CARGO_BIN_EXE_izin"))
        .args(["doctor", "--offline", "--config"])
        .arg(&file)
        .stdout(File::options().write(true).open("/dev/full").unwrap())
        .output()
        .unwrap();
    assert_eq!(lost.status.code(), Some(2));
    let told = String::from_utf8(lost.stderr).unwrap();
    assert!(told.contains("standard output cannot be written"), "{told}");
    assert!(
        offline
            .with_verdict("skipped")
            .contains(&"paynet-discovery")
    );
    simulator.stop().await;
}

#[test]
fn wrong_usage() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("izin.toml");
    let refused = |text: Option<&str>, options: &[&str]| {
        if let Some(text) = text {
            std::fs::write(&file, text).unwrap();
        }
        let output = doctor(&file, options);
        assert_eq!(output.status.code(), Some(2));
        assert!(output.stdout.is_empty());
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(refused(None, &[]).contains("cannot be read"));
    assert!(refused(Some("[ofp]\ndpid = \"x\""), &[]).contains("dpid"));
    let wrong = refused(Some("database = \"postgres://u:hunter2@db/x\""), &[]);
    assert!(!wrong.contains("hunter2"), "{wrong}");
    refused(Some(""), &["--onboarding", "--offline"]);
    refused(Some(""), &["--onboarding", "--strict"]);
}
