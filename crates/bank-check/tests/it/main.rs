//! The kit against a small bank over a real socket: right in everything, and broken on purpose in one thing at a time.

#![expect(
    clippy::result_large_err,
    reason = "a refusal of the bank is an answer like any other"
)]

mod bank;
mod core_bank;
mod hostile;
mod report;
mod sign_in;
mod tls;
