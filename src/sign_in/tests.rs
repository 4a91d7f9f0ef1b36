//! The throttle and the decoys.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;

use super::*;
use crate::clock::SystemClock;
use crate::store::tests::store;

/// Knows one customer and counts the questions.
#[derive(Default)]
struct Bank {
    asked: AtomicUsize,
}

#[async_trait]
impl PasswordCheck for Bank {
    async fn phrase(&self, username: &str) -> Result<Option<String>, SignInError> {
        Ok((username == "known").then(|| "my own phrase".to_owned()))
    }

    async fn check_password(
        &self,
        _username: &str,
        password: &str,
    ) -> Result<CheckedPassword, SignInError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        Ok(match password {
            "right" => CheckedPassword::Right(CustomerId::parse("customer").unwrap()),
            _ => CheckedPassword::Wrong,
        })
    }

    async fn check_second_factor(
        &self,
        _customer: &CustomerId,
        _code: &str,
    ) -> Result<SecondFactor, SignInError> {
        Ok(SecondFactor::Right {
            acr: "2",
            amr: "otp",
        })
    }
}

async fn sign_in(bank: &Arc<Bank>, store: &Store) -> PasswordSignIn {
    let config = config::Config::from_layers(&[]).unwrap().sign_in;
    let clock = Arc::new(SystemClock);
    PasswordSignIn::new(bank.clone(), store.clone(), clock, &config)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_made_side_by_side_share_one_budget() {
    let (bank, (store, _folder)) = (Arc::<Bank>::default(), store().await);
    let sign_in = sign_in(&bank, &store).await;
    let attempts = (0..50).map(|_| sign_in.password("Known", "wrong"));
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
    let right = sign_in.password("known", "right").await.unwrap();
    assert_eq!(
        right,
        Attempt::Locked,
        "another spelling has no budget of its own"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_success_gives_the_budget_back() {
    let (bank, (store, _folder)) = (Arc::<Bank>::default(), store().await);
    let sign_in = sign_in(&bank, &store).await;
    for _ in 0..3 {
        for _ in 0..4 {
            let wrong = sign_in.password("known", "wrong").await.unwrap();
            assert_eq!(wrong, Attempt::Failed);
        }
        let right = sign_in.password("known", "right").await.unwrap();
        assert!(matches!(right, Attempt::Passed(_)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_works_once() {
    let (bank, (store, _folder)) = (Arc::<Bank>::default(), store().await);
    let sign_in = sign_in(&bank, &store).await;
    let customer = CustomerId::parse("customer").unwrap();
    let first = sign_in.second_factor(&customer, "123456").await.unwrap();
    assert!(matches!(first, Attempt::Passed(_)));
    assert_eq!(
        sign_in.second_factor(&customer, "123456").await.unwrap(),
        Attempt::Spent
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_name_keeps_its_phrase_on_every_replica() {
    let (bank, (store, _folder)) = (Arc::<Bank>::default(), store().await);
    let (one, other) = (sign_in(&bank, &store).await, sign_in(&bank, &store).await);
    let phrase = one.phrase("nobody").await.unwrap();
    assert_eq!(phrase, other.phrase("nobody").await.unwrap());
    assert_ne!(phrase, one.phrase("somebody").await.unwrap());
    assert_eq!(one.phrase("known").await.unwrap(), "my own phrase");
}
