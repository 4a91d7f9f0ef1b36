//! Headers that must be there, and what must be ignored.

use serde_json::Value;
use uuid::Uuid;

use super::Requirement;
use crate::{
    bench::Bench,
    call::{Call, Contract, IDEMPOTENCY_KEY, REQUEST_ID},
    requirements::{cursors::without_cursor, notices::notice},
    sheet::{Sheet, Step, remark, require},
};

const UNKNOWN_ID: &str = "izin-bank-check-unknown";

pub(super) fn requirements() -> Vec<Requirement> {
    vec![
        requirement!(
            "CB-09",
            "A required header that is missing or ill-formed is 400 invalid_request",
            ["all"],
            InOrder,
            |bench, sheet| required_headers(bench, sheet)
        ),
        requirement!(
            "CB-10",
            "Unknown members and unknown query parameters are ignored",
            [
                "getCapabilities",
                "listTransactions",
                "sendNotice",
                "lookUpPhrase"
            ],
            InOrder,
            |bench, sheet| unknown_members(bench, sheet)
        ),
    ]
}

async fn required_headers(bench: &Bench<'_>, sheet: &mut Sheet) -> Step {
    let mut cases = Vec::new();
    if bench.has(Contract::CoreBank) {
        cases.extend(core_bank(bench, sheet).await?);
    }
    if bench.has(Contract::SignIn) {
        cases.extend(sign_in(bench).await?);
    }
    for (call, name, bad) in cases {
        let missing = call
            .clone()
            .without_header(name)
            .how(format!("without {name}"));
        let exchange = bench.ask(missing).await?;
        sheet.expect_error(&exchange, 400, &["invalid_request"]);
        for value in bad {
            let altered = call.clone().header(name, *value);
            let exchange = bench
                .ask(altered.how(format!("{name} is ill-formed")))
                .await?;
            sheet.expect_error(&exchange, 400, &["invalid_request"]);
        }
    }
    Ok(())
}

