//! Faults of transactions, pages, days and cursors, CB-22 to CB-31.

use izin_bank_check::Verdict;
use serde_json::{Value, json};

use crate::bank::{Answer, Bank, Quirk, Seen, assert_not_met, check_core, options};

async fn broken(bank: Bank, not_met: &[&str]) {
    assert_not_met(&check_core(bank, &options()).await, not_met);
}

/// Changes pages of transactions.
fn pages(change: impl Fn(&Seen, &mut Value) + Send + Sync + 'static) -> Bank {
    Bank::tampered(move |seen, answer| {
        if seen.is("listTransactions") && answer.status == 200 {
            change(seen, &mut answer.json);
        }
    })
}

/// Answers something else to some questions for transactions.
fn answers(
    when: impl Fn(&Seen) -> bool + Send + Sync + 'static,
    then: impl Fn() -> Answer + Send + Sync + 'static,
) -> Bank {
    Bank::tampered(move |seen, answer| {
        if seen.is("listTransactions")
            && seen.segment(1) == "CIF-1"
            && answer.status != 401
            && when(seen)
        {
            let headers = answer.headers.clone();
            *answer = Answer { headers, ..then() };
        }
    })
}

fn nothing() -> Answer {
    Answer::ok(json!({"transactions": []}))
}

#[tokio::test]
async fn cb_22_rows_out_of_order() {
    let mut bank = Bank::right();
    bank.savings().swap(20, 21);
    broken(bank, &["CB-22"]).await;
}

#[tokio::test]
async fn cb_23_a_row_twice() {
    let mut bank = Bank::right();
    let id = bank.savings()[30].1["id"].clone();
    bank.savings()[31].1["id"] = id;
    broken(bank, &["CB-23"]).await;
}

#[tokio::test]
async fn cb_23_a_row_lost_between_pages() {
    // Sizes that change midway use the same pages.
    let lost = pages(|seen, body| {
        if seen.parameter("page_size") == Some("37") && body.get("next_cursor").is_some() {
            body["transactions"].as_array_mut().unwrap().pop();
        }
    });
    broken(lost, &["CB-23", "CB-24"]).await;
}

#[tokio::test]
async fn cb_23_cursors_that_lead_nowhere() {
    // Nor can one be used again.
    let forgetful = answers(
        |seen| seen.parameter("cursor").is_some_and(|it| it.len() > 60),
        || Answer::error(400, "invalid_cursor"),
    );
    broken(forgetful, &["CB-23", "CB-30"]).await;
}

#[tokio::test]
async fn cb_24_one_row_too_many() {
    broken(Bank::with(Quirk::OneRowTooMany), &["CB-24"]).await;
}

#[tokio::test]
async fn cb_25_501_rows() {
    let generous = answers(|seen| seen.parameter("page_size") == Some("501"), nothing);
    broken(generous, &["CB-25"]).await;
}

#[tokio::test]
async fn cb_25_no_page_size() {
    let generous = answers(|seen| seen.parameter("page_size").is_none(), nothing);
    broken(generous, &["CB-25"]).await;
}

#[tokio::test]
async fn cb_26_days_in_greenwich() {
    broken(Bank::with(Quirk::DaysInUtc), &["CB-26"]).await;
}

#[tokio::test]
async fn cb_27_an_error_for_days_to_come() {
    let today = crate::bank::data::today().to_string();
    let strict = answers(
        move |seen| seen.parameter("from_date").is_some_and(|day| *day > *today),
        || Answer::error(400, "invalid_request"),
    );
    broken(strict, &["CB-27"]).await;
}

#[tokio::test]
async fn cb_27_a_period_that_is_none() {
    let lenient = answers(
        |seen| seen.parameter("to_date") == Some("2026-02-30"),
        nothing,
    );
    broken(lenient, &["CB-27"]).await;
}

#[tokio::test]
async fn cb_27_long_periods_refused() {
    let lately = (crate::bank::data::today() - chrono::Days::new(100)).to_string();
    let short_sighted = answers(
        move |seen| {
            seen.parameter("from_date")
                .is_some_and(|day| *day < *lately)
        },
        || Answer::error(400, "invalid_request"),
    );
    broken(short_sighted, &["CB-27"]).await;
}

#[tokio::test]
async fn cb_28_a_short_history_is_a_warning() {
    let mut bank = Bank::right();
    bank.savings().truncate(20);
    let report = check_core(bank, &options()).await;
    assert_not_met(&report, &[]);
    let history = report.entry("CB-28").unwrap();
    assert_eq!(history.verdict, Verdict::Warning, "{report}");
}

#[tokio::test]
async fn cb_29_any_cursor_is_taken() {
    broken(Bank::with(Quirk::AnyCursor), &["CB-29"]).await;
}

#[tokio::test]
async fn cb_29_another_code_for_bad_cursors() {
    let vague = Bank::tampered(|_, answer| {
        if answer.json["error"] == "invalid_cursor" {
            answer.json["error"] = json!("invalid_request");
        }
    });
    broken(vague, &["CB-29"]).await;
}

#[tokio::test]
async fn cb_30_a_cursor_that_works_once() {
    broken(Bank::with(Quirk::CursorWorksOnce), &["CB-30"]).await;
}

#[tokio::test]
async fn cb_31_pending_ones_that_were_not_announced() {
    let mut bank = Bank::right();
    bank.features = vec!["transfer_methods"];
    broken(bank, &["CB-31"]).await;
}

#[tokio::test]
async fn cb_31_a_submethod_of_another_method() {
    let mut bank = Bank::right();
    bank.savings()[5].1["transfer_submethod"] = json!("rtgs");
    broken(bank, &["CB-31"]).await;
}

#[tokio::test]
async fn cb_31_a_submethod_without_method() {
    let mut bank = Bank::right();
    bank.savings()[5]
        .1
        .as_object_mut()
        .unwrap()
        .remove("transfer_method");
    broken(bank, &["CB-31"]).await;
}

#[tokio::test]
async fn a_given_account_is_the_one_that_is_looked_at() {
    let mut options = options();
    options.account = Some("CC-1".to_owned());
    let report = check_core(Bank::right(), &options).await;
    assert_not_met(&report, &[]);
    let note = &report.entry("CB-23").unwrap().notes[0];
    assert!(note.starts_with("15 transactions"), "{report}");
    options.account = Some("HL-1".to_owned());
    let report = check_core(Bank::right(), &options).await;
    let paging = report.entry("CB-23").unwrap();
    assert_eq!(paging.verdict, Verdict::NotTested);
}
