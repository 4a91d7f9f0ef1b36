//! The consent core: what a consent is, how its state may change, who may read what because of it, and
//! the evidence of all that. Pure: it knows no HTTP, no SQL and no clock; whoever calls it passes the time.

mod command;
mod compare;
mod evidence;
mod permit;
mod state;
mod transition;

pub use command::{
    AccountSnapshot, Change, Command, Identity, Intent, NewConsent, Notice, Outcome,
    PlatformReport, SignInFacts, TransitionRefusal,
};
pub use compare::{Difference, DifferenceKind, differences};
pub use evidence::{AccessLink, INSTALLATION, LedgerLink, Receipt, personal, sealed, sha256_hex};
pub use permit::{DataCall, Grant, PermitRefusal, permit};
pub use state::{
    Actor, Consent, NoticeKind, Permission, Purpose, ReasonCode, Status, StatusReason,
};
#[cfg(test)]
pub(crate) use transition::tests;
pub use transition::{apply, erasure, register};
