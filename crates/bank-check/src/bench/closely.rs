//! The account whose transactions are looked at closely.

use chrono::Months;

use super::{
    Bench, Capabilities, Listed,
    walk::{End, LARGEST_PAGE, Row, Walk, malaysian_today},
};
use crate::{
    call::{Call, Contract, Period},
    sheet::{Halt, Step, require},
};

#[derive(Clone, Debug)]
pub(crate) struct Closely {
    pub(crate) customer: String,
    pub(crate) reference: String,
    /// As far back as the bank keeps transactions, until yesterday if there are any by then: they do not change.
    pub(crate) period: Period,
    /// All of the period, with the largest pages.
    pub(crate) walk: Walk,
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

    /// Ends the check where the walk through the whole period does not end.
    pub(crate) fn ends(&self) -> Step {
        match self.walk.end {
            End::Never(_) => Err(Halt::not_tested("the walk does not end; see CB-23")),
            End::OutOfTime | End::Whole => Ok(()),
        }
    }

    /// Ends the check unless the account has more rows than the smallest page.
    pub(crate) fn cursor(&self) -> Step {
        require(
            self.walk.rows.len() > 10,
            "needs an account with more than 10 transactions: give one (--account)",
        )
    }
}

/// As far back as the bank keeps transactions, until today.
pub(crate) fn history(capabilities: &Capabilities) -> Period {
    let to = malaysian_today();
    let months = Months::new(capabilities.history_months);
    let from = to.checked_sub_months(months).unwrap_or(to);
    Period { from, to }
}

impl Bench<'_> {
    /// The account that was given, or the eligible one with most transactions; walked through once.
    pub(crate) async fn closely(&self) -> Step<Closely> {
        let chosen = async {
            let capabilities = self.capabilities(Contract::CoreBank).await?;
            capabilities.needs("listTransactions")?;
            let customer = self.customer()?;
            let candidates = self.candidates().await?;
            let Period { from, to: today } = history(&capabilities);
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
        self.closely.get_or_init(|| Box::pin(chosen)).await.clone()
    }

    /// The account that was given, or those that can be shared.
    pub(crate) async fn candidates(&self) -> Step<Vec<String>> {
        if let Some(reference) = &self.options.account {
            return Ok(vec![reference.clone()]);
        }
        let eligible = self.eligible().await?.into_iter();
        Ok(eligible.map(|it: Listed| it.reference).collect())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::date_time;

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
        assert_eq!(
            (period.from.to_string().as_str(), kept.len()),
            ("2025-12-02", 3)
        );
        let (period, kept) = all.recent(2);
        assert_eq!(
            (period.from.to_string().as_str(), kept.len()),
            ("2025-12-03", 1)
        );
        let cut_off = closely(rows, End::OutOfTime);
        assert_eq!(cut_off.recent(4).1.len(), 1);
    }
}
