//! Clocks: the five minutes to decide, and the end of a consent.

use chrono::TimeDelta;
use izin_simulator::{ConsentStatus, EventType, Fault, NewConsent, Operation};

use crate::harness::{Database, TestApp, eventually, on_both_databases};

on_both_databases!(
    nobody_decides,
    our_clock_is_faster,
    approved_too_late_for_paynet,
    too_late_to_approve,
    an_expired_consent
);

/// Fails here, PayNet is told, and whatever PayNet's own clock made of it counts as settled.
async fn nobody_decides(database: Database) {
    let app = TestApp::start(database).await;
    let new = NewConsent::new("kira-budget", "bank-contoh");
    let id = app.simulator.store_consent(new).consent_id;
    app.simulator.edit_consent(&id, |consent| {
        consent.created_at -= TimeDelta::minutes(5) - TimeDelta::seconds(2);
    });
    app.simulator
        .announce(&id, EventType::ConsentCreated)
        .await
        .unwrap();
    let consent = app.known(&id);
    consent.reaches("timed_out").await;
    let told = || async {
        app.store
            .deliveries(&consent.key())
            .await
            .unwrap()
            .is_empty()
    };
    eventually(told, "nothing is left to tell").await;
    let at_paynet = consent.at_paynet();
    assert_eq!(at_paynet.status(), ConsentStatus::Failed);
    let [told] = at_paynet.updates.as_slice() else {
        panic!("PayNet is told once: {:?}", at_paynet.updates)
    };
    assert!(told.refusal.is_some(), "it had failed there already");
    assert_eq!(app.simulator.calls(Operation::RetrieveConsent), 1);
    app.stop().await;
}

/// The time is a setting, counted from the moment that PayNet states. PayNet, whose own clock still runs, takes the rejection in.
async fn our_clock_is_faster(database: Database) {
    let app = TestApp::start_with(database, "ofp.authorization_minutes = 2").await;
    let new = NewConsent::new("kira-budget", "bank-contoh");
    let id = app.simulator.store_consent(new).consent_id;
    app.simulator.edit_consent(&id, |consent| {
        consent.created_at -= TimeDelta::minutes(2);
    });
    let created = EventType::ConsentCreated;
    app.simulator.announce(&id, created).await.unwrap();
    let consent = app.known(&id);
    consent.reaches("timed_out").await;
    let told = || async { consent.at_paynet().status() == ConsentStatus::Rejected };
    eventually(told, "PayNet is told").await;
    let reason = consent.at_paynet().consent.status_reason.unwrap();
    assert_eq!(reason.reason_code, "timeout");
    app.stop().await;
}

/// Approved in time by our clock, and PayNet's runs out before it hears of it: nothing is shared, and the customer is told so.
async fn approved_too_late_for_paynet(database: Database) {
    let app = TestApp::start(database).await;
    let down = [Fault::Status(503)];
    app.simulator.order_faults(Operation::UpdateConsent, down);
    let consent = app.consent(&["read_balances"]).await;
    let mut customer = app.reviewing(&consent).await;
    app.simulator.edit_consent(&consent.id, |consent| {
        consent.created_at -= TimeDelta::minutes(5);
    });
    customer.approves().await.unwrap();
    let result = customer.waits_for_result().await.unwrap();
    let outcome = result.attribute("data-outcome");
    assert_eq!(outcome, Some("failed"), "{}", result.summary());
    assert!(consent.at_paynet().updates.is_empty(), "it was asked first");
    app.stop().await;
}

/// R7: an expired request cannot be approved.
async fn too_late_to_approve(database: Database) {
    let app = TestApp::start(database).await;
    let consent = app.consent(&["read_balances"]).await;
    let mut customer = app.reviewing(&consent).await;
    app.clock.advance(TimeDelta::minutes(6));
    let page = customer.approves().await.unwrap();
    assert_eq!(
        page.attribute("data-reason"),
        Some("expired"),
        "{}",
        page.summary()
    );
    assert_ne!(consent.last_entry().await, "approved");
    app.stop().await;
}

/// Data ends with the consent.
async fn an_expired_consent(database: Database) {
    let app = TestApp::start(database).await;
    let new = NewConsent::new("kira-budget", "bank-contoh")
        .expires_at((chrono::Utc::now() + TimeDelta::minutes(2)).fixed_offset());
    let id = app.simulator.create_consent(new).await.unwrap().consent_id;
    let consent = app.known(&id);
    app.approves(&consent).await;
    assert_eq!(consent.balance().await.status(), 200);
    app.clock.advance(TimeDelta::minutes(2));
    let refused = consent.balance().await;
    assert_eq!(
        refused.answer.refusal(),
        (403, Some("Consent.Invalid".to_owned()))
    );
    app.stop().await;
}
