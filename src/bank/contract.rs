//! What the contracts say of their operations beyond what generated code knows: which may be repeated, and which error codes
//! stand with which status. Read from the documents themselves (`x-izin-retry`, `x-izin-error-codes`).

use std::collections::HashMap;
use std::sync::LazyLock;

use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde::Deserialize;
use serde_json::Value;

use crate::generated::{core_bank, sign_in};

/// An error as the contracts write it.
#[derive(Debug, Deserialize)]
pub struct Refusal {
    #[serde(rename = "error")]
    pub code: String,
    #[serde(rename = "error_description")]
    pub description: Option<String>,
}

struct Operation {
    is_repeatable: bool,
    /// By status.
    error_codes: HashMap<u16, Vec<String>>,
}

/// By operationId in lower case without underscores, as generated clients spell ids in their own way.
static OPERATIONS: LazyLock<HashMap<String, Operation>> = LazyLock::new(|| {
    [core_bank::DOCUMENT, sign_in::DOCUMENT]
        .into_iter()
        .flat_map(operations)
        .collect()
});

/// Whether a call whose answer was lost may simply be made again.
pub fn is_repeatable(operation: &str) -> bool {
    known(operation).is_some_and(|operation| operation.is_repeatable)
}

/// The error in an answer, if it is one that the contract knows for this operation and status.
pub fn refusal(operation: &str, status: u16, headers: &HeaderMap, body: &[u8]) -> Option<Refusal> {
    let media = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let media = media.split(';').next()?.trim();
    if !media.eq_ignore_ascii_case("application/json") {
        return None;
    }
    let refusal: Refusal = serde_json::from_slice(body).ok()?;
    let codes = known(operation)?.error_codes.get(&status)?;
    codes.contains(&refusal.code).then_some(refusal)
}

fn known(operation: &str) -> Option<&'static Operation> {
    OPERATIONS.get(&plain(operation))
}

fn plain(operation: &str) -> String {
    operation.replace('_', "").to_lowercase()
}

fn operations(document: &str) -> Vec<(String, Operation)> {
    let document: Value = serde_json::from_str(document).unwrap_or_default();
    let paths = document["paths"].as_object();
    let methods = paths
        .into_iter()
        .flatten()
        .filter_map(|(_, path)| path.as_object());
    methods
        .flatten()
        .filter_map(|(_, operation)| {
            let id = operation["operationId"].as_str()?;
            let is_repeatable = operation["x-izin-retry"] == "safe";
            let responses = operation["responses"].as_object()?;
            let error_codes = responses
                .iter()
                .filter_map(|(status, response)| {
                    let codes = &resolved(&document, response)["x-izin-error-codes"];
                    let codes = codes.as_array()?.iter().filter_map(Value::as_str);
                    Some((status.parse().ok()?, codes.map(str::to_owned).collect()))
                })
                .collect();
            let operation = Operation {
                is_repeatable,
                error_codes,
            };
            Some((plain(id), operation))
        })
        .collect()
}

fn resolved<'a>(document: &'a Value, response: &'a Value) -> &'a Value {
    response["$ref"]
        .as_str()
        .and_then(|reference| document.pointer(reference.strip_prefix('#')?))
        .unwrap_or(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documents_say_what_may_be_repeated() {
        for (operation, expected) in [
            ("getBalance", true),
            ("get_balance", true),
            ("look_up_phrase", true),
            ("check_password", false),
            ("send_notice", false),
            ("unheard_of", false),
        ] {
            assert_eq!(is_repeatable(operation), expected, "{operation}");
        }
    }
}
