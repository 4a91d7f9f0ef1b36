//! `izin reconcile`: what PayNet has otherwise than we do.

mod list;
mod run;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::database::Database;
use crate::institution::Institution;

/// Compare our consents with PayNet's, and list what is otherwise
///
/// The running service compares by itself, slowly and in rounds ([reconcile] in the configuration). A restriction that PayNet has and we
/// have missed takes effect; everything else waits here for a person, and goes when it is there no more.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Reconcile {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "Examples:
  izin reconcile list --config izin.toml
  izin reconcile run --config izin.toml --consent 550e8400-e29b-41d4-a716-446655440001 --dry-run

Exit codes: 0 done, 1 not done (the reason is on standard error), 2 wrong usage.";

#[derive(Debug, Subcommand)]
enum Command {
    List(list::List),
    Run(run::Run),
}

impl Reconcile {
    pub async fn run(self, institution: &Institution) -> anyhow::Result<ExitCode> {
        let defaults = institution.defaults();
        match self.command {
            Command::List(list) => list.run(&defaults).await?,
            Command::Run(run) => run.run(&defaults).await?,
        }
        Ok(ExitCode::SUCCESS)
    }
}
