//! The bank's customers, accounts and transactions.

use chrono::{DateTime, Days, FixedOffset, NaiveDate, NaiveTime, Utc};
use serde_json::{Value, json};

/// A transaction and its moment.
pub type Row = (DateTime<FixedOffset>, Value);

pub struct Account {
    pub customer: &'static str,
    pub reference: &'static str,
    pub kind: &'static str,
    pub eligibility: &'static str,
    pub number: &'static str,
    /// How many transactions there are.
    pub rows: u64,
}

const fn account(
    customer: &'static str,
    reference: &'static str,
    kind: &'static str,
    eligibility: &'static str,
    number: &'static str,
    rows: u64,
) -> Account {
    Account {
        customer,
        reference,
        kind,
        eligibility,
        number,
        rows,
    }
}

pub const ACCOUNTS: [Account; 8] = [
    account("CIF-1", "SA-1", "savings", "eligible", "7001234567", 40),
    account(
        "CIF-1",
        "CC-1",
        "credit_card",
        "eligible",
        "512345******2346",
        14,
    ),
    account("CIF-1", "HL-1", "mortgage", "eligible", "9001112221", 0),
    account("CIF-1", "PN-1", "pension", "eligible", "9101112221", 0),
    account("CIF-1", "SA-2", "savings", "dormant", "7009998887", 3),
    account("CIF-1", "SA-3", "savings", "joint", "7005554443", 3),
    account("CIF-1", "CA-4", "current", "withheld", "7005554444", 0),
    account("CIF-2", "SA-9", "savings", "eligible", "7005550000", 3),
];

pub fn malaysia() -> FixedOffset {
    FixedOffset::east_opt(8 * 3600).unwrap()
}

pub fn today() -> NaiveDate {
    Utc::now().with_timezone(&malaysia()).date_naive()
}

impl Account {
    pub fn name(&self) -> String {
        format!("Account {}", self.reference)
    }

    pub fn summary(&self) -> Value {
        json!({
            "reference": self.reference,
            "number": self.number,
            "name": self.name(),
            "kind": self.kind,
            "eligibility": self.eligibility,
        })
    }

    pub fn detail(&self) -> Value {
        let mut detail = json!({
            "reference": self.reference,
            "number": self.number,
            "name": self.name(),
            "holder": "Nurul Iman binti Rahman",
            "kind": self.kind,
        });
        let money = |amount: &str| json!({"amount": amount, "currency": "MYR"});
        match self.kind {
            "credit_card" => {
                detail["credit"] = json!({
                    "limit": money("10000.00"),
                    "interest_rate": "15.00",
                    "minimum_payment": money("66.05"),
                });
            }
            "mortgage" => {
                detail["loan"] = json!({
                    "principal": money("350000.00"),
                    "origination_date": "2020-03-01",
                    "maturity_date": "2050-02-28",
                    "interest_rate": "4.125",
                    "minimum_payment": money("1701.22"),
                });
            }
            _ => {}
        }
        detail
    }

    /// Newest first: one every ninth day until yesterday, at the edges of days in Malaysia and in Greenwich, two at one instant.
    pub fn transactions(&self) -> Vec<Row> {
        let times = [
            (0, 0, 10),
            (7, 59, 50),
            (8, 0, 10),
            (12, 30, 0),
            (23, 59, 50),
        ];
        let mut rows: Vec<_> = (0..self.rows)
            .map(|at| {
                let day = today() - Days::new(1 + at * 9);
                let (hour, minute, second) = times[usize::try_from(at).unwrap() % times.len()];
                let time = NaiveTime::from_hms_opt(hour, minute, second).unwrap();
                let at_time = day.and_time(time).and_local_timezone(malaysia()).unwrap();
                (at_time, self.row(at, at_time))
            })
            .collect();
        if let Some((at, _)) = rows.get(3).cloned() {
            rows.insert(4, (at, self.row(1000, at)));
        }
        rows
    }

    fn row(&self, number: u64, at: DateTime<FixedOffset>) -> Value {
        let text = if number.is_multiple_of(2) {
            at.to_rfc3339()
        } else {
            at.to_utc()
                .to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
        };
        json!({
            "id": format!("{}-{number}", self.reference),
            "booked_at": text,
            "credit_debit_indicator": "debit",
            "amount": {"amount": format!("{}.30", number + 1), "currency": "MYR"},
            "description": "DuitNow QR Kedai Runcit Maju",
            "is_settled": number != 0,
            "transfer_method": "instore_payment",
            "transfer_submethod": "duitnow_qr",
            "custom_data": {"branch": "KL"},
        })
    }
}
