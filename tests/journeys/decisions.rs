//! Exactly one decision, whatever browsers, replicas and connections do at the same moment.

use std::time::Duration;

use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use futures_util::future::join_all;
use izin::lab::{Service, Status};
use izin_simulator::{ConsentStatus, Customer, Fault, Operation};

use crate::harness::{ConsentStory, Database, TestApp, eventually, on_both_databases};

on_both_databases!(
    approved_and_rejected_at_once,
    many_clicks_at_two_replicas,
    the_browser_goes_away,
    facts_and_no_tokens,
);

/// What is kept of a decision, and what PayNet has heard: all of it or nothing, and once.
async fn one_meaning(app: &TestApp, consent: &ConsentStory<'_>) -> ConsentStatus {
    let id = consent.key();
    let told = || async { app.store.deliveries(&id).await.unwrap().is_empty() };
    eventually(told, "PayNet is told").await;
    let ledger = app.store.ledger_of(&id).await.unwrap();
    let kinds: Vec<_> = ledger.iter().map(|entry| entry.kind.as_str()).collect();
    let snapshot = consent.at_paynet();
    let accepted = snapshot.accepted_updates().count();
    match kinds.as_slice() {
        ["registered", "approved", "accepted"] => {
            assert_eq!(snapshot.status(), ConsentStatus::Authorized);
        }
        ["registered", "rejected"] => assert_eq!(snapshot.status(), ConsentStatus::Rejected),
        other => panic!("not one decision: {other:?}"),
    }
    assert_eq!(accepted, 1, "{:?}", snapshot.updates);
    assert_eq!(snapshot.updates.len(), 1, "and nothing was refused");
    let receipt = app.store.receipt(&id).await.unwrap();
    let receipt = receipt.expect("a receipt of what was decided");
    let decided = &ledger[1];
    let data = decided.data.as_deref().unwrap();
    assert!(data.contains(&receipt.sha256), "{data}");
    let shared = app.store.consented_accounts(&id).await.unwrap().len();
    assert_eq!(shared, usize::from(kinds[1] == "approved"));
    snapshot.status()
}

/// `paynet` at the review of several consents.
async fn reviewing(app: &TestApp, count: usize) -> Vec<(ConsentStory<'_>, Customer)> {
    let mut reviewing = Vec::new();
    for _ in 0..count {
        let consent = app.consent(&["read_balances"]).await;
        let customer = app.reviewing(&consent).await;
        reviewing.push((consent, customer));
    }
    reviewing
}

/// Where a customer is on the way, at a replica.
fn place(replica: &Service) -> String {
    format!("{}/consent", replica.public_url)
}

/// Two tabs of one browser at two replicas: one approves, the other rejects.
async fn approved_and_rejected_at_once(database: Database) {
    let app = TestApp::start(database).await;
    let replica = app.another_replica().await;
    for (consent, customer) in reviewing(&app, 2).await {
        let here = customer.page().unwrap().clone();
        let there = customer.open(&place(&replica)).await.unwrap();
        assert_eq!((here.screen(), there.screen()), ("review", "review"));
        let (approved, rejected) = tokio::join!(here.action("approve"), there.action("reject"));
        let meaning = one_meaning(&app, &consent).await;
        for page in [approved, rejected] {
            let page = page.unwrap();
            assert!(page.status < 500, "{}", page.summary());
        }
        // Both tabs show the one outcome now.
        let result = customer.open(&place(&replica)).await.unwrap();
        let expected = match meaning {
            ConsentStatus::Authorized => "approved",
            _ => "rejected",
        };
        let outcome = result.attribute("data-outcome");
        assert_eq!(outcome, Some(expected), "{}", result.summary());
    }
    replica.stop().await;
    app.stop().await;
}

async fn many_clicks_at_two_replicas(database: Database) {
    let app = TestApp::start(database).await;
    let replica = app.another_replica().await;
    let consent = app.consent(&["read_balances"]).await;
    let customer = app.reviewing(&consent).await;
    let here = customer.page().unwrap().clone();
    let there = customer.open(&place(&replica)).await.unwrap();
    let clicks = (0..10).map(|at| [&here, &there][at % 2].action("approve"));
    for page in join_all(clicks).await {
        let page = page.unwrap();
        assert!(page.status < 500, "{}", page.summary());
    }
    assert_eq!(one_meaning(&app, &consent).await, ConsentStatus::Authorized);
    replica.stop().await;
    app.stop().await;
}

