//! What a requirement's check writes down while it runs.

use crate::{
    call::Exchange,
    report::{Detail, Entry, Verdict},
    requirements::Requirement,
};

/// More findings than this of one requirement help nobody.
const MAX_DETAILS: usize = 5;

/// Why a check ended early.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Halt {
    /// The bank does not offer what the requirement is about.
    NotApplicable(String),
    /// Something is missing for it; nothing is said about the bank.
    NotTested(String),
}

pub(crate) type Step<T = ()> = Result<T, Halt>;

/// The findings of one requirement so far.
#[derive(Debug, Default)]
pub(crate) struct Sheet {
    wrong: Findings,
    warnings: Findings,
    notes: Vec<String>,
}

/// The first few, and the number of the rest.
#[derive(Debug, Default)]
struct Findings {
    kept: Vec<Detail>,
    more: usize,
}

impl Halt {
    pub(crate) fn not_tested(why: impl Into<String>) -> Self {
        Self::NotTested(why.into())
    }

    pub(crate) fn not_applicable(why: impl Into<String>) -> Self {
        Self::NotApplicable(why.into())
    }
}

impl Findings {
    fn add(&mut self, detail: Detail) {
        if self.kept.contains(&detail) {
            return;
        }
        if self.kept.len() < MAX_DETAILS {
            self.kept.push(detail);
        } else {
            self.more += 1;
        }
    }
}

impl Sheet {
    /// An answer that does not meet the requirement.
    pub(crate) fn wrong(&mut self, exchange: &Exchange, problem: impl Into<String>) {
        self.add_wrong(exchange.detail(problem));
    }

    /// The same, where it is not one answer.
    pub(crate) fn add_wrong(&mut self, detail: Detail) {
        self.wrong.add(detail);
    }

    pub(crate) fn warn(&mut self, detail: Detail) {
        self.warnings.add(detail);
    }

    /// A measurement, or a part that was not tried.
    pub(crate) fn note(&mut self, note: impl Into<String>) {
        let note = note.into();
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Whether the answer is this error with this status; if not, that is written down.
    pub(crate) fn expect_error(
        &mut self,
        exchange: &Exchange,
        status: u16,
        codes: &[&str],
    ) -> bool {
        let code = exchange.error_code();
        let met = exchange.status == status && code.is_some_and(|code| codes.contains(&code));
        if !met {
            let codes = codes.join(" or ");
            self.wrong(exchange, format!("expected {status} {codes}"));
        }
        met
    }

    /// Whether the answer has this status; if not, that is written down.
    pub(crate) fn expect_status(&mut self, exchange: &Exchange, status: u16) -> bool {
        let met = exchange.status == status;
        if !met {
            self.wrong(exchange, format!("expected {status}"));
        }
        met
    }

    #[cfg(test)]
    pub(crate) fn has_warnings(&self) -> bool {
        !self.warnings.kept.is_empty()
    }

    /// The entry of the report, once the check has ended in this way.
    pub(crate) fn entry(self, requirement: &Requirement, end: Step) -> Entry {
        let (verdict, reason, findings) = if self.wrong.kept.is_empty() {
            match end {
                Err(Halt::NotApplicable(why)) => {
                    (Verdict::NotApplicable, Some(why), Findings::default())
                }
                Err(Halt::NotTested(why)) => (Verdict::NotTested, Some(why), Findings::default()),
                Ok(()) if self.warnings.kept.is_empty() => {
                    (Verdict::Met, None, Findings::default())
                }
                Ok(()) => (Verdict::Warning, None, self.warnings),
            }
        } else {
            (Verdict::NotMet, None, self.wrong)
        };
        let mut notes = self.notes;
        if findings.more > 0 {
            notes.insert(0, format!("and {} more", findings.more));
        }
        Entry {
            id: requirement.id,
            title: requirement.title,
            operations: requirement.operations.to_vec(),
            verdict,
            reason,
            details: findings.kept,
            notes,
        }
    }
}

/// Ends the check as "not tested" unless this holds.
pub(crate) fn require(holds: bool, otherwise: &str) -> Step {
    if holds {
        Ok(())
    } else {
        Err(Halt::not_tested(otherwise))
    }
}

/// A finding that is about no single answer.
pub(crate) fn remark(problem: impl Into<String>) -> Detail {
    Detail {
        sent: None,
        came: None,
        problem: problem.into(),
    }
}
