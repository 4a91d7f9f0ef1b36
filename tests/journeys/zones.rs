//! Who may reach which listener.

use http::Method;

use crate::harness::{Database, TestApp, on_both_databases};

on_both_databases!(
    an_allow_list_of_clients,
    a_look_spends_nothing,
    scripts_get_json
);

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

/// Link scanners ask with HEAD before a person clicks.
async fn a_look_spends_nothing(database: Database) {
    let app = TestApp::start(database).await;
    let consent = app.consent(&["read_balances"]).await;
    let link = app.simulator.request(Method::GET, consent.link().await);
    let answer = link.send().await.unwrap();
    let handle = answer.header("location").unwrap().to_owned();
    for _ in 0..2 {
        let looked = app
            .simulator
            .request(Method::HEAD, &handle)
            .send()
            .await
            .unwrap();
        assert_eq!((looked.status, looked.header("set-cookie")), (303, None));
    }
    let page = app.customer().open(&handle).await.unwrap();
    assert_eq!(page.screen(), "username", "{}", page.summary());
    app.stop().await;
}

/// On the customers' listener too, whoever asks for JSON gets the error format.
async fn scripts_get_json(database: Database) {
    let app = TestApp::start(database).await;
    for (path, status) in [
        ("/consent", 410),
        ("/nowhere", 404),
        ("/consent/review", 405),
    ] {
        let url = format!("{}{path}", app.service.public_url);
        let request = app.simulator.request(Method::GET, &url);
        let answer = request
            .header("accept", "application/json")
            .send()
            .await
            .unwrap();
        assert_eq!(
            answer.refusal(),
            (status, Some("invalid_request".to_owned())),
            "{path}"
        );
        assert!(answer.header("x-fapi-interaction-id").is_some(), "{path}");
    }
    app.stop().await;
}
