//! Signing in at a bank that is not the demo bank: every second factor, and every way in which a bank says no.

mod scripted;

use izin::Institution;
use izin::lab::{Config, DEMO, Service, SystemClock};
use izin::sign_in::BankError;
use izin::sign_in::types::{
    Language, PasswordOutcome, PasswordResult, SecondFactorMethod, SecondFactorResult, SignInReason,
};
use izin_simulator::{ConsentStatus, Customer, Page, Simulator, SimulatorOptions};

use crate::harness::{ConsentStory, Database, TestApp, on_both_databases, pki, settings};
use scripted::{ACR, ScriptedBank};

on_both_databases!(
    a_code_that_is_sent,
    a_code_that_came_too_late,
    a_used_code,
    the_next_method,
    nothing_but_approval,
    the_bank_locks,
    a_forgotten_sign_in,
    answers_that_break_the_contract,
);

const LINKED: &str = "[sign_in]\nchecked_by = \"linked\"";

async fn start(database: Database, bank: &ScriptedBank) -> TestApp {
    TestApp::start_linked(database, LINKED, bank.linked()).await
}

/// Up to the answer to the password.
async fn gives_the_password(app: &TestApp, consent: &ConsentStory<'_>, language: &str) -> Page {
    let mut customer = app.customer().speaking(language);
    at_the_password(&mut customer, &consent.link().await).await;
    types_the_password(&customer).await
}

async fn at_the_password(customer: &mut Customer, link: &str) {
    let page = customer.opens(link).await.unwrap().clone();
    let username = page.submit_with("continue", &[("username", "nurul")]);
    let phrase = username.await.unwrap();
    assert_eq!(phrase.screen(), "phrase", "{}", phrase.summary());
    let password = phrase.action("continue").await.unwrap();
    customer.sees(password);
}

async fn types_the_password(customer: &Customer) -> Page {
    let page = customer.page().unwrap();
    page.submit_with("continue", &[("password", "melati")])
        .await
        .unwrap()
}

async fn types_code(page: &Page, code: &str) -> Page {
    page.submit_with("continue", &[("otp", code)])
        .await
        .unwrap()
}

fn says(page: &Page, words: &str) {
    assert!(page.text().contains(words), "{words}: {}", page.summary());
}

async fn a_code_that_is_sent(database: Database) {
    use SecondFactorMethod::{Approval, SentCode, Totp};
    let bank = ScriptedBank::with(&[Approval, SentCode, Totp]);
    let app = start(database, &bank).await;
    let consent = app.consent(&["read_balances"]).await;
    let page = gives_the_password(&app, &consent, "en").await;
    says(&page, "Nurul's phone");
    {
        let script = bank.script();
        let (_, order) = &script.orders[0];
        assert_eq!(order.reason, SignInReason::ShareData);
        assert_eq!(order.dc_name.as_deref(), Some("Kira Budget"));
        assert_eq!(order.language, Language::En);
    }
    let page = page.reload().await.unwrap();
    assert_eq!(bank.script().orders.len(), 1, "a reload sends nothing");
    let missing = types_code(&page, " ").await;
    says(&missing, "Enter the code that Bank Contoh sent you");
    let first = bank.sent_code();
    let again = page.action("new-code").await.unwrap();
    assert_eq!(bank.script().keys().len(), 2, "a new code is a new order");
    let wrong = types_code(&again, "999999").await;
    assert_eq!(wrong.status, 422);
    says(&wrong, "Enter the newest code");
    assert_ne!(first, bank.sent_code());
    says(&types_code(&wrong, &first).await, "Enter the newest code");
    let code = bank.sent_code();
    let spaced = format!("{} {}", &code[..3], &code[3..]);
    let accounts = types_code(&wrong, &spaced).await;
    assert_eq!(accounts.screen(), "accounts", "{}", accounts.summary());
    let first_choice = accounts.choices()[0].id.clone();
    let review = accounts
        .submit_with("continue", &[("account_id", &first_choice)])
        .await
        .unwrap();
    let mut customer = app.customer();
    customer.sees(review.action("approve").await.unwrap());
    customer.waits_for_result().await.unwrap();
    let claims = id_token(&consent);
    assert_eq!(claims["acr"], ACR, "the bank's own word");
    assert_eq!(claims["amr"], serde_json::json!(["pwd", "hwk"]));

    let malay = app.consent(&["read_balances"]).await;
    let page = gives_the_password(&app, &malay, "ms").await;
    says(&page, "Dihantar ke: Nurul's phone");
    let (_, order) = bank.script().orders.last().unwrap().clone();
    assert_eq!(order.language, Language::Ms);
    app.stop().await;
}

