//! The output that is committed beside these tests, compiled and driven: what the generator writes must not only look right.
//!
//! No sockets: the client's requests go straight into the routes.

mod branch;
mod choices;
mod client;
mod clients;
mod http;
mod limits;
mod secrets;
mod trust;

#[rustfmt::skip]
#[path = "../branch/generated/mod.rs"]
mod branch_generated;
#[rustfmt::skip]
#[path = "../library/generated/mod.rs"]
mod library_generated;
