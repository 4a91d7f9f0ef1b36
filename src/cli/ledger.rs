//! `izin ledger`: proving that nothing was changed, and handing evidence out.

mod export;
mod verify;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::database::Database;
use crate::institution::Institution;

/// Verify the ledger and the access log, or export from them
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Ledger {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "Examples:
  izin ledger verify --config izin.toml --checkpoint /mnt/audit/checkpoint-000104233.jws
  izin ledger verify --config izin.toml --keys signing-2026.crt --keys signing-2027.crt --json
  izin ledger export --config izin.toml --consent 550e8400-e29b-41d4-a716-446655440001 \\
    --operator siti --reason 'Bank Negara, letter 12/2027' --output evidence.jsonl
  izin ledger export --config izin.toml --from 2027-01-01 --to 2027-03-31 --operator siti --reason 'Audit'

Exit codes: 0 intact, or exported; 1 something was found, or it could not be done; 2 wrong usage.";

#[derive(Debug, Subcommand)]
enum Command {
    Export(export::Export),
    Verify(verify::Verify),
}

impl Ledger {
    pub async fn run(self, institution: &Institution) -> anyhow::Result<ExitCode> {
        let defaults = institution.defaults();
        match self.command {
            Command::Export(export) => export.run(&defaults).await,
            Command::Verify(verify) => verify.run(&defaults).await,
        }
    }
}
