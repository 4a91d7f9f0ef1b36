//! Notices to the customer: taken over once, whatever their kind, and only if they are whole. Nothing here runs unless the operator
//! allows it.

use chrono::{Days, SubsecRound, Utc};
use futures_util::future::join;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Requirement;
use crate::{
    bench::Bench,
    call::{Call, Contract, Exchange},
    sheet::{Sheet, Step},
};

const KINDS: [&str; 6] = [
    "sharing_expired",
    "sharing_failed",
    "sharing_resumed",
    "sharing_started",
    "sharing_stopped",
    "sharing_suspended",
];
/// More than the 64 KiB that a body may have.
const TOO_LARGE: usize = 65 * 1024;
const JSON: &str = "application/json";

pub(super) fn requirements() -> Vec<Requirement> {
    vec![
        requirement!(
            "CB-32",
            "A notice is delivered once under its key",
            ["sendNotice"],
            InOrder,
            |bench, sheet| idempotent(bench, sheet)
        ),
        requirement!(
            "CB-33",
            "Notices of every kind are taken",
            ["sendNotice"],
            InOrder,
            |bench, sheet| every_kind(bench, sheet)
        ),
        requirement!(
            "CB-34",
            "Bodies are checked before anything is delivered",
            ["sendNotice"],
            InOrder,
            |bench, sheet| bodies(bench, sheet)
        ),
    ]
}

/// A whole notice about the test customer's accounts.
pub(super) async fn notice(bench: &Bench<'_>, kind: &str) -> Value {
    let accounts = bench.eligible().await.unwrap_or_default();
    let mut references: Vec<_> = accounts
        .into_iter()
        .map(|it| it.reference)
        .take(2)
        .collect();
    if references.is_empty() {
        references.push("izin-bank-check".to_owned());
    }
    let now = Utc::now().trunc_subsecs(0);
    let cause = match kind {
        "sharing_expired" => "term",
        "sharing_failed" => "platform",
        _ => "customer",
    };
    json!({
        "kind": kind,
        "occurred_at": now.to_rfc3339(),
        "caused_by": cause,
        "consent_id": Uuid::new_v4().to_string(),
        "dc_id": "izin-bank-check",
        "dc_name": "Test by izin bank check",
        "purpose": "pfm",
        "data_categories": ["accounts", "balances", "transactions"],
        "account_references": references,
        "expires_at": (now + Days::new(180)).to_rfc3339(),
        "language": "en",
    })
}

/// The customer who may be told, if the bank tells at all.
async fn ready<'a>(bench: &Bench<'a>) -> Step<&'a str> {
    bench
        .capabilities(Contract::CoreBank)
        .await?
        .needs("sendNotice")?;
    let customer = bench.customer()?;
    bench.may_notify()?;
    Ok(customer)
}

fn reference(exchange: &Exchange) -> Option<String> {
    let reference = exchange.json_if(202)?["reference"].as_str()?;
    Some(reference.to_owned())
}

async fn idempotent(bench: &Bench<'_>, sheet: &mut Sheet) -> Step {
    let customer = ready(bench).await?;
    let body = notice(bench, "sharing_started").await;
    let key = Uuid::new_v4();
    let first = bench.ask(Call::notice(customer, key, &body)).await?;
    if !sheet.expect_status(&first, 202) {
        return Ok(());
    }
    let again = Call::notice(customer, key, &body).how("the same key and body");
    let again = bench.ask(again).await?;
    if sheet.expect_status(&again, 202) && reference(&again) != reference(&first) {
        sheet.wrong(&again, "$.reference is not that of the first time");
    }
    let mut other = body.clone();
    other["kind"] = Value::from("sharing_stopped");
    let conflict = Call::notice(customer, key, &other).how("the same key, another body");
    let conflict = bench.ask(conflict).await?;
    sheet.expect_error(&conflict, 409, &["idempotency_conflict"]);
    let fresh = Call::notice(customer, Uuid::new_v4(), &body).how("a new key");
    let fresh = bench.ask(fresh).await?;
    if sheet.expect_status(&fresh, 202) && reference(&fresh) == reference(&first) {
        sheet.wrong(&fresh, "$.reference is that of another notice");
    }
    let key = Uuid::new_v4();
    let call = || Call::notice(customer, key, &body).how("twice at once");
    let (one, other) = join(bench.ask(call()), bench.ask(call())).await;
    let (one, other) = (one?, other?);
    let both = sheet.expect_status(&one, 202) && sheet.expect_status(&other, 202);
    if both && reference(&one) != reference(&other) {
        sheet.wrong(&other, "$.reference is not that of the other");
    }
    Ok(())
}

async fn every_kind(bench: &Bench<'_>, sheet: &mut Sheet) -> Step {
    let customer = ready(bench).await?;
    for kind in KINDS {
        let whole = notice(bench, kind).await;
        let mut least = whole.clone();
        if let Some(members) = least.as_object_mut() {
            members.shift_remove("expires_at");
            members.shift_remove("language");
        }
        for (body, how) in [(whole, "with all members"), (least, "with the least")] {
            let call = Call::notice(customer, Uuid::new_v4(), &body);
            let exchange = bench.ask(call.how(format!("{kind} {how}"))).await?;
            sheet.expect_status(&exchange, 202);
        }
    }
    Ok(())
}

async fn bodies(bench: &Bench<'_>, sheet: &mut Sheet) -> Step {
    let customer = ready(bench).await?;
    let whole = notice(bench, "sharing_started").await;
    let call = || Call::notice(customer, Uuid::new_v4(), &whole);
    let with = |name: &str, value: Value| {
        let mut body = whole.clone();
        body[name] = value;
        body
    };
    let text = whole.to_string();
    let mut without = whole.clone();
    if let Some(members) = without.as_object_mut() {
        members.shift_remove("caused_by");
    }
    let large = with("x_future", Value::from("a".repeat(TOO_LARGE)));
    let cases = [
        (
            400,
            call()
                .bytes(JSON, text[..text.len() / 2].to_owned())
                .how("broken JSON"),
        ),
        (400, call().bytes(JSON, "").how("an empty body")),
        (
            400,
            call().json(&with("kind", json!(7))).how("kind is a number"),
        ),
        (
            400,
            call()
                .json(&with("data_categories", json!("accounts")))
                .how("data_categories is text"),
        ),
        (
            400,
            call()
                .json(&with("account_references", json!([])))
                .how("no account_references"),
        ),
        (400, call().json(&without).how("without caused_by")),
        (
            400,
            call()
                .json(&with("kind", json!("sharing_paused")))
                .how("an unknown kind"),
        ),
        (
            415,
            call().bytes("text/plain", text.clone()).how("text/plain"),
        ),
        (413, call().json(&large).how("a body of more than 64 KiB")),
    ];
    for (status, call) in cases {
        let exchange = bench.ask(call).await?;
        sheet.expect_error(&exchange, status, &["invalid_request"]);
    }
    sheet.note("whether something was delivered cannot be seen from here: look at the bank's side");
    Ok(())
}
