//! The kit against a small bank over a real socket: right in everything, and broken on purpose in one thing at a time.

mod bank;
mod core_bank;
mod hostile;
mod report;
mod sign_in;
mod tls;
