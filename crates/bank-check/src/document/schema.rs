//! The subset of OpenAPI 3.0 schemas that the contracts use, checked so that no value can get into the message.
//!
//! A general validator would do more and puts the offending value into its errors; here the place and the rule are all that is kept.
//! Beyond the schema, what the contracts say of every member holds: never null, never an empty string. Unknown members are allowed and
//! not looked at.

use serde_json::{Map, Value};

use super::{Document, Violation, format};

/// More violations than this of one answer help nobody.
const MAX_VIOLATIONS: usize = 20;
/// Deeper than any answer of the contracts.
const MAX_DEPTH: usize = 16;
/// `CustomData` says of its keys in words what a schema of OpenAPI 3.0 cannot.
const CUSTOM_DATA: &str = "#/components/schemas/CustomData";
const MAX_CUSTOM_KEY: usize = 50;

pub(super) fn check(document: &Document, schema: &Value, body: &Value) -> Vec<Violation> {
    let mut checker = Checker {
        document,
        found: Vec::new(),
    };
    checker.value(schema, body, "$", 0);
    checker.found
}

struct Checker<'a> {
    document: &'a Document,
    found: Vec<Violation>,
}

impl Checker<'_> {
    fn breaks(&mut self, path: &str, rule: impl Into<String>) {
        if self.found.len() < MAX_VIOLATIONS {
            self.found.push(Violation {
                path: path.to_owned(),
                rule: rule.into(),
            });
        }
    }

    fn value(&mut self, schema: &Value, value: &Value, path: &str, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        if schema["$ref"] == CUSTOM_DATA {
            self.custom_keys(value, path);
        }
        let document = self.document;
        let schema = document.resolve(schema);
        if value.is_null() {
            return self.breaks(path, "is null; what is absent is left out");
        }
        match schema["type"].as_str() {
            Some("object") => match value {
                Value::Object(members) => self.object(schema, members, path, depth),
                _ => self.breaks(path, "is not an object"),
            },
            Some("array") => match value {
                Value::Array(items) => self.array(schema, items, path, depth),
                _ => self.breaks(path, "is not an array"),
            },
            Some("string") => match value {
                Value::String(text) => self.string(schema, text, path),
                _ => self.breaks(path, "is not a string"),
            },
            Some("integer") => match value.as_i64() {
                Some(number) => self.integer(schema, number, path),
                None => self.breaks(path, "is not an integer"),
            },
            Some("boolean") if !value.is_boolean() => self.breaks(path, "is not true or false"),
            _ => {}
        }
    }

    fn object(&mut self, schema: &Value, members: &Map<String, Value>, path: &str, depth: usize) {
        let required = schema["required"].as_array().into_iter().flatten();
        for name in required.filter_map(Value::as_str) {
            if !members.contains_key(name) {
                self.breaks(&format!("{path}.{name}"), "is missing");
            }
        }
        if let Some(most) = limit(schema, "maxProperties")
            && members.len() > most
        {
            self.breaks(path, format!("has more than {most} members"));
        }
        let known = schema["properties"].as_object();
        let others = schema
            .get("additionalProperties")
            .filter(|schema| schema.is_object());
        for (name, member) in members {
            match (known.and_then(|known| known.get(name)), others) {
                (Some(schema), _) => {
                    self.value(schema, member, &format!("{path}.{name}"), depth + 1);
                }
                // A name that the bank chose may be about the customer.
                (None, Some(schema)) => self.value(schema, member, &format!("{path}.*"), depth + 1),
                (None, None) => {}
            }
        }
    }

    fn array(&mut self, schema: &Value, items: &[Value], path: &str, depth: usize) {
        if let Some(least) = limit(schema, "minItems")
            && items.len() < least
        {
            self.breaks(path, format!("has fewer than {least} items"));
        }
        if let Some(most) = limit(schema, "maxItems")
            && items.len() > most
        {
            self.breaks(path, format!("has more than {most} items"));
        }
        // Only short lists of the contracts are `uniqueItems`, but a bank may send a long one.
        if schema["uniqueItems"] == true {
            let mut seen = std::collections::HashSet::new();
            if !items.iter().all(|item| seen.insert(item.to_string())) {
                self.breaks(path, "has an item twice");
            }
        }
        for (at, item) in items.iter().enumerate() {
            if self.found.len() >= MAX_VIOLATIONS {
                break;
            }
            self.value(&schema["items"], item, &format!("{path}[{at}]"), depth + 1);
        }
    }

    fn string(&mut self, schema: &Value, text: &str, path: &str) {
        if text.is_empty() {
            return self.breaks(path, "is empty; what is absent is left out");
        }
        let length = text.chars().count();
        if let Some(least) = limit(schema, "minLength")
            && length < least
        {
            self.breaks(path, format!("is shorter than {least} characters"));
        }
        if let Some(most) = limit(schema, "maxLength")
            && length > most
        {
            self.breaks(path, format!("is longer than {most} characters"));
        }
        if let Some(pattern) = schema["pattern"].as_str()
            && let Some(regex) = self.document.patterns.get(pattern)
            && !regex.is_match(text)
        {
            self.breaks(path, format!("does not match {pattern}"));
        }
        if let Some(format) = schema["format"].as_str()
            && !format::keeps(format, text)
        {
            self.breaks(path, format!("is not a {format}"));
        }
        if let Some(values) = schema["enum"].as_array()
            && !values.iter().any(|value| value == text)
        {
            self.breaks(path, "is not one of the documented values");
        }
    }

    fn integer(&mut self, schema: &Value, number: i64, path: &str) {
        if let Some(least) = schema["minimum"].as_i64()
            && number < least
        {
            self.breaks(path, format!("is less than {least}"));
        }
        if let Some(most) = schema["maximum"].as_i64()
            && number > most
        {
            self.breaks(path, format!("is more than {most}"));
        }
    }

    fn custom_keys(&mut self, value: &Value, path: &str) {
        let mut keys = value.as_object().into_iter().flat_map(Map::keys);
        if keys.any(|key| key.chars().count() > MAX_CUSTOM_KEY) {
            self.breaks(
                path,
                format!("has a key of more than {MAX_CUSTOM_KEY} characters"),
            );
        }
    }
}

fn limit(schema: &Value, name: &str) -> Option<usize> {
    schema[name]
        .as_u64()
        .and_then(|limit| usize::try_from(limit).ok())
}

#[cfg(test)]
mod tests;
