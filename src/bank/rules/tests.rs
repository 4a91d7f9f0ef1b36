use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde_json::{Value, json};

use super::*;
use crate::bank::Period;

fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

/// `value` with some members replaced, or taken away by null.
fn but(value: &Value, changes: &Value) -> Value {
    let mut copy = value.clone();
    for (name, change) in changes.as_object().unwrap() {
        match change {
            Value::Null => drop(copy.as_object_mut().unwrap().remove(name)),
            other => copy[name] = other.clone(),
        }
    }
    copy
}

#[test]
fn a_customer_is_who_was_asked_for_and_proves_one_number() {
    const HASH: &str = "bQO5aX4Kzu8L04yu/69ZP7992WFK5C7NMBth6S+SWVA=";
    let asked = CustomerId::parse("CIF-1001").unwrap();
    let known = json!({ "sub": "CIF-1001", "id_type": "nric", "id_number": "900101-14-5566" });
    let judged = |changes: Value| customer(read(but(&known, &changes)), &asked);

    let (profile, identity) = judged(json!({})).unwrap();
    assert_eq!(profile.id_number, None, "the number is forgotten");
    assert_eq!(identity.hashed_id_number, HASH);
    let hash_only = judged(json!({ "id_number": null, "hashed_id_number": HASH })).unwrap();
    assert_eq!(hash_only.1, identity);
    assert!(judged(json!({ "hashed_id_number": HASH })).is_ok());

    let other_hash = HASH.replace('b', "c");
    assert!(judged(json!({ "hashed_id_number": other_hash })).is_err());
    assert!(judged(json!({ "id_number": null })).is_err());
    assert!(judged(json!({ "sub": "CIF-1002" })).is_err());
}

#[test]
fn a_reference_stands_once() {
    let one = json!({
        "reference": "SA-1", "number": "7001234567", "name": "Savings", "kind": "savings", "eligibility": "eligible",
    });
    let other = but(&one, &json!({ "reference": "SA-2" }));
    assert!(accounts(read(json!({ "accounts": [one, other] }))).is_ok());
    assert!(accounts(read(json!({ "accounts": [one, one] }))).is_err());
}

#[test]
fn terms_go_with_their_kind() {
    let money = json!({ "amount": "10.00", "currency": "MYR" });
    let credit = json!({ "limit": money, "interest_rate": "15.00", "minimum_payment": money });
    let loan = json!({
        "principal": money, "interest_rate": "4.125", "minimum_payment": money,
        "origination_date": "2020-03-01", "maturity_date": "2050-02-28",
    });
    let savings = json!({
        "reference": "SA-1", "number": "7001234567", "name": "Savings", "holder": "Nurul", "kind": "savings",
    });
    let asked = AccountReference::parse("SA-1").unwrap();
    let judged = |changes: Value| account(read(but(&savings, &changes)), &asked);

    assert!(judged(json!({})).is_ok());
    assert!(judged(json!({ "kind": "credit_card", "credit": credit })).is_ok());
    for kind in ["hire_purchase", "mortgage"] {
        assert!(
            judged(json!({ "kind": kind, "loan": loan })).is_ok(),
            "{kind}"
        );
        assert!(judged(json!({ "kind": kind })).is_err(), "{kind}");
    }
    assert!(judged(json!({ "credit": credit })).is_err());
    assert!(judged(json!({ "loan": loan })).is_err());
    assert!(judged(json!({ "kind": "credit_card" })).is_err());
    assert!(judged(json!({ "reference": "SA-2" })).is_err());
    let backwards = but(&loan, &json!({ "maturity_date": "2020-02-28" }));
    assert!(judged(json!({ "kind": "mortgage", "loan": backwards })).is_err());
    let long_key = "k".repeat(51);
    assert!(judged(json!({ "custom_data": { long_key: "v" } })).is_err());
}

#[test]
fn credit_lines_need_an_available_balance_and_zero_is_credit() {
    let owed = json!({ "credit_debit_indicator": "debit", "amount": "0.00", "currency": "MYR" });
    let found = json!({
        "as_of": "2026-01-05T09:41:07+08:00", "current": owed, "available": owed, "credit_lines_included": true,
    });
    let now: DateTime<Utc> = "2026-01-05T01:41:08Z".parse().unwrap();
    let judged = balance(read(found.clone()), now).unwrap();
    let directions =
        [judged.current, judged.available.unwrap()].map(|it| it.credit_debit_indicator);
    assert_eq!(directions, [CreditDebitIndicator::Credit; 2]);
    assert!(balance(read(but(&found, &json!({ "available": null }))), now).is_err());
    for (minutes, good) in [(5, true), (7, false), (-2, false)] {
        let asked = balance(read(found.clone()), now + TimeDelta::minutes(minutes));
        assert_eq!(asked.is_ok(), good, "asked {minutes} minutes later");
    }
}

#[test]
fn a_page_is_what_was_asked_for() {
    let day = |day| NaiveDate::from_ymd_opt(2026, 1, day).unwrap();
    let period = Period {
        from: day(2),
        to: day(5),
    };
    let one = |id: &str, booked_at: &str| {
        json!({
            "id": id, "booked_at": booked_at, "credit_debit_indicator": "debit",
            "amount": { "amount": "45.30", "currency": "MYR" }, "description": "QR", "is_settled": true,
        })
    };
    let judged = |answer: Value| {
        page(read(answer), 10).and_then(|page| transactions(page.transactions, period))
    };
    let newer = one("b", "2026-01-05T23:59:59+08:00");
    // The second of January in Malaysia, and still the first in UTC.
    let older = one("a", "2026-01-01T16:00:00Z");
    assert!(judged(json!({ "transactions": [newer, older], "next_cursor": "n" })).is_ok());
    assert!(judged(json!({ "transactions": [] })).is_ok());

    let before = one("c", "2026-01-01T15:59:59Z");
    let after = one("d", "2026-01-06T00:00:00+08:00");
    let of_no_calendar = one("e", "+262142-12-31T23:59:59Z");
    let many: Vec<Value> = (0..11)
        .map(|at| but(&newer, &json!({ "id": at.to_string() })))
        .collect();
    for wrong in [
        json!({ "transactions": [older, newer] }),
        json!({ "transactions": [newer, newer] }),
        json!({ "transactions": [before] }),
        json!({ "transactions": [after] }),
        json!({ "transactions": [of_no_calendar] }),
        json!({ "transactions": many }),
        json!({ "transactions": [], "next_cursor": "n" }),
        json!({ "transactions": [but(&newer, &json!({ "transfer_submethod": "fpx" }))] }),
        json!({ "transactions": [
            but(&newer, &json!({ "transfer_method": "cheque", "transfer_submethod": "fpx" })),
        ] }),
    ] {
        assert!(judged(wrong.clone()).is_err(), "{wrong}");
    }
    let paired = json!({ "transfer_method": "online_payment", "transfer_submethod": "fpx" });
    assert!(judged(json!({ "transactions": [but(&newer, &paired)] })).is_ok());
}
