//! One rule per line: what is written breaks when less is allowed, what is read when more is.

use izin_spec_diff::Kind::{self, Added, Changed, Loosened, Removed, Renamed, Tightened};
use serde_json::{Value, json};

use crate::{compared, ids};

/// We send the schema in a request that we make, and read it in a request that is made to us.
fn api(version: &str, schema: &Value) -> Value {
    let operation = |id: &str, tag: &str| {
        json!({
            "operationId": id, "tags": [tag], "responses": { "204": {} },
            "requestBody": { "content": { "application/json": {
                "schema": { "$ref": "#/components/schemas/S" }
            } } }
        })
    };
    json!({
        "openapi": version, "info": { "title": "T", "version": "1" },
        "paths": {
            "/read": { "post": operation("read", "webhook") },
            "/write": { "post": operation("write", "partner") }
        },
        "components": { "schemas": {
            "S": schema,
            "Other": { "type": "string" },
            "Node": { "type": "object", "properties": { "next": { "$ref": "#/components/schemas/Node" } } }
        } }
    })
}

/// Reading breaks as server, writing as client.
const NEITHER: (bool, bool) = (false, false);
const READING: (bool, bool) = (true, false);
const WRITING: (bool, bool) = (false, true);
const BOTH: (bool, bool) = (true, true);

#[track_caller]
fn rule_between(old: &Value, new: &Value, kind: Kind, breaks: (bool, bool), id: &str) {
    let report = compared(old, new);
    assert_eq!(ids(&report), [id], "\n{report}");
    let change = &report.changes[0];
    assert_eq!(change.kind, kind, "{id}");
    let verdicts = (&change.as_server, &change.as_client);
    let (Some(server), Some(client)) = verdicts else {
        panic!("{id} is judged for both");
    };
    assert_eq!(
        (server.breaking, client.breaking),
        breaks,
        "{id}: server, client"
    );
}

#[track_caller]
fn rule(old: &Value, new: &Value, kind: Kind, breaks: (bool, bool), id: &str) {
    rule_between(&api("3.0.3", old), &api("3.0.3", new), kind, breaks, id);
}

/// A rule that tightens one way and loosens the other.
#[track_caller]
fn limit(loose: &Value, tight: &Value, id: &str) {
    rule(loose, tight, Tightened, WRITING, id);
    let (name, values) = id.split_once("/S").expect("a place");
    let name = name.replace("tightened", "loosened");
    let back = match values.split_once(':') {
        None => format!("{name}/S{values}"),
        Some((place, values)) => {
            let (old, new) = values.split_once("..").expect("two values");
            format!("{name}/S{place}:{new}..{old}")
        }
    };
    rule(tight, loose, Loosened, READING, &back);
}

#[test]
fn limits() {
    let text = |extra: Value| {
        let mut schema = json!({ "type": "string" });
        let members = extra.as_object().expect("an object").clone();
        schema.as_object_mut().expect("an object").extend(members);
        schema
    };
    let none = text(json!({}));
    limit(
        &text(json!({ "maxLength": 9 })),
        &text(json!({ "maxLength": 5 })),
        "max-length-tightened/S:9..5",
    );
    limit(
        &none,
        &text(json!({ "maxLength": 5 })),
        "max-length-tightened/S:-..5",
    );
    limit(
        &text(json!({ "minLength": 1 })),
        &text(json!({ "minLength": 2 })),
        "min-length-tightened/S:1..2",
    );
    limit(
        &none,
        &text(json!({ "pattern": "^a$" })),
        "pattern-tightened/S:-..^a$",
    );
    limit(
        &none,
        &text(json!({ "format": "uuid" })),
        "format-tightened/S:-..uuid",
    );
    limit(
        &json!({ "type": "integer", "maximum": 5 }),
        &json!({ "type": "integer", "maximum": 5, "exclusiveMaximum": true }),
        "maximum-tightened/S:5..5",
    );
    limit(
        &json!({ "type": "integer", "format": "int64" }),
        &json!({ "type": "integer", "format": "int32" }),
        "format-tightened/S:int64..int32",
    );
    limit(
        &json!({ "type": "number" }),
        &json!({ "type": "integer" }),
        "type-tightened/S:number..integer",
    );
    limit(
        &json!({ "type": "string", "nullable": true }),
        &json!({ "type": "string" }),
        "null-tightened/S",
    );
    limit(
        &json!({ "type": "array", "items": {} }),
        &json!({ "type": "array", "items": {}, "uniqueItems": true }),
        "unique-items-tightened/S:-..different",
    );
    limit(
        &json!({ "type": "object" }),
        &json!({ "type": "object", "additionalProperties": false }),
        "other-members-tightened/S",
    );
    limit(&none, &text(json!({ "enum": ["a"] })), "enum-tightened/S");
}

