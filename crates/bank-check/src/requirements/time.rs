//! The time budget: 4 seconds for everything, and 1 as what customers feel as prompt.

use std::time::{Duration, Instant};

use futures_util::future::join_all;

use super::Requirement;
use crate::{
    bench::{Bench, Closely},
    call::{Call, Contract, Exchange},
    judge,
    sheet::{Sheet, Step, remark, require},
};

const BUDGET: Duration = Duration::from_secs(4);
const PROMPT: Duration = Duration::from_secs(1);
const CALLS: usize = 20;
const AT_ONCE: usize = 10;
/// A slow bank is not asked 20 times for everything.
const MEASURING: Duration = Duration::from_secs(60);

pub(super) fn requirements() -> Vec<Requirement> {
    vec![requirement!(
        "CB-07",
        "Every answer comes within 4 seconds",
        ["all"],
        Measured,
        |bench, sheet| budget(bench, sheet)
    )]
}

async fn budget(bench: &Bench<'_>, sheet: &mut Sheet) -> Step {
    let begun = Instant::now();
    for call in typical_calls(bench).await {
        if begun.elapsed() > MEASURING {
            sheet.note("measuring was broken off after a minute, so not every operation was asked 20 times");
            break;
        }
        if !honest(bench, &call).await {
            continue;
        }
        for _ in 1..CALLS {
            if begun.elapsed() > MEASURING || bench.send(call.clone()).await.is_err() {
                break;
            }
        }
        at_once(bench, &call, sheet).await;
    }
    for detail in bench.log().breaches(judge::TIME_BUDGET) {
        sheet.add_wrong(detail);
    }
    judge_times(bench, sheet);
    let (answers, _) = bench.log().answers();
    require(answers > 0, "no answer came during the run")
}

/// One call of each operation that reads and needs no secret.
async fn typical_calls(bench: &Bench<'_>) -> Vec<Call> {
    let mut calls = Vec::new();
    if bench.has(Contract::CoreBank) {
        calls.push(Call::core_capabilities());
        if let Ok(customer) = bench.customer() {
            calls.extend([Call::customer(customer), Call::accounts(customer)]);
            if let Ok(accounts) = bench.eligible().await {
                let reference = &accounts[0].reference;
                calls.extend([
                    Call::account(customer, reference),
                    Call::balance(customer, reference),
                ]);
            }
            calls.extend(bench.closely().await.ok().map(|it: Closely| it.call(100)));
        }
    }
    if bench.has(Contract::SignIn) {
        calls.push(Call::sign_in_capabilities());
    }
    calls
}

/// Whether the operation answers at all; what it says is for other requirements.
async fn honest(bench: &Bench<'_>, call: &Call) -> bool {
    let answer = bench.ask(call.clone()).await;
    answer.is_ok_and(|exchange| exchange.status == 200)
}

async fn at_once(bench: &Bench<'_>, call: &Call, sheet: &mut Sheet) {
    let calls = (0..AT_ONCE).map(|_| bench.send(call.clone()));
    for answer in join_all(calls).await {
        let served = |it: &Exchange| matches!(it.status, 200 | 429 | 503);
        if let Ok(exchange) = answer
            && !served(&exchange)
        {
            sheet.wrong(&exchange, format!("one of {AT_ONCE} calls at once failed"));
        }
    }
}

fn judge_times(bench: &Bench<'_>, sheet: &mut Sheet) {
    let log = bench.log();
    let mut told = Vec::new();
    for ((contract, operation), times) in log.timings() {
        let mut sorted = times.clone();
        sorted.sort();
        let slowest = sorted.last().copied().unwrap_or_default();
        let usual = percentile_95(&sorted);
        if slowest > BUDGET {
            sheet.add_wrong(remark(format!(
                "{contract} {operation} took {} ms once",
                slowest.as_millis()
            )));
        }
        if usual > PROMPT {
            sheet.warn(remark(format!(
                "{contract} {operation}: 95 of 100 answers take up to {} ms; more than a second is felt",
                usual.as_millis()
            )));
        }
        told.push(format!("{operation} {} ms", usual.as_millis()));
    }
    if !told.is_empty() {
        sheet.note(format!("95th percentile: {}", told.join(", ")));
    }
}

/// Of sorted times.
fn percentile_95(sorted: &[Duration]) -> Duration {
    let rank = (sorted.len() * 95).div_ceil(100);
    let at = sorted.get(rank.saturating_sub(1));
    at.copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_95th_percentile_of_20_is_the_19th() {
        let times: Vec<_> = (1..=20).map(Duration::from_millis).collect();
        assert_eq!(percentile_95(&times), Duration::from_millis(19));
        assert_eq!(percentile_95(&times[..1]), Duration::from_millis(1));
        assert_eq!(percentile_95(&[]), Duration::ZERO);
    }
}
