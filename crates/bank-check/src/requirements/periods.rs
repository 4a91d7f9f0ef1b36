//! Days are Malaysian, and included at both ends.

use std::collections::{BTreeSet, HashSet};

use chrono::{Days, Months, NaiveDate, Timelike};

use super::Requirement;
use crate::{
    bench::{Bench, Closely, End, Row, history, malaysian_today},
    call::{Call, Contract, Period},
    document::date,
    sheet::{Sheet, Step, remark},
};

/// Days that are asked for one by one.
const SINGLE_DAYS: u64 = 31;

pub(super) fn requirements() -> Vec<Requirement> {
    vec![
        requirement!(
            "CB-26",
            "A period includes both its days, in Malaysian time",
            ["listTransactions"],
            InOrder,
            |bench, sheet| inclusive(bench, sheet)
        ),
        requirement!(
            "CB-27",
            "Days without history are empty, and periods that are none are refused",
            ["listTransactions"],
            InOrder,
            |bench, sheet| limits(bench, sheet)
        ),
        requirement!(
            "CB-28",
            "The history reaches as far as promised",
            ["getCapabilities", "listTransactions"],
            InOrder,
            |bench, sheet| reaches_back(bench, sheet)
        ),
    ]
}

async fn inclusive(bench: &Bench<'_>, sheet: &mut Sheet) -> Step {
    let closely = bench.closely().await?;
    closely.ends()?;
    let rows = &closely.walk.rows;
    let newest = rows.iter().filter_map(Row::day).max();
    let newest = newest.unwrap_or(closely.period.to);
    let window = newest.checked_sub_days(Days::new(SINGLE_DAYS - 1));
    let window = window.unwrap_or(newest).max(closely.period.from);
    let mut days: BTreeSet<NaiveDate> = window
        .iter_days()
        .take_while(|day| *day <= newest)
        .collect();
    days.extend(picked(rows).filter_map(Row::day));
    let whole = closely.walk.end == End::Whole;
    for day in days {
        single_day(bench, &closely, day, whole, sheet).await?;
    }
    Ok(())
}

/// The rows on which a day in another time zone would show: nearest to midnight in Malaysia and in Greenwich, and at the ends.
fn picked(rows: &[Row]) -> impl Iterator<Item = &Row> {
    let seconds = |row: &&Row| {
        let at = row
            .booked_at
            .map(|at| at.to_utc().num_seconds_from_midnight());
        at.unwrap_or_default()
    };
    // Seconds after 00:00 UTC, and after 16:00 UTC, which is midnight in Malaysia.
    let after_utc = rows.iter().min_by_key(seconds);
    let before_utc = rows.iter().max_by_key(seconds);
    let after_myt = rows
        .iter()
        .min_by_key(|row| (seconds(row) + 8 * 3600) % 86_400);
    let before_myt = rows
        .iter()
        .max_by_key(|row| (seconds(row) + 8 * 3600) % 86_400);
    let ends = [rows.first(), rows.last()];
    let all = [after_utc, before_utc, after_myt, before_myt];
    all.into_iter().chain(ends).flatten()
}

async fn single_day(
    bench: &Bench<'_>,
    closely: &Closely,
    day: NaiveDate,
    whole: bool,
    sheet: &mut Sheet,
) -> Step {
    let call = closely.call_for(Period::day(day), 500);
    let walk = bench.walk(&call, &[500]).await?;
    let shown = call.shown();
    if walk
        .rows
        .iter()
        .filter_map(Row::day)
        .any(|other| other != day)
    {
        sheet.add_wrong(remark(format!("{shown}: a row is of another day")));
    }
    let came: HashSet<_> = walk.ids().into_iter().collect();
    let of_the_day = closely
        .walk
        .rows
        .iter()
        .filter(|row| row.day() == Some(day));
    let expected: HashSet<_> = of_the_day.map(|row| row.id.as_str()).collect();
    if expected.iter().any(|id| !came.contains(id)) {
        sheet.add_wrong(remark(format!(
            "{shown}: a row of this day is there in the whole period, and not here"
        )));
    }
    if whole && came.iter().any(|id| !expected.contains(id)) {
        sheet.add_wrong(remark(format!(
            "{shown}: a row is there that the whole period does not have"
        )));
    }
    Ok(())
}

