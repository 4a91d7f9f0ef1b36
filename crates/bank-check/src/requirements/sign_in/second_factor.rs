//! Codes and challenges: bound to their sign-in, and good once.

use chrono::TimeDelta;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    approval::approval,
    credentials::{Opened, first_code, open, totp},
    password::outcome,
};
use crate::{
    bench::Bench,
    call::{Call, Contract, Exchange},
    document::date_time,
    requirements::Requirement,
    sheet::{Sheet, Step, require},
};

const A_MINUTE: TimeDelta = TimeDelta::minutes(1);
const STARTED_METHODS: [&str; 2] = ["approval", "sent_code"];

pub(super) fn requirements() -> Vec<Requirement> {
    vec![
        requirement!(
            "SI-04",
            "The second factor is bound to the sign-in",
            ["startSecondFactor", "getSecondFactor", "checkSecondFactor"],
            InOrder,
            |bench, sheet| bound(bench, sheet)
        ),
        requirement!(
            "SI-05",
            "A code works once",
            ["checkSecondFactor"],
            InOrder,
            |bench, sheet| once(bench, sheet)
        ),
        requirement!(
            "SI-06",
            "What is said of a customer who has signed in is whole",
            ["checkSecondFactor", "getSecondFactor"],
            InOrder,
            |bench, sheet| whole(bench, sheet)
        ),
        requirement!(
            "SI-07",
            "Starting a second factor is idempotent",
            ["startSecondFactor"],
            InOrder,
            |bench, sheet| idempotent(bench, sheet)
        ),
    ]
}

fn random_id() -> String {
    format!("izin-bank-check-{}", Uuid::new_v4().simple())
}

async fn bound(bench: &Bench<'_>, sheet: &mut Sheet) -> Step {
    let capabilities = bench.capabilities(Contract::SignIn).await?;
    let how = "a sign-in that does not exist";
    let mut calls = Vec::new();
    if capabilities.names("checkSecondFactor") {
        calls.push(Call::code(
            &json!({"sign_in_id": random_id(), "method": "totp", "code": "000000"}),
        ));
    }
    if capabilities.names("startSecondFactor") {
        calls.push(Call::start(Uuid::new_v4(), &random_id(), "approval"));
    }
    for call in calls {
        let exchange = bench.ask(call.how(how)).await?;
        sheet.expect_error(&exchange, 404, &["sign_in_unknown"]);
    }
    let Ok(first) = open(bench).await else {
        sheet.note("challenges were not tried: give --username and --password-file");
        return Ok(());
    };
    let mut tried = false;
    for method in startable(bench, &first).await? {
        tried |= challenge_elsewhere(bench, method, sheet).await?;
    }
    if !tried {
        sheet.note(
            "the test customer has no second factor that is started, so challenges were not tried",
        );
    }
    Ok(())
}

/// A challenge of one sign-in, asked about in another.
async fn challenge_elsewhere(bench: &Bench<'_>, method: &str, sheet: &mut Sheet) -> Step<bool> {
    let (first, second) = (open(bench).await?, open(bench).await?);
    let started = bench
        .ask(Call::start(Uuid::new_v4(), &first.sign_in_id, method))
        .await?;
    let Some(challenge) = challenge_id(&started) else {
        return Ok(false);
    };
    let call = match method {
        "approval" => Call::challenge(&challenge, &second.sign_in_id),
        _ => Call::code(&json!({
            "sign_in_id": second.sign_in_id,
            "method": method,
            "challenge_id": challenge,
            "code": "000000",
        })),
    };
    let exchange = bench
        .ask(call.how("the challenge of another sign-in"))
        .await?;
    sheet.expect_error(&exchange, 404, &["challenge_unknown"]);
    Ok(true)
}