#[test]
fn changes_that_are_neither_wider_nor_narrower_break_both_ways() {
    let text = |key: &str, value: &str| json!({ "type": "string", key: value });
    rule(
        &text("pattern", "a"),
        &text("pattern", "b"),
        Changed,
        BOTH,
        "pattern-changed/S:a..b",
    );
    rule(
        &text("format", "date"),
        &text("format", "uuid"),
        Changed,
        BOTH,
        "format-changed/S:date..uuid",
    );
    rule(
        &text("default", "a"),
        &text("default", "b"),
        Changed,
        BOTH,
        "default-changed/S:a..b",
    );
    rule(
        &json!({ "type": "string" }),
        &json!({ "type": "boolean" }),
        Changed,
        BOTH,
        "type-changed/S:string..boolean",
    );
}

#[test]
fn a_keyword_without_a_rule_is_left_to_people() {
    let old = json!({ "type": "string", "not": { "enum": ["a"] } });
    let new = json!({ "type": "string", "not": { "enum": ["b"] } });
    let report = compared(&api("3.0.3", &old), &api("3.0.3", &new));
    assert_eq!(report.changes.len(), 1);
    assert!(
        report.changes[0].id.starts_with("not-changed/S:#"),
        "{}",
        report.changes[0].id
    );
    assert!(report.breaks());
}

#[test]
fn enum_values() {
    let values = |values: Value| json!({ "type": "string", "enum": values });
    let (two, three) = (values(json!(["a", "b"])), values(json!(["b", "c", "a"])));
    rule(&two, &three, Added, READING, "enum-value-added/S:c");
    rule(&three, &two, Removed, WRITING, "enum-value-removed/S:c");
    rule(
        &two,
        &values(json!(["a", "z"])),
        Renamed,
        BOTH,
        "enum-value-renamed/S:b..z",
    );
}

#[test]
fn fields() {
    let object = |required: Value, properties: Value| json!({ "type": "object", "required": required, "properties": properties });
    let (text, number) = (json!({ "type": "string" }), json!({ "type": "integer" }));
    let without = object(json!([]), json!({ "a": number }));
    let optional = object(json!([]), json!({ "a": number, "b": text }));
    let required = object(json!(["b"]), json!({ "a": number, "b": text }));
    rule(&without, &optional, Added, NEITHER, "field-added/S.b");
    rule(&without, &required, Added, WRITING, "field-added/S.b");
    rule(&optional, &without, Removed, WRITING, "field-removed/S.b");
    rule(&required, &without, Removed, BOTH, "field-removed/S.b");
    rule(
        &optional,
        &required,
        Tightened,
        WRITING,
        "required-tightened/S.b",
    );
    rule(
        &required,
        &optional,
        Loosened,
        READING,
        "required-loosened/S.b",
    );
    let named = object(json!([]), json!({ "a": number, "b_text": text }));
    rule(
        &optional,
        &named,
        Renamed,
        BOTH,
        "field-renamed/S.b..b_text",
    );
    let closed = json!({ "type": "object", "additionalProperties": false, "properties": {} });
    let more =
        json!({ "type": "object", "additionalProperties": false, "properties": { "a": number } });
    rule(&closed, &more, Added, READING, "field-added/S.a");
}

