//! `izin outbox`: what PayNet and the bank have not been told yet.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::ensure;
use chrono::{DateTime, SecondsFormat, Utc};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::database::Database;
use super::table::aligned;
use crate::clock::{Clock, SystemClock};
use crate::institution::Institution;
use crate::store::{At, OutboxRow};

/// What PayNet and the bank have not been told yet
///
/// A delivery that fails for a passing reason is repeated by itself, with growing pauses up to a minute. One that cannot succeed is
/// parked: read its error, mend the cause, then retry it. Parked deliveries hold up no others.
#[derive(Debug, Args)]
pub struct Outbox {
    #[command(subcommand)]
    command: Command,
}

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
        let told = if self.json {
            let all: Vec<_> = queue.iter().map(as_json).collect();
            format!("{:#}\n", Value::Array(all))
        } else if queue.is_empty() {
            "Nothing waits.\n".to_owned()
        } else {
            let rows: Vec<_> = queue.iter().map(row).collect();
            aligned(&HEADINGS, &rows)
        };
        Ok(super::report(&told, ExitCode::SUCCESS))
    }
}

impl Retry {
    async fn run(self, defaults: &str) -> anyhow::Result<()> {
        let store = self.database.open(defaults)?;
        let wanted = if let Some(id) = self.id {
            vec![id]
        } else {
            let parked = store.queue(true, i64::MAX).await?;
            parked.into_iter().map(|row| row.id).collect()
        };
        let now = At(Arc::new(SystemClock).now());
        let mut count = 0;
        for id in &wanted {
            count += u32::from(store.retry(id, now).await?);
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

const HEADINGS: [&str; 6] = ["DELIVERY", "TO", "SINCE", "ATTEMPTS", "STATE", "LAST ERROR"];

fn state(row: &OutboxRow) -> String {
    match (&row.parked_at, row.attempts) {
        (Some(at), _) => format!("parked {}", second(at.0)),
        (None, 0) => "new".into(),
        (None, _) => format!("next {}", second(row.next_attempt_at.0)),
    }
}

fn row(row: &OutboxRow) -> Vec<String> {
    vec![
        row.id.clone(),
        row.recipient.clone(),
        second(row.created_at.0),
        row.attempts.to_string(),
        state(row),
        row.last_error.clone().unwrap_or_default(),
    ]
}

/// Without what is told, which names customers.
fn as_json(row: &OutboxRow) -> Value {
    json!({
        "delivery": row.id,
        "consent_id": row.consent_id,
        "to": row.recipient,
        "since": second(row.created_at.0),
        "attempts": row.attempts,
        "parked_at": row.parked_at.map(|at| second(at.0)),
        "next_attempt_at": second(row.next_attempt_at.0),
        "last_error": row.last_error,
    })
}

fn second(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
