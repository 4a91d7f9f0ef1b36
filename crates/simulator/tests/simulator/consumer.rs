//! The consumer's app, from the first screen to the balance or to "Account not linked".

use serde_json::json;

use crate::{
    browser::{Browser, Page},
    lab::Lab,
};

/// From the first screen to the provider's authorize address; returns that redirect and the consent's id.
async fn start_linking(lab: &Lab, browser: &mut Browser) -> String {
    let app = &lab.simulator.urls().consumer;
    let first = browser.get(app).await;
    assert_eq!((first.status, first.screen()), (200, "link"));
    let providers = browser.get(&format!("{app}/providers")).await;
    assert_eq!(providers.screen(), "providers");
    assert!(providers.says("Bank Contoh") && providers.says("Offline"));
    assert!(!providers.says("provider=bank-lain"));
    let review = browser
        .get(&format!("{app}/consent?provider=bank-contoh"))
        .await;
    assert_eq!(review.screen(), "consent");
    let fields = [
        ("provider", review.field("provider")),
        ("csrf", review.field("csrf")),
        ("action", "continue"),
    ];
    let to_platform = browser.post(&format!("{app}/consent"), &fields).await;
    assert_eq!(to_platform.status, 303, "{}", to_platform.body);
    let to_provider = browser.follow(&to_platform).await;
    let location = to_provider.location.expect("a redirect to the provider");
    assert!(location.starts_with(&format!("{}/v1/oauth/authorize?", lab.provider.pages_url)));
    let url = url::Url::parse(&location).expect("a URL");
    let consent_id = url.query_pairs().find(|(name, _)| name == "consent_id");
    consent_id.expect("a consent id").1.into_owned()
}

async fn come_back(lab: &Lab, browser: &mut Browser, consent_id: &str) -> Page {
    let callback = format!("{}?consent_id={consent_id}", lab.simulator.urls().callback);
    let to_consumer = browser.get(&callback).await;
    assert_eq!(to_consumer.status, 303, "{}", to_consumer.body);
    let to_result = browser.follow(&to_consumer).await;
    browser.follow(&to_result).await
}

#[tokio::test]
async fn a_linked_account_shows_its_balance_until_it_is_unlinked() {
    let lab = Lab::start().await;
    let mut browser = Browser::new();
    let consent_id = start_linking(&lab, &mut browser).await;
    let approval = lab.approval(&consent_id, &json!({}));
    assert_eq!(lab.update(&consent_id, &approval).await.status, 200);

    let linked = come_back(&lab, &mut browser, &consent_id).await;
    assert_eq!(linked.screen(), "linked", "{}", linked.body);
    assert!(linked.says("RM 12,345.60"), "{}", linked.body);
    assert!(linked.says("•••• 7890") && !linked.says("1234567890"));
    assert!(
        linked.says("Simpanan &lt;b&gt;Utama&lt;"),
        "escaped: {}",
        linked.body
    );
    assert!(linked.policy.contains("default-src 'none'"));

    let app = &lab.simulator.urls().consumer;
    let again = browser.get(&format!("{app}/linked?action=refresh")).await;
    assert!(again.says("RM 12,345.60"));
    assert_eq!(lab.provider.seen("/v1/accounts/acc-1/balances").len(), 2);
    let consents = lab.simulator.consents();
    let [snapshot] = consents.as_slice() else {
        panic!("one consent: {consents:?}");
    };
    assert_eq!(snapshot.consent.consent_id, consent_id);
    assert_eq!(snapshot.events.len(), 1);

    let fields = [
        ("consent", again.field("consent")),
        ("csrf", again.field("csrf")),
    ];
    let unlinked = browser.post(&format!("{app}/unlink"), &fields).await;
    assert_eq!(browser.follow(&unlinked).await.screen(), "link");
    let snapshot = lab.simulator.consent(&consent_id).expect("the consent");
    assert_eq!(snapshot.status().as_str(), "revoked");
}

#[tokio::test]
async fn a_renewed_token_keeps_the_balance_coming() {
    let lab = Lab::start().await;
    let mut browser = Browser::new();
    let consent_id = start_linking(&lab, &mut browser).await;
    let approval = lab.approval(&consent_id, &json!({}));
    assert_eq!(lab.update(&consent_id, &approval).await.status, 200);
    come_back(&lab, &mut browser, &consent_id).await;
    lab.simulator.advance(std::time::Duration::from_secs(3600));
    let app = &lab.simulator.urls().consumer;
    let later = browser.get(&format!("{app}/linked")).await;
    assert!(later.says("RM 12,345.60"), "{}", later.body);
}

