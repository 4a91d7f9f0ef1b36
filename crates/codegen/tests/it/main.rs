//! The generator from outside: a configuration and a document go in, files or a refusal come out.

mod generate;
mod library;
mod refusals;
