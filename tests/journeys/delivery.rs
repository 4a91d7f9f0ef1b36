//! Decisions reach PayNet, whatever fails on the way.

use izin::lab::registration;
use izin_simulator::Customer;
use izin_simulator::{ConsentStatus, Fault, NewConsent, Operation, Simulator, SimulatorOptions};

use crate::harness::{
    Database, Process, TOTP_SECRET, TestApp, eventually, on_both_databases, pki, serve_file,
};

on_both_databases!(
    three_times_unavailable,
    a_404_of_something_in_between,
    a_lost_answer,
    killed_in_between,
    refused_for_good
);

/// 503, 503, 503, then 200: "finishing", then success.
async fn three_times_unavailable(database: Database) {
    let app = TestApp::start(database).await;
    app.simulator
        .order_faults(Operation::UpdateConsent, [Fault::Status(503); 3]);
    let consent = app.consent(&["read_balances"]).await;
    let mut customer = app.reviewing(&consent).await;
    let result = customer.approves().await.unwrap();
    assert_eq!(
        result.attribute("data-outcome"),
        Some("finishing"),
        "S1: not success yet"
    );
    let result = customer.waits_for_result().await.unwrap();
    assert_eq!(result.attribute("data-outcome"), Some("approved"));
    assert_eq!(app.simulator.calls(Operation::UpdateConsent), 4);
    assert_eq!(consent.balance().await.status(), 200);
    app.stop().await;
}

/// PayNet has accepted and we have not heard it: it is asked, not told twice.
async fn a_lost_answer(database: Database) {
    let app = TestApp::start(database).await;
    app.simulator
        .order_faults(Operation::UpdateConsent, [Fault::LostAnswer]);
    let consent = app.approved_consent(&["read_balances"]).await;
    assert_eq!(consent.at_paynet().updates.len(), 1, "one PATCH only");
    assert!(app.simulator.calls(Operation::RetrieveConsent) >= 1);
    app.stop().await;
}

/// The answer to the approval is lost, and then a gateway knows nothing of PayNet's paths for a moment: that is no word on the consent.
async fn a_404_of_something_in_between(database: Database) {
    let app = TestApp::start(database).await;
    app.simulator
        .order_faults(Operation::UpdateConsent, [Fault::LostAnswer]);
    app.simulator
        .order_faults(Operation::RetrieveConsent, [Fault::Status(404)]);
    let consent = app.approved_consent(&["read_balances"]).await;
    assert_eq!(consent.at_paynet().updates.len(), 1, "one PATCH only");
    assert!(app.simulator.calls(Operation::RetrieveConsent) >= 2);
    assert_eq!(consent.balance().await.status(), 200);
    app.stop().await;
}

/// The consent is gone at PayNet: nothing is shared, and the customer is told so.
async fn refused_for_good(database: Database) {
    let app = TestApp::start(database).await;
    let consent = app.consent(&["read_balances"]).await;
    let mut customer = app.reviewing(&consent).await;
    app.simulator.edit_consent(&consent.id, |consent| {
        consent.status = ConsentStatus::Failed;
    });
    customer.approves().await.unwrap();
    let result = customer.waits_for_result().await.unwrap();
    assert_eq!(
        result.attribute("data-outcome"),
        Some("failed"),
        "S5: {}",
        result.summary()
    );
    app.stop().await;
}

/// The process dies while PayNet is unavailable; the next one finishes.
async fn killed_in_between(database: Database) {
    let simulator = Simulator::start(SimulatorOptions::new(pki().clone()))
        .await
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let write = |addresses: Option<&Process>| {
        let addresses = addresses.map(|process| (process.public, process.webhooks));
        serve_file(folder.path(), &database.url, &simulator, addresses)
    };
    let process = Process::serve(&write(None));
    let url = format!("http://{}", process.public);
    simulator
        .register_provider(registration(pki(), process.webhooks.port(), &url).unwrap())
        .unwrap();

    simulator.order_faults(Operation::UpdateConsent, [Fault::Status(503); 2]);
    let new = NewConsent::new("kira-budget", "bank-contoh");
    let consent = simulator.create_consent(new).await.unwrap().consent_id;
    let mut customer = Customer::new(pki()).unwrap();
    customer
        .opens(&simulator.authorize_url(&consent).await.unwrap())
        .await
        .unwrap();
    customer
        .signs_in("paynet", "paynet", TOTP_SECRET)
        .await
        .unwrap();
    customer.selects_first().await.unwrap();
    let result = customer.approves().await.unwrap();
    assert_eq!(result.attribute("data-outcome"), Some("finishing"));

    let file = write(Some(&process));
    process.kill();
    let _next = Process::serve(&file);
    let result = customer.waits_for_result().await.unwrap();
    assert_eq!(
        result.attribute("data-outcome"),
        Some("approved"),
        "nothing was lost"
    );
    eventually(
        || async { simulator.consent(&consent).unwrap().status() == ConsentStatus::Authorized },
        "PayNet has it",
    )
    .await;
    simulator.stop().await;
}
