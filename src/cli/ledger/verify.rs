//! `izin ledger verify`

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;

use super::Database;
use crate::cli::progress::Progress;
use crate::cli::unusable;
use crate::evidence::{HeldCheckpoint, Report, Verification, known_keys};

/// Prove that the ledger and the access log are what was written
///
/// Reads everything and computes every hash again, and holds it against the signed checkpoints, consents, accounts and receipts. The
/// service may run or not; nothing is written. With a checkpoint that was kept outside the database, it is also found when the end was
/// cut off or everything was computed anew.
#[derive(Debug, Args)]
pub(super) struct Verify {
    #[command(flatten)]
    database: Database,
    /// A checkpoint from outside the database; may be given several times
    #[arg(long = "checkpoint", value_name = "FILE")]
    checkpoints: Vec<PathBuf>,
    /// A certificate (PEM) or key set (JSON) that signed checkpoints, beside those of [signing]; may be given several times
    #[arg(long, value_name = "FILE")]
    keys: Vec<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// No checkpoint is longer.
const LONGEST: u64 = 64 * 1024;

impl Verify {
    pub(super) async fn run(self, defaults: &str) -> anyhow::Result<ExitCode> {
        let (config, store) = self.database.open_existing(defaults).await?;
        let unreadable = |problem: String| {
            crate::cli::complain(format_args!("izin: not used for verifying: {problem}"));
        };
        let keys = match known_keys(&config, &self.keys, unreadable) {
            Ok(keys) => keys,
            Err(problem) => return Ok(unusable(problem)),
        };
        let mut held = Vec::new();
        for path in &self.checkpoints {
            let read = read(path).and_then(|text| {
                HeldCheckpoint::read(path, &text, &keys).with_context(|| path.display().to_string())
            });
            match read {
                Ok(checkpoint) => held.push(checkpoint),
                Err(problem) => return Ok(unusable(format_args!("{problem:#}"))),
            }
        }
        let progress = Progress::start();
        let verification = Verification {
            store,
            keys,
            dp_id: config.ofp.dp_id,
            held,
            watch: &progress,
        };
        let report = verification.run().await;
        drop(progress);
        let report = report?;
        let code = if report.intact {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        };
        let told = if self.json {
            format!("{:#}\n", serde_json::json!(report))
        } else {
            text(&report)
        };
        Ok(crate::cli::report(&told, code))
    }
}

fn read(path: &Path) -> anyhow::Result<String> {
    use std::io::Read as _;
    let mut text = String::new();
    let file = std::fs::File::open(path);
    file.and_then(|file| file.take(LONGEST).read_to_string(&mut text))
        .with_context(|| path.display().to_string())?;
    Ok(text)
}

/// Names come from a database that somebody may have written into.
fn printable(text: &str) -> String {
    text.replace(char::is_control, "?")
}

fn text(report: &Report) -> String {
    let mut text = String::new();
    for finding in &report.findings {
        let _ = writeln!(
            text,
            "{}: {} [{}]",
            printable(&finding.place),
            printable(&finding.means),
            finding.what
        );
    }
    let shown = report.findings.len() as u64;
    if shown < report.findings_in_all {
        let _ = writeln!(text, "… and {} more", report.findings_in_all - shown);
    }
    let _ = writeln!(
        text,
        "Read: {} entries of {} chains, {} accesses in {} segments, {} checkpoints.",
        report.entries, report.chains, report.accesses, report.segments, report.checkpoints
    );
    match report.last_checkpoint {
        Some(at) => {
            let _ = writeln!(
                text,
                "The last checkpoint is of {}; {} entries are newer, and proven by their chain alone.",
                at.to_rfc3339(),
                report.not_covered_yet
            );
        }
        None => text.push_str("There is no checkpoint: entries are proven by their chain alone.\n"),
    }
    if report.retention_runs > 0 {
        let _ = writeln!(
            text,
            "{} runs of retention are on record; they erased the data of {} entries and {} accesses.",
            report.retention_runs, report.erased_entries, report.erased_accesses
        );
    }
    if report.held_checkpoints == 0 {
        text.push_str(
            "No checkpoint from outside the database was given (--checkpoint): a cut end or a full recomputation would not show.\n",
        );
    }
    if report.intact {
        text.push_str("Intact: nothing was found.\n");
    } else {
        let _ = writeln!(text, "NOT intact: {} findings.", report.findings_in_all);
    }
    text
}
