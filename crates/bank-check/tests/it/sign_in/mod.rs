//! The contract `sign-in`: a right bank meets everything, and one thing broken makes its requirement fail, and no other.

mod answers;
mod password;
mod second_factor;

use izin_bank_check::{Options, Verdict};
use serde_json::{Value, json};

use crate::bank::{
    Answer, Bank, Seen, assert_not_met, check_sign_in, sign_in_options, with_verdict,
};

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
async fn changed(
    operation: &'static str,
    change: impl Fn(&Seen, &mut Value) + Send + Sync + 'static,
    not_met: &[&str],
) {
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
    let untested = with_verdict(&report, Verdict::NotTested);
    assert!(!untested.iter().any(|id| id.starts_with("SI-")), "{report}");
    // A busy machine may make warnings of the times; they are the only ones.
    let timed = ["CB-07", "SI-01", "SI-02"];
    let warned = with_verdict(&report, Verdict::Warning);
    assert!(warned.iter().all(|id| timed.contains(id)), "{report}");
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
    for id in [
        "SI-01", "SI-02", "SI-03", "SI-05", "SI-06", "SI-07", "SI-08", "SI-09",
    ] {
        let entry = report.entry(id).unwrap();
        assert_eq!(entry.verdict, Verdict::NotTested, "{entry}");
        assert!(
            entry.reason.as_ref().unwrap().contains("--username"),
            "{entry}"
        );
    }
}
