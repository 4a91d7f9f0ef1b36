//! The judge of bodies against the documents themselves.

use serde_json::json;

use super::*;

const CORE: &str = include_str!("../../../../../generated/core_bank/openapi.json");

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
    let sign_in = include_str!("../../../../../generated/sign_in/openapi.json");
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
    assert_eq!(
        name(Value::Null),
        ["$.name: is null; what is absent is left out"]
    );
    assert_eq!(
        name(json!("")),
        ["$.name: is empty; what is absent is left out"]
    );
    assert_eq!(
        name(json!("é".repeat(201))),
        ["$.name: is longer than 200 characters"]
    );
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
    assert_eq!(
        broken("getCustomer", 200, &json!([])),
        ["$: is not an object"]
    );
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
    assert_eq!(
        account(json!({"Aminah": 3})),
        ["$.custom_data.*: is not a string"]
    );
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

/// What is judged, and what only describes.
const KEYWORDS: [&str; 21] = [
    "$ref",
    "additionalProperties",
    "description",
    "enum",
    "example",
    "format",
    "items",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minimum",
    "pattern",
    "properties",
    "required",
    "title",
    "type",
    "uniqueItems",
    "writeOnly",
];

#[test]
fn the_documents_use_no_keyword_that_is_not_judged() {
    let sign_in = include_str!("../../../../../generated/sign_in/openapi.json");
    for json in [CORE, sign_in] {
        let root: Value = serde_json::from_str(json).unwrap();
        let schemas = root["components"]["schemas"].as_object().unwrap();
        schemas
            .iter()
            .for_each(|(name, schema)| known(name, schema));
    }
}

fn known(place: &str, schema: &Value) {
    for (keyword, value) in schema.as_object().unwrap() {
        assert!(KEYWORDS.contains(&keyword.as_str()), "{place}: {keyword}");
        match keyword.as_str() {
            "additionalProperties" | "items" => known(place, value),
            "properties" => {
                let members = value.as_object().unwrap();
                members
                    .iter()
                    .for_each(|(name, member)| known(&format!("{place}.{name}"), member));
            }
            _ => {}
        }
    }
}