/// A call, one of its headers, and values that this cannot have.
type Case = (Call, &'static str, &'static [&'static str]);

const NO_UUIDS: &[&str] = &["no-uuid", "7f1c3a52-5f0b-4c2e-9d8e-0b6a4f9f2f1"];
const NO_IDS: &[&str] = &["a b", "1234567890123456789012345678901234567"];
const NO_PURPOSES: &[&str] = &["marketing", "PFM"];
const NO_SIGN_INS: &[&str] = &["short", "a b c d e f g h i j"];

async fn core_bank(bench: &Bench<'_>, sheet: &mut Sheet) -> Step<Vec<Case>> {
    let mut cases: Vec<Case> = vec![(Call::core_capabilities(), REQUEST_ID, NO_UUIDS)];
    let Ok(customer) = bench.customer() else {
        sheet.note("only getCapabilities was tried: give a test customer (--customer)");
        return Ok(cases);
    };
    cases.push((Call::customer(customer), REQUEST_ID, NO_UUIDS));
    cases.push((Call::accounts(customer), REQUEST_ID, NO_UUIDS));
    match bench.eligible().await {
        Ok(accounts) => {
            let capabilities = bench.capabilities(Contract::CoreBank).await?;
            for call in super::access::data_calls(&capabilities, customer, &accounts[0].reference) {
                cases.push((call.clone(), REQUEST_ID, NO_UUIDS));
                cases.push((call.clone(), "x-consent-id", NO_IDS));
                cases.push((call.clone(), "x-dc-id", NO_IDS));
                cases.push((call, "x-purpose", NO_PURPOSES));
            }
        }
        Err(_) => sheet
            .note("calls on behalf of a Data Consumer were not tried: no account can be shared"),
    }
    if bench.may_notify().is_err() {
        sheet.note("sendNotice was not tried: give --notices");
    } else if bench
        .capabilities(Contract::CoreBank)
        .await?
        .names("sendNotice")
    {
        let call = Call::notice(
            customer,
            Uuid::new_v4(),
            &notice(bench, "sharing_started").await,
        );
        cases.push((call.clone(), REQUEST_ID, NO_UUIDS));
        cases.push((call, IDEMPOTENCY_KEY, NO_UUIDS));
    }
    Ok(cases)
}

/// With sign-ins and names that do not exist, so that nothing is sent to anybody and nothing is counted.
async fn sign_in(bench: &Bench<'_>) -> Step<Vec<Case>> {
    let capabilities = bench.capabilities(Contract::SignIn).await?;
    let mut cases: Vec<Case> = vec![
        (Call::sign_in_capabilities(), REQUEST_ID, NO_UUIDS),
        (Call::password(UNKNOWN_ID, UNKNOWN_ID), REQUEST_ID, NO_UUIDS),
    ];
    if capabilities.names("lookUpPhrase") {
        cases.push((Call::phrase(UNKNOWN_ID), REQUEST_ID, NO_UUIDS));
    }
    if capabilities.names("startSecondFactor") {
        let call = Call::start(Uuid::new_v4(), UNKNOWN_ID, "approval");
        cases.push((call.clone(), REQUEST_ID, NO_UUIDS));
        cases.push((call, IDEMPOTENCY_KEY, NO_UUIDS));
    }
    if capabilities.names("getSecondFactor") {
        let call = Call::challenge(UNKNOWN_ID, UNKNOWN_ID);
        cases.push((call.clone(), REQUEST_ID, NO_UUIDS));
        cases.push((call, "x-sign-in-id", NO_SIGN_INS));
    }
    Ok(cases)
}

async fn unknown_members(bench: &Bench<'_>, sheet: &mut Sheet) -> Step {
    let mut tried = false;
    for call in unknown_parameters(bench).await? {
        let plain = bench.fetch(call.clone()).await?.1;
        let call = call.query("x_future", "1").how("an unknown parameter");
        let exchange = bench.ask(call).await?;
        if exchange.json_if(200).and_then(without_cursor) != without_cursor(&plain) {
            sheet.wrong(
                &exchange,
                "the answer is not the same as without the parameter",
            );
        }
        tried = true;
    }
    if bench.has(Contract::SignIn) {
        phrase_with_more(bench, sheet).await?;
    }
    notice_with_more(bench, sheet).await?;
    require(tried, "there was nothing to try it with")
}

async fn unknown_parameters(bench: &Bench<'_>) -> Step<Vec<Call>> {
    let mut calls = Vec::new();
    if bench.has(Contract::CoreBank) {
        calls.push(Call::core_capabilities());
        calls.extend(bench.closely().await.ok().map(|it| it.call(10)));
    }
    if bench.has(Contract::SignIn) {
        calls.push(Call::sign_in_capabilities());
    }
    Ok(calls)
}

async fn phrase_with_more(bench: &Bench<'_>, sheet: &mut Sheet) -> Step {
    if !bench
        .capabilities(Contract::SignIn)
        .await?
        .names("lookUpPhrase")
    {
        return Ok(());
    }
    let username = bench.options.username.as_deref().unwrap_or(UNKNOWN_ID);
    let plain = bench.ask(Call::phrase(username)).await?;
    let body = serde_json::json!({"username": username, "x_future": {"more": [1]}});
    let call = Call::phrase(username).json(&body).how("an unknown member");
    let exchange = bench.ask(call).await?;
    let same = exchange.status == plain.status
        && exchange.error_code() == plain.error_code()
        && exchange.json_if(200) == plain.json_if(200);
    if !same {
        sheet.wrong(
            &exchange,
            "the answer is not the same as without the member",
        );
    }
    Ok(())
}

async fn notice_with_more(bench: &Bench<'_>, sheet: &mut Sheet) -> Step {
    if !bench.has(Contract::CoreBank) {
        return Ok(());
    }
    let capabilities = bench.capabilities(Contract::CoreBank).await?;
    if !capabilities.names("sendNotice") {
        return Ok(());
    }
    let (Ok(customer), Ok(())) = (bench.customer(), bench.may_notify()) else {
        sheet.note("sendNotice was not tried: give --customer and --notices");
        return Ok(());
    };
    let mut body = notice(bench, "sharing_started").await;
    let plain = bench
        .ask(Call::notice(customer, Uuid::new_v4(), &body))
        .await?;
    if plain.status != 202 {
        sheet.warn(remark(
            "sendNotice was not tried: it takes no honest notice",
        ));
        return Ok(());
    }
    body["x_future"] = Value::from(vec![1]);
    let call = Call::notice(customer, Uuid::new_v4(), &body).how("an unknown member");
    let exchange = bench.ask(call).await?;
    sheet.expect_status(&exchange, 202);
    Ok(())
}
