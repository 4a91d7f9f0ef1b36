//! The catalogue of input that no honest caller sends: it is refused, and never makes the bank fail.

use super::Requirement;
use crate::{
    bench::{Bench, malaysian_today},
    call::{Call, Contract, Exchange, Period, REQUEST_ID, Scope},
    sheet::{Sheet, Step},
};

/// Would stand in an answer's headers if a program wrote input into them unread.
const INJECTED: &str = "x-izin-injected";
const SOME_ID: &str = "izin-bank-check";

pub(super) fn requirements() -> Vec<Requirement> {
    vec![requirement!(
        "CB-08",
        "Bad input is refused, and never a server error",
        ["all"],
        InOrder,
        |bench, sheet| bad_input(bench, sheet)
    )]
}

/// What may come of a bad request.
#[derive(Clone, Copy)]
enum Allowed {
    /// The contract does not say that it is an error, but it must do no harm.
    AnythingButFailure,
    /// 4xx.
    Refusal,
}

async fn bad_input(bench: &Bench<'_>, sheet: &mut Sheet) -> Step {
    for contract in bench.contracts() {
        let (cases, after) = match contract {
            Contract::CoreBank => (core_bank(bench).await?, Call::core_capabilities()),
            Contract::SignIn => (sign_in(bench).await?, Call::sign_in_capabilities()),
        };
        for (allowed, call) in cases {
            judge(bench, allowed, call, sheet).await;
        }
        let exchange = bench.ask(after.how("after the bad input")).await?;
        sheet.expect_status(&exchange, 200);
    }
    Ok(())
}

async fn judge(bench: &Bench<'_>, allowed: Allowed, call: Call, sheet: &mut Sheet) {
    let exchange: Exchange = match bench.send(call).await {
        Ok(exchange) => exchange,
        Err(unanswered) => return sheet.add_wrong(unanswered.detail),
    };
    let right = match allowed {
        Allowed::AnythingButFailure => exchange.status < 500,
        Allowed::Refusal => (400..500).contains(&exchange.status),
    };
    if !right {
        sheet.wrong(&exchange, "expected a refusal with a status of 4xx");
    }
    if exchange.headers.contains_key(INJECTED) {
        sheet.wrong(
            &exchange,
            "a header of the answer was written by the request",
        );
    }
}

/// Ids that are none, with a name for each.
fn ids() -> Vec<(&'static str, String)> {
    vec![
        ("an id of 129 characters", "a".repeat(129)),
        ("an id of 4 KiB", "a".repeat(4096)),
        ("an id with NUL", "CIF%00".to_owned()),
        ("an id that is a parent folder", "%2e%2e".to_owned()),
        ("an id with a slash", "a%2fb".to_owned()),
        ("an id with quotes", "%27%20OR%20%271%27=%271".to_owned()),
        ("an id with a double quote", "%22a%22".to_owned()),
        ("an id with CR and LF", format!("a%0d%0a{INJECTED}:%201")),
        (
            "an id of digits that are not ASCII",
            "%D9%A1%D9%A2%D9%A3".to_owned(),
        ),
        ("an id that is not UTF-8", "%ff%fe".to_owned()),
    ]
}

async fn core_bank(bench: &Bench<'_>) -> Step<Vec<(Allowed, Call)>> {
    let capabilities = bench.capabilities(Contract::CoreBank).await?;
    let customer = bench.options.customer.as_deref().unwrap_or(SOME_ID);
    let listed = bench.eligible().await.ok();
    let account = listed.map_or(SOME_ID.to_owned(), |all| all[0].reference.clone());
    let today = Period::day(malaysian_today());
    let transactions = |reference: &str| Call::transactions(customer, reference, today, 10);
    let paged = capabilities.names("listTransactions");
    let mut cases = Vec::new();
    for (how, id) in ids() {
        let mut calls = vec![Call::customer(&id), Call::account(customer, &id)];
        if paged {
            calls.push(transactions(&id));
        }
        let refused = |call: Call| (Allowed::Refusal, call.how(how).scope(Scope::Status));
        cases.extend(calls.into_iter().map(refused));
    }
    for call in [Call::customer(customer), Call::account(customer, &account)] {
        cases.extend(bad_request_ids(&call));
    }
    let purpose = Call::account(customer, &account);
    let purpose = purpose.header("x-purpose", "a".repeat(4096));
    cases.push((Allowed::Refusal, purpose.how("x-purpose of 4 KiB")));
    if paged {
        cases.extend(bad_queries(&transactions(&account)));
    }
    Ok(cases)
}

