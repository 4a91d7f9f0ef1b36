//! Which values are taken for secrets.

use crate::library::Library;

const DERIVED: &str = "#[derive(
    Debug,
    Clone,
    PartialEq,
    serde::Serialize,
    serde::Deserialize,
    poem_openapi::Object
)]
pub struct RatingDetailed {";
const HIDDEN: &str = ".field(\"remark\", &\"(secret)\")";

/// The types of the branch with another property in place of `remark`.
fn types(remark: &str) -> String {
    let library = Library::branch()
        .edit(
            "branch-1.yaml",
            "remark: { type: string, maxLength: 100 }",
            remark,
        )
        .edit(
            "branch-1.yaml",
            "  schemas:\n",
            "  schemas:
    Code: { type: string, writeOnly: true }
    Codes: { type: array, items: { $ref: '#/components/schemas/Code' } }
    Credentials:
      type: object
      writeOnly: true
      properties: { key: { type: string } }
    Renamed: { $ref: '#/components/schemas/Code' }
    Remark: { type: string }
",
        );
    library.generate().unwrap();
    library.output("branch/types.rs")
}

#[test]
fn a_secret_is_known_however_the_document_says_it() {
    for remark in [
        "remark: { type: string, format: password }",
        "remark: { type: string, writeOnly: true }",
        "remark: { type: string, enum: [a, b], writeOnly: true }",
        "remark: { type: integer, format: password }",
        "remark: { type: [string, 'null'], format: password }",
        "remark: { writeOnly: true }",
        "remark: { type: object, writeOnly: true, properties: { a: { type: string } } }",
        "remark: { type: array, items: { type: string, format: password } }",
        "remark: { type: object, additionalProperties: { type: string, writeOnly: true } }",
        "remark: { $ref: '#/components/schemas/Code' }",
        "remark: { $ref: '#/components/schemas/Codes' }",
        "remark: { $ref: '#/components/schemas/Credentials' }",
        "remark: { $ref: '#/components/schemas/Renamed' }",
        "remark: { $ref: '#/components/schemas/Remark', writeOnly: true }",
        "remark: { allOf: [{ $ref: '#/components/schemas/Code' }], description: With care. }",
        "remark: { allOf: [{ $ref: '#/components/schemas/Named' }, { writeOnly: true }] }",
        "remark: { anyOf: [{ $ref: '#/components/schemas/Code' }] }",
        "remark: { oneOf: [{ $ref: '#/components/schemas/Code' }, { type: 'null' }] }",
        "remark: { oneOf: [{ type: string }, { type: integer }], writeOnly: true }",
    ] {
        let types = types(remark);
        assert!(types.contains(HIDDEN), "{remark}");
        assert!(!types.contains(DERIVED), "{remark}");
    }
}

#[test]
fn a_type_without_secrets_keeps_its_derive() {
    for remark in [
        "remark: { type: string }",
        "remark: { type: string, format: email, readOnly: true, writeOnly: false }",
        "remark: { type: array, items: { type: string } }",
        "remark: { $ref: '#/components/schemas/Remark' }",
        // Of a type that hides its own secret.
        "remark: { $ref: '#/components/schemas/Person' }",
        "remark: { $ref: '#/components/schemas/Applicant' }",
    ] {
        let types = types(remark);
        assert!(types.contains(DERIVED), "{remark}: {types}");
        assert!(!types.contains(HIDDEN), "{remark}");
    }
}

/// Both descriptions hold for the value, so the second one does not take back what the first one says.
#[test]
fn a_property_described_twice_stays_secret() {
    let library = Library::branch()
        .edit(
            "branch-1.yaml",
            "name: { type: string, minLength: 1, maxLength: 30 }",
            "name: { type: string, format: password }",
        )
        .edit(
            "branch-1.yaml",
            "            member_id: { $ref",
            "            name: { type: string, maxLength: 30 }\n            member_id: { $ref",
        );
    library.generate().unwrap();
    let types = library.output("branch/types.rs");
    let (_, member) = types.split_once("Debug for Member {").unwrap();
    let (member, _) = member.split_once("\n}\n").unwrap();
    assert!(
        member.contains(".field(\"name\", &\"(secret)\")"),
        "{member}"
    );
}

#[test]
fn a_flag_that_is_none() {
    let refusal = Library::branch()
        .edit(
            "branch-1.yaml",
            "passphrase: { type: [string, 'null'], maxLength: 40, writeOnly: true }",
            "passphrase: { type: string, writeOnly: yes please }",
        )
        .refusal();
    assert!(refusal.contains("passphrase: writeOnly"), "{refusal}");
}
