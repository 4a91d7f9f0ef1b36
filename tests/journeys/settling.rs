//! A consent in `deciding` serves nobody. Who asks for its data, or has news of it, makes us ask PayNet once and at once, instead of
//! after the pause that the delivery is in.

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use izin::lab::Clock;
use izin_simulator::{DataCall, EventPost, EventType, Fault, Operation, RetryAfter};

use crate::harness::{ConsentStory, Database, TestApp, eventually, on_both_databases};

on_both_databases!(
    a_data_call_settles_it,
    userinfo_settles_it,
    an_event_settles_it,
    many_calls_ask_once,
    not_before_paynet_lets_us,
);

/// After so many attempts the pause is longer than any story waits for something.
const ATTEMPTS: i32 = 8;

/// PayNet has accepted, we have not heard it, and all that asked PayNet since has failed: the next attempt is a minute away.
async fn accepted_unheard(app: &TestApp) -> ConsentStory<'_> {
    let lost = [Fault::LostAnswer];
    app.simulator.order_faults(Operation::UpdateConsent, lost);
    let failing = vec![Fault::Status(500); 7];
    app.simulator
        .order_faults(Operation::RetrieveConsent, failing);
    let consent = app.consent(&["read_balances"]).await;
    let mut customer = app.reviewing(&consent).await;
    customer.approves().await.unwrap();
    for attempts in 1..=ATTEMPTS {
        let failed = || async { waiting(app).await.is_some_and(|row| row.0 >= attempts) };
        eventually(failed, "an attempt has failed").await;
        let (so_far, next) = waiting(app).await.expect("it waits");
        if so_far < ATTEMPTS {
            let pause = (next - app.clock.now()).num_seconds().max(0);
            app.clock.advance(TimeDelta::seconds(pause + 1));
        }
    }
    assert_eq!(consent.last_entry().await, "approved");
    consent
}

/// Attempts and time of the next one, while no attempt is under way.
async fn waiting(app: &TestApp) -> Option<(i32, DateTime<Utc>)> {
    let queue = app.store.queue(false, 1).await.unwrap();
    let row = queue.first().filter(|row| row.locked_until.is_none())?;
    Some((row.attempts, row.next_attempt_at.0))
}

/// At once, though the next attempt is a minute away.
async fn is_settled(app: &TestApp, consent: &ConsentStory<'_>) {
    consent.reaches("accepted").await;
    assert_eq!(app.simulator.calls(Operation::RetrieveConsent), 8);
    assert_eq!(consent.at_paynet().updates.len(), 1, "told once");
}

async fn a_data_call_settles_it(database: Database) {
    let app = TestApp::start(database).await;
    let consent = accepted_unheard(&app).await;
    let (status, error) = consent.balance().await.answer.refusal();
    // The call has waited for PayNet's word, for less than a second. If that was too short, it is refused.
    assert!(
        status == 200 || (status, error.as_deref()) == (403, Some("Consent.Invalid")),
        "{status} {error:?}"
    );
    is_settled(&app, &consent).await;
    assert_eq!(consent.balance().await.status(), 200);
    app.stop().await;
}

/// PayNet asks who the customer is when it has accepted, and so knows more than we do.
async fn userinfo_settles_it(database: Database) {
    let app = TestApp::start(database).await;
    let consent = accepted_unheard(&app).await;
    let _ = app.simulator.userinfo(&consent.id).await;
    is_settled(&app, &consent).await;
    app.simulator.userinfo(&consent.id).await.unwrap();
    app.stop().await;
}

/// News that decide nothing by themselves.
async fn an_event_settles_it(database: Database) {
    let app = TestApp::start(database).await;
    let consent = accepted_unheard(&app).await;
    let created = EventPost::new(&consent.id, EventType::ConsentCreated).with(
        izin_simulator::EventTweak::Field(
            "/data/status".to_owned(),
            serde_json::json!("awaiting_authorization"),
        ),
    );
    let answer = app.simulator.post_event(created).await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    is_settled(&app, &consent).await;
    app.stop().await;
}

/// PayNet does not answer: however many calls come, at however many replicas, it is asked once.
async fn many_calls_ask_once(database: Database) {
    let app = TestApp::start(database).await;
    let consent = accepted_unheard(&app).await;
    let failing = vec![Fault::Status(500); 30];
    app.simulator
        .order_faults(Operation::RetrieveConsent, failing);
    five_are_refused(&consent).await;
    let replica = app.another_replica().await;
    five_are_refused(&consent).await;
    assert_eq!(app.simulator.calls(Operation::RetrieveConsent), 8);
    replica.stop().await;
    app.stop().await;
}

async fn five_are_refused(consent: &ConsentStory<'_>) {
    let calls = (0..5).map(|_| consent.balance());
    for answer in join_all(calls).await {
        let refused = answer.answer.refusal();
        assert_eq!(refused, (403, Some("Consent.Invalid".to_owned())));
    }
}

/// `Retry-After` goes before the wishes of callers, in either form.
async fn not_before_paynet_lets_us(database: Database) {
    let app = TestApp::start(database).await;
    let lost = [Fault::LostAnswer];
    app.simulator.order_faults(Operation::UpdateConsent, lost);
    let busy = [RetryAfter::Seconds(40), RetryAfter::Date(41 + 60)].map(Fault::Busy);
    app.simulator.order_faults(Operation::RetrieveConsent, busy);
    let consent = app.consent(&["read_balances"]).await;
    let mut customer = app.reviewing(&consent).await;
    customer.approves().await.unwrap();
    for (asked, pause) in [(1, 40), (2, 60)] {
        let waits = || async { waiting(&app).await.is_some_and(|row| row.0 == asked + 1) };
        eventually(waits, "PayNet has asked to be left alone").await;
        let account = consent.account();
        let call = DataCall::balances(&consent.id, account);
        let answer = app.simulator.data_call(call).await.unwrap();
        assert_eq!(answer.status(), 403);
        let calls = app.simulator.calls(Operation::RetrieveConsent);
        assert_eq!(calls, u64::try_from(asked).unwrap());
        app.clock.advance(TimeDelta::seconds(pause + 1));
    }
    consent.reaches("accepted").await;
    assert_eq!(consent.at_paynet().updates.len(), 1);
    app.stop().await;
}