/// The request id left out, not a UUID, far too long, and twice.
fn bad_request_ids(call: &Call) -> Vec<(Allowed, Call)> {
    let missing = call.clone().without_header(REQUEST_ID);
    let wrong = call.clone().header(REQUEST_ID, "no-uuid");
    let long = call.clone().header(REQUEST_ID, "a".repeat(4096));
    let twice = call.clone().another_header(REQUEST_ID, "no-uuid");
    vec![
        (Allowed::Refusal, missing.how("without x-request-id")),
        (Allowed::Refusal, wrong.how("x-request-id is not a UUID")),
        (Allowed::Refusal, long.how("x-request-id of 4 KiB")),
        (Allowed::AnythingButFailure, twice.how("x-request-id twice")),
    ]
}

fn bad_queries(call: &Call) -> Vec<(Allowed, Call)> {
    let changed = |how, name, raw: &str| {
        let call = call.clone().without_query(name);
        (
            Allowed::Refusal,
            call.raw_query(format!("{name}={raw}")).how(how),
        )
    };
    let repeated = |how, text: &str| {
        let call = call.clone().raw_query(text);
        (Allowed::AnythingButFailure, call.how(how))
    };
    let mut cases = vec![
        changed(
            "page_size in digits that are not ASCII",
            "page_size",
            "%D9%A1%D9%A0%D9%A0",
        ),
        changed("page_size with quotes", "page_size", "10%27--"),
        changed(
            "from_date in digits that are not ASCII",
            "from_date",
            "%D9%A2%D9%A0%D9%A2%D9%A5-01-01",
        ),
        changed("from_date of 4 KiB", "from_date", &"2".repeat(4096)),
        changed("cursor with quotes", "cursor", "%27%20OR%20%271%27"),
        changed("cursor of 4 KiB", "cursor", &"a".repeat(4096)),
        repeated("page_size twice", "page_size=20"),
        repeated("from_date twice", "from_date=2020-01-01"),
        repeated("cursor twice", "cursor=a&cursor=b"),
    ];
    let unreadable = [
        ("cursor with NUL", "cursor", "%00".to_owned()),
        (
            "cursor with CR and LF",
            "cursor",
            format!("a%0d%0a{INJECTED}:%201"),
        ),
        (
            "from_date with NUL",
            "from_date",
            "2025-01-01%00".to_owned(),
        ),
        (
            "a parameter that is not UTF-8",
            "from_date",
            "%ff".to_owned(),
        ),
    ];
    for (how, name, raw) in unreadable {
        let (allowed, call) = changed(how, name, &raw);
        cases.push((allowed, call.scope(Scope::Status)));
    }
    cases
}

/// Without user names that exist, so that nothing is counted against anybody.
async fn sign_in(bench: &Bench<'_>) -> Step<Vec<(Allowed, Call)>> {
    let capabilities = bench.capabilities(Contract::SignIn).await?;
    let mut cases = Vec::new();
    let mut bodies = vec![Call::password(SOME_ID, SOME_ID)];
    if capabilities.names("lookUpPhrase") {
        bodies.push(Call::phrase(SOME_ID));
    }
    for call in bodies {
        let json = "application/json";
        let media = call
            .clone()
            .bytes("text/plain", "{}")
            .how("a body of text/plain");
        let large = call.clone().bytes(
            json,
            format!("{{\"x_future\":\"{}\"}}", "a".repeat(17 * 1024)),
        );
        let changed = [
            call.clone()
                .bytes(json, "{\"username\":")
                .how("a body that is cut off"),
            call.clone().bytes(json, "[]").how("a body that is a list"),
            call.clone()
                .bytes(json, "{\"username\":7,\"password\":7}")
                .how("numbers for text"),
            call.clone()
                .bytes(json, &b"{\"username\":\"\xff\"}"[..])
                .how("a body that is not UTF-8"),
            call.clone()
                .bytes(json, "[".repeat(10_000))
                .how("10,000 brackets"),
            media,
            large.how("a body of 17 KiB"),
        ];
        cases.extend(changed.map(|call| (Allowed::Refusal, call)));
        cases.extend(bad_request_ids(&call));
    }
    if capabilities.names("getSecondFactor") {
        let refused = |(how, id): (&'static str, String)| {
            let call = Call::challenge(&id, "izin-bank-check-sign-in");
            (Allowed::Refusal, call.how(how).scope(Scope::Status))
        };
        cases.extend(ids().into_iter().map(refused));
    }
    Ok(cases)
}
