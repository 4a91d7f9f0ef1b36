//! Steps 1–11a: the customer shares, and the consumer shows the balance it decrypted.

use izin_simulator::{ConsentStatus, DataCall};

use crate::harness::{Database, TOTP_SECRET, TestApp, on_both_databases};

on_both_databases!(
    the_whole_journey,
    what_is_kept,
    data_of_every_kind,
    a_late_event
);

const ALL: [&str; 3] = ["read_accounts", "read_balances", "read_transactions"];

async fn the_whole_journey(database: Database) {
    let app = TestApp::start(database).await;
    let mut customer = app.customer();
    // 1–4: at the consumer.
    customer
        .opens(&app.simulator.urls().consumer)
        .await
        .unwrap();
    let page = customer.page().unwrap().follow("/providers").await.unwrap();
    assert!(page.text().contains("Bank Lain") && page.text().contains("Offline"));
    let page = page.follow("/consent?provider=bank-contoh").await.unwrap();
    assert_eq!(page.screen(), "consent");
    let page = page.action("continue").await.unwrap();
    // 5: the browser has arrived at our sign-in, through PayNet's signed link.
    assert_eq!(page.screen(), "username");
    assert!(page.url.as_str().starts_with(&app.service.public_url));
    customer.sees(page);
    // 6a
    let accounts = customer
        .signs_in("paynet", "paynet", TOTP_SECRET)
        .await
        .unwrap();
    assert_eq!(accounts.screen(), "accounts");
    assert!(
        accounts.choices().iter().all(|choice| !choice.checked),
        "A1: nothing is ticked"
    );
    assert!(
        accounts.choices().iter().any(|choice| choice.disabled),
        "A2: all are shown"
    );
    // 7
    let review = customer
        .selects(|choice| choice.label.contains("Savings"))
        .await
        .unwrap();
    assert_eq!(review.screen(), "review");
    for told in ["Kira Budget", "PayNet", "Everyday Savings", "Balances"] {
        assert!(review.text().contains(told), "R1: the review names {told}");
    }
    // 8, 9a
    customer.approves().await.unwrap();
    let result = customer.waits_for_result().await.unwrap();
    assert_eq!(result.attribute("data-outcome"), Some("approved"), "S1");
    // 10, 11a
    let linked = customer.goes_back().await.unwrap();
    assert_eq!(linked.screen(), "linked", "{}", linked.summary());
    assert!(linked.text().contains("5,123.45"), "{}", linked.text());
    app.stop().await;
}

async fn what_is_kept(database: Database) {
    let app = TestApp::start(database).await;
    let consent = app.approved_consent(&ALL).await;
    let snapshot = consent.at_paynet();
    assert_eq!(snapshot.status(), ConsentStatus::Authorized);
    assert_eq!(snapshot.updates.len(), 1, "PayNet was told once");
    let kinds: Vec<_> = app.store.ledger_of(&consent.key()).await.unwrap();
    let kinds: Vec<_> = kinds.iter().map(|entry| entry.kind.as_str()).collect();
    assert_eq!(kinds, ["registered", "approved", "accepted"]);
    let receipt = app
        .store
        .receipt(&consent.key())
        .await
        .unwrap()
        .expect("a receipt is kept");
    assert_eq!(receipt.language, "en");
    assert!(
        receipt.text.contains("Everyday Savings"),
        "R9: {}",
        receipt.text
    );
    assert_eq!(
        (receipt.template_hash.len(), receipt.sha256.len()),
        (64, 64)
    );
    let approved = &app.store.ledger_of(&consent.key()).await.unwrap()[1];
    assert!(
        approved.data.as_deref().unwrap().contains(&receipt.sha256),
        "the ledger vouches for the receipt"
    );
    consent.balance().await;
    let accesses = app.store.accesses(&consent.key()).await.unwrap();
    assert_eq!(accesses.len(), 1);
    assert_eq!(
        (accesses[0].category.as_str(), accesses[0].outcome.as_str()),
        ("read_balances", "shared")
    );
    assert_eq!(accesses[0].dc_id, "kira-budget");
    app.stop().await;
}

async fn data_of_every_kind(database: Database) {
    let app = TestApp::start(database).await;
    let consent = app.approved_consent(&ALL).await;
    let (id, account) = (consent.id.clone(), consent.account());
    let balance = consent.balance().await;
    assert_eq!(balance.status(), 200, "{:?}", balance.problem);
    assert_eq!(balance.data()["current_balance"]["amount"], "5123.45");
    assert_eq!(balance.data()["account_id"], account);
    let details = app
        .simulator
        .data_call(DataCall::account(&id, &account))
        .await
        .unwrap();
    assert_eq!(details.data()["account_number"], "7001234567");
    assert_eq!(details.data()["institution_name"], "Bank Contoh");
    let listed = app
        .simulator
        .data_call(DataCall::transactions(&id, &account))
        .await
        .unwrap();
    assert_eq!(listed.status(), 200, "{:?}", listed.problem);
    let dates = listed.data();
    let dates: Vec<_> = dates
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["transaction_date"].as_str().unwrap())
        .collect();
    assert!(
        dates.len() >= 6 && dates.iter().all(|date| date.ends_with("+08:00")),
        "{dates:?}"
    );
    assert!(
        dates.is_sorted_by(|newer, older| newer >= older),
        "newest first"
    );
    let userinfo = app.simulator.userinfo(&id).await.unwrap();
    assert_eq!(userinfo["preferred_username"], "paynet");
    assert_eq!(userinfo["hashed_id_number"].as_str().unwrap().len(), 44);
    assert_eq!(app.simulator.health("bank-contoh").await.unwrap(), 200);
    app.stop().await;
}

/// The browser may be faster than the event: then PayNet is asked.
async fn a_late_event(database: Database) {
    let app = TestApp::start(database).await;
    let new = izin_simulator::NewConsent::new("kira-budget", "bank-contoh");
    let consent = app.simulator.store_consent(new);
    let link = app
        .simulator
        .authorize_url(&consent.consent_id)
        .await
        .unwrap();
    let mut customer = app.customer();
    let page = customer.opens(&link).await.unwrap();
    assert_eq!(page.screen(), "username", "{}", page.summary());
    // And the event that comes after all changes nothing.
    let event = izin_simulator::EventPost::new(
        &consent.consent_id,
        izin_simulator::EventType::ConsentCreated,
    );
    assert_eq!(app.simulator.post_event(event).await.unwrap().status, 200);
    customer
        .signs_in("paynet", "paynet", TOTP_SECRET)
        .await
        .unwrap();
    app.stop().await;
}
