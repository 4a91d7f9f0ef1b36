//! The checks, one file for each theme. Each looks, changes nothing, and answers what it found.

pub mod bank;
pub mod certificates;
mod clock;
pub mod configuration;
pub mod database;
pub mod keys;
pub mod listeners;
pub mod paynet;
pub mod profile;
pub mod redirects;
pub mod signing;
pub mod system;

/// Why something was not looked at that is not on this machine.
const OFFLINE: &str = "not looked at with --offline";
