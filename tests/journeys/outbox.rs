//! `izin outbox` beside the running service.

use izin_simulator::{ConsentStatus, Fault, Operation};
use serde_json::{Value, json};

use crate::harness::{Database, TestApp, eventually, on_both_databases};
use crate::reconcile::{Shell, entry, told};

on_both_databases!(a_delivery_is_put_back);

/// Refused for good and parked; an operator puts it back, and the consent's history says who and why.
async fn a_delivery_is_put_back(database: Database) {
    let app = TestApp::start(database).await;
    let shell = Shell::of(&app);
    let consent = app.consent(&["read_balances"]).await;
    let refused = [Fault::Status(403)];
    app.simulator
        .order_faults(Operation::UpdateConsent, refused);
    let mut customer = app.reviewing(&consent).await;
    customer.rejects().await.unwrap();
    let parked = || async {
        let waiting = app.store.deliveries(&consent.key()).await.unwrap();
        waiting.iter().any(|one| one.parked)
    };
    eventually(parked, "it is parked").await;
    let compared = shell.compares(&consent, false).await;
    assert_eq!(told(&compared), [("status", "open")], "PayNet still waits");
    let listed = shell.izin(&["outbox", "list", "--parked", "--json"]).await;
    let listed: Vec<Value> = serde_json::from_str(&listed).unwrap();
    assert!(listed[0]["age_seconds"].is_u64(), "{listed:?}");
    let delivery = listed[0]["delivery"].as_str().unwrap();
    let table = shell.izin(&["outbox", "list"]).await;
    assert!(table.contains("AGE") && table.contains(" s "), "{table}");

    let asked = app.simulator.calls(Operation::RetrieveConsent);
    let who = [
        "--operator",
        "siti",
        "--reason",
        "PayNet mended our registration",
    ];
    let retry = [&["outbox", "retry", delivery], &who[..]].concat();
    let said = shell.izin(&retry).await;
    assert!(said.starts_with("1 put back"), "{said}");
    let told_at_last = || async { consent.at_paynet().status() == ConsentStatus::Rejected };
    eventually(told_at_last, "PayNet knows").await;
    let calls = app.simulator.calls(Operation::RetrieveConsent);
    assert_eq!(calls, asked + 1, "PayNet is asked before it is told again");
    let shown = shell.izin(&["consents", "show", &consent.id]).await;
    for part in [
        "delivery_retried",
        "siti",
        "PayNet mended our registration",
        delivery,
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert_eq!(
        shell.compares(&consent, false).await["differences"],
        json!([])
    );
    assert!(shell.known().await.contains(&entry("status", "gone")));
    app.stop().await;
}
