//! Faults of customers, accounts and balances, CB-12 to CB-21.

use chrono::{TimeDelta, Utc};
use izin_bank_check::Verdict;
use serde_json::{Value, json};

use super::tampered;
use crate::bank::{Answer, Bank, Quirk, Seen, assert_not_met, check_core, data::ACCOUNTS, options};

/// Changes the successes of one operation.
async fn changed(
    operation: &'static str,
    change: impl Fn(&Seen, &mut Value) + Send + Sync + 'static,
    not_met: &[&str],
) {
    let tamper = move |seen: &Seen, answer: &mut Answer| {
        if seen.is(operation) && answer.status == 200 {
            change(seen, &mut answer.json);
        }
    };
    tampered(tamper, not_met).await;
}

fn without(body: &mut Value, name: &str) {
    body.as_object_mut().unwrap().remove(name);
}

#[tokio::test]
async fn cb_12_another_customer() {
    changed(
        "getCustomer",
        |_, body| body["sub"] = json!("CIF-9"),
        &["CB-12"],
    )
    .await;
}

#[tokio::test]
async fn cb_12_no_identity_document() {
    let anonymous = |_: &Seen, body: &mut Value| {
        without(body, "id_number");
        without(body, "hashed_id_number");
    };
    changed("getCustomer", anonymous, &["CB-12"]).await;
}

#[tokio::test]
async fn cb_12_number_and_hash_that_disagree() {
    let other = |_: &Seen, body: &mut Value| body["id_number"] = json!("900101-14-5567");
    changed("getCustomer", other, &["CB-12"]).await;
}

#[tokio::test]
async fn cb_12_the_hash_alone_is_enough() {
    changed("getCustomer", |_, body| without(body, "id_number"), &[]).await;
}

#[tokio::test]
async fn cb_13_unknown_customers_with_empty_lists() {
    let empty = |seen: &Seen, answer: &mut Answer| {
        if seen.is("listAccounts") && answer.status == 404 {
            *answer = Answer {
                headers: answer.headers.clone(),
                ..Answer::ok(json!({"accounts": []}))
            };
        }
    };
    tampered(empty, &["CB-13"]).await;
}

#[tokio::test]
async fn cb_14_a_name_that_changes() {
    let moody =
        |seen: &Seen, body: &mut Value| body["name"] = json!(format!("Name {}", seen.number));
    changed("getCustomer", moody, &["CB-14"]).await;
}

#[tokio::test]
async fn cb_15_a_reference_twice() {
    let twice = |_: &Seen, body: &mut Value| {
        let accounts = body["accounts"].as_array_mut().unwrap();
        accounts.extend(accounts.first().cloned());
    };
    changed("listAccounts", twice, &["CB-15"]).await;
}

#[tokio::test]
async fn cb_15_another_order_every_time() {
    let shuffled = |seen: &Seen, body: &mut Value| {
        if seen.number.is_multiple_of(2) {
            body["accounts"].as_array_mut().unwrap().reverse();
        }
    };
    changed("listAccounts", shuffled, &["CB-14", "CB-15"]).await;
}

#[tokio::test]
async fn cb_15_no_list() {
    let broken = |seen: &Seen, answer: &mut Answer| {
        if seen.is("listAccounts") && answer.status == 200 {
            answer.become_error(500, "server_error");
        }
    };
    tampered(broken, &["CB-15"]).await;
}

#[tokio::test]
async fn cb_15_the_fingerprint_of_another_day() {
    let report = check_core(Bank::right(), &options()).await;
    let note = &report.entry("CB-15").unwrap().notes[0];
    let fingerprint = note
        .split_whitespace()
        .nth(1)
        .unwrap()
        .trim_end_matches(',')
        .to_owned();
    let mut options = options();
    options.expect = Some(fingerprint);
    assert_not_met(&check_core(Bank::right(), &options).await, &[]);
    options.expect = Some("0123456789abcdef".to_owned());
    assert_not_met(&check_core(Bank::right(), &options).await, &["CB-15"]);
}

#[tokio::test]
async fn cb_16_an_ineligible_account_that_is_given() {
    let open = |seen: &Seen, answer: &mut Answer| {
        if seen.is("getAccount") && seen.segment(3) == "SA-2" && answer.status == 409 {
            answer.status = 200;
            answer.json = ACCOUNTS[4].detail();
        }
    };
    tampered(open, &["CB-16"]).await;
}

#[tokio::test]
async fn cb_16_an_eligible_account_that_fails() {
    let broken = |seen: &Seen, answer: &mut Answer| {
        if seen.is("getBalance") && seen.segment(3) == "CC-1" && answer.status == 200 {
            answer.become_error(500, "server_error");
        }
    };
    tampered(broken, &["CB-16"]).await;
}

