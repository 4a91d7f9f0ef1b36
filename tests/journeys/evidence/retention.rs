//! `izin retention run`: what is personal goes when its time is over, and the proof stays.

use std::process::Command as Process;

use chrono::{DateTime, TimeDelta, Utc};
use izin::core_bank::{AccountReference, CustomerId};
use izin::lab::{
    Access, AccessLog, At, Clock, Command, ConsentId, DcId, DecisionRecord, DpId, Identity,
    NewConsent, Outcome, Purpose, Receipt, SignInFacts, Status, Store, SystemClock, apply,
    register,
};
use serde_json::{Value, json};

use super::Scene;
use super::scene::assert_found;
use crate::harness::{Database, eventually, on_both_databases};

on_both_databases!(
    what_is_personal_goes_and_the_proof_stays,
    killed_in_the_middle,
);

const RUN: [&str; 6] = [
    "retention",
    "run",
    "--operator",
    "scheduler",
    "--reason",
    "Retention schedule",
];

/// Before any service runs on it: what happened long ago was covered long ago.
async fn migrated(database: &Database) -> Store {
    let store = Store::open(&database.url, 2).unwrap();
    store.migrate().await.unwrap();
    store
}

/// A customer's consent that was approved at that time, and ended a day later unless it runs.
async fn consent_of(store: &Store, name: &str, at: DateTime<Utc>, runs: bool) {
    let term = if runs { 365 * 20 } else { 1 };
    let new = NewConsent {
        id: ConsentId::parse(name).unwrap(),
        dc_id: DcId::parse("kira-budget").unwrap(),
        dp_id: DpId::parse("bank-contoh").unwrap(),
        urn: "urn:x".into(),
        purpose: Purpose::PersonalFinance,
        permissions: serde_json::from_value(json!(["read_balances"])).unwrap(),
        status: Status::AwaitingAuthorization,
        reason: None,
        expires_at: at + TimeDelta::days(term),
        created_at: at,
        updated_at: None,
        updated_by: None,
    };
    let registered = register(new, TimeDelta::minutes(5), at);
    store.commit(&registered).await.unwrap();
    let customer = CustomerId::parse(format!("CIF-{name}")).unwrap();
    let reference = AccountReference::parse(format!("R-{name}")).unwrap();
    let account = store.account_id_for(&customer, &reference).await.unwrap();
    let receipt = Receipt {
        consent_id: registered.consent.id.clone(),
        language: "en".into(),
        template_hash: "00".into(),
        text: format!("I share R-{name}"),
        created_at: at,
    };
    let approve = Command::Approve {
        customer: customer.clone(),
        identity: Identity::of("nric", "900101-14-5678"),
        signed_in: SignInFacts {
            acr: "2".into(),
            amr: vec!["pwd".into()],
            at,
        },
        accounts: serde_json::from_value(json!([
            { "account_id": account, "account_number": "1234", "account_name": "Savings" }
        ]))
        .unwrap(),
        receipt_sha256: receipt.sha256(),
    };
    let record = DecisionRecord {
        customer: Some(customer),
        sign_in: Some(json!({ "acr": "2" })),
        accounts: vec![account.clone()],
        receipt: Some(receipt),
        session: None,
    };
    // Nobody is told: PayNet of today knows nothing of it.
    let changed = |outcome| {
        let Ok(Outcome::Changed(mut change)) = outcome else {
            panic!("a change was expected");
        };
        (change.intent, change.notice) = (None, None);
        change
    };
    let approved = changed(apply(&registered.consent, approve, at));
    store.decide(&approved, &record).await.unwrap();
    let accepted = changed(apply(&approved.consent, Command::PlatformAccepted, at));
    store.commit(&accepted).await.unwrap();
    let log = AccessLog::start(store.clone());
    let access = Access {
        at: At(at),
        consent_id: name.into(),
        dc_id: "kira-budget".into(),
        category: "read_balances".into(),
        outcome: "shared".into(),
        interaction_id: "i-1".into(),
        customer_id: Some(format!("CIF-{name}")),
        account_id: account.to_string(),
    };
    log.log(access).await.unwrap();
    if !runs {
        let end = at + TimeDelta::days(term);
        let ended = changed(apply(&accepted.consent, Command::TermEnded, end));
        store.commit(&ended).await.unwrap();
    }
}

