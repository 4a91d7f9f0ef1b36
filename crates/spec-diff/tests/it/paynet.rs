//! PayNet's document and our own roles in it.

use izin_spec_diff::{Document, Report, Roles, compare};

const DOCUMENT: &str = include_str!("../../../../openapi/ofp-dp-1.2.2.yaml");
const CODEGEN: &str = include_str!("../../../../openapi/codegen.toml");

fn against(new: &str) -> Report {
    let edition = |text: &str| Document::parse(text.as_bytes()).expect("a document");
    let (old, new) = (edition(DOCUMENT), edition(new));
    let roles = Roles::from_codegen(CODEGEN, &old, &new).expect("roles");
    compare(&old, &new, &roles)
}

#[test]
fn an_edition_differs_from_itself_in_nothing() {
    assert!(against(DOCUMENT).changes.is_empty());
    assert!(against(DOCUMENT).notes.is_empty());
}

#[test]
fn words_are_not_changes() {
    let new = DOCUMENT
        .replace("The consent", "A consent")
        .replace("version: 1.2.2", "version: 1.2.3");
    assert_ne!(new, DOCUMENT);
    assert!(against(&new).changes.is_empty());
}

#[test]
fn sealed_answers_are_compared_by_their_plaintext() {
    let new = DOCUMENT.replace(
        "required: [account_id, credit_lines_included, current_balance]",
        "required: [current_balance]",
    );
    let report = against(&new);
    let ids: Vec<&str> = report.changes.iter().map(|it| it.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "required-loosened/Balance.account_id",
            "required-loosened/Balance.credit_lines_included"
        ]
    );
    assert_eq!(report.changes[0].operations, ["getAccountBalances"]);
    assert!(!report.breaks(), "we write it");
}

#[test]
fn an_operation_of_hand_written_code_has_the_role_of_its_tag() {
    let new = DOCUMENT.replace(
        "required: [grant_type, client_id]",
        "required: [grant_type, client_id, scope]",
    );
    let report = against(&new);
    assert!(report.changes[0].as_server.is_none());
    assert!(
        report.changes[0]
            .as_client
            .as_ref()
            .is_some_and(|it| it.breaking)
    );
}
