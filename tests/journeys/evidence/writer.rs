//! The access log's writer: many at once, each row in its place; a row that is not on disk is no answer.

use std::collections::BTreeMap;

use izin::lab::{Access, AccessLog, At, Clock, Store, SystemClock};

use super::Scene;
use crate::harness::{Database, TestApp, eventually, on_both_databases};

on_both_databases!(
    many_at_once_leave_no_gap,
    a_failed_batch_is_no_answer_and_ends_the_segment,
);

fn access(number: usize) -> Access {
    Access {
        at: At(SystemClock.now()),
        consent_id: format!("c-{}", number % 7),
        dc_id: "kira-budget".into(),
        category: "read_balances".into(),
        outcome: "shared".into(),
        interaction_id: format!("i-{number}"),
        customer_id: Some("CIF-1001".into()),
        account_id: "a-1".into(),
    }
}

/// Segment → positions.
async fn positions(store: &Store) -> BTreeMap<String, Vec<i32>> {
    let mut positions: BTreeMap<String, Vec<i32>> = BTreeMap::new();
    let mut after = (String::new(), 0);
    loop {
        let page = store.access_page((&after.0, after.1), 100).await.unwrap();
        let Some(last) = page.last() else {
            return positions;
        };
        after = (last.segment.clone(), last.position);
        for row in page {
            positions.entry(row.segment).or_default().push(row.position);
        }
    }
}

/// Two processes' worth of writers, five hundred rows each.
async fn many_at_once_leave_no_gap(database: Database) {
    let scene = Scene::empty(database).await;
    let writers = [
        AccessLog::start(scene.app.store.clone()),
        AccessLog::start(scene.app.store.clone()),
    ];
    let logging = (0..1000).map(|number| {
        let writer = writers[number % 2].clone();
        tokio::spawn(async move { writer.log(access(number)).await })
    });
    for logged in logging.collect::<Vec<_>>() {
        logged.await.unwrap().unwrap();
    }
    let positions = positions(&scene.app.store).await;
    assert_eq!(positions.len(), 2);
    for positions in positions.values() {
        assert_eq!(*positions, (1..=500).collect::<Vec<_>>());
    }
    scene.checkpoint().await;
    assert_eq!(scene.finds(), [""; 0]);
    scene.app.stop().await;
}

/// The table is not there for a while: no data leaves, and what comes later stands in a segment of its own.
async fn a_failed_batch_is_no_answer_and_ends_the_segment(database: Database) {
    let scene = Scene::new(database).await;
    let consent = scene.app.known(&scene.consents[0]);
    let mut attacker = scene.attacker().await;
    attacker
        .does("ALTER TABLE access_log RENAME TO elsewhere")
        .await;
    let refused = consent.balance().await.answer.refusal();
    assert_eq!(refused, (503, Some("temporarily_unavailable".into())));
    attacker
        .does("ALTER TABLE elsewhere RENAME TO access_log")
        .await;
    assert_eq!(consent.balance().await.status(), 200);
    let positions = positions(&scene.app.store).await;
    let mut lengths: Vec<_> = positions.values().map(Vec::len).collect();
    lengths.sort_unstable();
    assert_eq!(lengths, [1, 3]);
    scene.checkpoint().await;
    assert_eq!(scene.finds(), [""; 0]);
    scene.app.stop().await;
}

/// While nothing can be written, only so many wait; the others are told at once, and those who wait get their rows.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_refuses() {
    let scene = Scene::empty(Database::sqlite()).await;
    let mut attacker = scene.attacker().await;
    attacker.does("BEGIN IMMEDIATE").await;
    let log = AccessLog::start(scene.app.store.clone());
    let logging: Vec<_> = (0..2000)
        .map(|number| {
            let log = log.clone();
            tokio::spawn(async move { log.log(access(number)).await })
        })
        .collect();
    let refused =
        || async { logging.iter().filter(|one| one.is_finished()).count() >= 2000 - 1024 - 256 };
    eventually(refused, "the rest is refused").await;
    attacker.does("ROLLBACK").await;
    let mut logged = 0;
    for one in logging {
        match one.await.unwrap() {
            Ok(()) => logged += 1,
            Err(error) => assert!(error.to_string().contains("too many"), "{error}"),
        }
    }
    assert!((1024..=1024 + 256).contains(&logged), "{logged}");
    assert_eq!(attacker.counts("access_log").await, logged);
    scene.app.stop().await;
}

/// The whole database goes away under an open connection.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_database_is_no_answer() {
    let database = Database::postgres().await;
    let app = TestApp::start(database).await;
    let log = AccessLog::start(app.store.clone());
    log.log(access(1)).await.unwrap();
    app.loses_its_database().await;
    let lost = log.log(access(2)).await.unwrap_err().to_string();
    assert!(lost.contains("could not be logged"), "{lost}");
    app.stop().await;
}
