//! Transactions that PostgreSQL cannot put into an order are run again, and nothing is lost or done twice.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::sql_types::BigInt;
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use futures_util::future::join_all;
use izin::lab::{
    At, Change, Command, ConsentId, DcId, DpId, EventRow, Outcome, Purpose, ReasonCode, Status,
    StatusReason, Store, apply, register,
};
use izin_simulator::{ConsentStatus, Customer, NewConsent};

use crate::harness::{ConsentStory, Database, TOTP_SECRET, TestApp, eventually, pki};

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

pub fn announced(id: &str) -> Change {
    let new = izin::lab::NewConsent {
        id: ConsentId::parse(id).unwrap(),
        dc_id: DcId::parse("kira-budget").unwrap(),
        dp_id: DpId::parse("bank-contoh").unwrap(),
        urn: "urn:openfinance-ml:account-access-consent:v1.2".into(),
        purpose: Purpose::PersonalFinance,
        permissions: serde_json::from_str("[\"read_balances\"]").unwrap(),
        status: Status::AwaitingAuthorization,
        reason: None,
        expires_at: now() + TimeDelta::days(180),
        created_at: now(),
        updated_at: None,
        updated_by: None,
    };
    register(new, TimeDelta::minutes(5), now())
}

fn rejected(announced: &Change) -> Change {
    let reason = StatusReason {
        code: ReasonCode::NotAllowed,
        description: None,
    };
    let command = Command::Reject {
        reason,
        receipt_sha256: None,
    };
    match apply(&announced.consent, command, now()) {
        Ok(Outcome::Changed(change)) => *change,
        other => panic!("a rejection is a change: {other:?}"),
    }
}

fn event(id: &str) -> EventRow {
    EventRow {
        consent_id: id.into(),
        event_type: "consent_updated".into(),
        body_sha256: "0".repeat(64),
        body: "{}".into(),
        received_at: At(now()),
    }
}

/// Whether somebody waits for a lock in this database.
async fn somebody_waits(watch: &mut AsyncPgConnection) -> bool {
    #[derive(diesel::QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let waiting = "SELECT count(*) AS count FROM pg_stat_activity \
                   WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let row: Count = diesel::sql_query(waiting).get_result(watch).await.unwrap();
    row.count > 0
}

async fn until_somebody_waits(database: &Database) {
    let watch = Arc::new(tokio::sync::Mutex::new(database.admin().await));
    let waits = || {
        let watch = watch.clone();
        async move { somebody_waits(&mut *watch.lock().await).await }
    };
    eventually(waits, "somebody waits for a lock").await;
}

/// The row was changed by somebody who committed after our snapshot was taken: 40001.
#[tokio::test(flavor = "multi_thread")]
async fn a_serialization_failure() {
    let database = Database::postgres().await.isolated("serializable").await;
    let store = Store::open(&database.url, 2).unwrap();
    store.migrate().await.unwrap();
    let announced = announced("c-1");
    store.commit(&announced).await.unwrap();
    let mut other = database.admin().await;
    other
        .batch_execute("BEGIN; UPDATE consents SET purpose = purpose;")
        .await
        .unwrap();
    let change = rejected(&announced);
    let waits = {
        let (store, change) = (store.clone(), change.clone());
        tokio::spawn(async move { store.commit(&change).await })
    };
    until_somebody_waits(&database).await;
    other.batch_execute("COMMIT").await.unwrap();
    waits.await.unwrap().unwrap();
    let kept = store.consent(&change.consent.id).await.unwrap().unwrap();
    assert_eq!(kept.status, Status::Rejected);
    assert_eq!(store.ledger_of(&kept.id).await.unwrap().len(), 2);
}

/// Two wait for each other, and ours is the one that is ended: 40P01.
#[tokio::test(flavor = "multi_thread")]
async fn a_deadlock() {
    let database = Database::postgres().await;
    let store = Store::open(&database.url, 2).unwrap();
    store.migrate().await.unwrap();
    let announced = announced("c-1");
    store.commit(&announced).await.unwrap();
    let mut other = database.admin().await;
    other
        .batch_execute("SET deadlock_timeout = '1min'; BEGIN; SELECT 1 FROM consents FOR UPDATE;")
        .await
        .unwrap();
    let change = rejected(&announced);
    let waits = {
        let (store, change) = (store.clone(), change.clone());
        tokio::spawn(async move { store.record_event(event("c-1"), Some(&change)).await })
    };
    until_somebody_waits(&database).await;
    // It has the event and wants the consent; we have the consent and want the event.
    other
        .batch_execute(
            "INSERT INTO consent_events (consent_id, event_type, body_sha256, body, received_at) \
             VALUES ('c-1', 'consent_updated', repeat('0', 64), '{}', now()); ROLLBACK;",
        )
        .await
        .unwrap();
    waits.await.unwrap().unwrap();
    let kept = store.consent(&change.consent.id).await.unwrap().unwrap();
    assert_eq!(kept.status, Status::Rejected);
    assert_eq!(store.ledger_of(&kept.id).await.unwrap().len(), 2);
}

/// Customers who decide, PayNet's events, deliveries and data calls at once, where every transaction must look as if it were alone.
#[tokio::test(flavor = "multi_thread")]
async fn everything_at_once() {
    let database = Database::postgres().await.isolated("serializable").await;
    let app = TestApp::start(database).await;
    let replica = app.another_replica().await;
    let mut ready = Vec::new();
    // All with one authenticator app, which knows the codes that were used.
    let person = app.customer();
    // Of one customer and one consumer, PayNet ends the earlier consent.
    for consumer in ["kira-budget", "pinjam-pantas"] {
        for (username, approves) in [("paynet", true), ("kavitha", true), ("weiming", false)] {
            let new = NewConsent::new(consumer, "bank-contoh").permissions(&["read_balances"]);
            let consent = app.simulator.create_consent(new).await.unwrap();
            let consent = app.known(&consent.consent_id);
            let mut customer = person.at_another_device(pki()).unwrap();
            customer.opens(&consent.link().await).await.unwrap();
            let signed_in = customer.signs_in(username, username, TOTP_SECRET).await;
            signed_in.unwrap();
            customer.selects_first().await.unwrap();
            ready.push((consent, customer, approves));
        }
    }
    let decides = async |(consent, mut customer, approves): (ConsentStory<'_>, Customer, bool)| {
        if !approves {
            customer.rejects().await.unwrap();
            is_at_paynet(&consent, ConsentStatus::Rejected).await;
            assert_eq!(consent.last_entry().await, "rejected");
            return;
        }
        customer.approves().await.unwrap();
        let result = customer.waits_for_result().await.unwrap();
        assert_eq!(result.attribute("data-outcome"), Some("approved"));
        is_at_paynet(&consent, ConsentStatus::Authorized).await;
        for answer in join_all((0..4).map(|_| consent.balance())).await {
            assert_eq!(answer.status(), 200);
        }
        let read = || async { app.store.accesses(&consent.key()).await.unwrap().len() == 4 };
        eventually(read, "each data call is in the access log").await;
        app.simulator.revoke_by_consumer(&consent.id).await.unwrap();
        assert_eq!(consent.balance().await.status(), 403);
    };
    join_all(ready.into_iter().map(decides)).await;
    eventually(
        || async { app.store.queue(false, 10).await.unwrap().is_empty() },
        "nothing is left to tell",
    )
    .await;
    replica.stop().await;
    app.stop().await;
}

async fn is_at_paynet(consent: &ConsentStory<'_>, status: ConsentStatus) {
    eventually(
        || async { consent.at_paynet().status() == status },
        "PayNet hears of the decision",
    )
    .await;
}
