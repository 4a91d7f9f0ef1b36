//! Izin joins a Malaysian institution to PayNet's consent systems. README.md says what it does,
//! docs/architecture.md where things are.

mod app;
mod authorization;
mod bank;
mod cli;
mod clock;
mod config;
mod consent;
mod database;
mod doctor;
mod evidence;
#[rustfmt::skip]
#[path = "../generated/mod.rs"]
mod generated;
mod http;
mod ids;
mod institution;
mod jobs;
mod keys;
mod metrics;
mod money;
mod ops;
mod pages;
mod paynet;
mod resources;
mod secret;
pub mod sign_in;
mod store;
mod trust;
mod webhooks;

impl Institution {
    /// Runs the command line of this process: what the binary's `main` does.
    pub fn main(self) -> std::process::ExitCode {
        cli::run(self)
    }
}

/// Dates and times of the contracts.
pub use chrono;
/// Ids of calls.
pub use uuid;

pub use institution::{ConnectError, Institution, Settings};

/// What a bank implements: the contract `openapi/core-bank-1.yaml`, generated as a trait with its types.
pub mod core_bank {
    pub use crate::bank::BankError;
    pub use crate::generated::core_bank::server::{
        CoreBank, GetAccountParams, GetBalanceParams, GetCapabilitiesParams, GetCustomerParams,
        ListAccountsParams, ListTransactionsParams, SendNoticeParams,
    };
    pub use crate::generated::core_bank::types;
    pub use crate::ids::{AccountReference, ConsentId, CustomerId, DcId, InvalidId};
    pub use crate::money::{DecimalAmount, InvalidDecimal, Rate};
}

/// For this project's own tests: the service in the test's process, with a clock that can be moved.
#[cfg(feature = "lab")]
#[doc(hidden)]
pub mod lab {
    pub use crate::app::Service;
    pub use crate::authorization::{Stop, stop_sharing};
    pub use crate::bank::{DemoBank, DynCoreBank, ServedBank};
    pub use crate::cli::bank::tls_from_files;
    pub use crate::cli::demo::{DemoSettings, registration};
    pub use crate::clock::{Clock, SharedClock, ShiftedClock, SystemClock};
    pub use crate::config::{Config, DEMO};
    pub use crate::consent::{
        Actor, Change, Command, Difference, DifferenceKind, Identity, LedgerLink, NewConsent,
        Outcome, Purpose, ReasonCode, Receipt, SignInFacts, Status, StatusReason, apply, register,
    };
    pub use crate::http::Handshake;
    pub use crate::ids::{AccountId, AccountReference, ConsentId, CustomerId, DcId, DpId};
    pub use crate::store::{
        ACCESS, Access, AccessLog, AccessRow, At, CheckpointRow, ConsentFilter, Cursor,
        DecisionRecord, EventRow, HandleRecord, LEDGER, Lease, OPERATIONS, Recipient, Settled,
        Store, StoreError, StretchRow, kept,
    };
    pub use crate::trust::{CallClaims, Expected};
    pub use crate::webhooks::read_event;
}
