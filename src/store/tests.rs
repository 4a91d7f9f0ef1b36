//! What the queries promise beyond what the journeys see, on the embedded database.

use chrono::{DateTime, TimeDelta, Utc};
use diesel_async::RunQueryDsl;
use serde_json::json;
use tempfile::TempDir;

use super::{At, DecisionRecord, Lease, Recipient, SessionMove, Store, StoreError, checkout};
use crate::consent::{Change, Command, Outcome, ReasonCode, StatusReason, apply};
use crate::ids::ConsentId;

/// A migrated database that goes away with its folder.
pub(crate) async fn store() -> (Store, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("izin.db").display());
    let store = Store::open(&url, 1).unwrap();
    store.migrate().await.unwrap();
    (store, folder)
}

fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

/// A consent that was rejected, so that PayNet must be told.
async fn rejected(store: &Store, id: &str) {
    let mut new = crate::consent::tests::sample_new();
    new.id = ConsentId::parse(id).unwrap();
    let registered = crate::consent::register(new, TimeDelta::minutes(5), start());
    store.commit(&registered).await.unwrap();
    let reason = StatusReason {
        code: ReasonCode::NotAllowed,
        description: None,
    };
    let command = Command::Reject {
        reason,
        receipt_sha256: None,
    };
    let Ok(Outcome::Changed(change)) = apply(&registered.consent, command, start()) else {
        panic!("a rejection is a change")
    };
    store.commit(&change).await.unwrap();
}

async fn execute(store: &Store, sql: &str) {
    let Store::Sqlite(pool) = store else {
        panic!("these tests run on SQLite")
    };
    let mut conn = checkout(pool).await.unwrap();
    diesel::sql_query(sql).execute(&mut *conn).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_lost_the_lease_cannot_settle() {
    let (store, _folder) = store().await;
    rejected(&store, "c-1").await;
    let lease = TimeDelta::seconds(60);
    let mut claimed = store
        .claim_deliveries(Recipient::Paynet, 9, At(start()), lease)
        .await
        .unwrap();
    let first: Lease = claimed.remove(0).unwrap().lease;
    let none = store
        .claim_deliveries(Recipient::Paynet, 9, At(start()), lease)
        .await
        .unwrap();
    assert!(none.is_empty(), "it is leased");
    let later = At(start() + TimeDelta::seconds(61));
    let second = store
        .claim_deliveries(Recipient::Paynet, 9, later, lease)
        .await
        .unwrap()
        .remove(0)
        .unwrap()
        .lease;
    for outcome in [
        store.settle(&first, None).await,
        store.postpone(&first, later, false, "slow").await,
        store.park(&first, later, "slow").await,
    ] {
        assert!(matches!(outcome, Err(StoreError::Stale)), "{outcome:?}");
    }
    store.settle(&second, None).await.unwrap();
    assert!(
        !store
            .is_undelivered(&ConsentId::parse("c-1").unwrap())
            .await
            .unwrap()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_row_holds_up_no_other() {
    let (store, _folder) = store().await;
    for id in ["c-1", "c-2", "c-3"] {
        rejected(&store, id).await;
    }
    execute(
        &store,
        "UPDATE outbox SET intent = jsonb('{\"update\":\"unheard_of\"}') WHERE consent_id = 'c-2'",
    )
    .await;
    let lease = TimeDelta::seconds(60);
    let claimed = store
        .claim_deliveries(Recipient::Paynet, 9, At(start()), lease)
        .await
        .unwrap();
    assert_eq!(claimed.iter().filter(|row| row.is_ok()).count(), 2);
    let damaged = claimed.into_iter().find_map(Result::err).unwrap();
    store
        .park(&damaged.lease, At(start()), "unreadable")
        .await
        .unwrap();
    let later = At(start() + TimeDelta::seconds(61));
    let again = store
        .claim_deliveries(Recipient::Paynet, 9, later, lease)
        .await
        .unwrap();
    assert_eq!(again.len(), 2, "what is parked is not claimed");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_consent_keeps_no_other_from_timing_out() {
    let (store, _folder) = store().await;
    for id in ["c-1", "c-2"] {
        let mut new = crate::consent::tests::sample_new();
        new.id = ConsentId::parse(id).unwrap();
        let change: Change = crate::consent::register(new, TimeDelta::minutes(5), start());
        store.commit(&change).await.unwrap();
    }
    execute(
        &store,
        "UPDATE consents SET purpose = 'unheard_of' WHERE consent_id = 'c-1'",
    )
    .await;
    let late = At(Utc::now() + TimeDelta::days(3650));
    let undecided = store.undecided(late, 9).await.unwrap();
    assert_eq!(undecided.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_of_one_consent_replace_each_other() {
    let (store, _folder) = store().await;
    let consent = ConsentId::parse("c-1").unwrap();
    let until = At(start() + TimeDelta::minutes(10));
    for id in ["first", "second"] {
        store
            .open_session(id, &consent, serde_json::json!({}), until)
            .await
            .unwrap();
    }
    assert!(store.session("first", At(start())).await.unwrap().is_none());
    let live = store.session("second", At(start())).await.unwrap().unwrap();
    assert!(matches!(
        store
            .save_session("second", serde_json::json!({}), live.version + 1)
            .await,
        Err(StoreError::Stale)
    ));
}

/// With one transaction: whoever decided is told so, though the process dies right after it.
#[tokio::test(flavor = "multi_thread")]
async fn a_decision_moves_its_session() {
    let (store, _folder) = store().await;
    let new = crate::consent::tests::sample_new();
    let registered = crate::consent::register(new, TimeDelta::minutes(5), start());
    store.commit(&registered).await.unwrap();
    let id = &registered.consent.id;
    let until = At(start() + TimeDelta::minutes(10));
    let opened = store.open_session("session", id, json!("at the review"), until);
    opened.await.unwrap();
    let reason = StatusReason {
        code: ReasonCode::NotAllowed,
        description: None,
    };
    let command = Command::Reject {
        reason,
        receipt_sha256: None,
    };
    let Ok(Outcome::Changed(change)) = apply(&registered.consent, command, start()) else {
        panic!("a rejection is a change")
    };
    let record = |state| DecisionRecord {
        session: Some(SessionMove {
            sha256: "session".to_owned(),
            state: json!(state),
        }),
        ..DecisionRecord::default()
    };
    store.decide(&change, &record("decided")).await.unwrap();
    // Whoever comes second changes neither.
    let second = store.decide(&change, &record("decided again")).await;
    assert!(matches!(second, Err(StoreError::Stale)));
    let session = store
        .session("session", At(start()))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(session.state, json!("decided"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_installation_secret_stays_what_it_was() {
    let (store, _folder) = store().await;
    let first = store.installation_secret("x", "one").await.unwrap();
    let second = store.installation_secret("x", "two").await.unwrap();
    assert_eq!((first.as_str(), second.as_str()), ("one", "one"));
}
