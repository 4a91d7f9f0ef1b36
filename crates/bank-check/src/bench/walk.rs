//! Walks through pages of transactions, within bounds, and the account that is looked at closely.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use serde_json::Value;

use super::{Bench, usable};
use crate::{
    call::{Call, Exchange},
    document::date_time,
    report::Detail,
    sheet::{Halt, Step},
};

pub(crate) const LARGEST_PAGE: usize = 500;
/// A walk that takes longer is broken off; nothing is said about the bank then.
const WALK_TIME: Duration = Duration::from_secs(60);
const MOST_PAGES: usize = 5_000;
/// Empty pages in a row, each with a cursor: such a walk leads nowhere.
const MOST_EMPTY_PAGES: usize = 3;
const MOST_BYTES: usize = 128 * 1024 * 1024;
const EAST_OF_UTC: i32 = 8 * 3600;

/// What the checks need of a transaction; the judge has looked at the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) id: String,
    /// Absent if it is not a moment; the judge reports that.
    pub(crate) booked_at: Option<DateTime<FixedOffset>>,
    pub(crate) settled: bool,
    pub(crate) method: Option<String>,
    pub(crate) submethod: Option<String>,
}

/// Page sizes of a walk, taken in turn.
pub(crate) type Sizes<'s> = &'s [usize];

/// The rows of all pages, and what was odd on the way.
#[derive(Clone, Debug)]
pub(crate) struct Walk {
    pub(crate) rows: Vec<Row>,
    /// `next_cursor` of the first page.
    pub(crate) first_cursor: Option<String>,
    /// Pages with more rows than asked for, and empty ones with a cursor.
    pub(crate) odd_pages: Vec<Detail>,
    pub(crate) end: End,
}

/// How a walk ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It leads nowhere: a cursor that is refused, the same one again, or more pages than there can be.
    Never(Detail),
    /// It was broken off for want of time.
    OutOfTime,
    /// With a page without `next_cursor`.
    Whole,
}

impl Row {
    fn read(value: &Value) -> Self {
        let text = |name: &str| value[name].as_str().map(str::to_owned);
        Self {
            id: text("id").unwrap_or_default(),
            booked_at: value["booked_at"].as_str().and_then(date_time),
            settled: value["is_settled"].as_bool().unwrap_or(true),
            method: text("transfer_method"),
            submethod: text("transfer_submethod"),
        }
    }

    /// The day in Malaysian time.
    pub(crate) fn day(&self) -> Option<NaiveDate> {
        self.booked_at.map(malaysian_day)
    }

    /// The rows of a page; the page must have a list of them.
    pub(crate) fn page(body: &Value) -> Option<Vec<Self>> {
        let rows = body["transactions"].as_array()?;
        Some(rows.iter().map(Self::read).collect())
    }
}

impl Bench<'_> {
    /// Follows the cursors of a period to their end.
    pub(crate) async fn walk(&self, first: &Call, sizes: Sizes<'_>) -> Step<Walk> {
        let begun = Instant::now();
        let mut seen = HashSet::new();
        let mut walk = Walk {
            rows: Vec::new(),
            first_cursor: None,
            odd_pages: Vec::new(),
            end: End::Whole,
        };
        let mut call = first.clone();
        let (mut bytes, mut empty) = (0, 0);
        for page in 0..MOST_PAGES {
            let size = sizes[page % sizes.len()];
            let exchange = self.ask(call.query("page_size", size.to_string())).await?;
            if page > 0 && exchange.status != 200 {
                walk.end =
                    End::Never(exchange.detail("expected 200 for a cursor of the bank's own"));
                return Ok(walk);
            }
            let (exchange, body) = usable(exchange)?;
            let Some(rows) = Row::page(&body) else {
                let shown = exchange.call.shown();
                return Err(Halt::not_tested(format!(
                    "needs a list of transactions from {shown}"
                )));
            };
            let cursor = body["next_cursor"].as_str();
            empty = if rows.is_empty() { empty + 1 } else { 0 };
            walk.note_page(&exchange, size, rows, cursor);
            bytes += exchange.body.len();
            let Some(cursor) = cursor.map(str::to_owned) else {
                return Ok(walk);
            };
            walk.first_cursor.get_or_insert_with(|| cursor.clone());
            if !seen.insert(cursor.clone()) {
                walk.end = End::Never(exchange.detail("$.next_cursor came before on this walk"));
                return Ok(walk);
            }
            if empty == MOST_EMPTY_PAGES {
                walk.end = End::Never(exchange.detail("one empty page after the other"));
                return Ok(walk);
            }
            if walk.rows.len() > self.options.walk_limit || bytes > MOST_BYTES {
                let rows = walk.rows.len();
                walk.end = End::Never(exchange.detail(format!("no end after {rows} rows")));
                return Ok(walk);
            }
            if begun.elapsed() > WALK_TIME {
                walk.end = End::OutOfTime;
                return Ok(walk);
            }
            call = exchange.call.query("cursor", cursor);
        }
        let problem = format!("no end after {MOST_PAGES} pages");
        walk.end = End::Never(crate::sheet::remark(problem));
        Ok(walk)
    }
}

impl Walk {
    fn note_page(
        &mut self,
        exchange: &Exchange,
        size: usize,
        rows: Vec<Row>,
        cursor: Option<&str>,
    ) {
        if rows.len() > size {
            let problem = format!("{} rows on a page of {size}", rows.len());
            self.odd_pages.push(exchange.detail(problem));
        }
        if rows.is_empty() && cursor.is_some() {
            self.odd_pages
                .push(exchange.detail("an empty page has a $.next_cursor"));
        }
        self.rows.extend(rows);
    }

    /// Ids in the order of the rows.
    pub(crate) fn ids(&self) -> Vec<&str> {
        self.rows.iter().map(|row| row.id.as_str()).collect()
    }
}

/// The day of a moment in Malaysian time (UTC+08:00, no summer time).
pub(crate) fn malaysian_day(at: DateTime<FixedOffset>) -> NaiveDate {
    match FixedOffset::east_opt(EAST_OF_UTC) {
        Some(zone) => at.with_timezone(&zone).date_naive(),
        None => at.date_naive(),
    }
}

pub(crate) fn malaysian_today() -> NaiveDate {
    malaysian_day(Utc::now().fixed_offset())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_malaysian_day_begins_at_sixteen_hundred_of_the_day_before() {
        let day = |text| malaysian_day(date_time(text).unwrap()).to_string();
        assert_eq!(day("2026-01-04T15:59:59Z"), "2026-01-04");
        assert_eq!(day("2026-01-04T16:00:00Z"), "2026-01-05");
        assert_eq!(day("2026-01-05T00:30:00+09:00"), "2026-01-04");
    }
}
