//! For each constraint of a schema, a value that breaks it and no other where that can be avoided.

use anyhow::Result;
use regex::Regex;
use serde_json::{Value, json};

use super::{
    sample::{self, is_required, tags},
    schemas::Schemas,
};

/// Schemas that hold themselves are followed this far.
const DEEPEST: usize = 6;

/// Path and constraint, and the value.
pub(super) type Broken = Vec<(String, Value)>;

pub(super) fn values(
    schemas: &Schemas,
    schema: &Value,
    path: &str,
    depth: usize,
) -> Result<Broken> {
    if depth > DEEPEST {
        return Ok(Vec::new());
    }
    let schema = &schemas.whole(schema);
    let mut broken = if schema["oneOf"].is_array() {
        choice(schemas, schema, path, depth)?
    } else {
        match schema["type"].as_str() {
            Some("array") => list(schemas, schema, path, depth)?,
            Some("boolean") => vec![(format!("{path}: type"), json!("perhaps"))],
            Some("integer" | "number") => number(schema, path),
            Some("string") => text(schema, path)?,
            Some("object") => object(schemas, schema, path, depth)?,
            None if schema.get("properties").is_some() => object(schemas, schema, path, depth)?,
            _ => return Ok(Vec::new()),
        }
    };
    if schema.get("enum").is_some() {
        broken.push((format!("{path}: enum"), json!("none-of-these")));
    }
    Ok(broken)
}

fn text(schema: &Value, path: &str) -> Result<Broken> {
    let types = [json!({ "no": "text" }), json!(7), json!(true)];
    let mut broken: Broken = types
        .into_iter()
        .map(|other| (format!("{path}: type"), other))
        .collect();
    let mut add =
        |keyword: &str, text: String| broken.push((format!("{path}: {keyword}"), json!(text)));
    let wrong = match schema["format"].as_str() {
        Some("date") => Some("2026-02-30"),
        Some("date-time") => Some("2026-01-05"),
        Some("uuid") => Some("not-a-uuid"),
        _ => None,
    };
    if let Some(wrong) = wrong {
        add("format", wrong.to_owned());
        return Ok(broken);
    }
    if let Some(most) = schema["maxLength"].as_u64() {
        add("maxLength", "a".repeat(usize::try_from(most)? + 1));
    }
    if let Some(least @ 1..) = schema["minLength"].as_u64() {
        add("minLength", "a".repeat(usize::try_from(least)? - 1));
    }
    if let Some(pattern) = schema["pattern"].as_str() {
        let pattern = Regex::new(pattern)?;
        let candidates = ["a b", "a", "~", "0", ""];
        if let Some(wrong) = candidates.iter().find(|text| !pattern.is_match(text)) {
            add("pattern", (*wrong).to_owned());
        }
    }
    Ok(broken)
}

fn number(schema: &Value, path: &str) -> Broken {
    let mut broken = vec![(format!("{path}: type"), json!("many"))];
    let whole = schema["type"] == json!("integer");
    let mut add = |keyword: &str, number: f64| {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "limits of integers are integers"
        )]
        let value = if whole {
            json!(number as i64)
        } else {
            json!(number)
        };
        broken.push((format!("{path}: {keyword}"), value));
    };
    let beyond = |exclusive: &str| {
        if schema[exclusive] == json!(true) {
            0.0
        } else {
            1.0
        }
    };
    if let Some(least) = schema["minimum"].as_f64() {
        add("minimum", least - beyond("exclusiveMinimum"));
    }
    if let Some(most) = schema["maximum"].as_f64() {
        add("maximum", most + beyond("exclusiveMaximum"));
    }
    if let Some(step) = schema["multipleOf"].as_f64().filter(|step| *step > 1.0) {
        let base = schema["minimum"].as_f64().unwrap_or(0.0);
        add("multipleOf", (base / step).ceil() * step + 1.0);
    }
    broken
}

