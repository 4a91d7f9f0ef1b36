//! `izin consents show`: one consent with everything that happened to it.

use std::fmt::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use serde_json::{Value, json};

use super::Database;
use super::list::{as_json, second};
use crate::cli::table::aligned;
use crate::consent::Consent;
use crate::ids::{AccountId, ConsentId};
use crate::store::{AccessRow, LedgerRow};

/// Show one consent: its state, accounts, history and accesses
#[derive(Debug, Args)]
pub(super) struct Show {
    /// The consent's id
    #[arg(value_name = "CONSENT")]
    id: String,
    #[command(flatten)]
    database: Database,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Accesses shown to people; JSON has all.
const SHOWN: usize = 20;

impl Show {
    pub(super) async fn run(self, defaults: &str) -> anyhow::Result<ExitCode> {
        let id = ConsentId::parse(self.id)?;
        let store = self.database.open(defaults)?;
        let consent = store.consent(&id).await?;
        let consent = consent.with_context(|| format!("there is no consent {id}"))?;
        let accounts = store.consented_accounts(&id).await?;
        let ledger = store.ledger_of(&id).await?;
        let accesses = store.accesses(&id).await?;
        let undelivered = store.is_undelivered(&id).await?;
        let told = if self.json {
            let mut all = as_json(&consent);
            all["accounts"] = json!(accounts);
            all["paynet_knows"] = json!(!undelivered);
            all["history"] = ledger.iter().map(entry).collect();
            all["accesses"] = accesses.iter().map(access).collect();
            format!("{all:#}\n")
        } else {
            text(&consent, &accounts, undelivered, &ledger, &accesses)
        };
        Ok(crate::cli::report(&told, ExitCode::SUCCESS))
    }
}

fn entry(row: &LedgerRow) -> Value {
    let data = row.data.as_deref().map(serde_json::from_str::<Value>);
    let data = data.and_then(Result::ok).unwrap_or_default();
    json!({
        "seq": row.seq, "at": second(row.at.0), "kind": row.kind, "data": data, "hash": row.hash,
    })
}

/// What retention has left of a personal value.
fn erased() -> String {
    "(erased)".to_owned()
}

fn access(row: &AccessRow) -> Value {
    json!({
        "at": second(row.at.0), "account_id": row.account_id, "category": row.category,
        "outcome": row.outcome, "interaction_id": row.interaction_id,
    })
}

fn text(
    consent: &Consent,
    accounts: &[AccountId],
    undelivered: bool,
    ledger: &[LedgerRow],
    accesses: &[AccessRow],
) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(text, "{name:<12} {value}");
    };
    let permissions: Vec<_> = consent.permissions.iter().map(|one| one.as_str()).collect();
    let accounts: Vec<_> = accounts.iter().map(ToString::to_string).collect();
    let customer = consent.customer.as_ref();
    line("consent", consent.id.as_str());
    line("state", consent.status.as_str());
    if undelivered {
        line(
            "",
            "PayNet has not been told of the last change yet (izin outbox list)",
        );
    }
    line("consumer", consent.dc_id.as_str());
    line("purpose", consent.purpose.as_str());
    line("data", &permissions.join(", "));
    line(
        "customer",
        customer.map_or("-", |customer| customer.as_str()),
    );
    line("accounts", &accounts.join(", "));
    line("created", &second(consent.created_at));
    line("ends", &second(consent.expires_at));
    let history: Vec<_> = ledger
        .iter()
        .map(|row| {
            vec![
                row.seq.to_string(),
                second(row.at.0),
                row.kind.clone(),
                row.data.clone().unwrap_or_else(erased),
            ]
        })
        .collect();
    text.push('\n');
    text.push_str(&aligned(&["", "WHEN", "WHAT", ""], &history));
    if accesses.is_empty() {
        text.push_str("\nNobody has asked for data.\n");
        return text;
    }
    let rows: Vec<_> = accesses
        .iter()
        .take(SHOWN)
        .map(|row| {
            vec![
                second(row.at.0),
                row.category.clone(),
                row.outcome.clone(),
                row.account_id.clone().unwrap_or_else(erased),
                row.interaction_id.clone(),
            ]
        })
        .collect();
    let shown = rows.len();
    let _ = writeln!(text, "\nThe last {shown} of {} accesses:", accesses.len());
    text.push_str(&aligned(
        &["WHEN", "DATA", "OUTCOME", "ACCOUNT", "INTERACTION"],
        &rows,
    ));
    text
}
