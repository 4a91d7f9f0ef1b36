//! What holds for every answer: judged on all that the run exchanged.

use std::future::ready;

use super::Requirement;
use crate::{
    bench::Bench,
    judge,
    sheet::{Sheet, Step, require},
};

pub(super) fn requirements() -> Vec<Requirement> {
    vec![
        requirement!(
            "CB-03",
            "Every success matches its schema",
            ["all"],
            AtTheEnd,
            |bench, sheet| ready(successes(bench, sheet))
        ),
        requirement!(
            "CB-04",
            "Every error is {error, error_description} in JSON with a code documented for its status",
            ["all"],
            AtTheEnd,
            |bench, sheet| ready(errors(bench, sheet))
        ),
        requirement!(
            "CB-05",
            "Answers are application/json in UTF-8; those about customers are not to be stored",
            ["all"],
            AtTheEnd,
            |bench, sheet| ready(all_answers(bench, judge::HEADERS, sheet))
        ),
        requirement!(
            "CB-06",
            "x-request-id is echoed",
            ["all"],
            AtTheEnd,
            |bench, sheet| ready(all_answers(bench, judge::CORRELATION, sheet))
        ),
        requirement!(
            "CB-35",
            "Limits are told: 429 and 503 come with Retry-After",
            ["all"],
            AtTheEnd,
            |bench, sheet| ready(limits(bench, sheet))
        ),
    ]
}

fn successes(bench: &Bench<'_>, sheet: &mut Sheet) -> Step {
    let (answers, errors) = bench.log().answers();
    told(bench, judge::SUCCESS_SCHEMA, answers - errors, sheet)
}

fn errors(bench: &Bench<'_>, sheet: &mut Sheet) -> Step {
    let (_, errors) = bench.log().answers();
    told(bench, judge::ERROR_BODY, errors, sheet)
}

fn all_answers(bench: &Bench<'_>, requirement: &'static str, sheet: &mut Sheet) -> Step {
    let (answers, _) = bench.log().answers();
    told(bench, requirement, answers, sheet)
}

fn limits(bench: &Bench<'_>, sheet: &mut Sheet) -> Step {
    let met = bench.log().limits_met;
    require(met > 0, "no 429 or 503 came during the run")?;
    told(bench, judge::LIMITS_TOLD, met, sheet)
}

fn told(bench: &Bench<'_>, requirement: &str, seen: u32, sheet: &mut Sheet) -> Step {
    for detail in bench.log().breaches(requirement) {
        sheet.add_wrong(detail);
    }
    require(seen > 0, "no such answer came during the run")?;
    sheet.note(format!("judged on {seen} answers"));
    Ok(())
}
