//! What a check found: how a service ended an attack, or why a check did not pass.

use std::{error::Error, fmt};

/// How a check ends.
pub(super) type Outcome<T = ()> = Result<T, Finding>;

#[derive(Clone, Debug)]
pub(super) enum Finding {
    /// The bench lacks something; nothing is said about the provider.
    NotApplicable(String),
    Wrong(String),
}

/// A step that could not be taken is a finding too: an honest call that fails, a connection that breaks off.
impl<E: Error> From<E> for Finding {
    fn from(error: E) -> Self {
        Self::Wrong(error.to_string())
    }
}

impl Finding {
    /// Says which of several cases it was.
    pub(super) fn about(self, case: &str) -> Self {
        match self {
            Self::NotApplicable(why) => Self::NotApplicable(why),
            Self::Wrong(what) => Self::Wrong(format!("{case}: {what}")),
        }
    }

    /// For findings of a preparation that several checks share.
    pub(super) fn text(self) -> String {
        match self {
            Self::NotApplicable(why) => why,
            Self::Wrong(what) => what,
        }
    }
}

/// The ends of an attack that has one or more cases, each different one once.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen(Vec<String>);

impl Seen {
    pub(super) fn new(end: impl Into<String>) -> Self {
        Self(vec![end.into()])
    }

    pub(super) fn add(&mut self, other: Self) {
        for end in other.0 {
            if !self.0.contains(&end) {
                self.0.push(end);
            }
        }
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(", "))
    }
}
