//! Nobody waits for the database longer than the configuration says, and whoever has waited is told to come again.

use diesel_async::SimpleAsyncConnection;

use crate::harness::{Database, TestApp};

/// Somebody has the consents to himself: the call is ended by whichever limit is the lower one, and the next one after that is served.
#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_is_locked() {
    for (limits, told) in [
        (
            "statement_timeout_ms = 200\nlock_timeout_ms = 60000",
            "due to statement timeout",
        ),
        (
            "statement_timeout_ms = 60000\nlock_timeout_ms = 200",
            "due to lock timeout",
        ),
    ] {
        let database = Database::postgres().await;
        let app = TestApp::start_with(database, &format!("[database]\n{limits}")).await;
        let consent = app.approved_consent(&["read_balances"]).await;
        let mut other = app.database().admin().await;
        other
            .batch_execute("BEGIN; LOCK TABLE consents IN ACCESS EXCLUSIVE MODE")
            .await
            .unwrap();
        assert_eq!(consent.balance().await.status(), 503);
        let log = app.database().log().await;
        assert!(log.contains(told), "{log}");
        other.batch_execute("ROLLBACK").await.unwrap();
        assert_eq!(consent.balance().await.status(), 200);
        app.stop().await;
    }
}
