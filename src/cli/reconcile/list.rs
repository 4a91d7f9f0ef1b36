//! `izin reconcile list`

use chrono::SecondsFormat;
use clap::Args;
use serde_json::{Value, json};

use super::Database;
use crate::cli::table::aligned;
use crate::store::{At, DifferenceRow};

/// List what PayNet has otherwise, oldest first
#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    database: Database,
    /// Also what is over
    #[arg(long)]
    all: bool,
    /// At most so many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=100_000))]
    limit: i64,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl List {
    pub(super) async fn run(self, defaults: &str) -> anyhow::Result<()> {
        let store = self.database.open(defaults)?;
        let found = store.find_differences(self.all, self.limit).await?;
        crate::cli::tell(&if self.json {
            let all: Vec<_> = found.iter().map(as_json).collect();
            format!("{:#}\n", Value::Array(all))
        } else if found.is_empty() {
            "Nothing is known to be otherwise at PayNet.\n".to_owned()
        } else {
            let rows: Vec<_> = found.iter().map(row).collect();
            aligned(&HEADINGS, &rows)
        });
        Ok(())
    }
}

const HEADINGS: [&str; 7] = [
    "CONSENT",
    "WHAT",
    "OURS",
    "PAYNET'S",
    "SINCE",
    "LOOKED AT",
    "STATE",
];

fn row(row: &DifferenceRow) -> Vec<String> {
    vec![
        row.consent_id.clone(),
        row.kind.clone(),
        row.ours.clone(),
        row.theirs.clone(),
        second(row.found_at),
        second(row.seen_at),
        row.outcome.clone().unwrap_or_else(|| "open".to_owned()),
    ]
}

fn as_json(row: &DifferenceRow) -> Value {
    json!({
        "consent_id": row.consent_id,
        "what": row.kind,
        "ours": row.ours,
        "paynets": row.theirs,
        "since": second(row.found_at),
        "looked_at": second(row.seen_at),
        "closed_at": row.closed_at.map(second),
        "outcome": row.outcome,
    })
}

fn second(at: At) -> String {
    at.0.to_rfc3339_opts(SecondsFormat::Secs, true)
}
