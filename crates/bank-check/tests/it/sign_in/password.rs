//! Faults of phrases, passwords and locks, SI-01 to SI-03, SI-09 and SI-10.

use chrono::{TimeDelta, Utc};
use izin_bank_check::Verdict;
use serde_json::{Value, json};

use super::{changed, options, tampered, username};
use crate::bank::{Answer, Bank, Quirk, Seen, assert_not_met, check_sign_in, with_verdict};

#[tokio::test]
async fn si_01_a_phrase_for_everybody() {
    let invented = |seen: &Seen, answer: &mut Answer| {
        let plain = username(seen).is_ascii();
        if seen.is("lookUpPhrase") && answer.status == 404 && plain {
            answer.status = 200;
            answer.json = json!({"phrase": "some words"});
        }
    };
    tampered(invented, &["SI-01"]).await;
}

#[tokio::test]
async fn si_01_no_phrase_for_a_known_name() {
    let forgetful = |seen: &Seen, answer: &mut Answer| {
        if seen.is("lookUpPhrase") && answer.status == 200 {
            answer.become_error(404, "username_unknown");
        }
    };
    tampered(forgetful, &["SI-01"]).await;
}

#[tokio::test]
async fn si_01_a_known_name_that_takes_its_time_is_a_warning() {
    let slow = |seen: &Seen, answer: &mut Answer| {
        if seen.is("lookUpPhrase") && answer.status == 200 {
            answer.delay = 100;
        }
    };
    let report = check_sign_in(Bank::tampered(slow), &options()).await;
    assert_not_met(&report, &[]);
    // No word on others: their times are real.
    let phrases = report.entry("SI-01").unwrap();
    assert_eq!(phrases.verdict, Verdict::Warning, "{report}");
}

#[tokio::test]
async fn si_02_an_unknown_name_that_shows() {
    let telling = |seen: &Seen, answer: &mut Answer| {
        if seen.is("checkPassword") && answer.status == 200 && username(seen) != "paynet" {
            answer.json["x_hint"] = json!("no such user");
        }
    };
    tampered(telling, &["SI-02"]).await;
}

#[tokio::test]
async fn si_03_no_sign_in() {
    let bare = |_: &Seen, body: &mut Value| {
        body.as_object_mut().unwrap().remove("sign_in");
    };
    changed("checkPassword", bare, &["SI-03"]).await;
}

#[tokio::test]
async fn si_03_a_short_life() {
    let short = |_: &Seen, body: &mut Value| {
        if body["outcome"] == "right" {
            let soon = Utc::now() + TimeDelta::minutes(1);
            body["sign_in"]["expires_at"] = json!(soon.to_rfc3339());
        }
    };
    changed("checkPassword", short, &["SI-03"]).await;
}

#[tokio::test]
async fn si_03_a_lock_s_end_without_a_lock() {
    let odd = |_: &Seen, body: &mut Value| {
        if body["outcome"] == "right" {
            body["retry_after_seconds"] = json!(5);
        }
    };
    changed("checkPassword", odd, &["SI-03"]).await;
}

#[tokio::test]
async fn si_03_the_same_sign_in_for_all() {
    // Nothing can be bound to a sign-in that the bank does not know, so the rest is broken by the test's own doing.
    let same = |_: &Seen, body: &mut Value| {
        if body["outcome"] == "right" {
            body["sign_in"]["sign_in_id"] = json!("s-0123456789abcdef");
        }
    };
    let tamper = move |seen: &Seen, answer: &mut Answer| {
        if seen.is("checkPassword") && answer.status == 200 {
            same(seen, &mut answer.json);
        }
    };
    let report = check_sign_in(Bank::tampered(tamper), &options()).await;
    let not_met = with_verdict(&report, Verdict::NotMet);
    assert!(not_met.contains(&"SI-03"), "{report}");
}

#[tokio::test]
async fn si_09_no_lock() {
    let mut options = options();
    options.may_lock = true;
    let report = check_sign_in(Bank::with(Quirk::NeverLocks), &options).await;
    assert_not_met(&report, &["SI-09"]);
}

#[tokio::test]
async fn si_09_a_lock_that_the_right_password_opens() {
    let mut options = options();
    options.may_lock = true;
    let bank = Bank::with(Quirk::LockEndsWithTheRightPassword);
    assert_not_met(&check_sign_in(bank, &options).await, &["SI-09"]);
}

#[tokio::test]
async fn si_10_passwords_that_are_trimmed() {
    let report = check_sign_in(Bank::with(Quirk::TrimsPasswords), &options()).await;
    assert_not_met(&report, &["SI-10"]);
}

#[tokio::test]
async fn si_10_a_control_character_that_is_taken() {
    let lenient = |seen: &Seen, answer: &mut Answer| {
        if seen.is("checkPassword") && username(seen).contains('\u{7}') {
            answer.status = 200;
            answer.json = json!({"outcome": "wrong"});
        }
    };
    tampered(lenient, &["SI-10"]).await;
}

#[tokio::test]
async fn si_10_a_failure_at_names_beyond_ascii() {
    let failing = |seen: &Seen, answer: &mut Answer| {
        if seen.is("checkPassword") && !username(seen).is_ascii() {
            answer.become_error(500, "server_error");
        }
    };
    tampered(failing, &["SI-10"]).await;
}
