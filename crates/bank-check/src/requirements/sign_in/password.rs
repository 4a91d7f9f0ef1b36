//! Phrase and password.

use std::time::Duration;

use chrono::TimeDelta;
use secrecy::ExposeSecret;
use uuid::Uuid;

use super::credentials::{credentials, open};
use crate::{
    bench::Bench,
    call::{Call, Contract, Exchange},
    document::date_time,
    requirements::Requirement,
    sheet::{Halt, Sheet, Step, remark},
};

const LOOK_UPS: usize = 30;
/// Wrong passwords for the test customer, with a right one after each: few, so that no lock is met.
const WRONG_ONES: usize = 2;
const LEAST_LIFE: TimeDelta = TimeDelta::minutes(5);
/// What clocks may differ.
const SKEW: TimeDelta = TimeDelta::seconds(10);
/// Differences of time that do not count: either is enough.
const ALIKE: Duration = Duration::from_millis(10);
const ALIKE_PERCENT: u128 = 20;

pub(super) fn requirements() -> Vec<Requirement> {
    vec![
        requirement!(
            "SI-01",
            "A known name has a phrase, an unknown one is username_unknown, alike in time",
            ["lookUpPhrase"],
            InOrder,
            |bench, sheet| phrases(bench, sheet)
        ),
        requirement!(
            "SI-02",
            "A wrong password and an unknown name cannot be told apart",
            ["checkPassword"],
            InOrder,
            |bench, sheet| told_apart(bench, sheet)
        ),
        requirement!(
            "SI-03",
            "The right password opens a sign-in",
            ["checkPassword"],
            InOrder,
            |bench, sheet| opens(bench, sheet)
        ),
    ]
}

/// A name that nobody has.
pub(super) fn nobody() -> String {
    format!("izin-bank-check-{}", Uuid::new_v4().simple())
}

async fn phrases(bench: &Bench<'_>, sheet: &mut Sheet) -> Step {
    bench
        .capabilities(Contract::SignIn)
        .await?
        .needs("lookUpPhrase")?;
    let Some(username) = bench.options.username.as_deref() else {
        return Err(Halt::not_tested(
            "give a test customer's user name (--username)",
        ));
    };
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for _ in 0..LOOK_UPS {
        let exchange = bench
            .ask(Call::phrase(username).how("a name that exists"))
            .await?;
        if exchange.status == 404 {
            let problem = "expected 200 (a customer without a phrase cannot be the test customer)";
            sheet.wrong(&exchange, problem);
            return Ok(());
        }
        let found = sheet.expect_status(&exchange, 200);
        known.push(exchange.elapsed);
        let exchange = bench
            .ask(Call::phrase(&nobody()).how("a name that does not exist"))
            .await?;
        let missed = sheet.expect_error(&exchange, 404, &["username_unknown"]);
        unknown.push(exchange.elapsed);
        if !(found && missed) {
            return Ok(());
        }
    }
    alike(
        "a name that exists",
        known,
        "one that does not",
        unknown,
        sheet,
    );
    Ok(())
}

async fn told_apart(bench: &Bench<'_>, sheet: &mut Sheet) -> Step {
    let (username, _) = credentials(bench)?;
    let (mut wrong, mut unknown) = (Vec::new(), Vec::new());
    for _ in 0..WRONG_ONES {
        let call = Call::password(username, &nobody()).how("a wrong password");
        let of_known = bench.ask(call).await?;
        if outcome(&of_known) == Some("locked") {
            return Err(Halt::not_tested("the test customer is locked"));
        }
        wrong.push(of_known.elapsed);
        let call = Call::password(&nobody(), &nobody()).how("a name that does not exist");
        let of_unknown = bench.ask(call).await?;
        unknown.push(of_unknown.elapsed);
        for exchange in [&of_known, &of_unknown] {
            if sheet.expect_status(exchange, 200) && outcome(exchange) != Some("wrong") {
                sheet.wrong(exchange, "$.outcome is not wrong");
            }
        }
        let same = of_known.status == of_unknown.status && of_known.json == of_unknown.json;
        if !same {
            sheet.wrong(&of_unknown, "the answer is not that of a wrong password");
        }
        // Failures in a row are what locks.
        open(bench).await?;
    }
    alike("a wrong password", wrong, "an unknown name", unknown, sheet);
    Ok(())
}

