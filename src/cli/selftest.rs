//! `izin selftest`: the cryptography of this very binary against published examples.

use std::fmt::Write as _;
use std::process::ExitCode;

use clap::Args;
use izin_jose::{KnownAnswer, check_known_answers};
use serde_json::json;

/// Check the cryptography of this binary against published examples (RFCs, FIPS 180-4, Wycheproof)
///
/// They run through the code that serves messages. Nothing is read but the binary: no configuration, no keys of yours.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  izin selftest
  izin selftest --json > evidence.json

Exit codes: 0 every answer came out, 1 one did not, 2 the answers cannot be written.")]
pub struct Selftest {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Selftest {
    pub async fn run(self) -> ExitCode {
        let answers = check_known_answers().await;
        let failed = answers.iter().filter(|answer| answer.outcome.is_err());
        let failed = failed.count();
        let told = if self.json {
            format!("{:#}\n", as_json(&answers, failed))
        } else {
            as_table(&answers, failed)
        };
        super::report(&told, ExitCode::from(u8::from(failed > 0)))
    }
}

fn as_json(answers: &[KnownAnswer], failed: usize) -> serde_json::Value {
    let checks: Vec<_> = answers
        .iter()
        .map(|answer| {
            json!({
                "what": answer.what,
                "source": answer.source,
                "passed": answer.outcome.is_ok(),
                "problem": answer.outcome.as_ref().err(),
            })
        })
        .collect();
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "passed": failed == 0,
        "checks": checks,
    })
}

fn as_table(answers: &[KnownAnswer], failed: usize) -> String {
    let mut text = String::new();
    let width = answers.iter().map(|answer| answer.what.chars().count());
    let width = width.max().unwrap_or_default();
    for answer in answers {
        let verdict = if answer.outcome.is_ok() {
            "ok    "
        } else {
            "FAILED"
        };
        let _ = writeln!(text, "{verdict}  {:width$}  {}", answer.what, answer.source);
        if let Err(problem) = &answer.outcome {
            let _ = writeln!(text, "        {problem}");
        }
    }
    let _ = writeln!(
        text,
        "\nizin {}: {} of {} answers came out",
        env!("CARGO_PKG_VERSION"),
        answers.len() - failed,
        answers.len()
    );
    text
}
