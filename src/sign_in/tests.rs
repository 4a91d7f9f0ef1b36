//! The throttle, the decoys, and what the bank's answers come to.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::{Value, json};
use uuid::Uuid;

use super::types::{
    Capabilities, Language, PasswordCheck, PasswordOutcome, Phrase, PhraseQuery, SecondFactorCheck,
    SecondFactorOutcome, SecondFactorStart,
};
use super::*;
use crate::bank::Implementation;
use crate::clock::{Clock, ShiftedClock, malaysian};
use crate::config;
use crate::store::Store;
use crate::store::tests::store;

/// Knows one customer, counts the questions, and answers otherwise as told: `$now` becomes the present moment.
#[derive(Default)]
struct Bank {
    clock: Arc<ShiftedClock>,
    asked: AtomicUsize,
    password: Mutex<Option<Value>>,
    code: Mutex<Option<Result<Value, BankError>>>,
    start: Mutex<Option<BankError>>,
    hangs: bool,
}

impl Bank {
    fn after(&self, minutes: i64) -> String {
        malaysian(self.clock.now() + TimeDelta::minutes(minutes)).to_rfc3339()
    }

    fn right_password(&self) -> Value {
        json!({ "outcome": "right", "sign_in": {
            "sign_in_id": "s-5Zq0hJ2mB8Yd7Rk1Xw4Tn6",
            "customer_id": "customer",
            "expires_at": self.after(6),
            "methods": ["totp"],
        } })
    }

    fn right_code(&self) -> Value {
        json!({ "outcome": "right", "signed_in": {
            "customer_id": "customer",
            "acr": "2",
            "amr": ["pwd", "hwk"],
            "at": self.after(0),
        } })
    }

    fn says_of_a_password(&self, answer: Value) {
        *self.password.lock().unwrap() = Some(answer);
    }

    fn says_of_a_code(&self, answer: Result<Value, BankError>) {
        *self.code.lock().unwrap() = Some(answer);
    }
}

fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

impl SignIn for Bank {
    async fn get_capabilities(&self, _: GetCapabilitiesParams) -> Result<Capabilities, BankError> {
        Err(BankError::unsupported("getCapabilities"))
    }

    async fn look_up_phrase(
        &self,
        _: LookUpPhraseParams,
        body: PhraseQuery,
    ) -> Result<Phrase, BankError> {
        match body.username.as_str() {
            "known" => Ok(Phrase {
                phrase: "my own phrase".to_owned(),
            }),
            "phraseless" => Err(BankError::unsupported("lookUpPhrase")),
            _ => Err(BankError::UsernameUnknown),
        }
    }

    async fn check_password(
        &self,
        _: CheckPasswordParams,
        body: PasswordCheck,
    ) -> Result<PasswordOutcome, BankError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if self.hangs {
            std::future::pending::<()>().await;
        }
        let told = self.password.lock().unwrap().clone();
        Ok(read(told.unwrap_or_else(|| match body.password.expose() {
            "right" => self.right_password(),
            _ => json!({ "outcome": "wrong" }),
        })))
    }

    async fn start_second_factor(
        &self,
        _: StartSecondFactorParams,
        _: SecondFactorStart,
    ) -> Result<types::Challenge, BankError> {
        if let Some(error) = self.start.lock().unwrap().clone() {
            return Err(error);
        }
        Ok(read(json!({
            "challenge_id": "c-1bT7wM4xN2zS6hD0jF8rV3",
            "method": "sent_code",
            "poll_after_seconds": 5,
            "expires_at": self.after(3),
        })))
    }

    async fn check_second_factor(
        &self,
        _: CheckSecondFactorParams,
        _: SecondFactorCheck,
    ) -> Result<SecondFactorOutcome, BankError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let told = self.code.lock().unwrap().clone();
        told.unwrap_or_else(|| Ok(self.right_code())).map(read)
    }
}

async fn sign_in(bank: &Arc<Bank>, store: &Store) -> PasswordSignIn {
    let config = config::Config::from_layers(&[]).unwrap().sign_in;
    let budget = if bank.hangs {
        Duration::from_millis(1)
    } else {
        Duration::from_secs(4)
    };
    let checks = Checks::new(
        bank.clone(),
        bank.clock.clone(),
        Implementation::Linked,
        budget,
    );
    PasswordSignIn::new(checks, store.clone(), bank.clock.clone(), &config)
        .await
        .unwrap()
}

fn typed(text: &str) -> Secret {
    text.to_owned().into()
}

fn visitor() -> Visitor {
    Visitor::new(Uuid::new_v4(), None)
}

fn open() -> OpenSignIn {
    OpenSignIn {
        id: "s-5Zq0hJ2mB8Yd7Rk1Xw4Tn6".to_owned(),
        customer: CustomerId::parse("customer").unwrap(),
        methods: vec![SecondFactorMethod::Totp],
    }
}

