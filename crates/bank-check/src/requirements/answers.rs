//! What holds for every answer: judged on all that the run exchanged.

use super::Requirement;
use crate::{
    bench::Bench,
    judge,
    sheet::{Halt, Sheet, Step},
};

pub(super) fn requirements() -> Vec<Requirement> {
    vec![
        requirement!(
            "CB-03",
            "Every success matches its schema",
            ["all"],
            AtTheEnd,
            |bench, sheet| successes(bench, sheet)
        ),
        requirement!(
            "CB-04",
            "Every error is {error, error_description} in JSON with a code documented for its status",
            ["all"],
            AtTheEnd,
            |bench, sheet| errors(bench, sheet)
        ),
        requirement!(
            "CB-05",
            "Answers are application/json in UTF-8; those about customers are not to be stored",
            ["all"],
            AtTheEnd,
            |bench, sheet| all_answers(bench, judge::HEADERS, sheet)
        ),
        requirement!(
            "CB-06",
            "x-request-id is echoed",
            ["all"],
            AtTheEnd,
            |bench, sheet| all_answers(bench, judge::CORRELATION, sheet)
        ),
        requirement!(
            "CB-35",
            "Limits are told: 429 and 503 come with Retry-After",
            ["all"],
            AtTheEnd,
            |bench, sheet| limits(bench, sheet)
        ),
    ]
}

async fn successes(bench: &Bench<'_>, sheet: &mut Sheet) -> Step {
    let (answers, errors) = bench.log().answers();
    sheet.note(format!("judged on {} answers", answers - errors));
    told(bench, judge::SUCCESS_SCHEMA, answers - errors, sheet)
}

async fn errors(bench: &Bench<'_>, sheet: &mut Sheet) -> Step {
    let (_, errors) = bench.log().answers();
    sheet.note(format!("judged on {errors} answers"));
    told(bench, judge::ERROR_BODY, errors, sheet)
}

async fn all_answers(bench: &Bench<'_>, requirement: &'static str, sheet: &mut Sheet) -> Step {
    let (answers, _) = bench.log().answers();
    told(bench, requirement, answers, sheet)
}

async fn limits(bench: &Bench<'_>, sheet: &mut Sheet) -> Step {
    let met = bench.log().limits_met;
    match met {
        0 => Err(Halt::not_tested("no 429 or 503 came during the run")),
        _ => told(bench, judge::LIMITS_TOLD, met, sheet),
    }
}

fn told(bench: &Bench<'_>, requirement: &str, seen: u32, sheet: &mut Sheet) -> Step {
    for detail in bench.log().breaches(requirement) {
        sheet.add_wrong(detail);
    }
    match seen {
        0 => Err(Halt::not_tested("no such answer came during the run")),
        _ => Ok(()),
    }
}
