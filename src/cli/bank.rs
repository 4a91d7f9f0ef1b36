//! `izin bank`: for those who implement the bank's contracts.

mod check;
mod demo;

use std::process::ExitCode;

use clap::{Args, Subcommand};

/// Implement the bank's contracts (openapi/core-bank-1.yaml, openapi/sign-in-1.yaml) over HTTP
#[derive(Debug, Args)]
pub struct Bank {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(Box<check::Check>),
    Demo(demo::Demo),
}

impl Bank {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::Check(check) => check.run().await,
            Command::Demo(demo) => demo.run().await.map(|()| ExitCode::SUCCESS),
        }
    }
}
