//! One role owns the tables and migrates; the service runs as another, which can add to evidence and not change it.

use std::path::PathBuf;

use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use serde_json::json;
use tempfile::TempDir;

use super::{database_file, doctor, izin};
use crate::harness::{Database, TOTP_SECRET, TestApp, eventually, pki, settings};
use izin::lab::{Config, DEMO, Service, SystemClock};
use izin_simulator::{ConsentStatus, Simulator, SimulatorOptions};

/// As in production.
const CHECK: &str = "[database]\nmigrate = \"check\"";

/// Tables, each with a column of text.
const EVIDENCE: [(&str, &str); 7] = [
    ("access_log", "consent_id"),
    ("checkpoint_stretches", "chain"),
    ("checkpoints", "jws"),
    ("consent_events", "consent_id"),
    ("decisions", "consent_id"),
    ("ledger", "chain"),
    ("receipts", "consent_id"),
];

/// A configuration file that names both roles.
fn both(database: &Database) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let owner = database.owner_url.as_ref().unwrap();
    let text = format!(
        "url = {}\nowner_url = {}",
        json!(database.url),
        json!(owner)
    );
    let file = database_file(folder.path(), &text);
    (folder, file)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_can_do_everything_but_change_evidence() {
    let database = Database::with_roles().await;
    let (_folder, file) = both(&database);
    let (code, said) = izin(&["migrate", "--check"], &file).await;
    assert!(code == 1 && said.contains("Pending: 0001"), "{said}");
    let refused = start(&database).await.unwrap_err();
    assert!(refused.contains("run izin migrate"), "{refused}");

    let (code, said) = izin(&["migrate"], &file).await;
    assert!(code == 0 && said.contains("Applied: 0001"), "{said}");
    assert!(said.contains("cannot change evidence"), "{said}");
    let (code, said) = izin(&["migrate", "--check"], &file).await;
    assert!(code == 0 && said.contains("up to date"), "{said}");
    let (verdict, seen) = doctor("database-rights", &file).await;
    assert!(verdict == "ok" && seen.contains("not change it"), "{seen}");

    let url = database.url.clone();
    let app = TestApp::start_with(database, CHECK).await;
    everything_happens(&app).await;
    app.service.checkpoints.write().await.unwrap();

    let mut service = AsyncPgConnection::establish(&url).await.unwrap();
    let mut changes = vec![
        "UPDATE __diesel_schema_migrations SET version = 'x'".to_owned(),
        "DELETE FROM schema_guard".to_owned(),
        "DELETE FROM consents".to_owned(),
        "DROP TABLE ledger".to_owned(),
        "ALTER TABLE ledger DISABLE TRIGGER ALL".to_owned(),
    ];
    for (table, column) in EVIDENCE {
        changes.push(format!("UPDATE {table} SET {column} = 'x'"));
        changes.push(format!("DELETE FROM {table}"));
        changes.push(format!("TRUNCATE {table}"));
    }
    for change in changes {
        let refused = service
            .batch_execute(&change)
            .await
            .unwrap_err()
            .to_string();
        let told = refused.contains("permission denied") || refused.contains("must be owner");
        assert!(told, "{change}: {refused}");
    }
    for (table, _) in EVIDENCE {
        let read = format!("SELECT 1 / count(*) FROM {table}");
        service
            .batch_execute(&read)
            .await
            .unwrap_or_else(|_| panic!("{table} is empty"));
    }
    // What erases is not the service.
    let retention = [
        "retention",
        "run",
        "--operator",
        "Aminah",
        "--reason",
        "the yearly run",
    ];
    let (code, said) = izin(&retention, &file).await;
    assert!(code == 0 && said.contains("ERASED"), "{said}");
    app.stop().await;
}

