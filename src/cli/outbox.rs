//! `izin outbox`: what PayNet and the bank have not been told yet.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::ensure;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::database::Database;
use super::plain::plain;
use super::table::aligned;
use crate::clock::{Clock, SharedClock, SystemClock};
use crate::institution::Institution;
use crate::jobs::{self, Retried};
use crate::store::OutboxRow;

/// What PayNet and the bank have not been told yet
///
/// A delivery that fails for a passing reason is repeated by itself, with growing pauses up to a minute. One that cannot succeed is
/// parked: read its error, mend the cause, then retry it. Parked deliveries hold up no others.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Outbox {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "Examples:
  izin outbox list --config izin.toml --parked
  izin outbox retry --config izin.toml 550e8400-e29b-41d4-a716-446655440001:2:paynet \\
    --operator siti --reason 'PayNet has corrected our registration'

Exit codes: 0 done, 1 not done (the reason is on standard error), 2 wrong usage.";

#[derive(Debug, Subcommand)]
enum Command {
    /// List deliveries, what waits longest first
    List(List),
    /// Put parked deliveries back into the queue
    Retry(Retry),
}

#[derive(Debug, Args)]
struct List {
    #[command(flatten)]
    database: Database,
    /// Only what is parked
    #[arg(long)]
    parked: bool,
    /// At most so many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=100_000))]
    limit: i64,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct Retry {
    /// Which, as listed
    #[arg(value_name = "DELIVERY", required_unless_present = "all")]
    id: Option<String>,
    /// Everything that is parked
    #[arg(long, conflicts_with = "id")]
    all: bool,
    /// Who you are; goes into the consent's history
    #[arg(long, value_name = "NAME", value_parser = plain)]
    operator: String,
    /// Why it will succeed now; goes into the consent's history, so leave personal data out
    #[arg(long, value_name = "TEXT", value_parser = plain)]
    reason: String,
    #[command(flatten)]
    database: Database,
}

impl Outbox {
    pub async fn run(self, institution: &Institution) -> anyhow::Result<ExitCode> {
        let defaults = institution.defaults();
        match self.command {
            Command::List(list) => list.run(&defaults).await,
            Command::Retry(retry) => {
                retry.run(&defaults).await?;
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}

impl List {
    async fn run(self, defaults: &str) -> anyhow::Result<ExitCode> {
        let store = self.database.open(defaults)?;
        let queue = store.queue(self.parked, self.limit).await?;
        let now = SystemClock.now();
        let told = if self.json {
            let all: Vec<_> = queue.iter().map(|row| as_json(row, now)).collect();
            format!("{:#}\n", Value::Array(all))
        } else if queue.is_empty() {
            "Nothing waits.\n".to_owned()
        } else {
            let rows: Vec<_> = queue.iter().map(|one| row(one, now)).collect();
            aligned(&HEADINGS, &rows)
        };
        Ok(super::report(&told, ExitCode::SUCCESS))
    }
}

impl Retry {
    async fn run(self, defaults: &str) -> anyhow::Result<()> {
        let store = self.database.open(defaults)?;
        let clock: SharedClock = Arc::new(SystemClock);
        let mut parked = store.queue(true, i64::MAX).await?;
        parked.retain(|row| self.all || Some(&row.id) == self.id.as_ref());
        let order = jobs::Retry {
            operator: self.operator,
            reason: self.reason,
        };
        let mut count = 0;
        for row in &parked {
            let retried = jobs::retry(&store, &clock, row, &order).await?;
            count += u32::from(retried != Retried::NotParked);
            if retried == Retried::Unrecorded {
                let id = &row.id;
                eprintln!(
                    "izin: {id} is put back, but there is no consent whose history could say who did it"
                );
            }
        }
        ensure!(
            count > 0 || self.all,
            "there is no parked delivery of that name; izin outbox list --parked shows them"
        );
        super::tell(&format!(
            "{count} put back; the running service tries again at once.\n"
        ));
        Ok(())
    }
}

const HEADINGS: [&str; 6] = ["DELIVERY", "TO", "AGE", "ATTEMPTS", "STATE", "LAST ERROR"];

fn state(row: &OutboxRow) -> String {
    match (&row.parked_at, row.attempts) {
        (Some(at), _) => format!("parked {}", second(at.0)),
        (None, 0) => "new".into(),
        (None, _) => format!("next {}", second(row.next_attempt_at.0)),
    }
}

fn row(row: &OutboxRow, now: DateTime<Utc>) -> Vec<String> {
    vec![
        row.id.clone(),
        row.recipient.clone(),
        words(now - row.created_at.0),
        row.attempts.to_string(),
        state(row),
        row.last_error.clone().unwrap_or_default(),
    ]
}

/// Without what is told, which names customers.
fn as_json(row: &OutboxRow, now: DateTime<Utc>) -> Value {
    json!({
        "delivery": row.id,
        "consent_id": row.consent_id,
        "to": row.recipient,
        "since": second(row.created_at.0),
        "age_seconds": (now - row.created_at.0).num_seconds().max(0),
        "attempts": row.attempts,
        "parked_at": row.parked_at.map(|at| second(at.0)),
        "next_attempt_at": second(row.next_attempt_at.0),
        "last_error": row.last_error,
    })
}

fn second(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The two largest parts of a length of time.
fn words(age: TimeDelta) -> String {
    let seconds = age.num_seconds().max(0);
    let parts = [
        (seconds / 86_400, "d"),
        (seconds / 3600 % 24, "h"),
        (seconds / 60 % 60, "min"),
        (seconds % 60, "s"),
    ];
    let first = parts.iter().position(|(count, _)| *count > 0);
    let parts = parts.iter().skip(first.unwrap_or(3)).take(2);
    let words: Vec<_> = parts
        .map(|(count, unit)| format!("{count} {unit}"))
        .collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_has_its_two_largest_parts() {
        for (seconds, expected) in [
            (-5, "0 s"),
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min 0 s"),
            (3 * 3600 + 61, "3 h 1 min"),
            (2 * 86_400 + 59, "2 d 0 h"),
        ] {
            assert_eq!(words(TimeDelta::seconds(seconds)), expected);
        }
    }
}
