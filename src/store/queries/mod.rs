//! Every query, written once. `pg.rs` and `sqlite.rs` each compile this folder; only `Conn`, `locked!` and
//! `insert_all!` differ.

mod authorizations;
mod checkpoints;
mod consents;
mod evidence;
mod figures;
mod ledger;
mod outbox;
mod pages;
mod reconcile;
mod records;
mod retention;

pub(super) use super::Conn;
pub use authorizations::*;
pub use checkpoints::*;
pub use consents::*;
pub use evidence::*;
pub use figures::*;
pub use ledger::*;
pub use outbox::*;
pub use pages::*;
pub use reconcile::*;
pub use records::*;
pub use retention::*;
