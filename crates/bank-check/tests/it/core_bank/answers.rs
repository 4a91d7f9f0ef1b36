//! Faults that any answer can have, CB-01 to CB-07 and CB-35.

use izin_bank_check::Verdict;
use serde_json::{Value, json};

use super::{quirky, tampered};
use crate::bank::{Answer, Bank, Quirk, Seen, assert_not_met, check_core, options};

#[tokio::test]
async fn cb_01_redirects() {
    // An eligible account that redirects cannot be read either.
    let redirect = |seen: &Seen, answer: &mut Answer| {
        if seen.is("getBalance") && seen.segment(3) == "HL-1" && answer.status == 200 {
            answer.status = 302;
            answer.set_header("location", "/elsewhere");
        }
    };
    tampered(redirect, &["CB-01", "CB-16"]).await;
}

#[tokio::test]
async fn cb_02_callers_without_credentials() {
    quirky(Quirk::AcceptsAnyCaller, &["CB-02"]).await;
}

#[tokio::test]
async fn cb_02_callers_with_a_wrong_token() {
    quirky(Quirk::AcceptsAnyToken, &["CB-02"]).await;
}

#[tokio::test]
async fn cb_02_refused_in_another_way() {
    let forbidden = |_: &Seen, answer: &mut Answer| {
        if answer.status == 401 {
            answer.become_error(403, "access_denied");
        }
    };
    tampered(forbidden, &["CB-02"]).await;
}

#[tokio::test]
async fn cb_03_an_empty_string() {
    let empty = |seen: &Seen, answer: &mut Answer| {
        if seen.is("getCustomer") && answer.status == 200 {
            answer.json["name"] = json!("");
        }
    };
    tampered(empty, &["CB-03"]).await;
}

#[tokio::test]
async fn cb_03_a_null_in_a_row() {
    let null = |seen: &Seen, answer: &mut Answer| {
        if seen.is("listTransactions") && answer.json["transactions"][2].is_object() {
            answer.json["transactions"][2]["merchant_name"] = Value::Null;
        }
    };
    tampered(null, &["CB-03"]).await;
}

#[tokio::test]
async fn cb_03_no_json() {
    let cut = |seen: &Seen, answer: &mut Answer| {
        if seen.is("getBalance") && seen.segment(3) == "HL-1" && answer.status == 200 {
            answer.raw = Some(b"{\"as_of\":".to_vec());
        }
    };
    tampered(cut, &["CB-03"]).await;
}

#[tokio::test]
async fn cb_03_another_success() {
    // Whoever asks for 200 finds no balance.
    let created = |seen: &Seen, answer: &mut Answer| {
        if seen.is("getBalance") && answer.status == 200 {
            answer.status = 203;
        }
    };
    tampered(created, &["CB-03", "CB-16"]).await;
}

#[tokio::test]
async fn cb_04_an_error_with_an_empty_description() {
    let empty = |_: &Seen, answer: &mut Answer| {
        if answer.status == 404 {
            answer.json["error_description"] = json!("");
        }
    };
    tampered(empty, &["CB-04"]).await;
}

#[tokio::test]
async fn cb_04_a_code_of_another_status() {
    let gone = |seen: &Seen, answer: &mut Answer| {
        if seen.is("getCustomer") && answer.status == 404 {
            answer.become_error(404, "account_gone");
        }
    };
    tampered(gone, &["CB-04", "CB-13"]).await;
}

#[tokio::test]
async fn cb_04_a_page_of_a_proxy() {
    let page = |seen: &Seen, answer: &mut Answer| {
        if seen.is("listAccounts") && answer.status == 404 {
            answer.raw = Some(b"<html>not found</html>".to_vec());
        }
    };
    tampered(page, &["CB-04", "CB-13"]).await;
}

#[tokio::test]
async fn cb_05_answers_that_may_be_stored() {
    let stored = |seen: &Seen, answer: &mut Answer| {
        if seen.is("getCustomer") {
            answer.remove_header("cache-control");
        }
    };
    tampered(stored, &["CB-05"]).await;
}

#[tokio::test]
async fn cb_05_another_content_type() {
    let text = |_: &Seen, answer: &mut Answer| {
        if answer.status == 400 {
            answer.set_header("content-type", "text/plain");
        }
    };
    tampered(text, &["CB-05"]).await;
}

#[tokio::test]
async fn cb_06_errors_without_the_request_s_id() {
    let silent = |_: &Seen, answer: &mut Answer| {
        if answer.status == 404 {
            answer.remove_header("x-request-id");
        }
    };
    tampered(silent, &["CB-06"]).await;
}

#[tokio::test]
async fn cb_06_an_id_of_its_own() {
    let own = |_: &Seen, answer: &mut Answer| {
        answer.set_header("x-request-id", "0b6ad7d2-6f0c-4f43-9c0e-3a4f9f2f1180");
    };
    tampered(own, &["CB-06"]).await;
}

#[tokio::test]
async fn cb_07_a_late_answer() {
    let late = |seen: &Seen, answer: &mut Answer| {
        if seen.is("listAccounts") && seen.number == 3 {
            answer.delay = 4_200;
        }
    };
    tampered(late, &["CB-07"]).await;
}

#[tokio::test]
async fn cb_07_no_answer() {
    let never = |seen: &Seen, answer: &mut Answer| {
        if seen.is("listAccounts") && seen.number == 3 {
            answer.delay = 60_000;
        }
    };
    tampered(never, &["CB-07"]).await;
}

#[tokio::test]
async fn cb_07_failures_under_load() {
    let alone = std::sync::atomic::AtomicUsize::new(0);
    let crowded = move |seen: &Seen, answer: &mut Answer| {
        // The 20 calls before the crowd are answered.
        let calls = alone.fetch_add(
            usize::from(seen.is("getCustomer") && answer.status == 200),
            std::sync::atomic::Ordering::SeqCst,
        );
        if seen.is("getCustomer") && answer.status == 200 && calls > 30 {
            answer.become_error(500, "server_error");
        }
    };
    tampered(crowded, &["CB-07"]).await;
}

fn busy(answer: &mut Answer, retry_after: Option<&str>) {
    answer.become_error(429, "temporarily_unavailable");
    if let Some(seconds) = retry_after {
        answer.set_header("retry-after", seconds);
    }
}

#[tokio::test]
async fn cb_35_a_limit_that_does_not_say_how_long() {
    let silent = |seen: &Seen, answer: &mut Answer| {
        if seen.is("listAccounts") && seen.number == 2 {
            busy(answer, None);
        }
    };
    tampered(silent, &["CB-35"]).await;
}

#[tokio::test]
async fn cb_35_a_limit_that_does() {
    let told = |seen: &Seen, answer: &mut Answer| {
        if seen.is("listAccounts") && seen.number == 2 {
            busy(answer, Some("1"));
        }
    };
    let report = check_core(Bank::tampered(told), &options()).await;
    assert_not_met(&report, &[]);
    assert_eq!(
        report.entry("CB-35").unwrap().verdict,
        Verdict::Met,
        "{report}"
    );
}
