//! Money and rates: decimal texts as the contracts carry them, exact, never a floating-point number.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a text is not a decimal of this form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected {0}")]
pub struct InvalidDecimal(&'static str);

/// An amount in units of its currency with two decimal places, at most 13 digits before the point and without sign:
/// `1250.00`. The direction is a word of its own (`credit` or `debit`), as PayNet's objects have it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DecimalAmount(String);

impl DecimalAmount {
    /// In sen or cents: 13 digits, a point and two digits.
    pub const MAX_HUNDREDTHS: u64 = 999_999_999_999_999;
    const FORM: &'static str = "1 to 13 digits, a point and two digits";

    /// Digits before and after the point, which must be there; leading zeros are dropped.
    pub fn parse(text: &str) -> Result<Self, InvalidDecimal> {
        let (whole, places) = digits(text).ok_or(InvalidDecimal(Self::FORM))?;
        if whole.len() > 13 || places.len() != 2 {
            return Err(InvalidDecimal(Self::FORM));
        }
        let hundredths = format!("{whole}{places}").parse();
        hundredths
            .ok()
            .and_then(Self::from_hundredths)
            .ok_or(InvalidDecimal(Self::FORM))
    }

    /// From sen or cents, up to 42 million units of the currency.
    pub fn of_hundredths(hundredths: u32) -> Self {
        Self::written(hundredths.into())
    }

    /// From sen or cents. `None` above [`Self::MAX_HUNDREDTHS`].
    pub fn from_hundredths(hundredths: u64) -> Option<Self> {
        (hundredths <= Self::MAX_HUNDREDTHS).then(|| Self::written(hundredths))
    }

    fn written(hundredths: u64) -> Self {
        Self(format!("{}.{:02}", hundredths / 100, hundredths % 100))
    }
}

/// Percent per year with two to four decimal places: `4.125`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Rate(String);

impl Rate {
    const FORM: &'static str = "1 to 3 digits, a point and two to four digits";

    /// As it is written.
    pub fn parse(text: &str) -> Result<Self, InvalidDecimal> {
        match digits(text) {
            Some((whole, places)) if whole.len() <= 3 && (2..=4).contains(&places.len()) => {
                Ok(Self(text.to_owned()))
            }
            _ => Err(InvalidDecimal(Self::FORM)),
        }
    }

    /// For PayNet's objects, where a rate is a JSON number. At most seven digits, so the nearest number prints as the text.
    pub fn percent(&self) -> f64 {
        self.0.parse().unwrap_or_default()
    }
}

/// The digits before and after the only point.
fn digits(text: &str) -> Option<(&str, &str)> {
    let (whole, places) = text.split_once('.')?;
    let all = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    (all(whole) && all(places)).then_some((whole, places))
}

macro_rules! decimal_text {
    ($($name:ident),*) => { $(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidDecimal;

            fn try_from(text: String) -> Result<Self, InvalidDecimal> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(decimal: $name) -> String {
                decimal.0
            }
        }
    )* };
}

decimal_text!(DecimalAmount, Rate);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_two_places_without_sign() {
        let written = |hundredths| {
            DecimalAmount::from_hundredths(hundredths)
                .unwrap()
                .to_string()
        };
        assert_eq!(written(5), "0.05");
        assert_eq!(DecimalAmount::of_hundredths(123_450).to_string(), "1234.50");
        assert_eq!(written(DecimalAmount::MAX_HUNDREDTHS), "9999999999999.99");
        assert!(DecimalAmount::from_hundredths(DecimalAmount::MAX_HUNDREDTHS + 1).is_none());
        assert_eq!(DecimalAmount::parse("007.50"), DecimalAmount::parse("7.50"));
        for wrong in [
            "",
            "1",
            "1.5",
            "1.505",
            ".50",
            "1.",
            "-1.50",
            "+1.50",
            "1,00",
            "1e2.00",
            "١.٥٠",
            "12345678901234.00",
        ] {
            assert!(DecimalAmount::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn rates_have_two_to_four_places() {
        for (text, percent) in [("15.00", 15.0), ("4.125", 4.125), ("0.0001", 0.0001)] {
            let rate = Rate::parse(text).unwrap();
            assert_eq!(rate.percent().to_bits(), f64::to_bits(percent));
        }
        for wrong in ["15", "15.0", "1500.00", "4.12345", "-1.00", "NaN", "inf.00"] {
            assert!(Rate::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