/// Second factors of the test customer that have to be started, if the bank offers that.
pub(super) async fn startable(bench: &Bench<'_>, opened: &Opened) -> Step<Vec<&'static str>> {
    let capabilities = bench.capabilities(Contract::SignIn).await?;
    if !capabilities.names("startSecondFactor") {
        return Ok(Vec::new());
    }
    let has = |method: &&str| opened.methods.iter().any(|it| it == method);
    Ok(STARTED_METHODS.into_iter().filter(has).collect())
}

pub(super) fn challenge_id(exchange: &Exchange) -> Option<String> {
    let id = exchange.json_if(201)?["challenge_id"].as_str()?;
    crate::bench::is_id(id).then(|| id.to_owned())
}

async fn once(bench: &Bench<'_>, sheet: &mut Sheet) -> Step {
    let first = first_code(bench).await?;
    if !sheet.expect_status(&first.exchange, 200) {
        return Ok(());
    }
    if outcome(&first.exchange) != Some("right") {
        sheet.wrong(
            &first.exchange,
            "$.outcome is not right for the authenticator's code",
        );
        return Ok(());
    }
    let opened = open(bench).await?;
    let call = totp(&opened, &first.code).how("a code that was used");
    let again = bench.ask(call).await?;
    if sheet.expect_status(&again, 200) && outcome(&again) != Some("wrong") {
        sheet.wrong(&again, "$.outcome is not wrong");
    }
    Ok(())
}

async fn whole(bench: &Bench<'_>, sheet: &mut Sheet) -> Step {
    let mut reason = None;
    let mut tried = false;
    match first_code(bench).await {
        Ok(first) => {
            tried = true;
            judge_signed_in(&first.exchange, "right", &first.opened, sheet);
        }
        Err(halt) => reason = Some(halt),
    }
    if let Ok(approval) = approval(bench).await
        && let Some(decided) = &approval.decided
    {
        tried = true;
        judge_signed_in(decided, "approved", &approval.opened, sheet);
    }
    match (tried, reason) {
        (false, Some(halt)) => Err(halt),
        _ => Ok(()),
    }
}

/// `signed_in` with the outcome of success and only then; who, how, and when.
fn judge_signed_in(exchange: &Exchange, success: &str, opened: &Opened, sheet: &mut Sheet) {
    let Some(body) = exchange.json_if(200) else {
        return;
    };
    let signed_in = match (outcome(exchange) == Some(success), body.get("signed_in")) {
        (true, Some(signed_in)) => signed_in,
        (true, None) => {
            return sheet.wrong(
                exchange,
                format!("$.signed_in is missing with the outcome {success}"),
            );
        }
        (false, Some(_)) => {
            return sheet.wrong(
                exchange,
                format!("$.signed_in is there without the outcome {success}"),
            );
        }
        (false, None) => return,
    };
    let customer = signed_in["customer_id"].as_str();
    if customer.is_some_and(|id| id != opened.customer_id) {
        sheet.wrong(
            exchange,
            "$.signed_in.customer_id is not that of the sign-in",
        );
    }
    let methods = signed_in["amr"].as_array();
    if methods.is_some_and(|all| !all.contains(&Value::from("pwd")) || all.len() < 2) {
        sheet.wrong(exchange, "$.signed_in.amr is not pwd and one more");
    }
    let at = signed_in["at"].as_str().and_then(date_time);
    if at.is_some_and(|at| (at.to_utc() - exchange.sent_at).abs() > A_MINUTE) {
        sheet.wrong(exchange, "$.signed_in.at is more than a minute from now");
    }
}

async fn idempotent(bench: &Bench<'_>, sheet: &mut Sheet) -> Step {
    bench
        .capabilities(Contract::SignIn)
        .await?
        .needs("startSecondFactor")?;
    let opened = open(bench).await?;
    let methods = startable(bench, &opened).await?;
    for method in &methods {
        same_key(bench, &opened, method, sheet).await?;
    }
    let missing = STARTED_METHODS
        .into_iter()
        .find(|method| !methods.contains(method));
    match missing {
        Some(method) => {
            let call = Call::start(Uuid::new_v4(), &opened.sign_in_id, method);
            let call = call.how("a method that the customer does not have");
            let exchange = bench.ask(call).await?;
            sheet.expect_error(&exchange, 409, &["method_unavailable"]);
        }
        None => {
            sheet.note("the test customer has every method, so method_unavailable was not tried");
        }
    }
    require(
        !methods.is_empty(),
        "the test customer has no second factor that is started: give another (--username)",
    )
}

async fn same_key(bench: &Bench<'_>, opened: &Opened, method: &str, sheet: &mut Sheet) -> Step {
    let key = Uuid::new_v4();
    let first = bench
        .ask(Call::start(key, &opened.sign_in_id, method))
        .await?;
    if !sheet.expect_status(&first, 201) {
        return Ok(());
    }
    let call = Call::start(key, &opened.sign_in_id, method).how("the same key and body");
    let again = bench.ask(call).await?;
    if sheet.expect_status(&again, 201) && challenge_id(&again) != challenge_id(&first) {
        sheet.wrong(&again, "$.challenge_id is not that of the first time");
    }
    let other = json!({
        "sign_in_id": opened.sign_in_id,
        "method": method,
        "reason": "manage_consents",
        "language": "ms",
    });
    let call = Call::start_with(key, &other).how("the same key, another body");
    let conflict = bench.ask(call).await?;
    sheet.expect_error(&conflict, 409, &["idempotency_conflict"]);
    Ok(())
}
