//! What the comparison with PayNet keeps: how far it has come, and what was found otherwise.

use diesel::prelude::*;

use super::schema::{differences, reconcile_cursor};
use super::types::At;
use crate::consent::{Consent, DifferenceKind};

/// Which of the consents that have ended are looked at: those whose end is neither long ago nor so new that it may still be on its way.
#[derive(Debug, Clone, Copy)]
pub struct Settled {
    pub since: At,
    pub until: At,
}

#[derive(Debug)]
pub struct Page {
    pub consents: Vec<Consent>,
    /// Where the next page begins. `None`: this is the last.
    pub next: Option<String>,
}

/// How far a round has come. A round is over when it has finished after it started.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = reconcile_cursor)]
pub struct Cursor {
    pub name: String,
    pub after_id: String,
    /// Consents that PayNet was asked for in this round.
    pub checked: i64,
    pub started_at: At,
    pub finished_at: Option<At>,
    pub not_before: Option<At>,
    pub locked_until: Option<At>,
    pub holder: Option<String>,
}

/// Something that PayNet has otherwise, or had.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = differences, treat_none_as_null = true)]
pub struct DifferenceRow {
    pub consent_id: String,
    /// [`DifferenceKind::as_str`].
    pub kind: String,
    pub ours: String,
    pub theirs: String,
    pub found_at: At,
    /// When it was last looked at.
    pub seen_at: At,
    pub closed_at: Option<At>,
    /// `adopted`: PayNet's word was taken. `gone`: it was not there any more.
    pub outcome: Option<String>,
}

impl DifferenceRow {
    pub fn is_open(&self) -> bool {
        self.closed_at.is_none()
    }
}

/// What a look at one consent changed.
#[derive(Debug, Default)]
pub struct Recorded {
    pub opened: Vec<DifferenceKind>,
    pub closed: Vec<String>,
}
