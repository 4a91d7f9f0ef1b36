//! Keys that nobody knows are refused with the nearest known one, not ignored.

use anyhow::Result;
use toml::{Table, Value};

use crate::place::Place;

const DOCUMENT: [&str; 7] = [
    "file",
    "module",
    "case_insensitive",
    "types",
    "serve",
    "call",
    "elsewhere",
];
const SERVE: [&str; 8] = [
    "trait",
    "tag",
    "error",
    "routes",
    "boxed",
    "unsupported",
    "required",
    "operations",
];

pub(super) fn check(table: &Table, place: &Place) -> Result<()> {
    known(table, &["runtime", "document"], place)?;
    if let Some(runtime) = table.get("runtime").and_then(Value::as_table) {
        known(runtime, &["signature", "error"], &place.within("[runtime]"))?;
    }
    for document in tables(table.get("document")) {
        check_document(document, &place.within("[[document]]"))?;
    }
    Ok(())
}

fn check_document(document: &Table, place: &Place) -> Result<()> {
    known(document, &DOCUMENT, place)?;
    for call in tables(document.get("call")) {
        let place = place.within("[document.call]");
        known(call, &["context", "operations", "implements"], &place)?;
    }
    for serve in tables(document.get("serve")) {
        known(serve, &SERVE, &place.within("[document.serve]"))?;
        let operations = serve.get("operations").and_then(Value::as_table);
        for (id, served) in operations.into_iter().flatten() {
            let place = place.within(format!("[document.serve.operations] {id}"));
            for served in tables(Some(served)) {
                known(served, &["signature", "context", "seal"], &place)?;
            }
        }
    }
    Ok(())
}

/// The tables of a value that may be one table or a list of them.
fn tables(value: Option<&Value>) -> Vec<&Table> {
    match value {
        Some(Value::Array(values)) => values.iter().filter_map(Value::as_table).collect(),
        Some(value) => value.as_table().into_iter().collect(),
        None => Vec::new(),
    }
}

fn known(table: &Table, known: &[&str], place: &Place) -> Result<()> {
    match table.keys().find(|key| !known.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => Err(place.unknown("key", key, known.iter().copied())),
    }
}
