//! `izin bank`: for those who implement the bank's contracts.

mod check;
mod serve;

pub use serve::tls_from_files;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::institution::Institution;

/// For those who implement the bank's contracts: check an implementation, or serve one over HTTP
#[derive(Debug, Args)]
pub struct Bank {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(Box<check::Check>),
    Serve(serve::Serve),
}

impl Bank {
    pub async fn run(self, institution: Institution) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::Check(check) => check.run().await,
            Command::Serve(serve) => serve.run(institution).await.map(|()| ExitCode::SUCCESS),
        }
    }
}
