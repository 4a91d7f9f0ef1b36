//! Following the cursors yields every transaction once, whatever the pages' size.

use std::collections::HashSet;

use super::Requirement;
use crate::{
    bench::{Bench, Closely, End, Row, Walk},
    call::Call,
    sheet::{Halt, Sheet, Step, remark},
};

/// Rows that are walked through in small pages.
const SMALL_WALK: usize = 1000;

pub(super) fn requirements() -> Vec<Requirement> {
    vec![
        requirement!(
            "CB-23",
            "Pages are complete and without duplicates",
            ["listTransactions"],
            InOrder,
            |bench, sheet| complete(bench, sheet)
        ),
        requirement!(
            "CB-24",
            "A page has at most page_size rows, also where that changes midway",
            ["listTransactions"],
            InOrder,
            |bench, sheet| kept(bench, sheet)
        ),
    ]
}

async fn complete(bench: &Bench<'_>, sheet: &mut Sheet) -> Step {
    let closely = bench.closely().await?;
    let shown = closely.call(500).shown();
    once(&shown, &closely.walk.rows, sheet);
    ended(&closely.walk, sheet)?;
    if matches!(closely.walk.end, End::Never(_)) {
        return Ok(());
    }
    let (period, expected) = closely.recent(SMALL_WALK);
    sheet.note(format!(
        "{} transactions from {} to {}, {} of them in small pages",
        closely.walk.rows.len(),
        closely.period.from,
        closely.period.to,
        expected.len()
    ));
    for size in [10, 37, 500] {
        let call = closely.call_for(period, size);
        let walk = bench.walk(&call, &[size]).await?;
        ended(&walk, sheet)?;
        let shown = call.shown();
        once(&shown, &walk.rows, sheet);
        if walk.end == End::Whole {
            same(&call, &expected, &walk, sheet);
        }
    }
    few(&closely, sheet);
    Ok(())
}

fn once(shown: &str, rows: &[Row], sheet: &mut Sheet) {
    let mut seen = HashSet::new();
    if let Some(at) = rows.iter().position(|row| !seen.insert(row.id.as_str())) {
        sheet.add_wrong(remark(format!(
            "{shown}: row {} of the walk came before",
            at + 1
        )));
    }
}

fn same(call: &Call, expected: &[Row], walk: &Walk, sheet: &mut Sheet) {
    let expected: Vec<_> = expected.iter().map(|row| row.id.as_str()).collect();
    let ids = walk.ids();
    let shown = call.shown();
    if ids.len() != expected.len() {
        sheet.add_wrong(remark(format!(
            "{shown}: {} rows, and {} in pages of 500",
            ids.len(),
            expected.len()
        )));
    } else if let Some(at) = ids
        .iter()
        .zip(&expected)
        .position(|(one, other)| one != other)
    {
        sheet.add_wrong(remark(format!(
            "{shown}: row {} of the walk is not that of a walk in pages of 500",
            at + 1
        )));
    }
}

/// A walk that leads nowhere is wrong; one that took too long says nothing.
fn ended(walk: &Walk, sheet: &mut Sheet) -> Step {
    match &walk.end {
        End::Never(detail) => {
            sheet.add_wrong(detail.clone());
            Ok(())
        }
        End::OutOfTime => Err(Halt::not_tested(
            "a walk through the pages took more than a minute",
        )),
        End::Whole => Ok(()),
    }
}

fn few(closely: &Closely, sheet: &mut Sheet) {
    if closely.cursor().is_err() {
        sheet.note("all of it fits one page, so cursors were not tried: give an account with more (--account)");
    }
}

async fn kept(bench: &Bench<'_>, sheet: &mut Sheet) -> Step {
    let closely = bench.closely().await?;
    for detail in &closely.walk.odd_pages {
        sheet.add_wrong(detail.clone());
    }
    closely.ends()?;
    let (period, expected) = closely.recent(SMALL_WALK);
    let expected: HashSet<_> = expected.iter().map(|row| row.id.as_str()).collect();
    for sizes in [&[10][..], &[10, 37, 500, 11][..], &[37, 10][..]] {
        let call = closely.call_for(period, sizes[0]);
        let walk = bench.walk(&call, sizes).await?;
        for detail in &walk.odd_pages {
            sheet.add_wrong(detail.clone());
        }
        let came: HashSet<_> = walk.ids().into_iter().collect();
        if sizes.len() > 1 && walk.end == End::Whole && came != expected {
            let shown = call.shown();
            sheet.add_wrong(remark(format!(
                "{shown}: other rows where page_size changes midway"
            )));
        }
    }
    few(&closely, sheet);
    Ok(())
}