/// The connection ends while the answer is awaited: the decision stands and arrives.
async fn the_browser_goes_away(database: Database) {
    let app = TestApp::start(database).await;
    // PayNet takes its time, so that the browser is still waiting when the decision is stored.
    let slow = Fault::Delay(Duration::from_secs(1));
    app.simulator.order_faults(Operation::UpdateConsent, [slow]);
    let consent = app.consent(&["read_balances"]).await;
    let customer = app.reviewing(&consent).await;
    let decided = || async {
        let kept = app.store.consent(&consent.key()).await.unwrap();
        kept.is_some_and(|kept| kept.status == Status::Deciding)
    };
    tokio::select! {
        page = customer.page().unwrap().action("approve") => panic!("{:?}", page.map(|page| page.summary())),
        () = eventually(decided, "it is stored") => {}
    }
    assert_eq!(one_meaning(&app, &consent).await, ConsentStatus::Authorized);
    app.stop().await;
}

/// The same in the middle of the transaction, which waits for a table that somebody else has locked.
#[tokio::test(flavor = "multi_thread")]
async fn the_browser_goes_away_in_the_middle() {
    let app = TestApp::start(Database::postgres().await).await;
    let consent = app.consent(&["read_balances"]).await;
    let customer = app.reviewing(&consent).await;
    let url = app.database_url();
    let mut holder = AsyncPgConnection::establish(url).await.unwrap();
    let lock = "BEGIN; LOCK TABLE ledger IN EXCLUSIVE MODE";
    holder.batch_execute(lock).await.unwrap();
    let waits = || async {
        let mut observer = AsyncPgConnection::establish(url).await.unwrap();
        waiting_for_locks(&mut observer).await > 0
    };
    tokio::select! {
        page = customer.page().unwrap().action("approve") => panic!("{:?}", page.map(|page| page.summary())),
        () = eventually(waits, "the decision is being written") => {}
    }
    let kept = app.store.consent(&consent.key()).await.unwrap().unwrap();
    assert_eq!(kept.status, Status::AwaitingAuthorization, "not yet");
    holder.batch_execute("ROLLBACK").await.unwrap();
    consent.reaches("accepted").await;
    assert_eq!(one_meaning(&app, &consent).await, ConsentStatus::Authorized);
    app.stop().await;
}

async fn waiting_for_locks(conn: &mut AsyncPgConnection) -> i64 {
    use diesel::sql_types::BigInt;
    use diesel_async::RunQueryDsl;
    #[derive(diesel::QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let sql = "SELECT count(*) AS count FROM pg_locks WHERE NOT granted AND relation = 'ledger'::regclass";
    let found: Count = diesel::sql_query(sql).get_result(conn).await.unwrap();
    found.count
}

/// What waits for PayNet are facts; the token is made at each attempt.
async fn facts_and_no_tokens(database: Database) {
    let app = TestApp::start(database).await;
    let down = [Fault::Status(503); 2];
    app.simulator.order_faults(Operation::UpdateConsent, down);
    let consent = app.consent(&["read_balances"]).await;
    let mut customer = app.reviewing(&consent).await;
    customer.approves().await.unwrap();
    let queue = app.store.queue(false, 9).await.unwrap();
    let kept = queue.iter().map(|row| row.intent.to_string());
    let kept = kept.collect::<String>();
    assert!(kept.contains("hashed_id_number"), "{kept}");
    // Of three parts, as every token we make.
    assert!(
        !kept.contains("eyJ") && !kept.contains("id_token"),
        "{kept}"
    );
    assert_eq!(one_meaning(&app, &consent).await, ConsentStatus::Authorized);
    let told = &consent.at_paynet().updates[0].body;
    assert!(told["id_token"].is_string(), "{told}");
    app.stop().await;
}
