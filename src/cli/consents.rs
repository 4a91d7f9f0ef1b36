//! `izin consents`: what there is, what happened to one, and stopping one.

mod list;
mod revoke;
mod show;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::database::Database;
use crate::institution::Institution;

/// List consents, show one with its history, or stop one
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Consents {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "Examples:
  izin consents list --config izin.toml --status authorized --customer CIF-1001
  izin consents show --config izin.toml 550e8400-e29b-41d4-a716-446655440001
  izin consents revoke --config izin.toml 550e8400-e29b-41d4-a716-446655440001 \\
    --operator siti --reason 'Asked for at the counter' --by customer

Exit codes: 0 done, 1 not done (the reason is on standard error), 2 wrong usage.";

#[derive(Debug, Subcommand)]
enum Command {
    List(list::List),
    Revoke(revoke::Revoke),
    Show(show::Show),
}

impl Consents {
    pub async fn run(self, institution: &Institution) -> anyhow::Result<ExitCode> {
        let defaults = institution.defaults();
        match self.command {
            Command::List(list) => list.run(&defaults).await,
            Command::Revoke(revoke) => {
                revoke.run(&defaults).await?;
                Ok(ExitCode::SUCCESS)
            }
            Command::Show(show) => show.run(&defaults).await,
        }
    }
}
