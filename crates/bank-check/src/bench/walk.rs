//! Walks through pages of transactions, within bounds, and the account that is looked at closely.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use chrono::{DateTime, FixedOffset, Months, NaiveDate, Utc};
use serde_json::Value;

use super::{Bench, Listed};
use crate::{
    call::{Call, Contract, Exchange, Period},
    document::date_time,
    report::Detail,
    sheet::{Halt, Step},
};

pub(crate) const LARGEST_PAGE: usize = 500;
/// A walk that takes longer is broken off; nothing is said about the bank then.
const WALK_TIME: Duration = Duration::from_secs(60);
const MOST_PAGES: usize = 5_000;
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
    /// It leads nowhere: the same cursor again, or more pages than there can be.
    Never(Detail),
    /// It was broken off for want of time.
    OutOfTime,
    /// With a page without `next_cursor`.
    Whole,
}

/// The account whose transactions are looked at closely.
#[derive(Clone, Debug)]
pub(crate) struct Closely {
    pub(crate) customer: String,
    pub(crate) reference: String,
    /// As far back as the bank keeps transactions, until yesterday if there are any by then: they do not change.
    pub(crate) period: Period,
    /// All of the period, with the largest pages.
    pub(crate) walk: Walk,
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

impl Closely {
    /// A page of the whole period.
    pub(crate) fn call(&self, page_size: usize) -> Call {
        self.call_for(self.period, page_size)
    }

    pub(crate) fn call_for(&self, period: Period, page_size: usize) -> Call {
        Call::transactions(&self.customer, &self.reference, period, page_size)
    }

    /// The newest days that have at most so many rows together, at least one day, and their rows.
    pub(crate) fn recent(&self, most: usize) -> (Period, Vec<Row>) {
        let rows = &self.walk.rows;
        if rows.len() <= most && self.walk.end == End::Whole {
            return (self.period, rows.clone());
        }
        let newest = rows.iter().find_map(Row::day).unwrap_or(self.period.to);
        let cut = rows.iter().skip(most).find_map(Row::day);
        let from = match cut.and_then(|day| day.succ_opt()) {
            Some(after) => after.min(newest),
            None => newest,
        };
        let period = Period {
            from,
            to: self.period.to,
        };
        let within = |row: &&Row| row.day().is_some_and(|day| day >= from);
        (period, rows.iter().filter(within).cloned().collect())
    }

    /// Ends the check unless the account has more rows than the smallest page.
    pub(crate) fn cursor(&self) -> Step<()> {
        match self.walk.rows.len() > 10 {
            true => Ok(()),
            false => Err(Halt::not_tested(
                "needs an account with more than 10 transactions: give one (--account)",
            )),
        }
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
        let mut bytes = 0;
        for page in 0..MOST_PAGES {
            let size = sizes[page % sizes.len()];
            let (exchange, body) = self.fetch(call.query("page_size", size.to_string())).await?;
            let Some(rows) = Row::page(&body) else {
                let shown = exchange.call.shown();
                return Err(Halt::not_tested(format!("needs a list of transactions from {shown}")));
            };
            let cursor = body["next_cursor"].as_str();
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

    /// The account that was given, or the eligible one with most transactions; walked through once.
    pub(crate) async fn closely(&self) -> Step<Closely> {
        let chosen = async {
            let capabilities = self.capabilities(Contract::CoreBank).await?;
            capabilities.needs("listTransactions")?;
            let customer = self.customer()?;
            let candidates: Vec<String> = match &self.options.account {
                Some(reference) => vec![reference.clone()],
                None => self.eligible().await?.into_iter().map(|it: Listed| it.reference).collect(),
            };
            let today = malaysian_today();
            let months = Months::new(capabilities.history_months);
            let from = today.checked_sub_months(months).unwrap_or(today);
            let yesterday = today.pred_opt().unwrap_or(today);
            for to in [yesterday, today] {
                let period = Period { from, to };
                let fullest = self.fullest(customer, &candidates, period).await?;
                if let Some(reference) = fullest {
                    let call = Call::transactions(customer, &reference, period, LARGEST_PAGE);
                    let walk = self.walk(&call, &[LARGEST_PAGE]).await?;
                    let customer = customer.to_owned();
                    return Ok(Closely {
                        customer,
                        reference,
                        period,
                        walk,
                    });
                }
            }
            Err(Halt::not_tested(
                "needs an account with transactions: give one (--account)",
            ))
        };
        self.closely.get_or_init(|| chosen).await.clone()
    }

    async fn fullest(
        &self,
        customer: &str,
        candidates: &[String],
        period: Period,
    ) -> Step<Option<String>> {
        let mut best: Option<(usize, &String)> = None;
        for reference in candidates {
            let call = Call::transactions(customer, reference, period, LARGEST_PAGE);
            let exchange = self.ask(call).await?;
            let Some(rows) = exchange.json_if(200).and_then(Row::page) else {
                continue;
            };
            if rows.len() > best.map_or(0, |(most, _)| most) {
                best = Some((rows.len(), reference));
            }
        }
        Ok(best.map(|(_, reference)| reference.clone()))
    }
}

impl Walk {
    fn note_page(&mut self, exchange: &Exchange, size: usize, rows: Vec<Row>, cursor: Option<&str>) {
        if rows.len() > size {
            let problem = format!("{} rows on a page of {size}", rows.len());
            self.odd_pages.push(exchange.detail(problem));
        }
        if rows.is_empty() && cursor.is_some() {
            self.odd_pages.push(exchange.detail("an empty page has a $.next_cursor"));
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

    fn row(at: &str) -> Row {
        Row {
            id: at.to_owned(),
            booked_at: date_time(at),
            settled: true,
            method: None,
            submethod: None,
        }
    }

    fn closely(rows: Vec<Row>, end: End) -> Closely {
        let day = |text| crate::document::date(text).unwrap();
        Closely {
            customer: "CIF-1".to_owned(),
            reference: "SA-1".to_owned(),
            period: Period {
                from: day("2025-01-01"),
                to: day("2025-12-31"),
            },
            walk: Walk {
                rows,
                first_cursor: None,
                odd_pages: Vec::new(),
                end,
            },
        }
    }

    #[test]
    fn a_malaysian_day_begins_at_sixteen_hundred_of_the_day_before() {
        let day = |text| row(text).day().unwrap().to_string();
        assert_eq!(day("2026-01-04T15:59:59Z"), "2026-01-04");
        assert_eq!(day("2026-01-04T16:00:00Z"), "2026-01-05");
        assert_eq!(day("2026-01-05T00:30:00+09:00"), "2026-01-04");
    }

    #[test]
    fn recent_days_are_whole_days() {
        let rows = vec![
            row("2025-12-03T10:00:00+08:00"),
            row("2025-12-02T12:00:00+08:00"),
            row("2025-12-02T11:00:00+08:00"),
            row("2025-12-01T10:00:00+08:00"),
        ];
        let all = closely(rows.clone(), End::Whole);
        assert_eq!(all.recent(4).1.len(), 4);
        let (period, kept) = all.recent(3);
        assert_eq!((period.from.to_string().as_str(), kept.len()), ("2025-12-02", 3));
        let (period, kept) = all.recent(2);
        assert_eq!((period.from.to_string().as_str(), kept.len()), ("2025-12-03", 1));
        let cut_off = closely(rows, End::OutOfTime);
        assert_eq!(cut_off.recent(4).1.len(), 1);
    }
}
