//! Every query, written once. `pg.rs` and `sqlite.rs` each compile this folder; only `Conn` and `locked!`
//! differ.

mod authorizations;
mod consents;
mod evidence;
mod figures;
mod outbox;
mod reconcile;
mod records;

pub(super) use super::Conn;
pub use authorizations::*;
pub use consents::*;
pub use evidence::*;
pub use figures::*;
pub use outbox::*;
pub use reconcile::*;
pub use records::*;
