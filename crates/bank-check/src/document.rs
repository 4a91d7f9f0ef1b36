//! One contract, as far as the judge needs it: which responses an operation has, with which codes, and what their bodies look like.

mod format;
mod schema;

use std::collections::{BTreeMap, HashMap};

use regex::Regex;
use serde_json::Value;

pub(crate) use self::format::{date, date_time};
use crate::target::SetupError;

const METHODS: [&str; 7] = ["get", "put", "post", "delete", "patch", "head", "options"];

/// A parsed document.
#[derive(Debug)]
pub(crate) struct Document {
    root: Value,
    operations: HashMap<String, Operation>,
    /// Every pattern of the document, compiled once.
    patterns: HashMap<String, Regex>,
}

#[derive(Debug)]
struct Operation {
    responses: BTreeMap<u16, Response>,
}

/// One documented status of an operation.
#[derive(Debug)]
pub(crate) struct Response {
    /// Schema of the JSON body.
    schema: Option<Value>,
    /// `x-izin-error-codes`; empty for successes.
    pub(crate) codes: Vec<String>,
}

/// A place in an answer and the rule that it breaks. Never holds a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    /// Such as `$.accounts[3].number`.
    pub(crate) path: String,
    pub(crate) rule: String,
}

impl Document {
    /// `name` is for the operator's eyes.
    pub(crate) fn parse(name: &'static str, json: &str) -> Result<Self, SetupError> {
        let wrong = |problem: String| SetupError::Document { name, problem };
        let root: Value =
            serde_json::from_str(json).map_err(|problem| wrong(problem.to_string()))?;
        let mut patterns = HashMap::new();
        collect_patterns(&root["components"]["schemas"], &mut patterns).map_err(wrong)?;
        let mut document = Self {
            operations: HashMap::new(),
            root,
            patterns,
        };
        document.operations = document.read_operations();
        if document.operations.is_empty() {
            return Err(wrong("has no operations".to_owned()));
        }
        Ok(document)
    }

    /// The documented response, if there is one.
    pub(crate) fn response(&self, operation: &str, status: u16) -> Option<&Response> {
        self.operations.get(operation)?.responses.get(&status)
    }

    /// What in a body breaks the schema of its response; bounded, and in the order of the body.
    pub(crate) fn violations(&self, response: &Response, body: &Value) -> Vec<Violation> {
        match &response.schema {
            Some(schema) => schema::check(self, schema, body),
            None => Vec::new(),
        }
    }

    /// Whether a text is one of the error codes of this contract, and so may be shown.
    pub(crate) fn knows_code(&self, code: &str) -> bool {
        let known = &self.root["components"]["schemas"]["ErrorCode"]["enum"];
        let mut values = known.as_array().into_iter().flatten();
        values.any(|value| value.as_str() == Some(code))
    }

    fn read_operations(&self) -> HashMap<String, Operation> {
        let paths = self.root["paths"].as_object();
        let mut operations = HashMap::new();
        for item in paths.into_iter().flat_map(|paths| paths.values()) {
            for operation in METHODS.iter().filter_map(|method| item.get(method)) {
                if let Some(id) = operation["operationId"].as_str() {
                    let responses = self.read_responses(&operation["responses"]);
                    operations.insert(id.to_owned(), Operation { responses });
                }
            }
        }
        operations
    }

    fn read_responses(&self, responses: &Value) -> BTreeMap<u16, Response> {
        let entries = responses.as_object().into_iter().flatten();
        entries
            .filter_map(|(status, response)| {
                let response = self.resolve(response);
                let codes = response["x-izin-error-codes"].as_array();
                let codes = codes.into_iter().flatten();
                let read = Response {
                    schema: response["content"]["application/json"]
                        .get("schema")
                        .cloned(),
                    codes: codes
                        .filter_map(|code| code.as_str().map(str::to_owned))
                        .collect(),
                };
                Some((status.parse().ok()?, read))
            })
            .collect()
    }

    /// Follows `$ref` within the document; a reference that leads nowhere, or in a circle, stays what it is.
    fn resolve<'a>(&'a self, mut value: &'a Value) -> &'a Value {
        for _ in 0..8 {
            let Some(target) = value.get("$ref").and_then(Value::as_str) else {
                break;
            };
            let pointer = target.strip_prefix('#').unwrap_or(target);
            match self.root.pointer(pointer) {
                Some(found) => value = found,
                None => break,
            }
        }
        value
    }
}

fn collect_patterns(value: &Value, patterns: &mut HashMap<String, Regex>) -> Result<(), String> {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(pattern)) = members.get("pattern")
                && !patterns.contains_key(pattern)
            {
                let regex = Regex::new(pattern).map_err(|problem| problem.to_string())?;
                patterns.insert(pattern.clone(), regex);
            }
            members
                .values()
                .try_for_each(|member| collect_patterns(member, patterns))
        }
        Value::Array(items) => items
            .iter()
            .try_for_each(|item| collect_patterns(item, patterns)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn responses_and_their_codes_are_found_behind_references() {
        let document = Document::parse("small", SMALL).unwrap();
        let gone = document.response("readThing", 404).unwrap();
        assert_eq!(gone.codes, ["thing_gone"]);
        assert!(
            document
                .response("readThing", 200)
                .unwrap()
                .codes
                .is_empty()
        );
        assert!(document.response("readThing", 418).is_none());
        assert!(document.response("other", 200).is_none());
        assert!(document.knows_code("thing_gone"));
        assert!(!document.knows_code("Aminah"));
    }

    #[test]
    fn a_document_that_is_none_is_refused() {
        for json in ["", "{}", "[1]", "{\"paths\": 3}"] {
            assert!(Document::parse("bad", json).is_err(), "{json}");
        }
    }

    const SMALL: &str = r##"{
        "paths": {"/things": {"get": {"operationId": "readThing", "responses": {
            "200": {"description": "It.", "content": {"application/json": {"schema": {"type": "object"}}}},
            "404": {"$ref": "#/components/responses/Gone"}}}}},
        "components": {
            "responses": {"Gone": {"x-izin-error-codes": ["thing_gone"]}},
            "schemas": {"ErrorCode": {"type": "string", "enum": ["thing_gone"]}}}
    }"##;
}
