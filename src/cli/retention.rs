//! `izin retention`: erasing what is personal when its time is over.

use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Subcommand};
use serde_json::json;

use super::database::Database;
use super::plain::plain;
use super::progress::Progress;
use super::table::aligned;
use crate::clock::{SharedClock, SystemClock};
use crate::config::ConfigProblems;
use crate::evidence::{self, Totals};
use crate::institution::Institution;

/// Erase what is personal about consents that ended long ago
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Retention {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "Examples:
  izin retention run --config izin.toml --dry-run
  izin retention run --config izin.toml --operator scheduler --reason 'Retention schedule 2027'

Exit codes: 0 done, 1 not done (the reason is on standard error), 2 wrong usage.";

#[derive(Debug, Subcommand)]
enum Command {
    Run(Once),
}

/// Erase what [retention] says, once
///
/// Of consents that ended so many years ago: customers, accounts, receipts, sign-ins, raw events. What happened and when stays, and the
/// ledger still verifies. Consents that run are never touched. A run that is stopped halfway is finished by the next.
#[derive(Debug, Args)]
struct Once {
    #[command(flatten)]
    database: Database,
    /// Only tell what would go
    #[arg(long)]
    dry_run: bool,
    /// Who you are; goes into the ledger
    #[arg(long, value_name = "NAME", value_parser = plain, required_unless_present = "dry_run")]
    operator: Option<String>,
    /// Why; goes into the ledger
    #[arg(long, value_name = "TEXT", value_parser = plain, required_unless_present = "dry_run")]
    reason: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Retention {
    pub async fn run(self, institution: &Institution) -> anyhow::Result<ExitCode> {
        let Command::Run(once) = self.command;
        once.run(&institution.defaults()).await
    }
}

impl Once {
    async fn run(self, defaults: &str) -> anyhow::Result<ExitCode> {
        let (config, store) = self.database.open_as_owner(defaults).await?;
        let mut problems = Vec::new();
        config.retention.check(&mut problems);
        if !problems.is_empty() {
            return Err(ConfigProblems::from(problems).into());
        }
        let clock: SharedClock = Arc::new(SystemClock);
        let retention = evidence::Retention::new(store, clock, &config.retention)?;
        let progress = Progress::start();
        let totals = match (&self.operator, &self.reason) {
            (Some(operator), Some(reason)) if !self.dry_run => {
                retention.run(operator, reason, &progress).await
            }
            _ => retention.rehearse(&progress).await,
        };
        drop(progress);
        let totals = totals?;
        super::tell(&if self.json {
            let told = json!({
                "dry_run": self.dry_run, "ended_before": retention.cutoff,
                "events_of_ended_before": retention.events_cutoff, "erased": totals,
            });
            format!("{told:#}\n")
        } else {
            self.text(&retention, &totals)
        });
        Ok(ExitCode::SUCCESS)
    }

    fn text(&self, retention: &evidence::Retention, totals: &Totals) -> String {
        let erased = &totals.erased;
        let rows = [
            ("consents", erased.consents),
            ("ledger entries: data", erased.entries),
            ("accesses: customer and account", erased.accesses),
            ("receipts", erased.receipts),
            ("decisions: customer and sign-in", erased.decisions),
            ("events as received", erased.events + totals.earlier_events),
            ("shared accounts", erased.accounts),
            ("entries about exports", totals.exports),
            ("left for the next run", totals.left),
        ];
        let rows: Vec<_> = rows
            .iter()
            .map(|(what, count)| vec![(*what).to_owned(), count.to_string()])
            .collect();
        let heading = if self.dry_run {
            "WOULD BE ERASED"
        } else {
            "ERASED"
        };
        format!(
            "Of consents that ended before {}:\n\n{}",
            retention.cutoff.to_rfc3339(),
            aligned(&[heading, ""], &rows)
        )
    }
}