/// Everywhere in the database.
async fn rows_that_name(scene: &Scene, name: &str) -> i64 {
    let mut attacker = scene.attacker().await;
    let mut rows = 0;
    for from in [
        format!("ledger WHERE data LIKE '%-{name}%'"),
        format!("access_log WHERE customer_id LIKE '%-{name}'"),
        format!("receipts WHERE text LIKE '%-{name}'"),
        format!("decisions WHERE customer_id LIKE '%-{name}'"),
        format!("consents WHERE customer_id LIKE '%-{name}'"),
        format!("accounts WHERE customer_id LIKE '%-{name}'"),
    ] {
        rows += attacker.counts(&from).await;
    }
    rows
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

async fn what_is_personal_goes_and_the_proof_stays(database: Database) {
    let store = migrated(&database).await;
    let now = SystemClock.now();
    let long_ago = now - TimeDelta::days(365 * 8);
    consent_of(&store, "old", long_ago, false).await;
    consent_of(&store, "young", now - TimeDelta::days(365 * 6), false).await;
    consent_of(&store, "running", long_ago, true).await;
    let scene = Scene::empty(database).await;
    let held = scene.checkpoint().await;
    assert_eq!(scene.finds_holding(&held), [""; 0]);
    assert_eq!(rows_that_name(&scene, "old").await, 6);

    let told = parsed(&scene.runs(&["retention", "run", "--dry-run", "--json"]));
    assert_eq!(told["erased"]["consents"], 1, "{told:#}");
    assert_eq!(told["erased"]["entries"], 4, "{told:#}");
    assert_eq!(rows_that_name(&scene, "old").await, 6, "a rehearsal");
    let table = scene.runs(&["retention", "run", "--dry-run"]);
    assert!(table.contains("WOULD BE ERASED"), "{table}");
    assert_eq!(scene.finds_holding(&held), [""; 0]);

    let told = parsed(&scene.runs(&[&RUN[..], &["--json"]].concat()));
    for (what, count) in [
        ("consents", 1),
        ("entries", 4),
        ("accesses", 1),
        ("receipts", 1),
        ("decisions", 1),
        ("accounts", 1),
        ("left", 0),
    ] {
        assert_eq!(told["erased"][what], count, "{what}: {told:#}");
    }
    assert_eq!(rows_that_name(&scene, "old").await, 0);
    for kept in ["young", "running"] {
        assert_eq!(rows_that_name(&scene, kept).await, 6, "{kept}");
    }
    assert_eq!(scene.finds_holding(&held), [""; 0]);
    let newest = scene.checkpoint().await;
    assert_eq!(scene.finds_holding(&newest), [""; 0]);
    let (_, report) = scene.verify_with(&[]);
    assert_eq!(report["erased_entries"], 4, "{report:#}");
    assert_eq!(report["erased_accesses"], 1, "{report:#}");
    assert_eq!(report["retention_runs"], 1, "{report:#}");

    let again = parsed(&scene.runs(&[&RUN[..], &["--json"]].concat()));
    assert_eq!(again["erased"]["consents"], 0, "{again:#}");
    // What no run erased is not excused by one.
    let mut attacker = scene.attacker().await;
    attacker
        .does("UPDATE ledger SET data = NULL, salt = NULL WHERE chain = 'young' AND seq = 2")
        .await;
    assert_found(&scene.finds(), "ledger.erased", "consent young, entry 2");
    attacker
        .does(
            "UPDATE ledger SET data = NULL, salt = NULL WHERE chain = '@installation' AND seq = 2",
        )
        .await;
    assert_found(&scene.finds(), "ledger.erased", "installation, entry 2");
    scene.app.stop().await;
}

/// The process dies between two consents, or within one.
async fn killed_in_the_middle(database: Database) {
    const CONSENTS: i64 = 300;
    let store = migrated(&database).await;
    let long_ago = SystemClock.now() - TimeDelta::days(365 * 8);
    for number in 0..CONSENTS {
        consent_of(&store, &format!("old{number}"), long_ago, false).await;
    }
    let scene = Scene::empty(database).await;
    let held = scene.checkpoint().await;
    let mut run = Process::new(env!("CARGO_BIN_EXE_izin"))
        .args(RUN)
        .arg("--config")
        .arg(&scene.config)
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let begun = || async {
        let mut attacker = scene.attacker().await;
        attacker
            .counts("consents WHERE erased_at IS NOT NULL")
            .await
            > 5
    };
    eventually(begun, "some are erased").await;
    run.kill().unwrap();
    run.wait().unwrap();
    let mut attacker = scene.attacker().await;
    let erased = attacker
        .counts("consents WHERE erased_at IS NOT NULL")
        .await;
    assert!(erased < CONSENTS, "it was killed before it was done");
    assert_eq!(scene.finds_holding(&held), [""; 0]);

    let told = parsed(&scene.runs(&[&RUN[..], &["--json"]].concat()));
    assert_eq!(told["erased"]["consents"], CONSENTS - erased, "{told:#}");
    assert_eq!(attacker.counts("receipts").await, 0);
    scene.checkpoint().await;
    assert_eq!(scene.finds_holding(&held), [""; 0]);
    scene.app.stop().await;
}
