//! A value that is as documented.

use anyhow::{Result, anyhow};
use regex::Regex;
use serde_json::{Map, Value, json};

use super::schemas::Schemas;

/// How deep optional parts are filled in; schemas may hold themselves.
const DEEPEST: usize = 6;

/// `full` fills in what is optional.
pub(super) fn value(schemas: &Schemas, schema: &Value, full: bool, depth: usize) -> Result<Value> {
    let schema = schemas.whole(schema);
    for given in ["example", "default"] {
        if let Some(value) = schema.get(given) {
            return Ok(value.clone());
        }
    }
    if let Some(first) = schema["enum"].as_array().and_then(|values| values.first()) {
        return Ok(first.clone());
    }
    if let Some(first) = schema["oneOf"].as_array().and_then(|parts| parts.first()) {
        let tag = tags(&schema, first).into_iter().next();
        let mut value = value(schemas, first, full, depth)?;
        if let (Some(members), Some(property), Some(tag)) = (
            value.as_object_mut(),
            schema["discriminator"]["propertyName"].as_str(),
            tag,
        ) {
            members.insert(property.to_owned(), tag.into());
        }
        return Ok(value);
    }
    match schema["type"].as_str() {
        Some("array") => list(schemas, &schema, full, depth),
        Some("boolean") => Ok(json!(true)),
        Some("integer" | "number") => Ok(number(&schema)),
        Some("string") => text(&schema),
        Some("object") => object(schemas, &schema, full, depth),
        None if schema.get("properties").is_some() => object(schemas, &schema, full, depth),
        _ => Ok(json!({})),
    }
}

/// The values of the discriminator that mean `part` of the choice.
pub(super) fn tags(choice: &Value, part: &Value) -> Vec<String> {
    let target = part["$ref"].as_str().unwrap_or_default();
    let name = target.rsplit('/').next().unwrap_or_default();
    let mapping = choice["discriminator"]["mapping"].as_object();
    let mapped = mapping.into_iter().flatten();
    let tags: Vec<String> = mapped
        .filter(|(_, to)| **to == json!(target) || **to == json!(name))
        .map(|(tag, _)| tag.clone())
        .collect();
    if tags.is_empty() {
        vec![name.to_owned()]
    } else {
        tags
    }
}

fn object(schemas: &Schemas, schema: &Value, full: bool, depth: usize) -> Result<Value> {
    let mut members = Map::new();
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        if is_required(schema, name) || (full && depth < DEEPEST) {
            members.insert(name.clone(), value(schemas, property, full, depth + 1)?);
        }
    }
    if schema["additionalProperties"].is_object() && full {
        let extra = value(schemas, &schema["additionalProperties"], full, depth + 1)?;
        members.insert("key".to_owned(), extra);
    }
    Ok(Value::Object(members))
}

pub(super) fn is_required(schema: &Value, name: &str) -> bool {
    let required = schema["required"].as_array();
    required.is_some_and(|required| required.iter().any(|it| it == name))
}

fn list(schemas: &Schemas, schema: &Value, full: bool, depth: usize) -> Result<Value> {
    let least = schema["minItems"]
        .as_u64()
        .unwrap_or(u64::from(full && depth < DEEPEST));
    let item = value(schemas, &schema["items"], full, depth + 1)?;
    Ok((0..least).map(|_| item.clone()).collect())
}

fn number(schema: &Value) -> Value {
    let exclusive = |keyword: &str| schema[keyword] == json!(true);
    let step = schema["multipleOf"].as_f64().unwrap_or(1.0);
    let least = schema["minimum"].as_f64().map(|least| {
        let first = (least / step).ceil() * step;
        let too_low = first <= least && exclusive("exclusiveMinimum");
        if too_low { first + step } else { first }
    });
    let most = schema["maximum"].as_f64().map(|most| most.min(0.0));
    let number = least.or(most).unwrap_or(step);
    if schema["type"] == json!("integer") {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "limits of integers are integers"
        )]
        return json!(number as i64);
    }
    json!(number)
}

fn text(schema: &Value) -> Result<Value> {
    match schema["format"].as_str() {
        Some("date") => return Ok(json!("2026-01-05")),
        Some("date-time") => return Ok(json!("2026-01-05T09:41:07+08:00")),
        Some("uuid") => return Ok(json!("550e8400-e29b-41d4-a716-446655440000")),
        _ => {}
    }
    let least = usize::try_from(schema["minLength"].as_u64().unwrap_or(1))?.max(1);
    let Some(pattern) = schema["pattern"].as_str() else {
        return Ok(json!("a".repeat(least)));
    };
    let pattern = Regex::new(pattern)?;
    (least..least + 64)
        .flat_map(|count| ["a", "A", "0"].map(|letter| letter.repeat(count)))
        .find(|text| pattern.is_match(text))
        .map(Value::from)
        .ok_or_else(|| anyhow!("the pattern {pattern} needs an example"))
}