/// Every kind of write there is: events, decisions, data calls, deliveries, stops, and the end of what has expired.
async fn everything_happens(app: &TestApp) {
    let shared = app.approved_consent(&["read_balances"]).await;
    assert_eq!(shared.balance().await.status(), 200);
    let rejected = app.consent(&["read_balances"]).await;
    let mut forgetful = app.customer();
    forgetful.opens(&rejected.link().await).await.unwrap();
    let failed = forgetful.signs_in("paynet", "wrong", TOTP_SECRET).await;
    assert_ne!(
        failed
            .map(|page| page.screen().to_owned())
            .unwrap_or_default(),
        "accounts"
    );
    // A code of the second factor is good for one sign-in.
    app.clock.advance(chrono::TimeDelta::seconds(31));
    let mut customer = app.reviewing(&rejected).await;
    customer.rejects().await.unwrap();
    eventually(
        || async { rejected.at_paynet().status() == ConsentStatus::Rejected },
        "PayNet hears of the rejection",
    )
    .await;
    app.simulator.revoke_by_consumer(&shared.id).await.unwrap();
    shared.reaches("reported").await;
    let late = izin::lab::At(chrono::Utc::now() + chrono::TimeDelta::days(1));
    assert!(app.store.sweep(late).await.unwrap() > 0);
}

/// What was granted beyond it is taken back; what cannot be is told.
#[tokio::test(flavor = "multi_thread")]
async fn migrating_again_puts_the_rights_right() {
    let database = Database::with_roles().await;
    let (_folder, file) = both(&database);
    assert_eq!(izin(&["migrate"], &file).await.0, 0);
    let service = url_user(&database.url);
    let mut admin = database.admin().await;
    let mut change = async |statement: String| admin.batch_execute(&statement).await.unwrap();
    change(format!("GRANT DELETE ON ledger TO {service}")).await;
    change("GRANT UPDATE ON receipts TO PUBLIC".into()).await;
    let production = "environment = \"production\"\n";
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{production}{text}")).unwrap();
    let (verdict, seen) = doctor("database-rights", &file).await;
    assert!(
        verdict == "warning" && seen.contains("DELETE on ledger"),
        "{seen}"
    );
    change(format!("REVOKE INSERT ON access_log FROM {service}")).await;
    let (code, said) = izin(&["migrate"], &file).await;
    assert!(
        code == 0 && said.contains("cannot change evidence"),
        "{said}"
    );

    change(format!(
        "GRANT {} TO {service}",
        url_user(database.owner_url.as_ref().unwrap())
    ))
    .await;
    let (code, said) = izin(&["migrate"], &file).await;
    assert!(code == 0 && said.contains("DELETE on ledger"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_is_missing_is_named() {
    let database = Database::with_roles().await;
    let service = url_user(&database.url);
    let mut admin = database.admin().await;
    admin
        .batch_execute(&format!("DROP ROLE {service}"))
        .await
        .unwrap();
    let (_folder, file) = both(&database);
    let (code, said) = izin(&["migrate"], &file).await;
    assert!(
        code == 1 && said.contains(&format!("CREATE ROLE \"{service}\"")),
        "{said}"
    );
    let (_, said) = izin(&["migrate"], &file).await;
    assert!(
        said.contains("there is no role"),
        "nothing was applied: {said}"
    );
}

/// A release that is told to stay away stays away, however it migrates; one that is not works.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_a_newer_release() {
    let database = Database::with_roles().await;
    let (_folder, file) = both(&database);
    assert_eq!(izin(&["migrate"], &file).await.0, 0);
    let mut admin = database.admin().await;
    admin
        .batch_execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('9998'), ('9999')")
        .await
        .unwrap();
    start(&database).await.unwrap();
    admin
        .batch_execute("UPDATE schema_guard SET needs = '9998'")
        .await
        .unwrap();
    let refused = start(&database).await.unwrap_err();
    assert!(refused.contains("newer release"), "{refused}");
    let (code, said) = izin(&["migrate"], &file).await;
    assert!(code == 1 && said.contains("newer release"), "{said}");
}

fn url_user(url: &str) -> String {
    let user = url.strip_prefix("postgres://").unwrap();
    user.split('@').next().unwrap().to_owned()
}

/// Starts the service with `migrate = "check"` and stops it again, or what it says.
async fn start(database: &Database) -> Result<(), String> {
    let simulator = Simulator::start(SimulatorOptions::new(pki().clone()))
        .await
        .unwrap();
    let text = settings(&database.url, &simulator).to_toml().unwrap();
    let config = Config::from_layers(&[DEMO, &text, CHECK]).unwrap();
    let clock = std::sync::Arc::new(SystemClock);
    let started = Service::start(config, clock, izin::Institution::default()).await;
    let outcome = match started {
        Ok(service) => {
            service.stop().await;
            Ok(())
        }
        Err(error) => Err(format!("{error:#}")),
    };
    simulator.stop().await;
    outcome
}
