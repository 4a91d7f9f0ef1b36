//! One thing that is wrong, and where.

use std::fmt;

use super::layers::Origin;

/// A sentence, and the place of the value that it is about; absent where there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub sentence: String,
    pub origin: Option<Origin>,
}

impl Problem {
    pub fn at(origin: Origin, sentence: impl Into<String>) -> Self {
        Self {
            sentence: sentence.into(),
            origin: Some(origin),
        }
    }

    /// As an operator goes through them: down the file, then the variables, then what is nowhere.
    pub fn rank(&self) -> (u8, usize) {
        match &self.origin {
            Some(Origin::File { line, .. }) => (0, line.unwrap_or_default()),
            Some(Origin::Variable(_)) => (1, 0),
            Some(Origin::Default | Origin::Program) => (2, 0),
            None => (3, 0),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)?;
        let place = self.origin.as_ref();
        place.map_or(Ok(()), |origin| write!(f, " ({origin})"))
    }
}