async fn limits(bench: &Bench<'_>, sheet: &mut Sheet) -> Step {
    whole_history(bench, sheet).await?;
    let closely = bench.closely().await?;
    let call = closely.call(10);
    let (from, to) = (
        closely.period.from.to_string(),
        closely.period.to.to_string(),
    );
    let before = closely
        .period
        .from
        .pred_opt()
        .unwrap_or_default()
        .to_string();
    let refused = [
        call.clone()
            .query("to_date", before)
            .how("from_date after to_date"),
        call.clone()
            .query("from_date", "2026-02-30")
            .query("to_date", "2026-03-01"),
        call.clone()
            .query("to_date", "2026-02-30")
            .query("from_date", "2026-02-01"),
        call.clone().query("from_date", from.replace('-', "")),
        call.clone().query("to_date", format!("{to}T00:00:00Z")),
        call.clone()
            .without_query("from_date")
            .how("without from_date"),
        call.clone().without_query("to_date").how("without to_date"),
    ];
    for call in refused {
        let exchange = bench.ask(call).await?;
        sheet.expect_error(&exchange, 400, &["invalid_request"]);
    }
    for period in empty_periods() {
        let exchange = bench.ask(closely.call_for(period, 10)).await?;
        if sheet.expect_status(&exchange, 200) {
            let rows = exchange.json_if(200).and_then(Row::page);
            if rows.is_some_and(|rows| !rows.is_empty()) {
                sheet.wrong(&exchange, "there are rows on days that have none");
            }
        }
    }
    Ok(())
}

/// However long a period is, it is no error.
async fn whole_history(bench: &Bench<'_>, sheet: &mut Sheet) -> Step {
    let capabilities = bench.capabilities(Contract::CoreBank).await?;
    capabilities.needs("listTransactions")?;
    let customer = bench.customer()?;
    for reference in bench.candidates().await? {
        let call = Call::transactions(customer, &reference, history(&capabilities), 10);
        let exchange = bench.ask(call).await?;
        // Accounts that are out for now, or have no transactions by their kind, are what CB-16 is about.
        if !matches!(exchange.status, 200 | 404 | 409 | 501) {
            sheet.wrong(&exchange, "expected 200 for the whole history");
        }
    }
    Ok(())
}

/// Long before any history, and to come.
fn empty_periods() -> impl Iterator<Item = Period> {
    let today = malaysian_today();
    let soon = today.checked_add_days(Days::new(2)).unwrap_or(today);
    let later = today.checked_add_days(Days::new(40)).unwrap_or(soon);
    let past = date("1971-01-01").zip(date("1971-01-31"));
    [past, Some((soon, later))]
        .into_iter()
        .flatten()
        .map(|(from, to)| Period { from, to })
}

async fn reaches_back(bench: &Bench<'_>, sheet: &mut Sheet) -> Step {
    let promised = bench.capabilities(Contract::CoreBank).await?.history_months;
    let closely = bench.closely().await?;
    let oldest = closely.walk.rows.iter().filter_map(Row::day).min();
    let months = Months::new(promised.saturating_sub(1));
    let reach = malaysian_today().checked_sub_months(months);
    if let (Some(oldest), Some(reach)) = (oldest, reach)
        && oldest > reach
    {
        let call: Call = closely.call(500);
        sheet.warn(remark(format!(
            "{}: nothing is older than {reach}, where $.history_months is {promised}; the account may be younger",
            call.shown()
        )));
    }
    Ok(())
}
