//! Who may reach which listener.

use http::Method;

use crate::harness::{Database, TestApp, on_both_databases};

on_both_databases!(an_allow_list_of_clients);

/// A certificate of the right authority that is not on the list: an answer in our error format.
async fn an_allow_list_of_clients(database: Database) {
    let app = TestApp::start(database).await;
    let health = format!(
        "https://localhost:{}/v1/health",
        app.service.webhooks_address.port()
    );
    for (certificate, status, error) in [
        ("paynet-client", 200, None),
        ("other-client", 401, Some("invalid_client".to_owned())),
    ] {
        let request = app
            .simulator
            .request(Method::GET, &health)
            .certificate(certificate);
        let answer = request.send().await.unwrap();
        assert_eq!(
            (answer.status, answer.error()),
            (status, error),
            "{certificate}"
        );
        assert!(answer.header("x-fapi-interaction-id").is_some());
    }
    app.stop().await;
}
