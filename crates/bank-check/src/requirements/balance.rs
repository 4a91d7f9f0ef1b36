//! The balance of this moment.

use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
use serde_json::Value;

use super::Requirement;
use crate::{
    bench::{Bench, malaysian_today},
    call::{Call, Contract, Exchange},
    document::{date, date_time},
    sheet::{Sheet, Step, require},
};

const FRESH: TimeDelta = TimeDelta::minutes(5);

pub(super) fn requirements() -> Vec<Requirement> {
    vec![requirement!(
        "CB-21",
        "The balance is fresh and coherent",
        ["getBalance"],
        InOrder,
        |bench, sheet| balance(bench, sheet)
    )]
}

async fn balance(bench: &Bench<'_>, sheet: &mut Sheet) -> Step {
    bench
        .capabilities(Contract::CoreBank)
        .await?
        .needs("getBalance")?;
    let customer = bench.customer()?;
    let mut read = 0;
    for account in bench.eligible().await? {
        let call = Call::balance(customer, &account.reference);
        let first = bench.ask(call.clone()).await?;
        let Some(body) = first.json_if(200) else {
            continue;
        };
        read += 1;
        let before = as_of(body);
        judge_balance(&first, body, sheet);
        let second = bench.ask(call.how("a second time")).await?;
        let after = second.json_if(200).and_then(as_of);
        if let (Some(before), Some(after)) = (before, after)
            && after < before
        {
            sheet.wrong(&second, "$.as_of is before that of the call before");
        }
    }
    require(read > 0, "no account has a balance at present")
}

fn as_of(balance: &Value) -> Option<DateTime<FixedOffset>> {
    date_time(balance["as_of"].as_str()?)
}

fn judge_balance(exchange: &Exchange, balance: &Value, sheet: &mut Sheet) {
    if let Some(as_of) = as_of(balance) {
        let far = |clock: DateTime<FixedOffset>| (as_of - clock).abs() > FRESH;
        if far(Utc::now().fixed_offset()) {
            sheet.wrong(
                exchange,
                "$.as_of is more than 5 minutes from the kit's clock",
            );
        }
        let date = exchange.header("date");
        let date = date.and_then(|date| DateTime::parse_from_rfc2822(date).ok());
        if date.is_some_and(far) {
            sheet.wrong(
                exchange,
                "$.as_of is more than 5 minutes from the Date header",
            );
        }
    }
    if balance.get("available").is_none() && balance["credit_lines_included"] == true {
        let problem = "$.credit_lines_included is true without $.available";
        sheet.wrong(exchange, problem);
    }
    let statement = balance["statement"]["date"].as_str().and_then(date);
    if statement.is_some_and(|day| day > malaysian_today()) {
        sheet.wrong(exchange, "$.statement.date is in the future");
    }
    let amounts = [
        ("$.current", &balance["current"]),
        ("$.available", &balance["available"]),
        ("$.statement.balance", &balance["statement"]["balance"]),
    ];
    for (place, amount) in amounts {
        let digits = amount["amount"].as_str().unwrap_or("1");
        let zero = digits.bytes().all(|byte| matches!(byte, b'0' | b'.'));
        if zero && amount["credit_debit_indicator"] == "debit" {
            sheet.wrong(
                exchange,
                format!("{place} is zero, and debit; zero is credit"),
            );
        }
    }
}
