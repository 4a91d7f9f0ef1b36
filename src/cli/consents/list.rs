//! `izin consents list`

use std::process::ExitCode;

use chrono::{DateTime, SecondsFormat, Utc};
use clap::Args;
use serde_json::{Value, json};

use super::Database;
use crate::cli::table::aligned;
use crate::consent::{Consent, Status};
use crate::ids::{CustomerId, DcId};
use crate::store::ConsentFilter;

/// List consents, newest first
#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    database: Database,
    /// Only in this state, for example authorized or revoked
    #[arg(long, value_name = "STATE", value_parser = status)]
    status: Option<Status>,
    /// Only of this customer: the bank's own id
    #[arg(long, value_name = "ID")]
    customer: Option<String>,
    /// Only of this Data Consumer
    #[arg(long, value_name = "DC_ID")]
    consumer: Option<String>,
    /// At most so many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=100_000))]
    limit: i64,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl List {
    pub(super) async fn run(self, defaults: &str) -> anyhow::Result<ExitCode> {
        let wanted = ConsentFilter {
            status: self.status,
            customer: self.customer.map(CustomerId::parse).transpose()?,
            consumer: self.consumer.map(DcId::parse).transpose()?,
            limit: self.limit,
        };
        let consents = self.database.open(defaults)?.find_consents(&wanted).await?;
        let told = if self.json {
            let all: Vec<_> = consents.iter().map(as_json).collect();
            format!("{:#}\n", Value::Array(all))
        } else if consents.is_empty() {
            "No such consents.\n".to_owned()
        } else {
            let rows: Vec<_> = consents.iter().map(row).collect();
            aligned(&HEADINGS, &rows)
        };
        Ok(crate::cli::report(&told, ExitCode::SUCCESS))
    }
}

const HEADINGS: [&str; 7] = [
    "CONSENT", "STATE", "CONSUMER", "PURPOSE", "CUSTOMER", "CREATED", "ENDS",
];

fn row(consent: &Consent) -> Vec<String> {
    let customer = consent.customer.as_ref();
    vec![
        consent.id.to_string(),
        consent.status.to_string(),
        consent.dc_id.to_string(),
        consent.purpose.as_str().to_owned(),
        customer.map_or_else(|| "-".to_owned(), ToString::to_string),
        second(consent.created_at),
        second(consent.expires_at),
    ]
}

pub(super) fn as_json(consent: &Consent) -> Value {
    json!({
        "consent_id": consent.id,
        "status": consent.status,
        "reason": consent.reason,
        "dc_id": consent.dc_id,
        "purpose": consent.purpose,
        "permissions": consent.permissions,
        "customer": consent.customer,
        "created_at": second(consent.created_at),
        "expires_at": second(consent.expires_at),
        "changed_at": second(consent.changed_at),
        "version": consent.version,
    })
}

pub(super) fn second(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn status(text: &str) -> Result<Status, String> {
    Status::parse(text).ok_or_else(|| {
        let known = Status::ALL.map(Status::as_str).join(", ");
        format!("one of {known}")
    })
}
