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
mod tests {
    use serde_json::json;

    use super::*;

    const CORE: &str = include_str!("../../../../generated/core_bank/openapi.json");

    /// `path: rule` of everything that a body of this response breaks.
    fn broken(operation: &str, status: u16, body: &Value) -> Vec<String> {
        let document = Document::parse("core-bank", CORE).unwrap();
        let response = document.response(operation, status).unwrap();
        let found = document.violations(response, body);
        found
            .into_iter()
            .map(|it| format!("{}: {}", it.path, it.rule))
            .collect()
    }

    #[test]
    fn the_document_s_own_examples_are_right() {
        let core: Value = serde_json::from_str(CORE).unwrap();
        let sign_in = include_str!("../../../../generated/sign_in/openapi.json");
        let sign_in: Value = serde_json::from_str(sign_in).unwrap();
        let mut seen = 0;
        for root in [core, sign_in] {
            let document = Document::parse("whole", &root.to_string()).unwrap();
            for (id, operation) in &document.operations {
                for (status, response) in &operation.responses {
                    for body in examples(&root, id, *status) {
                        let found = document.violations(response, &body);
                        assert!(found.is_empty(), "{id} {status}: {found:?}");
                        seen += 1;
                    }
                }
            }
        }
        assert!(seen > 100, "only {seen} examples were found");
    }

    fn examples(root: &Value, id: &str, status: u16) -> Vec<Value> {
        let paths = root["paths"].as_object().unwrap().values();
        let mut operations = paths.flat_map(|item| item.as_object().unwrap().values());
        let operation = operations.find(|it| it["operationId"] == id).unwrap();
        let mut response = &operation["responses"][status.to_string()];
        if let Some(target) = response["$ref"].as_str() {
            response = root.pointer(target.trim_start_matches('#')).unwrap();
        }
        let content = &response["content"]["application/json"];
        let several = content["examples"].as_object().into_iter().flatten();
        let several = several.map(|(_, example)| example["value"].clone());
        several.chain(content.get("example").cloned()).collect()
    }

    #[test]
    fn each_keyword_is_judged() {
        let customer = |change: fn(&mut Value)| {
            let mut body = json!({"sub": "CIF-1", "id_type": "nric", "id_number": "900101-14-5566"});
            change(&mut body);
            broken("getCustomer", 200, &body)
        };
        assert!(customer(|_| ()).is_empty());
        assert!(customer(|it| it["x_future"] = Value::Null).is_empty());
        let name = |text: Value| {
            let body = json!({"sub": "CIF-1", "id_type": "nric", "name": text});
            broken("getCustomer", 200, &body)
        };
        assert_eq!(name(Value::Null), ["$.name: is null; what is absent is left out"]);
        assert_eq!(name(json!("")), ["$.name: is empty; what is absent is left out"]);
        assert_eq!(name(json!("é".repeat(201))), ["$.name: is longer than 200 characters"]);
        assert!(name(json!("é".repeat(200))).is_empty());
        assert_eq!(name(json!(7)), ["$.name: is not a string"]);
        assert_eq!(
            customer(|it| it["email_verified"] = json!("yes")),
            ["$.email_verified: is not true or false"]
        );
        assert_eq!(
            customer(|it| it["id_type"] = json!("NRIC")),
            ["$.id_type: is not one of the documented values"]
        );
        assert_eq!(
            broken("getCustomer", 200, &json!({"id_type": "nric"})),
            ["$.sub: is missing"]
        );
        assert_eq!(broken("getCustomer", 200, &json!([])), ["$: is not an object"]);
    }

    #[test]
    fn lists_numbers_and_bank_s_own_members_are_judged() {
        let capabilities = |operations: Value, months: Value| {
            let body = json!({"contract_version": "1.0", "operations": operations, "features": [], "history_months": months});
            broken("getCapabilities", 200, &body)
        };
        let three = json!(["getCustomer", "listAccounts", "getAccount"]);
        assert!(capabilities(three.clone(), json!(12)).is_empty());
        assert_eq!(
            capabilities(json!(["a", "b", "a"]), json!(12)),
            ["$.operations: has an item twice"]
        );
        assert_eq!(
            capabilities(json!(["a"]), json!(12)),
            ["$.operations: has fewer than 3 items"]
        );
        assert_eq!(
            capabilities(three.clone(), json!(0)),
            ["$.history_months: is less than 1"]
        );
        assert_eq!(
            capabilities(three.clone(), json!(121)),
            ["$.history_months: is more than 120"]
        );
        assert_eq!(
            capabilities(three, json!("12")),
            ["$.history_months: is not an integer"]
        );
        let account = |data: Value| {
            let body = json!({"reference": "SA-1", "number": "7001", "name": "S", "holder": "H", "kind": "savings", "custom_data": data});
            broken("getAccount", 200, &body)
        };
        assert!(account(json!({"card": "x"})).is_empty());
        assert_eq!(account(json!({"Aminah": 3})), ["$.custom_data.*: is not a string"]);
        assert_eq!(
            account(json!({"k".repeat(51): "x"})),
            ["$.custom_data: has a key of more than 50 characters"]
        );
    }

    #[test]
    fn a_flood_of_violations_is_cut_off() {
        let rows = vec![json!({}); 400];
        let found = broken("listTransactions", 200, &json!({"transactions": rows}));
        assert_eq!(found.len(), MAX_VIOLATIONS);
    }
}
