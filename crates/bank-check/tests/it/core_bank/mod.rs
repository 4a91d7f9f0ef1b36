//! The contract `core-bank`: a right bank meets everything, and one thing broken makes its requirement fail, and no other.

mod accounts;
mod answers;
mod notices;
mod requests;
mod transactions;

use izin_bank_check::Verdict;

use crate::bank::{Answer, Bank, Quirk, Seen, assert_not_met, check_core, options, with_verdict};

async fn tampered(tamper: impl Fn(&Seen, &mut Answer) + Send + Sync + 'static, not_met: &[&str]) {
    let report = check_core(Bank::tampered(tamper), &options()).await;
    assert_not_met(&report, not_met);
}

async fn quirky(quirk: Quirk, not_met: &[&str]) {
    let report = check_core(Bank::with(quirk), &options()).await;
    assert_not_met(&report, not_met);
}

#[tokio::test]
async fn a_right_bank_meets_everything() {
    let report = check_core(Bank::right(), &options()).await;
    assert_not_met(&report, &[]);
    assert!(report.passed());
    // A busy machine may make a warning of the times; that is the only one.
    let warned = with_verdict(&report, Verdict::Warning);
    assert!(warned.iter().all(|id| *id == "CB-07"), "{report}");
    let untested = with_verdict(&report, Verdict::NotTested);
    assert_eq!(untested[0], "CB-35", "{report}");
    assert!(
        untested[1..].iter().all(|id| id.starts_with("SI-")),
        "{report}"
    );
}

#[tokio::test]
async fn a_bank_without_the_optional_operations_is_right_too() {
    let mut bank = Bank::right();
    bank.offered = vec!["getCustomer", "listAccounts", "getAccount"];
    let report = check_core(bank, &options()).await;
    assert_not_met(&report, &[]);
    let not_applicable = with_verdict(&report, Verdict::NotApplicable);
    let expected = [
        "CB-21", "CB-22", "CB-23", "CB-24", "CB-25", "CB-26", "CB-27", "CB-28", "CB-29", "CB-30",
        "CB-31", "CB-32", "CB-33", "CB-34",
    ];
    assert_eq!(not_applicable, expected, "{report}");
}

#[tokio::test]
async fn without_leave_nothing_is_written() {
    let mut options = options();
    options.notices = false;
    let bank = Bank::tampered(|seen, _| assert!(!seen.is("sendNotice"), "a notice was sent"));
    let report = check_core(bank, &options).await;
    assert_not_met(&report, &[]);
    for id in ["CB-32", "CB-33", "CB-34"] {
        let entry = report.entry(id).unwrap();
        assert_eq!(entry.verdict, Verdict::NotTested);
        assert!(
            entry.reason.as_ref().unwrap().contains("--notices"),
            "{entry}"
        );
    }
}

#[tokio::test]
async fn what_was_not_given_is_asked_for() {
    let report = check_core(Bank::right(), &izin_bank_check::Options::default()).await;
    assert_not_met(&report, &[]);
    let met = [
        "CB-01", "CB-02", "CB-03", "CB-04", "CB-05", "CB-06", "CB-07", "CB-08", "CB-09", "CB-10",
        "CB-11", "CB-13",
    ];
    assert_eq!(with_verdict(&report, Verdict::Met), met, "{report}");
    let customer = report.entry("CB-12").unwrap();
    assert!(
        customer.reason.as_ref().unwrap().contains("--customer"),
        "{customer}"
    );
    let mut options = options();
    options.other_customer = None;
    let report = check_core(Bank::right(), &options).await;
    let access = report.entry("CB-18").unwrap();
    assert!(
        access.reason.as_ref().unwrap().contains("--other-customer"),
        "{access}"
    );
}
