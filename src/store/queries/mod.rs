//! Every query, written once. `pg.rs` and `sqlite.rs` each compile this folder; only `Conn` and `locked!`
//! differ.

mod authorizations;
mod consents;
mod evidence;
mod outbox;
mod records;

pub(super) use super::Conn;
pub use authorizations::*;
pub use consents::*;
pub use evidence::*;
pub use outbox::*;
pub use records::*;