fn id_token(consent: &ConsentStory<'_>) -> serde_json::Value {
    let updates = consent.at_paynet().updates;
    let token = updates[0].body["id_token"]
        .as_str()
        .expect("an id token")
        .to_owned();
    let payload = token.split('.').nth(1).unwrap();
    let payload = izin_jose::base64url::decode(payload).unwrap();
    serde_json::from_slice(&payload).unwrap()
}

async fn a_code_that_came_too_late(database: Database) {
    let bank = ScriptedBank::with(&[SecondFactorMethod::SentCode]);
    let app = start(database, &bank).await;
    let consent = app.consent(&["read_balances"]).await;
    let mut page = gives_the_password(&app, &consent, "en").await;
    let late = [
        Ok(SecondFactorResult::Expired),
        Err(BankError::ChallengeUnknown),
    ];
    for (sent, answer) in (2..).zip(late) {
        bank.script().next_code = Some(answer);
        page = types_code(&page, &bank.sent_code()).await;
        assert_eq!(page.screen(), "otp");
        says(&page, "has expired. Bank Contoh has sent you a new one");
        assert_eq!(bank.script().keys().len(), sent);
    }
    let accounts = types_code(&page, &bank.sent_code()).await;
    assert_eq!(accounts.screen(), "accounts", "{}", accounts.summary());
    app.stop().await;
}

/// The bank says `wrong` of a used code; the customer is told what is wrong with it, and it is no failure.
async fn a_used_code(database: Database) {
    let bank = ScriptedBank::with(&[SecondFactorMethod::Totp]);
    let app = start(database, &bank).await;
    let consent = app.consent(&["read_balances"]).await;
    let page = gives_the_password(&app, &consent, "en").await;
    let accounts = types_code(&page, "123456").await;
    assert_eq!(accounts.screen(), "accounts", "{}", accounts.summary());
    let next = app.consent(&["read_balances"]).await;
    let mut page = gives_the_password(&app, &next, "en").await;
    for _ in 0..6 {
        page = types_code(&page, "123456").await;
        says(&page, "was used before");
    }
    app.stop().await;
}

async fn the_next_method(database: Database) {
    use SecondFactorMethod::{SentCode, Totp};
    let bank = ScriptedBank::with(&[SentCode, Totp]);
    bank.script().nothing_to_send_to = true;
    let app = start(database, &bank).await;
    let consent = app.consent(&["read_balances"]).await;
    let page = gives_the_password(&app, &consent, "en").await;
    says(&page, "authenticator app");
    bank.script().next_code = Some(Err(BankError::MethodUnavailable));
    let none_left = types_code(&page, "123456").await;
    assert_eq!(none_left.attribute("data-reason"), Some("no-second-factor"));
    app.stop().await;
}

async fn nothing_but_approval(database: Database) {
    let bank = ScriptedBank::with(&[SecondFactorMethod::Approval]);
    let app = start(database, &bank).await;
    let consent = app.consent(&["read_balances"]).await;
    let page = gives_the_password(&app, &consent, "en").await;
    assert_eq!(page.attribute("data-reason"), Some("no-second-factor"));
    says(&page, "Otherwise, contact Bank Contoh");
    assert!(page.has_action("return"));
    let again = page.follow("/consent?to=username").await.unwrap();
    assert_eq!(again.screen(), "username");
    let status = consent.at_paynet().status();
    assert_eq!(status, ConsentStatus::AwaitingAuthorization);
    assert!(
        consent.at_paynet().updates.is_empty(),
        "nothing was decided"
    );
    app.stop().await;
}

