//! `izin config schema`: every key, for programs.

use std::process::ExitCode;

use clap::Args;

use crate::config::SCHEMA;

/// Print the JSON Schema of the configuration file
///
/// It has every key with its type, its default and its meaning. Editors with TOML support (Even Better TOML, Taplo) complete and
/// check by it when the file's first line is `#:schema ./izin.schema.json`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  izin config schema > izin.schema.json")]
pub struct Schema {}

/// Prints it.
pub fn run() -> ExitCode {
    crate::cli::report(SCHEMA, ExitCode::SUCCESS)
}
