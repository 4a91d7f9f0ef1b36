//! The generator from outside: a configuration and a document go in, files or a refusal come out.

mod branch;
mod foreign;
mod generate;
mod library;
mod refusals;
mod robustness;
mod secrets;
