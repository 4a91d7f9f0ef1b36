//! The result of a run, in order of requirement.

mod text;

use serde::Serialize;

/// What became of each requirement.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// In order of id; every requirement of the kit is there.
    pub entries: Vec<Entry>,
}

/// One requirement and what the run says about it.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// Such as `CB-01`.
    pub id: &'static str,
    pub title: &'static str,
    /// The operationIds that it is about; `all` for every one.
    pub operations: Vec<&'static str>,
    pub verdict: Verdict,
    /// Why the verdict is "not applicable" or "not tested".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What does not meet the requirement, or is worth a look; cut off after the first few.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<Detail>,
    /// Measurements, and the parts that were not tried.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// How a requirement stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Met,
    /// Met as far as can be said, with something to look at.
    Warning,
    NotMet,
    /// The bank does not offer what the requirement is about.
    NotApplicable,
    /// Something was missing for it.
    NotTested,
}

/// One exchange that does not meet a requirement. Holds no value of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Detail {
    /// Method and path, and how the request differs from an honest one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent: Option<String>,
    /// Status, and the error code if it is one of the contract's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub came: Option<String>,
    /// The rule, and the place in the answer.
    pub problem: String,
}

impl Report {
    /// Whether something was tried and nothing is "not met". Warnings and what was not tested do not count.
    pub fn passed(&self) -> bool {
        self.count(Verdict::NotMet) == 0 && self.count(Verdict::Met) > 0
    }

    /// How many requirements have this verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        let with_it = self.entries.iter().filter(|it| it.verdict == verdict);
        with_it.count()
    }

    /// The entry of a requirement.
    pub fn entry(&self, id: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.id == id)
    }

    /// For people: aligned columns, then the numbers. The same as `Display`.
    pub fn to_text(&self) -> String {
        self.to_string()
    }
}
