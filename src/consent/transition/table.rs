//! `docs/consent-states.md` is made by this code, so that it cannot say anything else: `UPDATE_EXPECTED=1 cargo test consent_states`.

use std::fmt::Write as _;
use std::path::Path;

use super::tests::{approve, reject, sample};
use super::*;

const INTRODUCTION: &str = "# States of a consent

Made from the code (`src/consent/transition.rs`); a test keeps it so.

PayNet's states, and one of our own: `deciding` is the time between the customer's approval and PayNet's acceptance, in which no data
leaves. `rejected`, `failed`, `expired` and `revoked` are final. Each change is one entry of the consent's ledger.

In the tables: the state that follows; `–` nothing changes; **refused** whoever asked is told why.
";

const REPORTS: &str = "
## What PayNet reports

By an event, or in answer to Retrieve Consent. A report that is known to be older than what was taken in changes nothing. One that would
open data again (`suspended` to `authorized`) must be known to be the newest; else PayNet is asked, and its answer counts. `authorized`
for a consent that nobody approved here opens nothing.
";

/// A heading, and what happens to each state under it.
type Column = (&'static str, Box<dyn Fn() -> Command>);

fn consent_in(status: Status) -> Consent {
    Consent { status, ..sample() }
}

fn cell(status: Status, command: Command, now: DateTime<Utc>) -> String {
    match apply(&consent_in(status), command, now) {
        Ok(Outcome::Changed(change)) => format!("`{}`", change.consent.status),
        Ok(Outcome::Unchanged(_)) => "–".into(),
        Ok(Outcome::Uncertain) => "PayNet is asked".into(),
        Err(_) => "**refused**".into(),
    }
}

fn table(text: &mut String, columns: &[Column], now: DateTime<Utc>) {
    let names: Vec<_> = columns.iter().map(|(name, _)| *name).collect();
    let _ = writeln!(text, "\n| state | {} |", names.join(" | "));
    let _ = writeln!(text, "|---{}|", "|---".repeat(columns.len()));
    for status in Status::ALL {
        let cells: Vec<_> = columns
            .iter()
            .map(|(_, command)| cell(status, command(), now))
            .collect();
        let _ = writeln!(text, "| `{status}` | {} |", cells.join(" | "));
    }
}

fn document() -> String {
    let mut text = INTRODUCTION.to_owned();
    text.push_str("\n## What happens at our side\n");
    let now = sample().created_at;
    let revoke = || Command::Revoke {
        by: Actor::Customer,
        reason: None,
        operator: None,
    };
    let refused = || Command::PlatformRefused {
        detail: String::new(),
    };
    let decisions: [Column; 4] = [
        ("customer approves", Box::new(approve)),
        ("customer declines", Box::new(reject)),
        (
            "nobody decides in five minutes",
            Box::new(|| Command::ClockRanOut),
        ),
        ("customer or bank stops it", Box::new(revoke)),
    ];
    table(&mut text, &decisions, now);
    let answers: [Column; 2] = [
        (
            "PayNet accepts our update",
            Box::new(|| Command::PlatformAccepted),
        ),
        ("PayNet refuses it for good", Box::new(refused)),
    ];
    table(&mut text, &answers, now);
    text.push_str("\nWhen the term of a consent has passed:\n");
    let end: [Column; 1] = [("its term ends", Box::new(|| Command::TermEnded))];
    table(&mut text, &end, sample().expires_at);
    text.push_str(REPORTS);
    let reported = Status::ALL
        .into_iter()
        .filter(|status| *status != Status::Deciding);
    let columns: Vec<Column> = reported
        .map(|status| {
            let command: Box<dyn Fn() -> Command> = Box::new(move || {
                Command::Report(PlatformReport {
                    status,
                    reason: None,
                    updated_at: None,
                    by: None,
                })
            });
            (status.as_str(), command)
        })
        .collect();
    table(&mut text, &columns, now);
    text
}

#[test]
fn the_document_of_consent_states_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/consent-states.md");
    let made = document();
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(written, made, "UPDATE_EXPECTED=1 cargo test consent_states");
}
