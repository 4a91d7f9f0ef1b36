//! Sharing stops on the very next call, and nothing but PayNet's present word starts it again.

use chrono::{DateTime, TimeDelta, Utc};
use izin_simulator::{
    ConsentStatus, EventPost, EventTweak, EventType, Fault, Operation, StatusReason,
};
use serde_json::json;

use crate::harness::{ConsentStory, Database, TestApp, on_both_databases};

on_both_databases!(
    the_consumer_revokes,
    the_consumer_is_struck_off,
    late_events_open_nothing,
    without_a_time_paynet_is_asked
);

const CLOSED: (u16, Option<&str>) = (403, Some("Consent.Invalid"));

async fn the_consumer_revokes(database: Database) {
    let app = TestApp::start(database).await;
    let consent = app.approved_consent(&["read_balances"]).await;
    assert_eq!(consent.balance().await.status(), 200);
    app.simulator.revoke_by_consumer(&consent.id).await.unwrap();
    assert_eq!(answer(&consent).await, CLOSED);
    assert_eq!(consent.last_entry().await, "reported");
    app.stop().await;
}

/// PayNet publishes no keys for the consumer (any more): an answer, and not an outage.
async fn the_consumer_is_struck_off(database: Database) {
    let app = TestApp::start(database).await;
    let consent = app.approved_consent(&["read_balances"]).await;
    let gone = [Fault::Status(404)];
    app.simulator.order_faults(Operation::ConsumerJwks, gone);
    let refused = consent.balance().await.answer.refusal();
    assert_eq!(refused, (400, Some("JWS.InvalidSignature".to_owned())));
    app.stop().await;

    let app = TestApp::start(Database::sqlite()).await;
    let consent = app.approved_consent(&["read_balances"]).await;
    let down = [Fault::Status(503)];
    app.simulator.order_faults(Operation::ConsumerJwks, down);
    let refused = consent.balance().await.answer;
    assert_eq!(
        refused.refusal(),
        (503, Some("temporarily_unavailable".to_owned()))
    );
    assert!(refused.header("retry-after").is_some());
    app.stop().await;
}

/// Suspended at 2 and again at 4; then the word from 3, that it was authorized, comes late.
async fn late_events_open_nothing(database: Database) {
    let app = TestApp::start(database).await;
    let consent = app.approved_consent(&["read_balances"]).await;
    let from = Utc::now();
    for (status, at) in [("suspended", 2), ("suspended", 4), ("authorized", 3)] {
        report(&app, &consent, status, Some(from + TimeDelta::seconds(at))).await;
        assert_eq!(answer(&consent).await, CLOSED, "after {status} of {at}");
    }
    report(
        &app,
        &consent,
        "authorized",
        Some(from + TimeDelta::seconds(5)),
    )
    .await;
    assert_eq!(
        consent.balance().await.status(),
        200,
        "the newest word counts"
    );
    report(
        &app,
        &consent,
        "suspended",
        Some(from + TimeDelta::seconds(4)),
    )
    .await;
    assert_eq!(
        consent.balance().await.status(),
        200,
        "an outdated restriction does not"
    );
    app.stop().await;
}

/// Events need not carry a time. A restriction is believed; to open data again PayNet is asked.
async fn without_a_time_paynet_is_asked(database: Database) {
    let app = TestApp::start(database).await;
    let consent = app.approved_consent(&["read_balances"]).await;
    let reason = StatusReason {
        reason_code: "not_allowed".to_owned(),
        reason_description: None,
    };
    let suspended = ConsentStatus::Suspended;
    app.simulator
        .transition(&consent.id, suspended, Some(reason), "ofp")
        .await
        .unwrap();
    assert_eq!(answer(&consent).await, CLOSED);
    report(&app, &consent, "authorized", None).await;
    assert_eq!(
        answer(&consent).await,
        CLOSED,
        "PayNet says that it is suspended"
    );
    app.simulator.edit_consent(&consent.id, |consent| {
        consent.status = ConsentStatus::Authorized;
    });
    report(&app, &consent, "authorized", None).await;
    assert_eq!(
        consent.balance().await.status(),
        200,
        "PayNet says that it is authorized"
    );
    // The very same restriction as before restricts once more.
    report(&app, &consent, "suspended", None).await;
    assert_eq!(answer(&consent).await, CLOSED);
    report(&app, &consent, "authorized", None).await;
    report(&app, &consent, "suspended", None).await;
    assert_eq!(
        answer(&consent).await,
        CLOSED,
        "also byte for byte the same"
    );
    app.stop().await;
}

/// An event as PayNet signs it, with a status and perhaps a time of the story's choice.
async fn report(
    app: &TestApp,
    consent: &ConsentStory<'_>,
    status: &str,
    at: Option<DateTime<Utc>>,
) {
    let time = match at {
        Some(at) => EventTweak::Field("/data/updated_at".to_owned(), json!(at)),
        None => EventTweak::RemovedField("/data/updated_at".to_owned()),
    };
    let event = EventPost::new(&consent.id, EventType::ConsentStatusUpdated)
        .with(EventTweak::Field("/data/status".to_owned(), json!(status)))
        .with(time);
    let answer = app.simulator.post_event(event).await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
}

async fn answer(consent: &ConsentStory<'_>) -> (u16, Option<&'static str>) {
    let (status, error) = consent.balance().await.answer.refusal();
    (
        status,
        (error.as_deref() == CLOSED.1).then_some("Consent.Invalid"),
    )
}
