//! `izin simulate`: the simulator's PayNet and Data Consumers against a Data Provider.

mod arrangement;
mod attacks;
mod customers;
mod report;
mod setup;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::institution::Institution;

/// Let a simulated PayNet and Data Consumers loose on a Data Provider
#[derive(Debug, Args)]
pub struct Simulate {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Attacks(Box<attacks::Attacks>),
    Setup(setup::Setup),
}

impl Simulate {
    pub async fn run(self, institution: Institution) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::Attacks(attacks) => attacks.run(institution).await,
            Command::Setup(setup) => setup.run().await,
        }
    }
}
