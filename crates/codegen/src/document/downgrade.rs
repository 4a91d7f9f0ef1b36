//! Rewrites an `OpenAPI` 3.1 document as 3.0, in memory and where that loses nothing.
//!
//! Rewritten: `type: [x, "null"]`, an alternative that is `null`, `const`, exclusive limits as numbers, `examples`, `true`
//! as a schema. Whatever else 3.1 brought (`if`, `prefixItems`, `patternProperties`, …) is a keyword that the reader does
//! not know and therefore refuses where it stands.

use anyhow::{Result, bail};
use serde_json::{Map, Value, json};

use crate::place::{Node, Place};

/// Keys under which one schema stands.
const ONE: [&str; 4] = ["additionalProperties", "items", "not", "schema"];
/// Keys under which a list of schemas stands.
const LIST: [&str; 3] = ["allOf", "anyOf", "oneOf"];
/// What is given by example may look like a schema and is none.
const DATA: [&str; 5] = ["const", "default", "enum", "example", "examples"];

pub(super) fn to_3_0(published: Value, place: &Place) -> Result<Value> {
    let root = Node::new(&published, place.clone());
    let base = "https://spec.openapis.org/oas/3.1/dialect/base";
    match root.text_at("jsonSchemaDialect")? {
        Some(dialect) if dialect != base => {
            bail!(root.refusal(format!("the schema dialect `{dialect}` is not supported")))
        }
        _ => {}
    }
    if root.field("webhooks").is_some() {
        bail!(root.refusal("`webhooks` are not supported: describe them under `paths`"));
    }
    let mut value = published;
    for (key, member) in members(&mut value) {
        let place = place.within(key.as_str());
        match key.as_str() {
            "components" => components(member, &place)?,
            "paths" => holder(member, &place)?,
            _ => {}
        }
    }
    value["openapi"] = json!("3.0.3");
    if value.get("paths").is_none() {
        value["paths"] = json!({});
    }
    Ok(value)
}

fn components(value: &mut Value, place: &Place) -> Result<()> {
    for (key, member) in members(value) {
        let place = place.within(key.as_str());
        if key == "schemas" {
            for (name, named) in members(member) {
                schema(named, &place.within(name.as_str()))?;
            }
        } else {
            holder(member, &place)?;
        }
    }
    Ok(())
}

/// Looks for schemas in something that is none.
fn holder(value: &mut Value, place: &Place) -> Result<()> {
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                holder(item, &place.within(format!("[{index}]")))?;
            }
        }
        Value::Object(members) => {
            for (key, member) in members {
                let place = place.within(key.as_str());
                match key.as_str() {
                    "schema" => schema(member, &place)?,
                    key if DATA.contains(&key) || key.starts_with("x-") => {}
                    _ => holder(member, &place)?,
                }
            }
        }
        _ => {}
    }
    Ok(())
}

fn schema(value: &mut Value, place: &Place) -> Result<()> {
    if *value == Value::Bool(true) {
        *value = json!({});
    }
    let Some(object) = value.as_object_mut() else {
        bail!(place.refusal("only `true` and objects are supported as schemas"));
    };
    for (key, member) in object.iter_mut() {
        let place = place.within(key.as_str());
        match key.as_str() {
            // As a schema, or as a flag that 3.0 knows too.
            "additionalProperties" if member.is_boolean() => {}
            key if ONE.contains(&key) => schema(member, &place)?,
            key if LIST.contains(&key) => {
                for (index, part) in member.as_array_mut().into_iter().flatten().enumerate() {
                    schema(part, &place.within(format!("[{index}]")))?;
                }
            }
            "properties" => {
                for (name, property) in members(member) {
                    schema(property, &place.within(name.as_str()))?;
                }
            }
            "nullable" => bail!(place.refusal("means nothing in 3.1: use a list of types")),
            _ => {}
        }
    }
    types(object, place)?;
    alternatives(object);
    constant(object);
    exclusive(object, ("exclusiveMinimum", "minimum"), place, |a, b| {
        a >= b
    })?;
    exclusive(object, ("exclusiveMaximum", "maximum"), place, |a, b| {
        a <= b
    })?;
    Ok(())
}

/// `type: [x, "null"]`
fn types(object: &mut Map<String, Value>, place: &Place) -> Result<()> {
    let Some(Value::Array(types)) = object.get("type") else {
        return Ok(());
    };
    let (nulls, others): (Vec<&Value>, Vec<&Value>) =
        types.iter().partition(|ty| **ty == json!("null"));
    let nullable = !nulls.is_empty();
    let [only] = others.as_slice() else {
        bail!(
            place
                .within("type")
                .refusal("only one type, and `null` beside it, is supported")
        );
    };
    let only = (*only).clone();
    object.insert("type".to_owned(), only);
    if nullable {
        object.insert("nullable".to_owned(), json!(true));
    }
    Ok(())
}

/// `oneOf: [x, { type: "null" }]`; of `anyOf` only what that leaves of two alternatives.
fn alternatives(object: &mut Map<String, Value>) {
    for key in ["anyOf", "oneOf"] {
        let Some(Value::Array(parts)) = object.get_mut(key) else {
            continue;
        };
        let before = parts.len();
        parts.retain(|part| part.get("type") != Some(&json!("null")));
        if parts.len() == before || parts.is_empty() {
            continue;
        }
        if let [only] = parts.as_slice() {
            let only = json!([only]);
            object.remove(key);
            object.insert("allOf".to_owned(), only);
        }
        object.insert("nullable".to_owned(), json!(true));
    }
}

fn constant(object: &mut Map<String, Value>) {
    if let Some(constant) = object.remove("const") {
        if constant.is_string() {
            object.entry("type").or_insert_with(|| json!("string"));
        }
        object.insert("enum".to_owned(), json!([constant]));
    }
}

/// In 3.1 the exclusive limit is a number of its own; the tighter of the two holds.
fn exclusive(
    object: &mut Map<String, Value>,
    (exclusive, inclusive): (&str, &str),
    place: &Place,
    is_tighter: fn(f64, f64) -> bool,
) -> Result<()> {
    let Some(limit) = object.get(exclusive).cloned() else {
        return Ok(());
    };
    let Some(number) = limit.as_f64() else {
        bail!(place.within(exclusive).refusal("a number is expected"));
    };
    let other = object.get(inclusive).and_then(Value::as_f64);
    let holds = other.is_none_or(|other| is_tighter(number, other));
    if holds {
        object.insert(inclusive.to_owned(), limit);
    }
    object.insert(exclusive.to_owned(), json!(holds));
    Ok(())
}

fn members(value: &mut Value) -> impl Iterator<Item = (&String, &mut Value)> {
    value.as_object_mut().into_iter().flatten()
}
