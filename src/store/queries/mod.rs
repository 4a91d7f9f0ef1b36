//! Every query, written once. `pg.rs` and `sqlite.rs` each compile this folder; only `Conn` and `locked!`
//! differ.

mod authorizations;
mod consents;
#[cfg(any(test, feature = "lab"))]
mod evidence;
mod outbox;
mod records;

pub(super) use super::Conn;
pub use authorizations::*;
pub use consents::*;
#[cfg(any(test, feature = "lab"))]
pub use evidence::*;
pub use outbox::*;
pub use records::*;
