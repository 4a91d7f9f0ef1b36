//! Events come again, late, out of order and about consents nobody has heard of. What they say is kept as it came.

use chrono::{TimeDelta, Utc};
use futures_util::future::join_all;
use http::Method;
use izin::lab::{Service, Status};
use izin_simulator::{
    ConsentStatus, EventPost, EventTweak, EventType, NewConsent, Signing, StatusReason,
};
use serde_json::{Value, json};

use crate::harness::{ConsentStory, Database, TestApp, on_both_databases};

on_both_databases!(
    the_same_event_twenty_times_at_two_replicas,
    what_nobody_knows_is_kept,
    in_the_wrong_order,
    a_duplicate_that_nobody_clicked,
    a_duplicate_of_a_running_consent,
    for_another_provider,
);

fn new() -> NewConsent {
    NewConsent::new("kira-budget", "bank-contoh").permissions(&["read_balances"])
}

/// The event of a consent, and PayNet's signature over exactly these bytes.
struct Signed {
    body: String,
    signature: String,
}

impl Signed {
    fn new(app: &TestApp, body: String) -> Self {
        let signing = Signing::by("paynet-signing").detached();
        let signature = app.simulator.sign(&signing, body.as_bytes()).unwrap();
        Self { body, signature }
    }

    /// The answer's status.
    async fn sent_to(&self, app: &TestApp, replica: &Service) -> u16 {
        let port = replica.webhooks_address.port();
        let url = format!("https://localhost:{port}/v1/consents/events");
        let request = app.simulator.request(Method::POST, url);
        let request = request
            .certificate("paynet-client")
            .header("x-fapi-signature", &self.signature)
            .body("application/json", self.body.clone());
        request.send().await.unwrap().status
    }
}

async fn kinds(app: &TestApp, consent: &ConsentStory<'_>) -> Vec<String> {
    let entries = app.store.ledger_of(&consent.key()).await.unwrap();
    entries.into_iter().map(|entry| entry.kind).collect()
}

async fn status(app: &TestApp, consent: &ConsentStory<'_>) -> Status {
    let kept = app.store.consent(&consent.key()).await.unwrap();
    kept.expect("the consent is kept").status
}

async fn the_same_event_twenty_times_at_two_replicas(database: Database) {
    let app = TestApp::start(database).await;
    let replica = app.another_replica().await;
    let stored = app.simulator.store_consent(new());
    let consent = app.known(&stored.consent_id);
    let created = json!({ "event_type": "consent_created", "data": stored });
    let created = Signed::new(&app, created.to_string());
    app.simulator.edit_consent(&consent.id, |consent| {
        consent.status = ConsentStatus::Revoked;
        consent.updated_at = Some(Utc::now());
    });
    let revoked =
        json!({ "event_type": "consent_status_updated", "data": consent.at_paynet().consent });
    let revoked = Signed::new(&app, revoked.to_string());
    for (event, history) in [
        (&created, vec!["registered"]),
        (&revoked, vec!["registered", "reported"]),
    ] {
        let sent = (0..20).map(|at| {
            let replicas = [&app.service, &replica];
            event.sent_to(&app, replicas[at % 2])
        });
        assert_eq!(join_all(sent).await, [200; 20]);
        assert_eq!(kinds(&app, &consent).await, history);
    }
    let kept = app.store.events_of(&consent.id).await.unwrap();
    assert_eq!(kept.len(), 2, "each is kept once");
    assert_eq!(status(&app, &consent).await, Status::Revoked);
    replica.stop().await;
    app.stop().await;
}

/// Members that no document has, of a consent that nobody has heard of: it is taken in, and the event is kept byte for byte.
async fn what_nobody_knows_is_kept(database: Database) {
    let app = TestApp::start(database).await;
    let stored = app.simulator.store_consent(new());
    let consent = app.known(&stored.consent_id);
    let mut event = json!({ "event_type": "consent_created", "data": stored, "sent_by": "v1.4" });
    event["data"]["risk_score"] = json!({ "band": 3, "of": ["Ünïcode", null] });
    let event = Signed::new(&app, format!("{event:#}\n"));
    assert_eq!(event.sent_to(&app, &app.service).await, 200);
    assert_eq!(kinds(&app, &consent).await, ["registered"]);
    let kept = app.store.events_of(&consent.id).await.unwrap();
    assert_eq!(kept[0].body, event.body);
    app.stop().await;
}