async fn opens(bench: &Bench<'_>, sheet: &mut Sheet) -> Step {
    let (username, password) = credentials(bench)?;
    let call = Call::password(username, password.expose_secret()).how("the right password");
    let mut ids = Vec::new();
    for _ in 0..2 {
        let exchange = bench.ask(call.clone()).await?;
        if !sheet.expect_status(&exchange, 200) {
            return Ok(());
        }
        match outcome(&exchange) {
            Some("right") => {}
            Some("locked") => return Err(Halt::not_tested("the test customer is locked")),
            _ => {
                sheet.wrong(&exchange, "$.outcome is not right");
                return Ok(());
            }
        }
        members(&exchange, sheet);
        lives(&exchange, sheet);
        let body = exchange.json_if(200);
        let id = body.and_then(|it| it["sign_in"]["sign_in_id"].as_str());
        ids.extend(id.map(str::to_owned));
        if ids.len() == 2 && ids[0] == ids[1] {
            sheet.wrong(
                &exchange,
                "$.sign_in.sign_in_id is that of the sign-in before",
            );
        }
    }
    let wrong = Call::password(&nobody(), &nobody()).how("a name that does not exist");
    members(&bench.ask(wrong).await?, sheet);
    Ok(())
}

/// `sign_in` with `right` and only then, `retry_after_seconds` with `locked` at most.
fn members(exchange: &Exchange, sheet: &mut Sheet) {
    let Some(body) = exchange.json_if(200) else {
        return;
    };
    let right = body["outcome"] == "right";
    match (right, body.get("sign_in").is_some()) {
        (true, false) => sheet.wrong(exchange, "$.sign_in is missing with the outcome right"),
        (false, true) => sheet.wrong(exchange, "$.sign_in is there without the outcome right"),
        _ => {}
    }
    if body["outcome"] != "locked" && body.get("retry_after_seconds").is_some() {
        sheet.wrong(
            exchange,
            "$.retry_after_seconds is there without the outcome locked",
        );
    }
}

fn lives(exchange: &Exchange, sheet: &mut Sheet) {
    let body = exchange.json_if(200);
    let expires_at = body.and_then(|it| it["sign_in"]["expires_at"].as_str());
    if let Some(expires_at) = expires_at.and_then(date_time)
        && expires_at.to_utc() < exchange.sent_at + LEAST_LIFE - SKEW
    {
        sheet.wrong(exchange, "$.sign_in.expires_at is less than 5 minutes away");
    }
}

pub(super) fn outcome(exchange: &Exchange) -> Option<&str> {
    exchange.json_if(200)?["outcome"].as_str()
}

/// Warns if two kinds of answers differ in time; timing over a network is noisy, so it is no more than that.
fn alike(
    one: &str,
    mut times: Vec<Duration>,
    other: &str,
    mut others: Vec<Duration>,
    sheet: &mut Sheet,
) {
    let (left, right) = (median(&mut times), median(&mut others));
    let difference = left.abs_diff(right);
    let percent = difference.as_micros() * 100 / left.max(right).as_micros().max(1);
    let (left, right) = (left.as_millis(), right.as_millis());
    if difference > ALIKE && percent > ALIKE_PERCENT {
        sheet.warn(remark(format!(
            "{one} takes {left} ms and {other} {right} ms (medians of {}): the time tells them apart",
            times.len()
        )));
    } else {
        sheet.note(format!(
            "{one} takes {left} ms, {other} {right} ms (medians of {})",
            times.len()
        ));
    }
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    // Of an even number the smaller one: what disturbs a measurement makes it longer.
    let middle = times.len().saturating_sub(1) / 2;
    times.get(middle).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_differ_only_if_by_much_and_by_a_lot() {
        let warned = |one: u64, other: u64| {
            let mut sheet = Sheet::default();
            let times = |ms| vec![Duration::from_millis(ms); 3];
            alike("one", times(one), "the other", times(other), &mut sheet);
            sheet.has_warnings()
        };
        assert!(warned(100, 300) && warned(300, 100));
        assert!(!warned(1, 9), "less than 10 ms");
        assert!(!warned(1000, 1100), "less than 20 %");
    }
}
