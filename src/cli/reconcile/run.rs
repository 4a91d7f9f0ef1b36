//! `izin reconcile run`: a round of one's own, or a look at one consent.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::app;
use crate::cli::table::aligned;
use crate::clock::{SharedClock, SystemClock};
use crate::config::Config;
use crate::consent::{Consent, Difference};
use crate::database;
use crate::ids::ConsentId;
use crate::jobs::{Compared, Comparison, Pace, page};

/// A database connection for reading and one for what is found.
const CONNECTIONS: usize = 2;
/// Consents that are read at a time.
const PAGE: i64 = 100;

/// Compare now: one consent, or all that could differ, no faster than the configuration says
///
/// It goes by itself, beside the rounds of the running service. When PayNet does not answer it ends.
#[derive(Debug, Args)]
pub(super) struct Run {
    /// Configuration file (TOML): its database, its keys, its PayNet
    #[arg(short, long, env = "IZIN_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Only this one, whatever its state
    #[arg(long, value_name = "ID")]
    consent: Option<String>,
    /// Change nothing and record nothing: only say what would be
    #[arg(long = "dry-run")]
    dry: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What was found, as it will be told.
#[derive(Default)]
struct Found {
    compared: u64,
    /// Something was on its way to PayNet.
    passed_over: u64,
    rows: Vec<(String, Difference, bool)>,
}

impl Run {
    pub(super) async fn run(self, defaults: &str) -> anyhow::Result<()> {
        let config = Config::load_checked(self.config.as_deref(), defaults)?;
        let clock: SharedClock = Arc::new(SystemClock);
        let comparison = Comparison {
            clock: clock.clone(),
            // The running service looks at the queue by itself.
            deliveries: Arc::new(Notify::new()),
            paynet: app::paynet::connect(&config, &clock).await?,
            store: database::open(&config, CONNECTIONS)?,
        };
        let mut found = Found::default();
        let outcome = match &self.consent {
            Some(id) => {
                let id = ConsentId::parse(id.clone())?;
                let consent = comparison.store.consent(&id).await?;
                let consent = consent.with_context(|| format!("there is no consent {id}"))?;
                self.look(&comparison, &consent, &mut found).await
            }
            None => {
                self.all(&comparison, Pace::from(&config.reconcile), &mut found)
                    .await
            }
        };
        // Also when it ended early: what was found until then is known.
        crate::cli::tell(&if self.json {
            format!("{:#}\n", self.as_json(&found))
        } else {
            self.text(&found)
        });
        outcome
    }

    async fn all(
        &self,
        comparison: &Comparison,
        pace: Pace,
        found: &mut Found,
    ) -> anyhow::Result<()> {
        let mut next = Some(String::new());
        while let Some(after) = next {
            let some = page(&comparison.store, &comparison.clock, &after, PAGE).await?;
            for consent in &some.consents {
                self.look(comparison, consent, found).await?;
                tokio::time::sleep(pace.gap()).await;
            }
            next = some.next;
        }
        Ok(())
    }

    async fn look(
        &self,
        comparison: &Comparison,
        consent: &Consent,
        found: &mut Found,
    ) -> anyhow::Result<()> {
        let compared = comparison.of(consent, self.dry).await;
        let compared = compared.with_context(|| format!("at consent {}", consent.id))?;
        let Some(Compared { open, adopted }) = compared else {
            found.passed_over += 1;
            return Ok(());
        };
        found.compared += 1;
        let id = consent.id.to_string();
        let open = open.into_iter().map(|one| (id.clone(), one, false));
        found.rows.extend(open);
        found.rows.extend(adopted.map(|one| (id, one, true)));
        Ok(())
    }

    fn text(&self, found: &Found) -> String {
        let rows: Vec<_> = found.rows.iter().map(|row| self.row(row)).collect();
        let mut text = String::new();
        if !rows.is_empty() {
            text.push_str(&aligned(&HEADINGS, &rows));
            text.push('\n');
        }
        let Found {
            compared,
            passed_over,
            ..
        } = found;
        let differences = rows.len();
        let _ = writeln!(text, "{compared} compared, {differences} differences.");
        if *passed_over > 0 {
            let _ = writeln!(
                text,
                "{passed_over} passed over, because something is on its way to PayNet (izin outbox list) or changed meanwhile."
            );
        }
        text
    }

    fn row(&self, (id, one, adopted): &(String, Difference, bool)) -> Vec<String> {
        vec![
            id.clone(),
            one.kind.as_str().to_owned(),
            one.ours.clone(),
            one.theirs.clone(),
            self.state(*adopted).to_owned(),
        ]
    }

    fn state(&self, adopted: bool) -> &'static str {
        match (adopted, self.dry) {
            (false, _) => "open",
            (true, false) => "adopted",
            (true, true) => "would be adopted",
        }
    }

    fn as_json(&self, found: &Found) -> Value {
        let differences: Vec<_> = found
            .rows
            .iter()
            .map(|(id, one, adopted)| {
                json!({
                    "consent_id": id, "what": one.kind.as_str(), "ours": one.ours,
                    "paynets": one.theirs, "state": self.state(*adopted),
                })
            })
            .collect();
        json!({
            "compared": found.compared,
            "passed_over": found.passed_over,
            "differences": differences,
        })
    }
}

const HEADINGS: [&str; 5] = ["CONSENT", "WHAT", "OURS", "PAYNET'S", "STATE"];
