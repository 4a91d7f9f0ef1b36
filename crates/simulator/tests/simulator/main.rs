//! The simulator against a Data Provider of a few lines: what it refuses, what it accepts, and the consumer's journey through it.

mod attack_document;
mod browser;
mod consents;
mod consumer;
mod lab;
mod provider;
mod scripting;
mod token;
