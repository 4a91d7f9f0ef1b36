//! Evidence: what is written can be proven, and what somebody changes in the database is found. Manipulations are done in SQL, by somebody
//! who can write every table and knows every formula, but has none of our keys.

mod accesses;
mod attacker;
mod checkpoints;
mod export;
mod forged;
mod ledger;
mod retention;
mod scene;
mod writer;

pub use attacker::{Attacker, LedgerHashes};
pub use scene::Scene;
