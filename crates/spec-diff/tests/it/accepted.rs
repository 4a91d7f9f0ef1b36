//! Accepted breaks: by id, with a reason, and none too many.

use izin_spec_diff::{AcceptedBreaks, AcceptedBreaksError};
use serde_json::json;

use crate::compared;

fn api(limit: u32) -> serde_json::Value {
    json!({
        "openapi": "3.0.3",
        "info": { "title": "T", "version": "1" },
        "paths": { "/a": { "post": {
            "operationId": "send",
            "requestBody": { "content": { "application/json": {
                "schema": { "type": "string", "maxLength": limit }
            } } },
            "responses": {}
        } } }
    })
}

fn accepted(text: &str) -> AcceptedBreaks {
    AcceptedBreaks::parse(text).expect("accepted breaks")
}

#[test]
fn an_accepted_break_breaks_no_more() {
    let report = compared(&api(30), &api(20));
    assert!(report.breaks());
    let id = report.changes[0].id.clone();
    let report = report.accepting(&accepted(&format!(
        "[[accept]]\nid = '{id}'\nreason = 'never more than 10'"
    )));
    assert!(!report.breaks());
    assert_eq!(
        report.changes[0].accepted.as_deref(),
        Some("never more than 10")
    );
    assert!(report.unused_accepted.is_empty());
}

#[test]
fn a_break_is_accepted_with_its_values_and_not_for_ever() {
    let id = compared(&api(30), &api(20)).changes[0].id.clone();
    let accepted = accepted(&format!("[[accept]]\nid = '{id}'\nreason = 'x'"));
    let next = compared(&api(20), &api(10)).accepting(&accepted);
    assert!(next.breaks());
    assert_eq!(next.unused_accepted.len(), 1);
}

#[test]
fn an_entry_needs_a_reason_a_known_form_and_stands_there_once() {
    let parse = AcceptedBreaks::parse;
    assert_eq!(
        parse("[[accept]]\nid = 'a'\nreason = ' '"),
        Err(AcceptedBreaksError::NoReason("a".into()))
    );
    let twice = "[[accept]]\nid = 'a'\nreason = 'b'\n[[accept]]\nid = 'a'\nreason = 'c'";
    assert_eq!(parse(twice), Err(AcceptedBreaksError::Twice("a".into())));
    for form in [
        "[[accept]]\nid = 'a'",
        "[[acept]]\nid = 'a'\nreason = 'b'",
        "x =",
    ] {
        assert!(
            matches!(parse(form), Err(AcceptedBreaksError::Form(_))),
            "{form}"
        );
    }
    assert_eq!(parse("# none yet\n"), Ok(AcceptedBreaks::default()));
}
