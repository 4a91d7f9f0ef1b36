//! Steps 9b, 11b and every other way to share nothing.

use izin_simulator::ConsentStatus;

use crate::harness::{Database, TOTP_SECRET, TestApp, on_both_databases};

on_both_databases!(
    the_whole_journey,
    cancel_is_a_rejection,
    nothing_to_share,
    wrong_password,
    one_live_session,
);

async fn the_whole_journey(database: Database) {
    let app = TestApp::start(database).await;
    let mut customer = app.customer();
    customer
        .opens(&format!(
            "{}/consent?provider=bank-contoh",
            app.simulator.urls().consumer
        ))
        .await
        .unwrap();
    let page = customer.page().unwrap().action("continue").await.unwrap();
    customer.sees(page);
    customer
        .signs_in("paynet", "paynet", TOTP_SECRET)
        .await
        .unwrap();
    customer.selects_first().await.unwrap();
    // 9b
    let result = customer.rejects().await.unwrap();
    assert_eq!(result.attribute("data-outcome"), Some("rejected"), "S3");
    // 11b
    let back = customer.goes_back().await.unwrap();
    assert_eq!(back.screen(), "not-linked", "{}", back.summary());
    assert!(back.text().contains("Account not linked"));
    app.stop().await;
}

async fn cancel_is_a_rejection(database: Database) {
    let app = TestApp::start(database).await;
    let consent = app.consent(&["read_balances"]).await;
    let mut customer = app.customer();
    customer.opens(&consent.link().await).await.unwrap();
    let result = customer.cancels().await.unwrap();
    assert_eq!(result.attribute("data-outcome"), Some("rejected"), "U3");
    consent.reaches("rejected").await;
    told(&consent, "not_allowed").await;
    app.stop().await;
}

async fn nothing_to_share(database: Database) {
    let app = TestApp::start(database).await;
    let consent = app.consent(&["read_balances"]).await;
    let mut customer = app.customer();
    customer.opens(&consent.link().await).await.unwrap();
    let page = customer
        .signs_in("aminah", "aminah", TOTP_SECRET)
        .await
        .unwrap();
    assert!(page.choices().iter().all(|choice| choice.disabled), "A6");
    let back = customer.cancels().await.unwrap();
    assert!(
        !back.url.as_str().starts_with(&app.service.public_url),
        "one press leads back"
    );
    told(&consent, "inactive_account").await;
    app.stop().await;
}

/// Step 6b: a message, the consent stays as it is, and after five attempts the name is locked.
async fn wrong_password(database: Database) {
    let app = TestApp::start(database).await;
    let consent = app.consent(&["read_balances"]).await;
    let mut customer = app.customer();
    customer.opens(&consent.link().await).await.unwrap();
    let wrong = customer.signs_in("paynet", "wrong", TOTP_SECRET).await;
    assert!(wrong.is_err(), "the password screen comes again");
    let page = customer.page().unwrap();
    assert_eq!((page.status, page.screen()), (422, "password"), "L6");
    assert_eq!(
        consent.at_paynet().status(),
        ConsentStatus::AwaitingAuthorization
    );
    assert!(
        consent.at_paynet().updates.is_empty(),
        "PayNet was not told anything"
    );
    let mut page = page.clone();
    for _ in 0..4 {
        page = page
            .submit_with("continue", &[("password", "wrong")])
            .await
            .unwrap();
    }
    assert_eq!(
        page.attribute("data-reason"),
        Some("locked"),
        "{}",
        page.summary()
    );
    // Not even the right one is looked at now.
    let mut again = app.customer();
    again.opens(&consent.link().await).await.unwrap();
    let page = again
        .signs_in("paynet", "paynet", TOTP_SECRET)
        .await
        .unwrap();
    assert_eq!(
        page.attribute("data-reason"),
        Some("locked"),
        "{}",
        page.summary()
    );
    app.stop().await;
}

/// The link opens as often as one likes, the consent has one session, and a spent handle opens nothing.
async fn one_live_session(database: Database) {
    let app = TestApp::start(database).await;
    let consent = app.consent(&["read_balances"]).await;
    let link = consent.link().await;
    let (mut first, mut second) = (app.customer(), app.customer());
    first.opens(&link).await.unwrap();
    let handle = first
        .hops()
        .into_iter()
        .find(|hop| hop.url.path().starts_with("/authorize/"))
        .unwrap();
    second.opens(&link).await.unwrap();
    let lost = first
        .page()
        .unwrap()
        .submit_with("continue", &[("username", "paynet")])
        .await
        .unwrap();
    assert_eq!(
        lost.attribute("data-reason"),
        Some("session-lost"),
        "{}",
        lost.summary()
    );
    let stranger = app.customer().open(handle.url.as_str()).await.unwrap();
    assert_eq!(
        (stranger.status, stranger.attribute("data-reason")),
        (410, Some("session-lost"))
    );
    second
        .signs_in("paynet", "paynet", TOTP_SECRET)
        .await
        .unwrap();
    app.stop().await;
}

async fn told(consent: &crate::harness::ConsentStory<'_>, reason: &str) {
    crate::harness::eventually(
        || async { !consent.at_paynet().updates.is_empty() },
        "PayNet is told",
    )
    .await;
    let snapshot = consent.at_paynet();
    assert_eq!(snapshot.status(), ConsentStatus::Rejected);
    let told = snapshot
        .consent
        .status_reason
        .expect("a reason goes with it");
    assert_eq!(told.reason_code, reason);
}
