//! The result of a comparison: changes in the order in which a change board reads them.

use serde::Serialize;

use crate::accepted::{Accepted, AcceptedBreaks};
use crate::change::Change;
use crate::document::Document;
use crate::place::printable;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    pub old: Edition,
    pub new: Edition,
    pub summary: Summary,
    /// Breaking ones that nobody accepted first, then accepted ones, then the rest; each group by id.
    pub changes: Vec<Change>,
    /// Entries of the file of accepted breaks that match no breaking change.
    pub unused_accepted: Vec<Accepted>,
    /// What the comparison could not look at, and what it assumed.
    pub notes: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Edition {
    pub title: String,
    pub version: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Breaking and not accepted.
    pub breaking: usize,
    pub accepted: usize,
    pub not_breaking: usize,
}

impl Report {
    pub(crate) fn new(
        old: &Document,
        new: &Document,
        changes: Vec<Change>,
        notes: Vec<String>,
    ) -> Self {
        let edition = |document: &Document| Edition {
            title: printable(document.title()),
            version: printable(document.version()),
        };
        let mut report = Self {
            old: edition(old),
            new: edition(new),
            summary: Summary::default(),
            changes,
            unused_accepted: Vec::new(),
            notes,
        };
        report.sort();
        report
    }

    /// Marks the breaking changes that a file accepts; entries without a breaking change become
    /// [`unused_accepted`](Self::unused_accepted).
    #[must_use]
    pub fn accepting(mut self, accepted: &AcceptedBreaks) -> Self {
        for entry in accepted.entries() {
            let mut breaking = self.changes.iter_mut().filter(|it| it.is_breaking());
            match breaking.find(|change| change.id == entry.id) {
                Some(change) => change.accepted = Some(entry.reason.clone()),
                None => self.unused_accepted.push(entry.clone()),
            }
        }
        self.sort();
        self
    }

    /// Whether a breaking change remains that nobody accepted.
    pub fn breaks(&self) -> bool {
        self.summary.breaking > 0
    }

    fn sort(&mut self) {
        let rank = |change: &Change| match (change.is_breaking(), &change.accepted) {
            (true, None) => 0,
            (true, Some(_)) => 1,
            (false, _) => 2,
        };
        self.changes
            .sort_by(|one, other| (rank(one), &one.id).cmp(&(rank(other), &other.id)));
        let count = |wanted| self.changes.iter().filter(|it| rank(it) == wanted).count();
        self.summary = Summary {
            breaking: count(0),
            accepted: count(1),
            not_breaking: count(2),
        };
    }
}