impl PasswordSignIn {
    async fn tries(&self, password: &str) -> Attempt<OpenSignIn> {
        let attempt = self.password(&visitor(), "known", typed(password)).await;
        attempt.unwrap()
    }

    async fn tries_code(&self, code: &str) -> Attempt<SignedIn> {
        let (visitor, open) = (visitor(), open());
        let code = typed(code);
        let attempt = self.code(&visitor, &open, &SecondFactor::Totp, &code);
        attempt.await.unwrap()
    }

    async fn orders(&self) -> Result<Attempt<Challenge>, SignInError> {
        let SecondFactor::SentCode { order, .. } = SecondFactor::new_code(Language::En) else {
            panic!("a new code is a sent one")
        };
        self.send_code(&visitor(), &open(), &order, "Kira Budget")
            .await
    }
}

const OUR_LOCK: u32 = 15;

#[tokio::test(flavor = "multi_thread")]
async fn attempts_made_side_by_side_share_one_budget() {
    let (bank, (store, _folder)) = (Arc::<Bank>::default(), store().await);
    let sign_in = sign_in(&bank, &store).await;
    let visitor = visitor();
    let attempts = (0..50).map(|_| sign_in.password(&visitor, "Known", typed("wrong")));
    assert!(
        join_all(attempts)
            .await
            .into_iter()
            .all(|outcome| outcome.is_ok())
    );
    assert!(
        bank.asked.load(Ordering::SeqCst) <= 5,
        "the bank is not asked more often"
    );
    assert_eq!(
        sign_in.tries("right").await,
        Attempt::Locked { minutes: OUR_LOCK },
        "another spelling has no budget of its own"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_success_gives_the_budget_back() {
    let (bank, (store, _folder)) = (Arc::<Bank>::default(), store().await);
    let sign_in = sign_in(&bank, &store).await;
    for _ in 0..3 {
        for _ in 0..4 {
            assert_eq!(sign_in.tries("wrong").await, Attempt::Failed);
        }
        assert!(matches!(sign_in.tries("right").await, Attempt::Passed(_)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_works_once_and_is_no_failure_after_that() {
    let (bank, (store, _folder)) = (Arc::<Bank>::default(), store().await);
    let sign_in = sign_in(&bank, &store).await;
    let Attempt::Passed(signed_in) = sign_in.tries_code("123456").await else {
        panic!("the first time it works")
    };
    assert_eq!(
        (signed_in.acr.as_str(), signed_in.amr),
        ("2", vec!["pwd".into(), "hwk".into()])
    );
    for bank_says in [bank.right_code(), json!({ "outcome": "wrong" })] {
        bank.says_of_a_code(Ok(bank_says));
        for _ in 0..6 {
            assert_eq!(sign_in.tries_code("123456").await, Attempt::Spent);
        }
    }
    assert_eq!(sign_in.tries_code("654321").await, Attempt::Failed);
    bank.clock.advance(TimeDelta::minutes(4));
    assert_eq!(
        sign_in.tries_code("123456").await,
        Attempt::Failed,
        "some day the same digits are another code"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_banks_lock_counts_and_its_time_is_told() {
    let (bank, (store, _folder)) = (Arc::<Bank>::default(), store().await);
    let sign_in = sign_in(&bank, &store).await;
    let lock = json!({ "outcome": "locked", "retry_after_seconds": 61 });
    bank.says_of_a_password(lock.clone());
    bank.says_of_a_code(Ok(lock));
    assert_eq!(sign_in.tries("right").await, Attempt::Locked { minutes: 2 });
    let code = sign_in.tries_code("123456").await;
    assert_eq!(code, Attempt::Locked { minutes: 2 });
    bank.says_of_a_password(json!({ "outcome": "locked" }));
    let unsaid = sign_in.tries("right").await;
    assert_eq!(unsaid, Attempt::Locked { minutes: OUR_LOCK });
}

/// Neither the contract broken, nor an outage, nor silence is a wrong password.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_bank_does_wrong_is_not_the_customers_failure() {
    let (bank, (store, _folder)) = (Arc::<Bank>::default(), store().await);
    let sign_in = sign_in(&bank, &store).await;
    let breaches = [
        json!({ "outcome": "right" }),
        json!({ "outcome": "wrong", "retry_after_seconds": 5 }),
        // A schema's rule: an id of 16 characters.
        json!({ "outcome": "right", "sign_in": {
            "sign_in_id": "short", "customer_id": "customer", "expires_at": bank.after(6), "methods": ["totp"],
        } }),
    ];
    for breach in breaches.into_iter().cycle().take(9) {
        bank.says_of_a_password(breach);
        let attempt = sign_in.password(&visitor(), "known", typed("right")).await;
        assert!(matches!(attempt, Err(SignInError::Bank(_))), "{attempt:?}");
    }
    let down = BankError::unavailable("maintenance");
    for answer in [Err(down), Ok(json!({ "outcome": "expired" }))] {
        bank.says_of_a_code(answer);
        for _ in 0..6 {
            let (visitor, open, code) = (visitor(), open(), typed("123456"));
            let attempt = sign_in.code(&visitor, &open, &SecondFactor::Totp, &code);
            assert!(attempt.await.is_err());
        }
    }
    *bank.password.lock().unwrap() = None;
    *bank.code.lock().unwrap() = None;
    assert!(matches!(sign_in.tries("right").await, Attempt::Passed(_)));
    assert!(matches!(
        sign_in.tries_code("123456").await,
        Attempt::Passed(_)
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_says_nothing_is_not_waited_for() {
    let bank = Arc::new(Bank {
        hangs: true,
        ..Bank::default()
    });
    let (store, _folder) = store().await;
    let sign_in = sign_in(&bank, &store).await;
    let attempt = sign_in.password(&visitor(), "known", typed("right")).await;
    let Err(SignInError::Bank(BankError::Unavailable { reason, .. })) = attempt else {
        panic!("{attempt:?}")
    };
    assert!(reason.contains("no answer in time"), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_that_the_contract_knows_lead_somewhere() {
    let (bank, (store, _folder)) = (Arc::<Bank>::default(), store().await);
    let sign_in = sign_in(&bank, &store).await;
    for (error, attempt) in [
        (BankError::SignInUnknown, Attempt::Gone),
        (BankError::MethodUnavailable, Attempt::NotOffered),
    ] {
        bank.says_of_a_code(Err(error));
        assert_eq!(sign_in.tries_code("123456").await, attempt);
    }
    for (error, attempt) in [
        (BankError::SignInUnknown, Attempt::Gone),
        (BankError::MethodUnavailable, Attempt::NotOffered),
        (
            BankError::unsupported("startSecondFactor"),
            Attempt::NotOffered,
        ),
    ] {
        *bank.start.lock().unwrap() = Some(error);
        assert_eq!(sign_in.orders().await.unwrap(), attempt);
    }
    *bank.start.lock().unwrap() = Some(BankError::IdempotencyConflict);
    assert!(sign_in.orders().await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_flooded_with_codes() {
    let (bank, (store, _folder)) = (Arc::<Bank>::default(), store().await);
    let sign_in = sign_in(&bank, &store).await;
    for _ in 0..5 {
        let sent = sign_in.orders().await.unwrap();
        assert!(matches!(sent, Attempt::Passed(_)), "{sent:?}");
    }
    let one_too_many = sign_in.orders().await.unwrap();
    assert_eq!(one_too_many, Attempt::Locked { minutes: OUR_LOCK });
    // Whoever has the code is the customer.
    assert!(matches!(
        sign_in.tries_code("123456").await,
        Attempt::Passed(_)
    ));
    assert!(matches!(
        sign_in.orders().await.unwrap(),
        Attempt::Passed(_)
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_name_keeps_its_phrase_on_every_replica() {
    let (bank, (store, _folder)) = (Arc::<Bank>::default(), store().await);
    let (one, other) = (sign_in(&bank, &store).await, sign_in(&bank, &store).await);
    let visitor = visitor();
    for invented in ["nobody", "phraseless"] {
        let phrase = one.phrase(&visitor, invented).await.unwrap();
        assert_eq!(phrase, other.phrase(&visitor, invented).await.unwrap());
        assert_ne!(phrase, one.phrase(&visitor, "somebody").await.unwrap());
    }
    let known = one.phrase(&visitor, "known").await.unwrap();
    assert_eq!(known, "my own phrase");
}

#[test]
fn the_agent_is_told_if_the_contract_lets_it() {
    let agent = |text: Option<&str>| Visitor::new(Uuid::new_v4(), text).agent;
    assert_eq!(
        agent(Some("Firefox/140.0")).as_deref(),
        Some("Firefox/140.0")
    );
    assert_eq!(agent(Some(&"x".repeat(300))).map(|it| it.len()), Some(256));
    for untold in [None, Some(""), Some("\u{7f}"), Some("Pelayar é")] {
        assert_eq!(agent(untold), None);
    }
}

#[test]
fn the_first_method_that_the_pages_can_do_is_taken_in_the_banks_order() {
    use SecondFactorMethod::{Approval, SentCode, Totp};
    let first = |methods: &[SecondFactorMethod]| {
        SecondFactor::first_of(methods, Language::En).map(|factor| factor.method())
    };
    assert_eq!(first(&[Approval, SentCode, Totp]), Some(SentCode));
    assert_eq!(first(&[Totp, SentCode]), Some(Totp));
    assert_eq!(first(&[Approval]), None);
}
