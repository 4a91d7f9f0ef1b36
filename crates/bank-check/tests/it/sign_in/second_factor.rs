//! Faults of second factors, SI-04 to SI-08.

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};

use super::{changed, options, sender, tampered};
use crate::bank::{Answer, Bank, Quirk, Seen, assert_not_met, check_sign_in, sign_in_options};

#[tokio::test]
async fn si_04_the_approval_of_another_sign_in() {
    let report = check_sign_in(Bank::with(Quirk::AnySignInsChallenge), &options()).await;
    assert_not_met(&report, &["SI-04"]);
}

#[tokio::test]
async fn si_04_the_sent_code_of_another_sign_in() {
    let report = check_sign_in(Bank::with(Quirk::AnySignInsChallenge), &sender()).await;
    assert_not_met(&report, &["SI-04"]);
}

#[tokio::test]
async fn si_04_another_code_for_unknown_sign_ins() {
    let vague = |seen: &Seen, answer: &mut Answer| {
        if seen.is("checkSecondFactor") && answer.status == 404 {
            answer.become_error(404, "challenge_unknown");
        }
    };
    tampered(vague, &["SI-04"]).await;
}

#[tokio::test]
async fn si_05_a_code_that_works_twice() {
    let report = check_sign_in(Bank::with(Quirk::AnyCodeAnyTime), &options()).await;
    assert_not_met(&report, &["SI-05"]);
}

#[tokio::test]
async fn si_06_another_customer() {
    let other = |_: &Seen, body: &mut Value| {
        if body["outcome"] == "right" {
            body["signed_in"]["customer_id"] = json!("CIF-9");
        }
    };
    changed("checkSecondFactor", other, &["SI-06"]).await;
}

#[tokio::test]
async fn si_06_without_the_password_among_the_factors() {
    let odd = |_: &Seen, body: &mut Value| {
        if body["outcome"] == "right" {
            body["signed_in"]["amr"] = json!(["otp", "hwk"]);
        }
    };
    changed("checkSecondFactor", odd, &["SI-06"]).await;
}

#[tokio::test]
async fn si_06_long_ago() {
    let old = |_: &Seen, body: &mut Value| {
        if body["outcome"] == "right" {
            let ago = Utc::now() - TimeDelta::minutes(3);
            body["signed_in"]["at"] = json!(ago.to_rfc3339());
        }
    };
    changed("checkSecondFactor", old, &["SI-06"]).await;
}

#[tokio::test]
async fn si_06_an_approval_of_nobody() {
    let nobody = |seen: &Seen, answer: &mut Answer| {
        if seen.is("getSecondFactor") && answer.status == 200 {
            answer.json.as_object_mut().unwrap().remove("signed_in");
        }
    };
    let report = check_sign_in(Bank::tampered(nobody), &sign_in_options()).await;
    assert_not_met(&report, &["SI-06"]);
}

#[tokio::test]
async fn si_07_starts_forgotten() {
    let report = check_sign_in(Bank::with(Quirk::ForgetsStarts), &options()).await;
    assert_not_met(&report, &["SI-07"]);
}

#[tokio::test]
async fn si_07_another_refusal_of_a_missing_method() {
    let vague = |_: &Seen, answer: &mut Answer| {
        if answer.json["error"] == "method_unavailable" {
            answer.become_error(404, "sign_in_unknown");
        }
    };
    tampered(vague, &["SI-07"]).await;
}

#[tokio::test]
async fn si_08_a_decision_that_changes() {
    let moody = |seen: &Seen, answer: &mut Answer| {
        if seen.is("getSecondFactor") && answer.status == 200 {
            let acr = format!("urn:bank:acr:{}", seen.number);
            answer.json["signed_in"]["acr"] = json!(acr);
        }
    };
    let report = check_sign_in(Bank::tampered(moody), &sign_in_options()).await;
    assert_not_met(&report, &["SI-08"]);
}

#[tokio::test]
async fn si_08_an_approval_that_nobody_gives_runs_out() {
    let mut options = options();
    options.patient = true;
    let unattended = |tamper: fn(&Seen, &mut Answer)| {
        let mut bank = Bank::tampered(tamper);
        bank.approves_after = None;
        bank.approval_lives = 1;
        bank
    };
    let report = check_sign_in(unattended(|_, _| ()), &options).await;
    assert_not_met(&report, &[]);
    let approval = report.entry("SI-08").unwrap();
    assert_eq!(approval.notes, ["the outcome is expired"], "{report}");
    let forgetful = |_: &Seen, answer: &mut Answer| {
        if answer.json["outcome"] == "expired" {
            answer.become_error(404, "challenge_unknown");
        }
    };
    let report = check_sign_in(unattended(forgetful), &options).await;
    assert_not_met(&report, &["SI-08"]);
}
