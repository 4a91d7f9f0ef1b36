//! `izin doctor`: is this deployment ready for traffic?

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;

use crate::clock::SystemClock;
use crate::config::{Config, ProfileChange};
use crate::doctor::{Subject, Verdict, table};
use crate::http::install_crypto_provider;
use crate::institution::Institution;

/// Prove a deployment before traffic: configuration, keys, certificates, database, clock, PayNet, our listeners, the bank
///
/// Run it on the machine of the service, as the service's user and with its environment; some checks need the service running. It only
/// looks: nothing is written, no migration is applied, no customer is touched. Secrets are never printed.
///
/// A certificate's last days: from 60 days on it is a warning to plan, from 30 a warning to act, from 7 on and afterwards it fails.
/// A step that is longer than a third of the certificate's whole life does not count. This machine's clock: more than 2 seconds from
/// PayNet's is a warning, more than `ofp.profile.clock_skew` (10) fails.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "options of a command line")]
#[command(after_help = "Examples:
  izin doctor --config izin.toml
  izin doctor --config izin.toml --json | jq '.[] | select(.verdict == \"failed\")'
  izin doctor --config izin.toml --onboarding      what to hand to PayNet

Verdicts: ok; warning (it works, look at it); FAILED (correct it before traffic); skipped (it could not be looked at).
Every check is listed in docs/doctor.md.

Exit codes: 0 nothing failed (with --strict: everything is ok), 1 something failed, 2 wrong usage, a configuration that cannot be read,
or a report that cannot be written.")]
pub struct Doctor {
    /// Configuration file (TOML)
    #[arg(short, long, env = "IZIN_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print JSON: a list of findings, each with theme, check, about, verdict, seen and advice
    #[arg(long)]
    json: bool,
    /// Ask nobody: only look at configuration, keys, certificates and this machine
    #[arg(long)]
    offline: bool,
    /// 1 as the exit code also for warnings, and for what could not be looked at
    #[arg(long)]
    strict: bool,
    /// Print what has to be handed to PayNet, in place of the checks; 1 as the exit code if something is missing
    #[arg(long, conflicts_with_all = ["offline", "strict"])]
    onboarding: bool,
}

impl Doctor {
    pub async fn run(self, institution: &Institution) -> ExitCode {
        install_crypto_provider();
        let defaults = institution.defaults();
        let config = match Config::load(self.config.as_deref(), &defaults) {
            Ok(config) => config,
            Err(problems) => {
                return super::unusable(problems);
            }
        };
        let subject = Subject {
            config,
            profile_changes: ProfileChange::all(self.config.as_deref(), &defaults),
            file: self.config.clone(),
            clock: Arc::new(SystemClock),
            offline: self.offline,
        };
        if self.onboarding {
            self.onboarding(&subject).await
        } else {
            self.examination(&subject).await
        }
    }

    async fn examination(&self, subject: &Subject) -> ExitCode {
        let findings = subject.examine(announce).await;
        announce("");
        let mut verdicts = findings.iter().map(|finding| finding.verdict);
        let counts = verdicts.any(|verdict| match verdict {
            Verdict::Failed => true,
            Verdict::Skipped | Verdict::Warning => self.strict,
            Verdict::Ok => false,
        });
        let report = if self.json {
            format!("{:#}\n", serde_json::json!(findings))
        } else {
            table(&subject.title(), &findings)
        };
        super::report(&report, ExitCode::from(u8::from(counts)))
    }

    async fn onboarding(&self, subject: &Subject) -> ExitCode {
        let sheet = subject.onboarding().await;
        let report = if self.json {
            format!("{:#}\n", serde_json::json!(sheet))
        } else {
            sheet.to_string()
        };
        super::report(&report, ExitCode::from(u8::from(!sheet.missing.is_empty())))
    }
}

/// On a terminal one line on standard error, which the next one replaces; an empty one takes it away.
fn announce(theme: &str) {
    let mut error = std::io::stderr();
    if !error.is_terminal() {
        return;
    }
    let line = match theme {
        "" => "\r\u{1b}[K".to_owned(),
        theme => format!("\r\u{1b}[Kchecking {theme} …"),
    };
    // Nobody has to see it.
    let _ = error
        .write_all(line.as_bytes())
        .and_then(|()| error.flush());
}
