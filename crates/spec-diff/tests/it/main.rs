//! What the comparison says, and what it survives.

mod accepted;
mod goldens;
mod hostile;
mod laws;
mod paynet;
mod rules;

use izin_spec_diff::{Document, Report, Roles, compare};
use serde_json::Value;

fn document(json: &Value) -> Document {
    Document::parse(json.to_string().as_bytes()).expect("a document")
}

/// Without a codegen.toml.
fn compared(old: &Value, new: &Value) -> Report {
    let (old, new) = (document(old), document(new));
    compare(&old, &new, &Roles::from_tags(&old, &new))
}

fn ids(report: &Report) -> Vec<&str> {
    report
        .changes
        .iter()
        .map(|change| change.id.as_str())
        .collect()
}
