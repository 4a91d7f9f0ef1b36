use std::sync::Arc;

use uuid::Uuid;

use super::*;
use crate::clock::{Clock, ShiftedClock};

fn bank(clock: &Arc<ShiftedClock>) -> DemoBank {
    DemoBank::new(clock.clone()).unwrap()
}

async fn signs_in(bank: &DemoBank, username: &str, password: &str) -> PasswordOutcome {
    let params = CheckPasswordParams {
        x_request_id: Uuid::new_v4(),
        x_customer_address: None,
        x_customer_agent: None,
    };
    let check = PasswordCheck {
        username: username.to_owned(),
        password: password.to_owned().into(),
    };
    bank.check_password(params, check).await.unwrap()
}

async fn confirms(
    bank: &DemoBank,
    sign_in_id: &str,
    code: &str,
) -> Result<SecondFactorOutcome, BankError> {
    let params = CheckSecondFactorParams {
        x_request_id: Uuid::new_v4(),
        x_customer_address: None,
        x_customer_agent: None,
    };
    let check = SecondFactorCheck {
        sign_in_id: sign_in_id.to_owned(),
        method: CodeMethod::Totp,
        challenge_id: None,
        code: code.to_owned().into(),
    };
    bank.check_second_factor(params, check).await
}

#[tokio::test]
async fn another_replica_knows_the_sign_in_and_nobody_can_read_or_forge_it() {
    let clock = Arc::new(ShiftedClock::default());
    let (one, other) = (bank(&clock), bank(&clock));
    let open = signs_in(&one, "paynet", "paynet").await.sign_in.unwrap();
    assert!(!open.sign_in_id.contains("CIF"));
    let code = one.second_factors.totp.generate(seconds(clock.now()));
    let outcome = confirms(&other, &open.sign_in_id, &code).await.unwrap();
    assert_eq!(
        outcome.signed_in.unwrap().customer_id.as_ref() as &str,
        "CIF-1001"
    );
    let (kept, tag) = open.sign_in_id.rsplit_once('.').unwrap();
    let later = kept.replacen("s.1", "s.2", 1);
    for forged in [
        format!("{later}.{tag}"),
        format!("{kept}.AAAA"),
        "s.1".into(),
    ] {
        let refused = confirms(&one, &forged, &code).await;
        assert_eq!(refused, Err(BankError::SignInUnknown), "{forged}");
    }
    clock.advance(SIGN_IN_LIFE);
    let late = confirms(&one, &open.sign_in_id, &code).await;
    assert_eq!(late, Err(BankError::SignInUnknown));
}

#[tokio::test]
async fn a_code_works_once_for_each_customer() {
    let clock = Arc::new(ShiftedClock::default());
    let bank = bank(&clock);
    let code = bank.second_factors.totp.generate(seconds(clock.now()));
    for username in ["paynet", "weiming"] {
        let open = signs_in(&bank, username, username).await.sign_in.unwrap();
        let first = confirms(&bank, &open.sign_in_id, &code).await.unwrap();
        assert_eq!(first.outcome, SecondFactorResult::Right);
        let again = confirms(&bank, &open.sign_in_id, &code).await.unwrap();
        assert_eq!(again.outcome, SecondFactorResult::Wrong);
    }
}

#[tokio::test]
async fn a_wrong_password_opens_nothing() {
    let bank = bank(&Arc::new(ShiftedClock::default()));
    for (username, password) in [("paynet", "paynot"), ("nobody", ""), ("nobody", "nobody")] {
        let outcome = signs_in(&bank, username, password).await;
        assert_eq!(outcome.outcome, PasswordResult::Wrong);
        assert_eq!(outcome.sign_in, None);
    }
}