#[tokio::test]
async fn cb_16_an_account_that_is_out_for_now() {
    let out = |seen: &Seen, answer: &mut Answer| {
        if seen.is("getBalance") && seen.segment(3) == "CC-1" && answer.status == 200 {
            answer.become_error(409, "account_unavailable");
        }
    };
    let report = check_core(Bank::tampered(out), &options()).await;
    assert_not_met(&report, &[]);
    let eligibility = report.entry("CB-16").unwrap();
    assert_eq!(eligibility.verdict, Verdict::Warning, "{report}");
}

#[tokio::test]
async fn cb_17_a_list_with_other_names() {
    changed(
        "listAccounts",
        |_, body| body["accounts"][0]["name"] = json!("Other"),
        &["CB-17"],
    )
    .await;
}

#[tokio::test]
async fn cb_18_another_customer_s_account() {
    let report = check_core(Bank::with(Quirk::OthersAccounts), &options()).await;
    assert_not_met(&report, &["CB-18"]);
}

#[tokio::test]
async fn cb_18_other_words_for_another_customer_s_account() {
    let telling = |seen: &Seen, answer: &mut Answer| {
        if seen.segment(3) == "SA-9" {
            answer.json["error_description"] = json!("This account is not yours.");
        }
    };
    tampered(telling, &["CB-18"]).await;
}

#[tokio::test]
async fn cb_19_an_unknown_account_that_is_blocked() {
    let blocked = |seen: &Seen, answer: &mut Answer| {
        let unknown = seen.segment(3).starts_with("izin-bank-check");
        if unknown && seen.segment(1) == "CIF-1" && answer.status == 404 {
            answer.become_error(409, "account_blocked");
        }
    };
    tampered(blocked, &["CB-19"]).await;
}

#[tokio::test]
async fn cb_20_terms_of_another_kind() {
    let credit = ACCOUNTS[1].detail()["credit"].clone();
    let lent = move |seen: &Seen, body: &mut Value| {
        if seen.segment(3) == "SA-1" {
            body["credit"] = credit.clone();
        }
    };
    changed("getAccount", lent, &["CB-20"]).await;
}

#[tokio::test]
async fn cb_20_terms_that_are_missing() {
    let bare = |seen: &Seen, body: &mut Value| {
        if seen.segment(3) == "HL-1" {
            without(body, "loan");
        }
    };
    changed("getAccount", bare, &["CB-20"]).await;
}

#[tokio::test]
async fn cb_20_a_loan_that_ends_before_it_begins() {
    let odd = |seen: &Seen, body: &mut Value| {
        if seen.segment(3) == "HL-1" {
            body["loan"]["maturity_date"] = json!("2019-12-31");
        }
    };
    changed("getAccount", odd, &["CB-20"]).await;
}

#[tokio::test]
async fn cb_20_a_card_number_in_full() {
    let number = "5123456789012346";
    let open = move |seen: &Seen, answer: &mut Answer| {
        if seen.is("listAccounts") && seen.segment(1) == "CIF-1" && answer.status == 200 {
            answer.json["accounts"][1]["number"] = json!(number);
        }
        if seen.is("getAccount") && seen.segment(3) == "CC-1" {
            answer.json["number"] = json!(number);
        }
    };
    let report = check_core(Bank::tampered(open), &options()).await;
    assert_not_met(&report, &[]);
    let terms = report.entry("CB-20").unwrap();
    assert_eq!(terms.verdict, Verdict::Warning, "{report}");
    assert!(!report.to_text().contains(number));
}

#[tokio::test]
async fn cb_21_yesterday_s_balance() {
    let stale = |_: &Seen, body: &mut Value| {
        body["as_of"] = json!((Utc::now() - TimeDelta::minutes(10)).to_rfc3339());
    };
    changed("getBalance", stale, &["CB-21"]).await;
}

#[tokio::test]
async fn cb_21_time_that_goes_back() {
    let back = |seen: &Seen, body: &mut Value| {
        let ago = TimeDelta::seconds(i64::from(seen.number) / 2);
        body["as_of"] = json!((Utc::now() - ago).to_rfc3339());
    };
    changed("getBalance", back, &["CB-21"]).await;
}

#[tokio::test]
async fn cb_21_credit_lines_of_nothing() {
    let odd = |_: &Seen, body: &mut Value| {
        without(body, "available");
        body["credit_lines_included"] = json!(true);
    };
    changed("getBalance", odd, &["CB-21"]).await;
}

#[tokio::test]
async fn cb_21_a_statement_of_the_future() {
    changed(
        "getBalance",
        |_, body| body["statement"]["date"] = json!("2999-01-01"),
        &["CB-21"],
    )
    .await;
}

#[tokio::test]
async fn cb_21_a_zero_that_is_owed() {
    let debit =
        |_: &Seen, body: &mut Value| body["available"]["credit_debit_indicator"] = json!("debit");
    changed("getBalance", debit, &["CB-21"]).await;
}