#[tokio::test]
async fn a_revoked_consent_shows_why_there_is_no_balance() {
    let lab = Lab::start().await;
    let mut browser = Browser::new();
    let consent_id = start_linking(&lab, &mut browser).await;
    let approval = lab.approval(&consent_id, &json!({}));
    assert_eq!(lab.update(&consent_id, &approval).await.status, 200);
    come_back(&lab, &mut browser, &consent_id).await;
    let revoked = lab.simulator.revoke_by_consumer(&consent_id).await;
    assert!(revoked.is_ok());
    let app = &lab.simulator.urls().consumer;
    let page = browser.get(&format!("{app}/linked")).await;
    assert!(page.says("Sharing has ended"), "{}", page.body);
}

#[tokio::test]
async fn a_rejection_reads_account_not_linked() {
    let lab = Lab::start().await;
    let mut browser = Browser::new();
    let consent_id = start_linking(&lab, &mut browser).await;
    let rejection = json!({"status": "rejected", "status_reason": {"reason_code": "not_allowed"}});
    assert_eq!(lab.update(&consent_id, &rejection).await.status, 200);
    let page = come_back(&lab, &mut browser, &consent_id).await;
    assert_eq!(page.screen(), "not-linked");
    assert!(page.says("Account not linked"));
    assert!(page.says("You chose not to share this account."));
}

#[tokio::test]
async fn another_browser_cannot_finish_the_journey() {
    let lab = Lab::start().await;
    let mut browser = Browser::new();
    let consent_id = start_linking(&lab, &mut browser).await;
    let approval = lab.approval(&consent_id, &json!({}));
    assert_eq!(lab.update(&consent_id, &approval).await.status, 200);
    let callback = format!("{}?consent_id={consent_id}", lab.simulator.urls().callback);
    let stranger = Browser::new().get(&callback).await;
    assert_eq!((stranger.status, stranger.screen()), (400, "error"));
}

#[tokio::test]
async fn a_pushed_request_opens_once() {
    let lab = Lab::start().await;
    let mut browser = Browser::new();
    let app = &lab.simulator.urls().consumer;
    let review = browser
        .get(&format!("{app}/consent?provider=bank-contoh"))
        .await;
    let fields = [("provider", "bank-contoh"), ("csrf", review.field("csrf"))];
    let to_platform = browser.post(&format!("{app}/consent"), &fields).await;
    assert_eq!(browser.follow(&to_platform).await.status, 303);
    assert_eq!(browser.follow(&to_platform).await.status, 400);
}

#[tokio::test]
async fn forms_and_callbacks_from_elsewhere_are_refused() {
    let lab = Lab::start().await;
    let app = &lab.simulator.urls().consumer;
    let mut browser = Browser::new();
    let fields = [("provider", "bank-contoh"), ("csrf", "guessed")];
    let forged = browser.post(&format!("{app}/consent"), &fields).await;
    assert_eq!((forged.status, forged.screen()), (403, "error"));
    let uninvited = browser.get(&format!("{app}/callback?state=x&code=y")).await;
    assert_eq!((uninvited.status, uninvited.screen()), (400, "error"));
    let offline = browser
        .get(&format!("{app}/consent?provider=bank-lain"))
        .await;
    assert_eq!((offline.status, offline.screen()), (503, "error"));
    let missing = browser.get(&format!("{app}/nowhere")).await;
    assert_eq!((missing.status, missing.screen()), (404, "error"));
}

#[tokio::test]
async fn a_provider_that_refuses_the_event_is_reported_to_the_person() {
    let lab = Lab::start().await;
    lab.provider.refuse_events();
    let mut browser = Browser::new();
    let app = &lab.simulator.urls().consumer;
    let review = browser
        .get(&format!("{app}/consent?provider=bank-contoh"))
        .await;
    let fields = [("provider", "bank-contoh"), ("csrf", review.field("csrf"))];
    let page = browser.post(&format!("{app}/consent"), &fields).await;
    assert_eq!((page.status, page.screen()), (503, "error"));
    assert!(page.says("cannot be reached right now"));
}

#[tokio::test]
async fn each_consumer_has_its_own_app() {
    let lab = Lab::start().await;
    let urls = lab.simulator.urls();
    let (dc_id, app) = &urls.consumers[1];
    let page = Browser::new().get(app).await;
    assert_eq!(dc_id, "pinjam-pantas");
    assert!(page.says("Pinjam Pantas") && page.says("data-brand=\"pinjam-pantas\""));
}