#[test]
fn forms() {
    let forms = |names: &[&str]| {
        let forms: Vec<Value> = names
            .iter()
            .map(|name| json!({ "$ref": format!("#/components/schemas/{name}") }))
            .collect();
        json!({ "oneOf": forms })
    };
    let (one, two) = (forms(&["Other"]), forms(&["Node", "Other"]));
    rule(&one, &two, Added, READING, "form-added/S<Node>");
    rule(&two, &one, Removed, WRITING, "form-removed/S<Node>");
}

#[test]
fn what_all_of_says_together_counts() {
    let base = json!({ "type": "object", "required": ["a"], "properties": { "a": { "type": "string", "maxLength": 9 } } });
    let flat = api("3.0.3", &base);
    let folded = api(
        "3.0.3",
        &json!({ "allOf": [
        { "type": "object", "properties": { "a": { "type": "string" } } },
        { "required": ["a"], "properties": { "a": { "maxLength": 9 } } },
    ] }),
    );
    assert_eq!(ids(&compared(&flat, &folded)), [""; 0]);
}

#[test]
fn the_spelling_of_3_1_says_the_same() {
    let pairs = [
        (
            json!({ "type": "string", "nullable": true }),
            json!({ "type": ["string", "null"] }),
        ),
        (
            json!({ "type": "string", "nullable": true }),
            json!({ "anyOf": [{ "type": "string" }, { "type": "null" }] }),
        ),
        (json!({ "enum": ["a"] }), json!({ "const": "a" })),
        (
            json!({ "type": "integer", "minimum": 0, "exclusiveMinimum": true }),
            json!({ "type": "integer", "exclusiveMinimum": 0 }),
        ),
    ];
    for (old, new) in pairs {
        let report = compared(&api("3.0.3", &old), &api("3.1.0", &new));
        assert_eq!(ids(&report), [""; 0], "{old} and {new}");
    }
}

#[test]
fn a_component_may_be_renamed_or_written_out() {
    let referring = |version, name: &str| {
        let mut api = api(
            version,
            &json!({ "type": "object", "properties": { "a": { "$ref": format!("#/components/schemas/{name}") } } }),
        );
        api["components"]["schemas"][name] = json!({ "type": "string", "maxLength": 5 });
        api
    };
    let inline =
        json!({ "type": "object", "properties": { "a": { "type": "string", "maxLength": 5 } } });
    let old = referring("3.0.3", "Name");
    assert_eq!(ids(&compared(&old, &referring("3.0.3", "Title"))), [""; 0]);
    assert_eq!(ids(&compared(&old, &api("3.0.3", &inline))), [""; 0]);
}

#[test]
fn operations() {
    let with = |operations: &[(&str, &str)]| {
        let mut api = api("3.0.3", &json!({ "type": "string" }));
        for (id, tag) in operations {
            api["paths"][format!("/{id}")] =
                json!({ "get": { "operationId": id, "tags": [tag], "responses": {} } });
        }
        api
    };
    let (none, served, called) = (
        with(&[]),
        with(&[("ping", "webhook")]),
        with(&[("rates", "partner")]),
    );
    let breaks = |old: &Value, new: &Value| {
        (
            ids(&compared(old, new)).join(" "),
            compared(old, new).breaks(),
        )
    };
    assert_eq!(
        breaks(&none, &served),
        ("operation-added/ping".into(), true)
    );
    assert_eq!(
        breaks(&served, &none),
        ("operation-removed/ping".into(), false)
    );
    assert_eq!(
        breaks(&none, &called),
        ("operation-added/rates".into(), false)
    );
    assert_eq!(
        breaks(&called, &none),
        ("operation-removed/rates".into(), true)
    );
}