async fn the_bank_locks(database: Database) {
    let bank = ScriptedBank::with(&[SecondFactorMethod::Totp]);
    let app = start(database, &bank).await;
    let consent = app.consent(&["read_balances"]).await;
    let locked = |seconds| PasswordOutcome {
        outcome: PasswordResult::Locked,
        sign_in: None,
        retry_after_seconds: seconds,
    };
    let waits = [
        (Some(1801), "31 minutes"),
        (Some(86_400), "24 hours"),
        (None, "15 minutes"),
    ];
    for (seconds, told) in waits {
        bank.script().password = Some(locked(seconds));
        let page = gives_the_password(&app, &consent, "en").await;
        assert_eq!(page.attribute("data-reason"), Some("locked"));
        assert_eq!(page.status, 429);
        says(&page, told);
    }
    bank.script().password = None;
    let page = gives_the_password(&app, &consent, "en").await;
    bank.script().next_code = Some(Ok(SecondFactorResult::Locked));
    let page = types_code(&page, "123456").await;
    assert_eq!(page.attribute("data-reason"), Some("locked"));
    app.stop().await;
}

async fn a_forgotten_sign_in(database: Database) {
    let bank = ScriptedBank::with(&[SecondFactorMethod::Totp]);
    let app = start(database, &bank).await;
    let consent = app.consent(&["read_balances"]).await;
    let page = gives_the_password(&app, &consent, "en").await;
    bank.script().next_code = Some(Err(BankError::SignInUnknown));
    let page = types_code(&page, "123456").await;
    assert_eq!(page.screen(), "username");
    says(&page, "start again with your username");
    app.stop().await;
}

async fn answers_that_break_the_contract(database: Database) {
    let bank = ScriptedBank::with(&[SecondFactorMethod::Totp]);
    let app = start(database, &bank).await;
    let consent = app.consent(&["read_balances"]).await;
    let mut customer = app.customer();
    at_the_password(&mut customer, &consent.link().await).await;
    let bare = |outcome| PasswordOutcome {
        outcome,
        sign_in: None,
        retry_after_seconds: None,
    };
    let breaches = [
        bare(PasswordResult::Right),
        PasswordOutcome {
            retry_after_seconds: Some(5),
            ..bare(PasswordResult::Wrong)
        },
        // More than the schema lets it be.
        PasswordOutcome {
            retry_after_seconds: Some(700_000),
            ..bare(PasswordResult::Locked)
        },
    ];
    for breach in breaches.into_iter().cycle().take(6) {
        bank.script().password = Some(breach);
        let page = types_the_password(&customer).await;
        assert_eq!(page.attribute("data-reason"), Some("maintenance"));
        assert_eq!(page.status, 503);
    }
    bank.script().password = None;
    let page = types_the_password(&customer).await;
    assert_eq!(page.screen(), "otp", "no wrong password was counted");
    // `expired` is for codes that are sent.
    bank.script().next_code = Some(Ok(SecondFactorResult::Expired));
    let page = types_code(&page, "123456").await;
    assert_eq!(page.attribute("data-reason"), Some("maintenance"));
    let agent = bank.script().agent.clone();
    assert_eq!(agent, None, "this browser does not say what it is");
    app.stop().await;
}

/// A binary in which nothing is linked says what to do.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_linked() {
    let simulator = Simulator::start(SimulatorOptions::new(pki().clone()))
        .await
        .unwrap();
    let database = Database::sqlite();
    let settings = settings(&database.url, &simulator).to_toml().unwrap();
    let config = Config::from_layers(&[DEMO, &settings, LINKED]).unwrap();
    let clock = std::sync::Arc::new(SystemClock);
    let refused = Service::start(config, clock, Institution::default()).await;
    let told = refused.err().expect("it does not start").to_string();
    for part in ["sign_in.checked_by = \"http\"", "Institution::sign_in"] {
        assert!(told.contains(part), "{told}");
    }
    simulator.stop().await;
}
