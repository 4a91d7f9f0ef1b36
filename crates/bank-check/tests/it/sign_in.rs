//! The contract `sign-in`: a right bank meets everything, and one thing broken makes its requirement fail, and no other.

use chrono::{TimeDelta, Utc};
use izin_bank_check::{Options, Verdict};
use serde_json::{Value, json};

use crate::bank::{Answer, Bank, Quirk, Seen, assert_not_met, check_sign_in, sign_in_options, with_verdict};

/// Without a person, whose part takes a second.
fn options() -> Options {
    Options {
        interactive: false,
        ..sign_in_options()
    }
}

/// As the customer whose codes are sent.
fn sender() -> Options {
    Options {
        username: Some("sender".to_owned()),
        ..options()
    }
}

async fn tampered(tamper: impl Fn(&Seen, &mut Answer) + Send + Sync + 'static, not_met: &[&str]) {
    let report = check_sign_in(Bank::tampered(tamper), &options()).await;
    assert_not_met(&report, not_met);
}

/// Changes the successes of one operation.
async fn changed(operation: &'static str, change: impl Fn(&Seen, &mut Value) + Send + Sync + 'static, not_met: &[&str]) {
    let tamper = move |seen: &Seen, answer: &mut Answer| {
        if seen.is(operation) && (200..300).contains(&answer.status) {
            change(seen, &mut answer.json);
        }
    };
    tampered(tamper, not_met).await;
}

fn username(seen: &Seen) -> String {
    let body = seen.json().unwrap_or_default();
    body["username"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_right_bank_meets_everything() {
    let mut options = sign_in_options();
    options.may_lock = true;
    let report = check_sign_in(Bank::right(), &options).await;
    assert_not_met(&report, &[]);
    assert!(report.passed());
    let met = with_verdict(&report, Verdict::Met);
    let sign_in: Vec<_> = met.iter().filter(|id| id.starts_with("SI-")).collect();
    assert_eq!(sign_in.len(), 10, "{report}");
    let approval = report.entry("SI-08").unwrap();
    assert_eq!(approval.notes, ["the outcome is approved"]);
}

#[tokio::test]
async fn a_right_bank_that_sends_codes_meets_everything_that_it_can() {
    let report = check_sign_in(Bank::right(), &sender()).await;
    assert_not_met(&report, &[]);
    let approval = report.entry("SI-08").unwrap();
    assert_eq!(approval.verdict, Verdict::NotApplicable, "{report}");
}

#[tokio::test]
async fn a_bank_without_the_optional_operations_is_right_too() {
    let mut bank = Bank::tampered(|seen, answer| {
        if seen.is("getCapabilities") && answer.status == 200 {
            answer.json["methods"] = json!(["totp"]);
        }
        if seen.is("checkPassword") && answer.json["outcome"] == "right" {
            answer.json["sign_in"]["methods"] = json!(["totp"]);
        }
    });
    bank.sign_in_offered = vec!["checkPassword", "checkSecondFactor"];
    let report = check_sign_in(bank, &options()).await;
    assert_not_met(&report, &[]);
    let not_applicable = with_verdict(&report, Verdict::NotApplicable);
    assert_eq!(not_applicable, ["SI-01", "SI-07", "SI-08"], "{report}");
}

#[tokio::test]
async fn what_was_not_given_is_asked_for() {
    let report = check_sign_in(Bank::right(), &Options::default()).await;
    assert_not_met(&report, &[]);
    for id in ["SI-01", "SI-02", "SI-03", "SI-05", "SI-06", "SI-07", "SI-08", "SI-09"] {
        let entry = report.entry(id).unwrap();
        assert_eq!(entry.verdict, Verdict::NotTested, "{entry}");
        assert!(entry.reason.as_ref().unwrap().contains("--username"), "{entry}");
    }
}

#[tokio::test]
async fn cb_05_errors_that_may_be_stored() {
    let stored = |_: &Seen, answer: &mut Answer| {
        if answer.status == 404 {
            answer.remove_header("cache-control");
        }
    };
    tampered(stored, &["CB-05"]).await;
}

#[tokio::test]
async fn cb_08_a_failure_at_broken_bodies() {
    let failing = |seen: &Seen, answer: &mut Answer| {
        if !seen.body.is_empty() && seen.json().is_none() {
            answer.become_error(500, "server_error");
        }
    };
    tampered(failing, &["CB-08"]).await;
}

#[tokio::test]
async fn cb_09_another_refusal() {
    let unknown = |seen: &Seen, answer: &mut Answer| {
        if seen.is("getSecondFactor") && seen.header("x-sign-in-id").is_none() {
            answer.become_error(404, "challenge_unknown");
        }
    };
    tampered(unknown, &["CB-09"]).await;
}

#[tokio::test]
async fn cb_10_unknown_members_refused() {
    let strict = |seen: &Seen, answer: &mut Answer| {
        if seen.is("lookUpPhrase") && seen.json().is_some_and(|body| body.get("x_future").is_some()) {
            answer.become_error(400, "invalid_request");
        }
    };
    tampered(strict, &["CB-10"]).await;
}

#[tokio::test]
async fn cb_11_approvals_without_a_way_to_ask() {
    let modest = |_: &Seen, body: &mut Value| {
        if let Some(names) = body["operations"].as_array_mut() {
            names.retain(|name| name != "getSecondFactor");
        }
    };
    changed("getCapabilities", modest, &["CB-11"]).await;
}

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
    assert_eq!(with_verdict(&report, Verdict::Warning), ["SI-01"], "{report}");
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
