//! The database goes away under a request: who asked is told that it passes, and how to go on.

use std::time::Duration;

use diesel::QueryableByName;
use diesel::sql_types::BigInt;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use izin_simulator::{EventType, NewConsent};

use crate::harness::{Database, TestApp, eventually};

/// A second user of the database who is in the way of the first, and then ends its connections.
struct Superuser(AsyncPgConnection);

impl Superuser {
    async fn of(app: &TestApp) -> Self {
        Self(
            AsyncPgConnection::establish(app.database_url())
                .await
                .unwrap(),
        )
    }

    async fn tells(&mut self, sql: &str) {
        self.0.batch_execute(sql).await.unwrap();
    }

    /// How many of the others wait for a lock.
    async fn waiting(&mut self) -> i64 {
        #[derive(QueryableByName)]
        struct Count {
            #[diesel(sql_type = BigInt)]
            count: i64,
        }
        let sql = "SELECT count(*) AS count FROM pg_stat_activity \
                   WHERE datname = current_database() AND wait_event_type = 'Lock'";
        let row: Count = diesel::sql_query(sql)
            .get_result(&mut self.0)
            .await
            .unwrap();
        row.count
    }

    /// Ends all other connections whenever one waits for `table`, until `request` is answered.
    async fn ends_all_at<T>(&mut self, table: &str, request: impl Future<Output = T>) -> T {
        let lock = format!("BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE;");
        self.tells(&lock).await;
        tokio::pin!(request);
        let answer = loop {
            tokio::select! {
                answer = &mut request => break answer,
                () = tokio::time::sleep(Duration::from_millis(20)) => {}
            }
            // Jobs wait as well, and perhaps before the request has come.
            if self.waiting().await > 0 {
                let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                           WHERE datname = current_database() AND pid <> pg_backend_pid()";
                self.tells(sql).await;
            }
        };
        self.tells("ROLLBACK").await;
        answer
    }
}

/// A page that says so, with a button; and after it the journey goes on where it was.
#[tokio::test(flavor = "multi_thread")]
async fn a_customers_form() {
    let app = TestApp::start(Database::postgres().await).await;
    let consent = app.consent(&["read_balances"]).await;
    let mut customer = app.customer();
    let page = customer.opens(&consent.link().await).await.unwrap();
    let form = page.submit_with("continue", &[("username", "paynet")]);
    let mut superuser = Superuser::of(&app).await;
    let page = superuser.ends_all_at("authorization_sessions", form).await;
    let page = page.unwrap();
    assert_eq!(page.status, 503, "{}", page.summary());
    assert_eq!(page.screen(), "error");
    assert!(page.text().contains("Try again"), "{}", page.text());
    let goes_on = || async {
        let page = page.follow("/consent").await.unwrap();
        ["username", "phrase"].contains(&page.screen())
    };
    eventually(goes_on, "the form or the step after it").await;
    app.stop().await;
}

/// What has no session yet is asked for again as it was.
#[tokio::test(flavor = "multi_thread")]
async fn a_customers_link() {
    let app = TestApp::start(Database::postgres().await).await;
    let consent = app.consent(&["read_balances"]).await;
    let customer = app.customer();
    let link = consent.link().await;
    let mut superuser = Superuser::of(&app).await;
    let opened = customer.open(&link);
    let page = superuser.ends_all_at("authorization_handles", opened).await;
    let page = page.unwrap();
    assert_eq!(page.status, 503, "{}", page.summary());
    let again = page.exits();
    assert!(again.iter().any(|exit| exit.as_str() == link), "{again:?}");
    let arrives = || async { customer.open(&link).await.unwrap().screen() == "username" };
    eventually(arrives, "the first step").await;
    app.stop().await;
}

/// 503, so that PayNet tells it again.
#[tokio::test(flavor = "multi_thread")]
async fn an_event() {
    let app = TestApp::start(Database::postgres().await).await;
    let new = NewConsent::new("kira-budget", "bank-contoh");
    let consent = app.simulator.store_consent(new).consent_id;
    let announced = || app.simulator.announce(&consent, EventType::ConsentCreated);
    let mut superuser = Superuser::of(&app).await;
    let sent = superuser
        .ends_all_at("consents", announced())
        .await
        .unwrap();
    assert_eq!(sent.status, Some(503));
    let is_taken_in = || async { announced().await.unwrap().status == Some(200) };
    eventually(is_taken_in, "the event is taken in").await;
    assert_eq!(app.known(&consent).last_entry().await, "registered");
    app.stop().await;
}

/// Without a word, as when its machine loses power: nobody waits for it longer than for any answer.
#[tokio::test(flavor = "multi_thread")]
async fn the_server_vanishes() {
    let (database, proxy) = Database::behind_a_proxy().await;
    let app = TestApp::start(database).await;
    let consent = app.consent(&["read_balances"]).await;
    let mut customer = app.customer();
    let page = customer.opens(&consent.link().await).await.unwrap();
    proxy.freezes();
    let form = page.submit_with("continue", &[("username", "paynet")]);
    let announced = || {
        app.simulator
            .announce(&consent.id, EventType::ConsentCreated)
    };
    let (answer, sent) = tokio::join!(form, announced());
    let answer = answer.unwrap();
    assert_eq!(answer.status, 503, "{}", answer.summary());
    assert_eq!(sent.unwrap().status, Some(503));
    // What was open is broken, as after any such outage.
    proxy.cuts_all();
    proxy.thaws();
    let goes_on = || async { announced().await.unwrap().status == Some(200) };
    eventually(goes_on, "the event is taken in").await;
    app.approves(&consent).await;
    app.stop().await;
}
