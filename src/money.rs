//! Money: whole sen, never a floating-point number. Amounts have no sign; the direction is a word of its
//! own (`credit` or `debit`), as PayNet's objects have it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An amount in ringgit, kept in sen. At most 13 digits before the point (PayNet's `Amount`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Ringgit {
    sen: u64,
}

/// Whether the amount is the customer's (credit) or owed by the customer (debit).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    Credit,
    Debit,
}

impl Ringgit {
    /// The largest amount the wire format can carry: 13 digits, a point and 2 digits.
    pub const MAX_SEN: u64 = 999_999_999_999_999;

    /// `None` above [`Self::MAX_SEN`].
    pub const fn from_sen(sen: u64) -> Option<Self> {
        if sen <= Self::MAX_SEN {
            Some(Self { sen })
        } else {
            None
        }
    }

    /// For amounts known at compile time; larger ones are cut to the maximum.
    pub const fn saturating(sen: u64) -> Self {
        match Self::from_sen(sen) {
            Some(amount) => amount,
            None => Self { sen: Self::MAX_SEN },
        }
    }
}

impl fmt::Display for Ringgit {
    /// Two decimals, no grouping: `1234.50`, the wire form.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.sen / 100, self.sen % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_decimals_and_no_grouping() {
        assert_eq!(Ringgit::saturating(5).to_string(), "0.05");
        assert_eq!(Ringgit::saturating(123_450).to_string(), "1234.50");
        assert_eq!(
            Ringgit::saturating(u64::MAX).to_string(),
            "9999999999999.99"
        );
        assert!(Ringgit::from_sen(Ringgit::MAX_SEN + 1).is_none());
    }
}
