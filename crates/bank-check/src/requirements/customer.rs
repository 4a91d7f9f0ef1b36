//! Who the customer is.

use serde_json::Value;
use uuid::Uuid;

use super::{Requirement, access::data_calls};
use crate::{
    bench::Bench,
    call::{Call, Contract},
    digest::hashed_id_number,
    requirements::notices::notice,
    sheet::{Sheet, Step},
};

/// Accounts whose details are read twice.
const READ_TWICE: usize = 3;
/// Members whose names the bank's contract does not give are not shown.
const HIDDEN_BELOW: &str = "custom_data";

pub(super) fn requirements() -> Vec<Requirement> {
    vec![
        requirement!(
            "CB-12",
            "The customer is who was asked for, with an identity document",
            ["getCustomer"],
            InOrder,
            |bench, sheet| asked_for(bench, sheet)
        ),
        requirement!(
            "CB-13",
            "An unknown customer is 404 customer_unknown",
            [
                "getCustomer",
                "listAccounts",
                "getAccount",
                "getBalance",
                "listTransactions",
                "sendNotice"
            ],
            InOrder,
            |bench, sheet| unknown(bench, sheet)
        ),
        requirement!(
            "CB-14",
            "Reads are repeatable",
            ["getCustomer", "listAccounts", "getAccount"],
            InOrder,
            |bench, sheet| repeatable(bench, sheet)
        ),
    ]
}

async fn asked_for(bench: &Bench<'_>, sheet: &mut Sheet) -> Step {
    bench.wire(Contract::CoreBank)?;
    let customer = bench.customer()?;
    let exchange = bench.ask(Call::customer(customer)).await?;
    if !sheet.expect_status(&exchange, 200) {
        return Ok(());
    }
    let (exchange, body) = bench.fetch(exchange.call).await?;
    if body["sub"].as_str().is_some_and(|sub| sub != customer) {
        sheet.wrong(&exchange, "$.sub is not the customer who was asked for");
    }
    let number = body["id_number"].as_str();
    let hash = body["hashed_id_number"].as_str();
    match (number, hash) {
        (None, None) => sheet.wrong(
            &exchange,
            "neither $.id_number nor $.hashed_id_number is there",
        ),
        (Some(number), Some(hash)) if hashed_id_number(number) != hash => {
            sheet.wrong(
                &exchange,
                "$.hashed_id_number is not the hash of $.id_number",
            );
        }
        _ => {}
    }
    Ok(())
}

async fn unknown(bench: &Bench<'_>, sheet: &mut Sheet) -> Step {
    let capabilities = bench.capabilities(Contract::CoreBank).await?;
    let nobody = random_id();
    for call in [Call::customer(&nobody), Call::accounts(&nobody)] {
        let exchange = bench.ask(call.how("a customer who does not exist")).await?;
        sheet.expect_error(&exchange, 404, &["customer_unknown"]);
    }
    for call in data_calls(&capabilities, &nobody, &random_id()) {
        let exchange = bench.ask(call.how("a customer who does not exist")).await?;
        sheet.expect_error(&exchange, 404, &["account_gone", "customer_unknown"]);
    }
    if bench.may_notify().is_err() {
        sheet.note("sendNotice was not tried: give --notices");
    } else if capabilities.names("sendNotice") {
        let body = notice(bench, "sharing_started").await;
        let call = Call::notice(&nobody, Uuid::new_v4(), &body);
        let exchange = bench.ask(call.how("a customer who does not exist")).await?;
        sheet.expect_error(&exchange, 404, &["customer_unknown"]);
    }
    Ok(())
}

async fn repeatable(bench: &Bench<'_>, sheet: &mut Sheet) -> Step {
    bench.wire(Contract::CoreBank)?;
    let customer = bench.customer()?;
    let mut calls = vec![Call::customer(customer), Call::accounts(customer)];
    if let Ok(accounts) = bench.eligible().await {
        let details = accounts.iter().take(READ_TWICE);
        calls.extend(details.map(|it| Call::account(customer, &it.reference)));
    }
    for call in calls {
        let (_, first) = bench.fetch(call.clone()).await?;
        let (exchange, second) = bench.fetch(call.how("a second time")).await?;
        if let Some(place) = first_difference(&first, &second, "$") {
            sheet.wrong(
                &exchange,
                format!("{place} is not the same as the first time"),
            );
        }
    }
    Ok(())
}

/// An id that is well-formed and nobody's.
pub(super) fn random_id() -> String {
    format!("izin-bank-check-{}", Uuid::new_v4().simple())
}

/// Where two answers begin to differ; never what stands there.
pub(super) fn first_difference(one: &Value, other: &Value, path: &str) -> Option<String> {
    match (one, other) {
        (Value::Object(left), Value::Object(right)) if !path.ends_with(HIDDEN_BELOW) => {
            let names = left.keys().chain(right.keys());
            names
                .filter(|name| left.get(*name) != right.get(*name))
                .map(|name| {
                    let path = format!("{path}.{}", shown_name(name));
                    match (left.get(name), right.get(name)) {
                        (Some(left), Some(right)) => {
                            first_difference(left, right, &path).unwrap_or(path)
                        }
                        _ => path,
                    }
                })
                .next()
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            let mut pairs = left.iter().zip(right).enumerate();
            pairs.find_map(|(at, (left, right))| {
                first_difference(left, right, &format!("{path}[{at}]"))
            })
        }
        _ => (one != other).then(|| path.to_owned()),
    }
}

/// Names of members are the contract's or the bank's program's; what does not look like one is not shown.
fn shown_name(name: &str) -> &str {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
    let known = name.len() <= 40 && name.bytes().all(plain);
    if known { name } else { "*" }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_first_difference_is_a_place_without_values() {
        let one =
            json!({"a": 1, "list": [{"name": "x"}, {"name": "y"}], "custom_data": {"Aminah": "x"}});
        let differs = |change: fn(&mut Value)| {
            let mut other = one.clone();
            change(&mut other);
            first_difference(&one, &other, "$")
        };
        assert_eq!(differs(|_| ()), None);
        assert_eq!(
            differs(|it| it["list"][1]["name"] = json!("z")).unwrap(),
            "$.list[1].name"
        );
        assert_eq!(differs(|it| it["list"] = json!([])).unwrap(), "$.list");
        assert_eq!(
            differs(|it| it["custom_data"]["Aminah"] = json!("z")).unwrap(),
            "$.custom_data"
        );
        assert_eq!(differs(|it| it["Aminah Bt"] = json!(1)).unwrap(), "$.*");
        assert_eq!(differs(|it| it["a"] = json!("1")).unwrap(), "$.a");
    }
}
