//! `config/default.toml` has every key with its meaning, and no other; `config/schema.json` says the same to editors.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Node, SCHEMA, known_keys, shown};
use crate::config::DEFAULTS;
use crate::config::layers::{Layer, find};

/// The tables and keys of `config/default.toml`, in force or commented out, with the lines of comment above them as one text.
fn entries() -> BTreeMap<String, String> {
    let mut entries = BTreeMap::new();
    let mut table = String::new();
    let mut comment = Vec::new();
    let mut goes_on = false;
    let mut lines = DEFAULTS.lines();
    while let Some(line) = lines.next() {
        let text = line.strip_prefix("# ").unwrap_or(line);
        let (name, is_table) = match (header(text), key(text)) {
            (Some(header), _) => {
                header.clone_into(&mut table);
                (header.to_owned(), true)
            }
            (None, Some(key)) if table.is_empty() => (key.to_owned(), false),
            (None, Some(key)) => (format!("{table}.{key}"), false),
            (None, None) => {
                if line.is_empty() || !goes_on {
                    comment.clear();
                }
                goes_on = line.starts_with('#');
                comment.extend(line.strip_prefix("# "));
                continue;
            }
        };
        // The first, which may be an example beside the default.
        entries.entry(name).or_insert_with(|| comment.join(" "));
        if text.ends_with('[') {
            lines
                .by_ref()
                .find(|line| line.trim_start_matches("# ") == "]");
        }
        goes_on = false;
        if is_table {
            comment.clear();
        }
    }
    entries
}

fn header(text: &str) -> Option<&str> {
    let name = text.strip_prefix('[')?.strip_suffix(']')?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
    name.chars().all(plain).then_some(name)
}

fn key(text: &str) -> Option<&str> {
    let (name, _) = text.split_once(" = ")?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    name.chars().all(plain).then_some(name)
}

fn is_in_free_table(name: &str) -> bool {
    let path: Vec<String> = name.split('.').map(str::to_owned).collect();
    !known_keys().contains(&path) && Node::find(&path).is_some()
}

#[test]
fn every_key_stands_in_the_defaults_with_a_comment_and_no_other_does() {
    let entries = entries();
    let known: Vec<String> = known_keys().iter().map(|key| shown(key)).collect();
    for key in known_keys() {
        let name = shown(key);
        let only_holds_tables = Node::find(key).is_some_and(|node| {
            node.is_table()
                && node.children().count() > 0
                && node.children().all(|(_, node)| node.is_table())
        });
        if only_holds_tables {
            continue;
        }
        let comment = entries.get(&name);
        let comment = comment.unwrap_or_else(|| panic!("{name} is not in config/default.toml"));
        assert!(
            !comment.is_empty(),
            "{name} has no comment in config/default.toml"
        );
    }
    for name in entries.keys() {
        let is_known = known.contains(name) || is_in_free_table(name);
        assert!(
            is_known,
            "config/default.toml has {name}, which is not a key"
        );
    }
}

/// `UPDATE_EXPECTED=1 cargo test --lib config::schema` rewrites it.
#[test]
fn the_published_schema_is_that_of_the_structs() {
    let mut schema = serde_json::json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Izin's configuration",
    });
    merge(&mut schema, SCHEMA.clone());
    let defaults = Layer::defaults(DEFAULTS).unwrap().values;
    let entries = entries();
    for key in known_keys() {
        let place = key
            .iter()
            .fold(&mut schema, |place, part| &mut place["properties"][part]);
        if let Some(comment) = entries.get(&shown(key)) {
            place["description"] = comment.clone().into();
        }
        if let Some(default) = find(&defaults, key)
            && place["type"] != "object"
        {
            place["default"] = serde_json::to_value(default).unwrap();
        }
    }
    forget_required(&mut schema);
    let published = format!("{schema:#}\n");
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/config/schema.json");
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        std::fs::write(file, &published).unwrap();
    }
    let committed = std::fs::read_to_string(file).unwrap();
    assert!(
        committed == published,
        "config/schema.json is not what the structs are; UPDATE_EXPECTED=1 rewrites it"
    );
}

fn merge(into: &mut Value, from: Value) {
    let (Value::Object(into), Value::Object(from)) = (into, from) else {
        panic!("schemas are objects");
    };
    for (name, value) in from {
        into.entry(name).or_insert(value);
    }
}

/// A file states only what differs. What an entry of a list needs, it needs.
fn forget_required(table: &mut Value) {
    if let Some(table) = table.as_object_mut() {
        table.remove("required");
    }
    let properties = table["properties"].as_object_mut();
    properties
        .into_iter()
        .flat_map(|them| them.values_mut())
        .for_each(|schema| {
            if schema["type"] == "object" {
                forget_required(schema);
            }
        });
}
