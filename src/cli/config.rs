//! `izin config`: what the service would run with, without running it.

mod check;
mod schema;
mod show;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::config::Loaded;
use crate::institution::Institution;

/// Check the configuration, show what is in force, or print its schema
///
/// A configuration is the defaults that are compiled in, a file over them, and variables of the environment over both:
/// `IZIN__SECTION__KEY`, for example `IZIN__DATABASE__URL` or `IZIN__OFP__PROFILE__UPDATE_METHOD`. A variable for a text has the
/// text as it stands; anything else is written as in TOML: `10`, `true`, `["a", "b"]`. An empty one leaves an optional key out.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Config {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "Examples:
  izin config check --config izin.toml            before a restart, and in the pipeline that delivers it
  izin config show --config izin.toml --changed   what this installation has set, and where
  izin config schema > izin.schema.json           for editors that complete and check TOML";

#[derive(Debug, Subcommand)]
enum Command {
    Check(check::Check),
    Schema(schema::Schema),
    Show(show::Show),
}

/// The file, as `izin serve` takes it.
#[derive(Debug, Args)]
struct Source {
    /// Configuration file (TOML); without it, defaults and environment alone
    #[arg(short, long, env = "IZIN_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Source {
    fn read(&self, institution: &Institution) -> Loaded {
        let own_defaults = institution.defaults();
        Loaded::read(self.config.as_deref(), &own_defaults, std::env::vars_os())
    }
}

impl Config {
    pub fn run(self, institution: &Institution) -> ExitCode {
        match self.command {
            Command::Check(check) => check.run(institution),
            Command::Schema(schema::Schema {}) => schema::run(),
            Command::Show(show) => show.run(institution),
        }
    }
}
