//! A year of plausible movements on every account, the same at every call.

use chrono::{DateTime, Datelike, FixedOffset, Months, NaiveDate, NaiveTime, TimeDelta};

use super::customers::{DemoAccount, money};
use crate::bank::Period;
use crate::bank::types::{
    CreditDebitIndicator, ForeignMoney, Transaction, TransferMethod, TransferSubmethod,
};
use crate::clock::malaysian;
use crate::money::DecimalAmount;

/// How far back the demo bank remembers.
pub const HISTORY_MONTHS: i32 = 12;
const HISTORY: Months = Months::new(HISTORY_MONTHS.unsigned_abs());
/// Movements younger than this have not settled yet.
const SETTLES_AFTER: TimeDelta = TimeDelta::hours(24);

/// What happens on which day of a month, at which Malaysian hour.
struct Habit {
    days: &'static [u32],
    hour: u32,
    description: &'static str,
    sen: u32,
    indicator: CreditDebitIndicator,
    transfer: Option<(TransferMethod, TransferSubmethod)>,
    merchant: Option<(&'static str, &'static str)>,
    singapore_cents: Option<u32>,
}

const DEBIT: CreditDebitIndicator = CreditDebitIndicator::Debit;

const HABITS: &[Habit] = &[
    Habit {
        days: &[2, 5, 9, 13, 16, 19, 22, 26, 30],
        hour: 19,
        description: "DuitNow QR Kedai Runcit Maju",
        sen: 4_530,
        indicator: DEBIT,
        transfer: Some((TransferMethod::InstorePayment, TransferSubmethod::DuitnowQr)),
        merchant: Some(("Kedai Runcit Maju", "5411")),
        singapore_cents: None,
    },
    // The same instant as the purchase above: the order must not depend on the time alone.
    Habit {
        days: &[5, 19],
        hour: 19,
        description: "DuitNow QR Warung Pak Din",
        sen: 1_250,
        indicator: DEBIT,
        transfer: Some((TransferMethod::InstorePayment, TransferSubmethod::DuitnowQr)),
        merchant: Some(("Warung Pak Din", "5812")),
        singapore_cents: None,
    },
    Habit {
        days: &[12],
        hour: 9,
        description: "Tenaga bill payment",
        sen: 12_875,
        indicator: DEBIT,
        transfer: Some((TransferMethod::BillPayment, TransferSubmethod::Jompay)),
        merchant: None,
        singapore_cents: None,
    },
    // Midnight: the first instant of a Malaysian day, and the day before in UTC.
    Habit {
        days: &[1],
        hour: 0,
        description: "Standing instruction, house rent",
        sen: 150_000,
        indicator: DEBIT,
        transfer: Some((
            TransferMethod::RecurringPayment,
            TransferSubmethod::DirectDebit,
        )),
        merchant: None,
        singapore_cents: None,
    },
    Habit {
        days: &[21],
        hour: 13,
        description: "HAWKER ROW SINGAPORE",
        sen: 6_174,
        indicator: DEBIT,
        transfer: None,
        merchant: Some(("Hawker Row", "5812")),
        singapore_cents: Some(1_800),
    },
    Habit {
        days: &[25],
        hour: 12,
        description: "Salary",
        sen: 485_000,
        indicator: CreditDebitIndicator::Credit,
        transfer: Some((TransferMethod::FundsTransfer, TransferSubmethod::Ibg)),
        merchant: None,
        singapore_cents: None,
    },
    Habit {
        days: &[27],
        hour: 12,
        description: "Transfer to Aminah",
        sen: 20_000,
        indicator: DEBIT,
        transfer: Some((
            TransferMethod::FundsTransfer,
            TransferSubmethod::DuitnowTransfer,
        )),
        merchant: None,
        singapore_cents: None,
    },
];

/// The movements of a period, newest first.
pub fn of(account: &DemoAccount, period: Period, now: DateTime<FixedOffset>) -> Vec<Transaction> {
    let today = now.date_naive();
    let oldest = today.checked_sub_months(HISTORY).unwrap_or(today);
    let first = period.from.max(oldest);
    let mut found: Vec<Transaction> = first
        .iter_days()
        .take_while(|day| *day <= period.to.min(today))
        .flat_map(|day| HABITS.iter().enumerate().map(move |habit| (day, habit)))
        .filter(|(day, (_, habit))| habit.days.contains(&day.day()))
        .filter_map(|(day, habit)| movement(account, day, habit, now))
        .collect();
    found.reverse();
    found.sort_by(|a, b| b.booked_at.cmp(&a.booked_at).then_with(|| b.id.cmp(&a.id)));
    found
}

fn movement(
    account: &DemoAccount,
    day: NaiveDate,
    (number, habit): (usize, &Habit),
    now: DateTime<FixedOffset>,
) -> Option<Transaction> {
    let time = NaiveTime::from_hms_opt(habit.hour, 0, 0)?;
    let booked_at = day
        .and_time(time)
        .and_local_timezone(*now.offset())
        .single()?;
    if booked_at > now {
        return None;
    }
    Some(Transaction {
        id: format!("{}-{day}-{number}", account.reference),
        booked_at: malaysian(booked_at.to_utc()),
        credit_debit_indicator: habit.indicator,
        amount: money(habit.sen),
        foreign_amount: habit.singapore_cents.map(|cents| ForeignMoney {
            amount: DecimalAmount::of_hundredths(cents),
            currency: "SGD".to_owned(),
        }),
        description: habit.description.to_owned(),
        is_settled: now - booked_at >= SETTLES_AFTER,
        transfer_method: habit.transfer.map(|(method, _)| method),
        transfer_submethod: habit.transfer.map(|(_, submethod)| submethod),
        recipient_reference: None,
        other_payment_description: None,
        merchant_name: habit.merchant.map(|(name, _)| name.to_owned()),
        mcc: habit.merchant.map(|(_, mcc)| mcc.to_owned()),
        custom_data: None,
    })
}
