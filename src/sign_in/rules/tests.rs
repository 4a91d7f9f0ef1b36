use serde_json::{Value, json};

use super::*;

fn now() -> DateTime<Utc> {
    "2026-01-05T10:17:00+08:00".parse().unwrap()
}

fn read<T: serde::de::DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap()
}

/// `value` with the member at this path replaced.
fn but(value: &Value, path: &str, change: Value) -> Value {
    let mut changed = value.clone();
    let (parent, name) = path.rsplit_once('/').unwrap();
    changed.pointer_mut(parent).unwrap()[name] = change;
    changed
}

fn right_password() -> Value {
    json!({ "outcome": "right", "sign_in": {
        "sign_in_id": "s-5Zq0hJ2mB8Yd7Rk1Xw4Tn6",
        "customer_id": "CIF-1001",
        "expires_at": "2026-01-05T10:21:30+08:00",
        "methods": ["approval", "totp"],
    } })
}

fn right_code() -> Value {
    json!({ "outcome": "right", "signed_in": {
        "customer_id": "CIF-1001",
        "acr": "urn:bank-contoh:acr:two-factor",
        "amr": ["pwd", "otp"],
        "at": "2026-01-05T10:17:02+08:00",
    } })
}

fn of_password(value: &Value) -> Result<CheckedPassword, Broken> {
    password(read(value), now())
}

fn of_code(value: &Value) -> Result<CheckedCode, Broken> {
    let customer = CustomerId::parse("CIF-1001").unwrap();
    code(read(value), &customer, CodeMethod::Totp, now())
}

#[test]
fn answers_that_keep_the_rules_are_understood() {
    let Ok(CheckedPassword::Right(open)) = of_password(&right_password()) else {
        panic!("a right password")
    };
    assert_eq!(open.id, "s-5Zq0hJ2mB8Yd7Rk1Xw4Tn6");
    let wrong = json!({ "outcome": "wrong" });
    assert_eq!(of_password(&wrong), Ok(CheckedPassword::Wrong));
    assert_eq!(of_code(&wrong), Ok(CheckedCode::Wrong));
    let locked = json!({ "outcome": "locked", "retry_after_seconds": 900 });
    assert_eq!(of_password(&locked), Ok(CheckedPassword::Locked(Some(900))));
    assert_eq!(of_code(&locked), Ok(CheckedCode::Locked(Some(900))));
    let for_good = json!({ "outcome": "locked" });
    assert_eq!(of_password(&for_good), Ok(CheckedPassword::Locked(None)));
    let Ok(CheckedCode::Right(signed_in)) = of_code(&right_code()) else {
        panic!("a right code")
    };
    assert_eq!(signed_in.amr, ["pwd", "otp"]);
    assert_eq!(signed_in.at, now() + TimeDelta::seconds(2));
}

#[test]
fn an_outcome_has_what_belongs_to_it_and_nothing_else() {
    let sign_in = right_password()["sign_in"].clone();
    let signed_in = right_code()["signed_in"].clone();
    for outcome in ["wrong", "locked"] {
        let with_sign_in = json!({ "outcome": outcome, "sign_in": sign_in });
        assert!(of_password(&with_sign_in).is_err(), "{outcome}");
        let with_customer = json!({ "outcome": outcome, "signed_in": signed_in });
        assert!(of_code(&with_customer).is_err(), "{outcome}");
    }
    let bare = json!({ "outcome": "right" });
    assert!(of_password(&bare).is_err() && of_code(&bare).is_err());
    for unlocked in [right_password(), json!({ "outcome": "wrong" })] {
        let waiting = but(&unlocked, "/retry_after_seconds", json!(900));
        assert!(of_password(&waiting).is_err(), "{unlocked}");
    }
    for unlocked in [right_code(), json!({ "outcome": "wrong" })] {
        let waiting = but(&unlocked, "/retry_after_seconds", json!(900));
        assert!(of_code(&waiting).is_err(), "{unlocked}");
    }
}

#[test]
fn a_sign_in_and_a_challenge_are_open() {
    let over = json!("2026-01-05T10:17:00+08:00");
    let late = but(&right_password(), "/sign_in/expires_at", over.clone());
    assert!(of_password(&late).is_err());
    let sent = json!({
        "challenge_id": "c-1bT7wM4xN2zS6hD0jF8rV3",
        "method": "sent_code",
        "poll_after_seconds": 5,
        "expires_at": "2026-01-05T10:18:30+08:00",
    });
    assert!(challenge(read(&sent), now()).is_ok());
    let late = but(&sent, "/expires_at", over);
    assert!(challenge(read(&late), now()).is_err());
    let another = but(&sent, "/method", json!("approval"));
    assert!(challenge(read(&another), now()).is_err());
}

#[test]
fn only_a_code_that_was_sent_expires() {
    let expired = json!({ "outcome": "expired" });
    assert!(of_code(&expired).is_err());
    let customer = CustomerId::parse("CIF-1001").unwrap();
    let sent = code(read(&expired), &customer, CodeMethod::SentCode, now());
    assert_eq!(sent, Ok(CheckedCode::Expired));
}

#[test]
fn who_signs_in_is_who_gave_the_password_now_and_with_two_factors() {
    for (path, value) in [
        ("/signed_in/customer_id", json!("CIF-1002")),
        ("/signed_in/amr", json!(["otp", "hwk"])),
        ("/signed_in/amr", json!(["pwd", "pwd"])),
        ("/signed_in/at", json!("2026-01-05T10:11:59+08:00")),
        ("/signed_in/at", json!("2026-01-05T10:22:01+08:00")),
    ] {
        let changed = but(&right_code(), path, value);
        assert!(of_code(&changed).is_err(), "{changed}");
    }
}
