//! `izin config check`: would the service start with it?

use std::process::ExitCode;

use clap::Args;

use super::Source;
use crate::cli::{complain, report};
use crate::config::ConfigProblems;
use crate::institution::Institution;

/// Check the configuration as `izin serve` does at its start, and tell all problems at once
///
/// Each problem has its place: the file with the line, or the variable. What is allowed and should be known is a warning, as in the
/// log of `izin serve`. Nothing is opened and nobody is asked: the certificates, keys and addresses that the configuration names
/// may be on another machine.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  izin config check --config izin.toml
  IZIN__DATABASE__URL=postgres://izin@db/izin izin config check --config izin.toml

  One problem of a report:
    - ofp.dpid is not a key; did you mean ofp.dp_id? (file:izin.toml:12)

Exit codes: 0 the service would start with it (\"ok\" on standard output), 1 it would not (the problems on standard error).")]
pub struct Check {
    #[command(flatten)]
    source: Source,
}

impl Check {
    pub fn run(self, institution: &Institution) -> ExitCode {
        let loaded = self.source.read(institution);
        let problems = loaded.problems();
        if !problems.is_empty() {
            complain(format_args!("izin: {}", ConfigProblems::from(problems)));
            return ExitCode::FAILURE;
        }
        for warning in loaded.warnings() {
            complain(format_args!("warning: {warning}"));
        }
        report("ok\n", ExitCode::SUCCESS)
    }
}