fn list(schemas: &Schemas, schema: &Value, path: &str, depth: usize) -> Result<Broken> {
    let mut broken = vec![(format!("{path}: type"), json!("no list"))];
    let items = &schema["items"];
    let item = sample::value(schemas, items, true, depth + 1)?;
    let of = |count: u64| -> Value { (0..count).map(|_| item.clone()).collect() };
    if let Some(most) = schema["maxItems"].as_u64() {
        broken.push((format!("{path}: maxItems"), of(most + 1)));
    }
    if let Some(least @ 1..) = schema["minItems"].as_u64() {
        broken.push((format!("{path}: minItems"), of(least - 1)));
    }
    if schema["uniqueItems"] == json!(true) {
        broken.push((format!("{path}: uniqueItems"), of(2)));
    }
    let least = schema["minItems"].as_u64().unwrap_or(1).max(1);
    for (label, wrong) in values(schemas, items, &format!("{path}[]"), depth + 1)? {
        let mut list = of(least);
        list[0] = wrong;
        broken.push((label, list));
    }
    Ok(broken)
}

fn object(schemas: &Schemas, schema: &Value, path: &str, depth: usize) -> Result<Broken> {
    let mut broken = vec![(format!("{path}: type"), json!("no object"))];
    let valid = sample::value(schemas, &without_example(schema), true, depth)?;
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let path = format!("{path}.{name}");
        let nullable = schemas.whole(property)["nullable"] == json!(true);
        let defaulted = schemas.whole(property).get("default").is_some();
        if is_required(schema, name) && !nullable {
            broken.push((format!("{path}: required"), without(&valid, name)));
            if !defaulted {
                broken.push((
                    format!("{path}: not nullable"),
                    with(&valid, name, Value::Null),
                ));
            }
        }
        for (label, wrong) in values(schemas, property, &path, depth + 1)? {
            broken.push((label, with(&valid, name, wrong)));
        }
    }
    let extras = &schema["additionalProperties"];
    if extras.is_object() {
        for (label, wrong) in values(schemas, extras, &format!("{path}.*"), depth + 1)? {
            broken.push((label, with(&valid, "key", wrong)));
        }
        if let Some(most) = schema["maxProperties"].as_u64() {
            let mut many = without(&valid, "key");
            for number in 0..=most {
                let extra = sample::value(schemas, extras, true, depth + 1)?;
                many = with(&many, &format!("key{number}"), extra);
            }
            broken.push((format!("{path}: maxProperties"), many));
        }
    }
    Ok(broken)
}

fn choice(schemas: &Schemas, schema: &Value, path: &str, depth: usize) -> Result<Broken> {
    let mut broken = vec![(format!("{path}: oneOf"), json!([[]]))];
    let Some(property) = schema["discriminator"]["propertyName"].as_str() else {
        return Ok(broken);
    };
    let valid = sample::value(schemas, schema, true, depth)?;
    broken.push((
        format!("{path}: discriminator"),
        with(&valid, property, json!("none-of-these")),
    ));
    for part in schema["oneOf"].as_array().into_iter().flatten() {
        for tag in tags(schema, part) {
            let about_tag = format!(".{property}: ");
            let parts = values(schemas, part, &format!("{path}<{tag}>"), depth)?;
            let parts = parts
                .into_iter()
                .filter(|(label, value)| value.is_object() && !label.contains(&about_tag));
            broken.extend(parts.map(|(label, value)| (label, with(&value, property, json!(tag)))));
        }
    }
    Ok(broken)
}

fn with(object: &Value, name: &str, value: Value) -> Value {
    let mut changed = object.clone();
    if let Some(members) = changed.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
    changed
}

fn without(object: &Value, name: &str) -> Value {
    let mut changed = object.clone();
    if let Some(members) = changed.as_object_mut() {
        members.remove(name);
    }
    changed
}

fn without_example(schema: &Value) -> Value {
    let mut schema = schema.clone();
    if let Some(keywords) = schema.as_object_mut() {
        keywords.remove("example");
        keywords.remove("default");
    }
    schema
}
