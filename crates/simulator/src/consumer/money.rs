//! Amounts as people read them. They stay text: nothing is computed with them.

use serde::Deserialize;

/// An amount as the provider sends it: unsigned, with an indicator of whose it is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Money {
    credit_debit_indicator: String,
    amount: String,
    currency: String,
}

impl Money {
    /// `RM 1,234.50`; what is owed has a minus sign.
    pub(super) fn display(&self) -> String {
        let sign = if self.is_owed() { "−" } else { "" };
        let currency = match self.currency.as_str() {
            "MYR" => "RM",
            other => other,
        };
        format!("{sign}{currency} {}", grouped(&self.amount))
    }

    pub(super) fn is_owed(&self) -> bool {
        self.credit_debit_indicator == "debit"
    }
}

fn grouped(amount: &str) -> String {
    let (whole, cents) = amount.split_once('.').unwrap_or((amount, "00"));
    let digits: Vec<char> = whole.chars().collect();
    let groups: Vec<String> = digits.rchunks(3).rev().map(String::from_iter).collect();
    format!("{}.{cents}", groups.join(","))
}

/// Enough to recognize an account by, and no more.
pub(super) fn masked(number: &str) -> String {
    let digits: Vec<char> = number.chars().filter(char::is_ascii_digit).collect();
    let last: String = digits[digits.len().saturating_sub(4)..].iter().collect();
    format!("•••• {last}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_grouped_and_signed() {
        let cases = [
            ("credit", "0.00", "RM 0.00"),
            ("credit", "999.90", "RM 999.90"),
            ("credit", "1250.00", "RM 1,250.00"),
            ("debit", "1234567.89", "−RM 1,234,567.89"),
        ];
        for (indicator, amount, expected) in cases {
            let money = Money {
                credit_debit_indicator: indicator.to_owned(),
                amount: amount.to_owned(),
                currency: "MYR".to_owned(),
            };
            assert_eq!(money.display(), expected);
        }
    }

    #[test]
    fn account_numbers_show_four_digits() {
        assert_eq!(masked("1234567890"), "•••• 7890");
        assert_eq!(masked("123456******4321"), "•••• 4321");
        assert_eq!(masked("12"), "•••• 12");
    }
}
