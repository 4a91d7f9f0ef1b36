//! Evidence for years later: checkpoints over the ledger and the access log, their verification, exports for a regulator, and retention,
//! which erases what is personal and leaves the proof. docs/evidence.md is for whoever uses it, docs/decisions/0009-evidence.md for why.
//!
//! It knows what proves what. How entries are chained is the core's affair (`consent/evidence.rs`), how they are written the store's.

mod acts;
mod checkpoint;
mod export;
mod keys;
mod retention;
mod verify;

use acts::Act;
pub use checkpoint::{Checkpoint, Count, Unproven, digest, fingerprint};
pub use export::{Export, Wanted};
pub use keys::known_keys;
pub use retention::{Retention, Totals};
pub use verify::{HeldCheckpoint, Report, Verification};

/// Whoever waits for long work.
pub trait Watch: Send + Sync {
    /// A part of the work begins; of so many, if that is known.
    fn begins(&self, what: &'static str, of: Option<u64>);

    fn done(&self, more: u64);
}
