//! The file of accepted breaks: who decided what may break, and why, kept beside the documents and reviewed like code.
//!
//! ```toml
//! [[accept]]
//! id = "max-length-tightened/ConsentUpdate.id_token:3000..2500"
//! reason = "our id tokens have at most 1100 characters (change 4711)"
//! ```

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptedBreaks {
    #[serde(default, rename = "accept")]
    entries: Vec<Accepted>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accepted {
    /// As printed by the report.
    pub id: String,
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AcceptedBreaksError {
    #[error("does not have the expected form: {0}")]
    Form(String),
    #[error("`{0}` has no reason")]
    NoReason(String),
    #[error("`{0}` stands there twice")]
    Twice(String),
}

impl AcceptedBreaks {
    pub fn parse(text: &str) -> Result<Self, AcceptedBreaksError> {
        let accepted: Self =
            toml::from_str(text).map_err(|error| AcceptedBreaksError::Form(error.to_string()))?;
        let mut seen = BTreeSet::new();
        for entry in &accepted.entries {
            if entry.reason.trim().is_empty() {
                return Err(AcceptedBreaksError::NoReason(entry.id.clone()));
            }
            if !seen.insert(&entry.id) {
                return Err(AcceptedBreaksError::Twice(entry.id.clone()));
            }
        }
        Ok(accepted)
    }

    pub(crate) fn entries(&self) -> &[Accepted] {
        &self.entries
    }
}
