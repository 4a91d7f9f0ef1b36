//! Schemas with their references followed and their parts put together.

use serde_json::{Map, Value, json};

pub(super) struct Schemas {
    root: Value,
}

impl Schemas {
    pub(super) fn new(root: Value) -> Self {
        Self { root }
    }

    pub(super) fn paths(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.root["paths"].as_object().into_iter().flatten()
    }

    pub(super) fn resolved<'a>(&'a self, value: &'a Value) -> &'a Value {
        let mut value = value;
        for _ in 0..16 {
            let Some(pointer) = value["$ref"]
                .as_str()
                .and_then(|text| text.strip_prefix('#'))
            else {
                break;
            };
            value = self.root.pointer(pointer).unwrap_or(&Value::Null);
        }
        value
    }

    /// The schema as one: what it refers to, what it is composed of, and what stands beside.
    pub(super) fn whole(&self, schema: &Value) -> Value {
        let mut whole = Map::new();
        let mut own = schema.as_object().cloned().unwrap_or_default();
        if own.contains_key("$ref") {
            own.remove("$ref");
            merge(&mut whole, self.whole(self.resolved(schema)));
        }
        if let Some(Value::Array(parts)) = own.remove("allOf") {
            for part in &parts {
                merge(&mut whole, self.whole(part));
            }
        }
        merge(&mut whole, Value::Object(own));
        Value::Object(whole)
    }
}

fn merge(whole: &mut Map<String, Value>, part: Value) {
    let Value::Object(part) = part else { return };
    for (keyword, value) in part {
        let before = whole.get(&keyword).cloned();
        let together = match (keyword.as_str(), before, value) {
            ("properties", Some(Value::Object(mut before)), Value::Object(more)) => {
                before.extend(more);
                Value::Object(before)
            }
            ("required", Some(Value::Array(before)), Value::Array(more)) => {
                json!(before.into_iter().chain(more).collect::<Vec<_>>())
            }
            (_, _, value) => value,
        };
        whole.insert(keyword, together);
    }
}
