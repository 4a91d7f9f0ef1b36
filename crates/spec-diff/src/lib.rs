//! Says what changed between two editions of an `OpenAPI` document, and whether it breaks us.
//!
//! "Us" is the software that was built from the old edition and meets a counterpart that follows the new one. What we
//! *read* (requests to operations we serve, answers to operations we call) breaks when more becomes possible; what we
//! *write* (answers we give, requests we send) breaks when less remains allowed. One rule, four cases; [`Roles`] knows which
//! operations are served and which are called.
//!
//! The comparison works on the raw JSON, so that 3.0 and 3.1 are read alike and nothing that our code generator does not
//! know is overlooked: a keyword without a rule is reported as a change that a person has to judge. It is deterministic, it
//! does not depend on the order in which a document lists things, and no document makes it panic or run for ever: cycles are
//! followed once, and work is bounded.
//!
//! The way through the crate: `document` and `roles` read, `compare` finds drafts of changes and where they are reached
//! from, `report` judges them, `text` prints.

mod accepted;
mod change;
mod compare;
mod document;
mod place;
mod report;
mod roles;
mod similar;
mod text;

pub use accepted::{Accepted, AcceptedBreaks, AcceptedBreaksError};
pub use change::{Change, Element, Kind, Verdict};
pub use compare::compare;
pub use document::{Document, ReadError};
pub use report::{Edition, Report, Summary};
pub use roles::{Roles, RolesError};
