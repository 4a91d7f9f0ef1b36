//! What does not fit, in plain words.

use serde::Serialize;

/// Of more than these it is only counted that they are.
const KEPT: usize = 1000;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// A stable word for scripts, such as `ledger.edited`.
    pub what: &'static str,
    /// Where: a consent, a segment, a checkpoint.
    pub place: String,
    /// What is wrong there, and what that means.
    pub means: String,
}

#[derive(Debug, Default)]
pub struct Findings {
    pub first: Vec<Finding>,
    pub in_all: u64,
}

impl Findings {
    pub fn add(&mut self, what: &'static str, place: impl Into<String>, means: impl Into<String>) {
        self.in_all += 1;
        if self.first.len() < KEPT {
            self.first.push(Finding {
                what,
                place: place.into(),
                means: means.into(),
            });
        }
    }
}
