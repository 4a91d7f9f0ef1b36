//! Faults of notices, CB-32 to CB-34.

use crate::bank::{Answer, Bank, Quirk, Seen, assert_not_met, check_core, options};

async fn refusing(
    when: impl Fn(&serde_json::Value) -> bool + Send + Sync + 'static,
    not_met: &[&str],
) {
    let bank = Bank::tampered(move |seen: &Seen, answer: &mut Answer| {
        if answer.status == 202 && seen.json().is_some_and(|body| when(&body)) {
            answer.become_error(400, "invalid_request");
        }
    });
    assert_not_met(&check_core(bank, &options()).await, not_met);
}

#[tokio::test]
async fn cb_32_keys_forgotten() {
    let report = check_core(Bank::with(Quirk::ForgetsKeys), &options()).await;
    assert_not_met(&report, &["CB-32"]);
}

#[tokio::test]
async fn cb_32_the_same_reference_for_all() {
    let bank = Bank::tampered(|_, answer| {
        if answer.status == 202 {
            answer.json["reference"] = serde_json::json!("NTF-1");
        }
    });
    assert_not_met(&check_core(bank, &options()).await, &["CB-32"]);
}

#[tokio::test]
async fn cb_33_a_kind_that_is_not_taken() {
    refusing(|body| body["kind"] == "sharing_suspended", &["CB-33"]).await;
}

#[tokio::test]
async fn cb_33_an_optional_member_demanded() {
    refusing(|body| body.get("language").is_none(), &["CB-33"]).await;
}

#[tokio::test]
async fn cb_34_bodies_unread() {
    let report = check_core(Bank::with(Quirk::NoticesUnread), &options()).await;
    assert_not_met(&report, &["CB-34"]);
}

#[tokio::test]
async fn cb_34_another_refusal_of_large_bodies() {
    let bank = Bank::tampered(|_, answer| {
        if answer.status == 413 {
            answer.become_error(400, "invalid_request");
        }
    });
    assert_not_met(&check_core(bank, &options()).await, &["CB-34"]);
}
