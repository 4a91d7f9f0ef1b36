//! Clocks: the five minutes to decide, and the end of a consent.

use chrono::TimeDelta;
use izin_simulator::{EventType, NewConsent};

use crate::harness::{Database, TestApp, eventually, on_both_databases};

on_both_databases!(nobody_decides, too_late_to_approve, an_expired_consent);

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
    let reason = consent.at_paynet().consent.status_reason.unwrap();
    assert_eq!(reason.reason_code, "timeout");
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