/// The newest word comes first, of a consent that nobody has heard of: what is older changes nothing, whatever it says.
async fn in_the_wrong_order(database: Database) {
    let app = TestApp::start(database).await;
    let id = app.simulator.store_consent(new()).consent_id;
    let consent = app.known(&id);
    let now = Utc::now();
    for (event_type, told, seconds, then) in [
        (
            EventType::ConsentStatusUpdated,
            "suspended",
            4,
            Status::Suspended,
        ),
        (
            EventType::ConsentStatusUpdated,
            "authorized",
            3,
            Status::Suspended,
        ),
        (
            EventType::ConsentStatusUpdated,
            "revoked",
            2,
            Status::Suspended,
        ),
        (
            EventType::ConsentCreated,
            "awaiting_authorization",
            1,
            Status::Suspended,
        ),
        (
            EventType::ConsentStatusUpdated,
            "revoked",
            5,
            Status::Revoked,
        ),
        (
            EventType::ConsentStatusUpdated,
            "authorized",
            6,
            Status::Revoked,
        ),
    ] {
        let at = json!(now + TimeDelta::seconds(seconds));
        let event = EventPost::new(&id, event_type)
            .with(EventTweak::Field("/data/status".to_owned(), json!(told)))
            .with(EventTweak::Field("/data/updated_at".to_owned(), at));
        let answer = app.simulator.post_event(event).await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(status(&app, &consent).await, then, "{told} of {seconds}");
    }
    app.stop().await;
}

/// PayNet ends a consent whose link nobody has opened: its customer cannot decide any more, and nobody is told anything.
async fn a_duplicate_that_nobody_clicked(database: Database) {
    let app = TestApp::start(database).await;
    let heard_of = app.consent(&["read_balances"]).await;
    let unheard = app.simulator.store_consent(new()).consent_id;
    for consent in [heard_of, app.known(&unheard)] {
        app.simulator.edit_consent(&consent.id, |consent| {
            consent.status = ConsentStatus::Revoked;
            consent.status_reason = Some(StatusReason::code("duplicate"));
            consent.updated_by = Some("ofp".to_owned());
            consent.updated_at = Some(Utc::now());
        });
        let updated = EventType::ConsentStatusUpdated;
        let event = app.simulator.announce(&consent.id, updated).await.unwrap();
        assert!(event.accepted(), "{event:?}");
        let kept = app.store.consent(&consent.key()).await.unwrap().unwrap();
        assert_eq!(kept.status, Status::Revoked);
        assert_eq!(kept.reason.unwrap().code.as_str(), "duplicate");
        let waiting = app.store.deliveries(&consent.key()).await.unwrap();
        assert!(waiting.is_empty(), "{waiting:?}");

        let mut customer = app.customer();
        let page = customer.opens(&consent.link().await).await.unwrap();
        let reason = page.attribute("data-reason");
        assert_eq!(reason, Some("already-decided"), "{}", page.summary());
        assert!(consent.at_paynet().updates.is_empty());
    }
    app.stop().await;
}

/// The same customer shares with the same consumer anew: PayNet ends the first.
async fn a_duplicate_of_a_running_consent(database: Database) {
    let app = TestApp::start(database).await;
    let first = app.approved_consent(&["read_balances"]).await;
    assert_eq!(first.balance().await.status(), 200);
    let second = app.approved_consent(&["read_balances"]).await;
    first.reaches("reported").await;
    let kept = app.store.consent(&first.key()).await.unwrap().unwrap();
    assert_eq!(kept.reason.unwrap().code.as_str(), "duplicate");
    assert_eq!(first.balance().await.status(), 403);
    assert_eq!(second.balance().await.status(), 200);
    app.stop().await;
}

async fn for_another_provider(database: Database) {
    let app = TestApp::start(database).await;
    let consent = app.consent(&["read_balances"]).await;
    let event = EventPost::new(&consent.id, EventType::ConsentStatusUpdated)
        .with(EventTweak::Field(
            "/data/status".to_owned(),
            json!("revoked"),
        ))
        .with(EventTweak::Field(
            "/data/dp_id".to_owned(),
            json!("bank-lain"),
        ));
    let answer = app.simulator.post_event(event).await.unwrap();
    let refused = (403, Some("access_denied".to_owned()));
    assert_eq!(answer.refusal(), refused, "{}", answer.text());
    assert_eq!(status(&app, &consent).await, Status::AwaitingAuthorization);
    let kept = app.store.events_of(&consent.id).await.unwrap();
    let about: Vec<Value> = kept
        .iter()
        .map(|row| serde_json::from_str(&row.body).unwrap())
        .collect();
    assert!(
        about
            .iter()
            .all(|event| event["data"]["dp_id"] == "bank-contoh")
    );
    app.stop().await;
}
