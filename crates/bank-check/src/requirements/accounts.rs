//! The list of accounts, and each account by itself.

use serde_json::Value;

use super::Requirement;
use crate::{
    bench::{Bench, Listing},
    call::{Call, Contract, Exchange},
    digest::fingerprint,
    document::date,
    requirements::access::data_calls,
    sheet::{Halt, Sheet, Step, remark, require},
};

/// How often the list is read.
const LIST_READS: usize = 3;
/// Fewer digits than this are no card number in full.
const CARD_DIGITS: usize = 12;

pub(super) fn requirements() -> Vec<Requirement> {
    vec![
        requirement!(
            "CB-15",
            "Account references are unique, and the list keeps its order",
            ["listAccounts"],
            InOrder,
            |bench, sheet| stable(bench, sheet)
        ),
        requirement!(
            "CB-16",
            "Eligible accounts can be read, ineligible ones cannot",
            [
                "listAccounts",
                "getAccount",
                "getBalance",
                "listTransactions"
            ],
            InOrder,
            |bench, sheet| eligibility(bench, sheet)
        ),
        requirement!(
            "CB-17",
            "List and detail of an account agree",
            ["listAccounts", "getAccount"],
            InOrder,
            |bench, sheet| agreement(bench, sheet)
        ),
        requirement!(
            "CB-20",
            "Terms match the kind of account",
            ["getAccount"],
            InOrder,
            |bench, sheet| terms(bench, sheet)
        ),
    ]
}

async fn stable(bench: &Bench<'_>, sheet: &mut Sheet) -> Step {
    bench.wire(Contract::CoreBank)?;
    let customer = bench.customer()?;
    let mut first: Option<Vec<String>> = None;
    for _ in 0..LIST_READS {
        let exchange = bench.ask(Call::accounts(customer)).await?;
        if !sheet.expect_status(&exchange, 200) {
            return Ok(());
        }
        let Some(listing) = exchange.json_if(200).and_then(Listing::read) else {
            return Err(Halt::not_tested("needs a list of accounts; see CB-03"));
        };
        let references: Vec<_> = listing.references().map(str::to_owned).collect();
        let mut seen = std::collections::HashSet::new();
        if let Some(at) = references.iter().position(|it| !seen.insert(it)) {
            let problem = format!("$.accounts[{at}].reference is there twice");
            sheet.wrong(&exchange, problem);
        }
        match &first {
            None => first = Some(references),
            Some(first) if *first != references => {
                sheet.wrong(
                    &exchange,
                    "the references are not those of the first time, in that order",
                );
            }
            Some(_) => {}
        }
    }
    let references = first.unwrap_or_default();
    let print = fingerprint(references.iter().map(String::as_str));
    sheet.note(format!(
        "fingerprint {print}, to compare on another day (--expect {print})"
    ));
    match bench.options.expect.as_deref() {
        Some(expected) if !expected.trim().eq_ignore_ascii_case(&print) => {
            sheet.add_wrong(remark(
                "the references are not those of the run whose fingerprint is expected",
            ));
        }
        _ => {}
    }
    Ok(())
}

async fn eligibility(bench: &Bench<'_>, sheet: &mut Sheet) -> Step {
    let capabilities = bench.capabilities(Contract::CoreBank).await?;
    let customer = bench.customer()?;
    let listing = bench.listing().await?;
    for account in listing.eligible() {
        for call in data_calls(&capabilities, customer, &account.reference) {
            let exchange = bench.ask(call).await?;
            match exchange.status {
                200 => {}
                409 => sheet.warn(exchange.detail("is eligible, and out for the moment")),
                501 if exchange.call.operation != "getAccount" => sheet.note(format!(
                    "{} does not exist for a {}",
                    exchange.call.operation,
                    crate::call::printable(&account.kind, 20)
                )),
                _ => sheet.wrong(&exchange, "is eligible; expected 200"),
            }
        }
    }
    for account in listing.ineligible() {
        for call in data_calls(&capabilities, customer, &account.reference) {
            let exchange = bench
                .ask(call.how("an account that cannot be shared"))
                .await?;
            let (status, code) = if exchange.status == 409 {
                (409, "account_blocked")
            } else {
                (404, "account_gone")
            };
            sheet.expect_error(&exchange, status, &[code]);
        }
    }
    if listing.ineligible().is_empty() {
        sheet.note("the customer has no account that cannot be shared, so that half was not tried");
    }
    require(
        !listing.accounts.is_empty(),
        "the customer has no accounts: give another (--customer)",
    )
}

async fn agreement(bench: &Bench<'_>, sheet: &mut Sheet) -> Step {
    bench.wire(Contract::CoreBank)?;
    let customer = bench.customer()?;
    for account in bench.eligible().await? {
        let exchange = bench
            .ask(Call::account(customer, &account.reference))
            .await?;
        let Some(detail) = exchange.json_if(200) else {
            continue;
        };
        for name in ["reference", "number", "name", "kind"] {
            if detail[name] != account.summary[name] {
                sheet.wrong(&exchange, format!("$.{name} is not what the list says"));
            }
        }
    }
    Ok(())
}

async fn terms(bench: &Bench<'_>, sheet: &mut Sheet) -> Step {
    bench.wire(Contract::CoreBank)?;
    let customer = bench.customer()?;
    for account in bench.eligible().await? {
        let exchange = bench
            .ask(Call::account(customer, &account.reference))
            .await?;
        if let Some(detail) = exchange.json_if(200) {
            judge_terms(&exchange, detail, sheet);
        }
    }
    Ok(())
}

fn judge_terms(exchange: &Exchange, account: &Value, sheet: &mut Sheet) {
    let kind = account["kind"].as_str().unwrap_or_default();
    let card = kind == "credit_card";
    let loan = matches!(kind, "hire_purchase" | "mortgage");
    for (member, belongs) in [("credit", card), ("loan", loan)] {
        match (account.get(member).is_some(), belongs) {
            (true, false) => {
                sheet.wrong(exchange, format!("$.{member} does not belong to this kind"));
            }
            (false, true) => sheet.wrong(exchange, format!("$.{member} is missing for this kind")),
            _ => {}
        }
    }
    let day = |name: &str| account["loan"][name].as_str().and_then(date);
    if let (Some(begun), Some(ends)) = (day("origination_date"), day("maturity_date"))
        && ends < begun
    {
        sheet.wrong(
            exchange,
            "$.loan.maturity_date is before $.loan.origination_date",
        );
    }
    let number = account["number"].as_str().unwrap_or_default();
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    if card && digits >= CARD_DIGITS {
        let problem = "$.number is not masked; a masked one keeps card numbers out of Izin";
        sheet.warn(exchange.detail(problem));
    }
}
