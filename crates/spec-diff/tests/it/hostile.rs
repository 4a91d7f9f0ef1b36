//! Documents that mean harm, or were written by accident: refused or compared, never a panic, never for ever.

use izin_spec_diff::{Document, ReadError};
use serde_json::{Value, json};

use crate::{compared, ids};

fn api(paths: &Value, schemas: &Value) -> Value {
    json!({
        "openapi": "3.1.0", "info": { "title": "T", "version": "1" },
        "paths": paths, "components": { "schemas": schemas }
    })
}

fn reads(schema: &Value) -> Value {
    json!({ "/a": { "post": {
        "operationId": "a", "responses": {},
        "requestBody": { "content": { "application/json": { "schema": schema } } }
    } } })
}

fn reference(name: impl std::fmt::Display) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

#[test]
fn what_is_no_document_is_refused_in_words() {
    let refused = |text: &str| {
        Document::parse(text.as_bytes())
            .map(|_| ())
            .expect_err(text)
    };
    assert_eq!(refused("swagger: '2.0'"), ReadError::NotOpenApi);
    assert_eq!(refused("- a list"), ReadError::NotOpenApi);
    assert_eq!(refused(""), ReadError::NotOpenApi);
    assert_eq!(
        refused("openapi: 4.0.0"),
        ReadError::Version("4.0.0".into())
    );
    assert_eq!(
        refused("openapi: 3.10.0"),
        ReadError::Version("3.10.0".into())
    );
    assert!(matches!(refused("{"), ReadError::Syntax(_)));
    assert!(matches!(refused("a: b: c"), ReadError::Syntax(_)));
    assert!(matches!(
        refused("openapi: 3.0.3\n? [a]\n: b"),
        ReadError::Syntax(_)
    ));
    assert_eq!(refused(&" ".repeat(9 * 1024 * 1024)), ReadError::TooLarge);
    let nested = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(matches!(refused(&nested), ReadError::Syntax(_)));
    assert!(matches!(
        Document::parse(b"\xff\xfe{"),
        Err(ReadError::Syntax(_))
    ));
}

#[test]
fn aliases_cannot_blow_a_document_up() {
    let mut bomb = String::from("openapi: 3.0.3\na0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
    for level in 1..12 {
        let inner = format!("*a{},", level - 1).repeat(10);
        bomb.extend([format!("a{level}: &a{level} [{inner}]\n")]);
    }
    assert!(matches!(
        Document::parse(bomb.as_bytes()),
        Err(ReadError::Syntax(_))
    ));
}

#[test]
fn schemas_may_contain_themselves() {
    let node = |limit: u32| {
        json!({ "Node": {
        "type": "object",
        "properties": {
            "next": reference("Node"),
            "twice": { "allOf": [reference("Node"), reference("Node")] },
            "all": { "type": "array", "items": { "oneOf": [reference("Node"), { "type": "null" }] } },
            "name": { "type": "string", "maxLength": limit }
        }
    } })
    };
    let paths = reads(&reference("Node"));
    let report = compared(&api(&paths, &node(9)), &api(&paths, &node(5)));
    assert!(ids(&report).contains(&"max-length-tightened/Node.name:9..5"));
}

#[test]
fn a_schema_may_be_made_of_itself() {
    let circle = json!({
        "A": { "allOf": [reference("B"), { "type": "object" }] },
        "B": { "allOf": [reference("A")] },
        "C": reference("D"),
        "D": reference("C")
    });
    let both = json!({ "allOf": [reference("A"), reference("C")] });
    let other = json!({ "allOf": [reference("A"), reference("C"), { "maxProperties": 3 }] });
    let report = compared(&api(&reads(&both), &circle), &api(&reads(&other), &circle));
    assert_eq!(report.changes.len(), 1, "{report}");
}

#[test]
fn parts_of_parts_do_not_multiply() {
    let schemas: serde_json::Map<String, Value> = (0..60)
        .map(|level| {
            let below = json!({ "allOf": [reference(level + 1), reference(level + 1)], "properties": {
                "a": reference(level + 1), "b": { "allOf": [reference(level + 1), { "minProperties": 0 }] }
            } });
            (level.to_string(), below)
        })
        .collect();
    let schemas = Value::Object(schemas);
    let old = api(&reads(&reference(0)), &schemas);
    let new = api(
        &reads(&json!({ "allOf": [reference(0), { "maxProperties": 3 }] })),
        &schemas,
    );
    assert!(compared(&old, &new).breaks());
}

#[test]
fn references_that_cannot_be_followed_are_said() {
    let paths = |schema: &str| reads(&json!({ "$ref": schema }));
    let old = api(&paths("other.yaml#/A"), &json!({}));
    let new = api(&paths("#/components/schemas/Missing"), &json!({}));
    let report = compared(&old, &new);
    assert!(report.breaks());
    assert_eq!(report.notes.len(), 3, "{:?}", report.notes);
}

#[test]
fn thousands_of_operations_are_cut_short_and_that_is_a_break() {
    let paths = |prefix: &str| {
        let paths = (0..6_000).map(|number| {
            let id = format!("{prefix}{number}");
            (
                format!("/{id}"),
                json!({ "get": { "operationId": id, "responses": {} } }),
            )
        });
        Value::Object(paths.collect())
    };
    let report = compared(&api(&paths("a"), &json!({})), &api(&paths("b"), &json!({})));
    assert!(ids(&report).contains(&"document-changed/too-entangled"));
}

#[test]
fn control_characters_do_not_reach_the_terminal() {
    let schema = json!({ "type": "object", "properties": { "a\u{1b}[2J\n": {} } });
    let old = api(&reads(&json!({ "type": "object" })), &json!({}));
    let report = compared(&old, &api(&reads(&schema), &json!({})));
    assert!(!report.to_string().contains('\u{1b}'));
    assert!(!report.changes[0].id.contains('\n'));
}
