//! What is refused of traits, mapped types, choices, and documents of version 3.1.

use crate::library::Library;

fn document(from: &str, to: &str, parts: &[&str]) {
    refused(Library::branch().edit("branch-1.yaml", from, to), parts);
}

fn config(from: &str, to: &str, parts: &[&str]) {
    refused(Library::branch().edit("codegen.toml", from, to), parts);
}

#[expect(clippy::needless_pass_by_value, reason = "made for this call")]
fn refused(library: Library, parts: &[&str]) {
    let refusal = library.refusal();
    for part in parts {
        assert!(refusal.contains(part), "{part:?} is not in: {refusal}");
    }
}

#[test]
fn what_3_0_cannot_say() {
    document(
        "type: [string, 'null']",
        "type: [string, integer]",
        &["components: schemas: Address: properties: postcode: type: only one type"],
    );
    document(
        "const: MY",
        "const: 3",
        &["country: enum: [0]: a text is expected"],
    );
    document(
        "exclusiveMinimum: 0",
        "exclusiveMinimum: true",
        &["schema: exclusiveMinimum: a number is expected"],
    );
    document(
        "lines: { type: array,",
        "lines: { type: array, prefixItems: [{}],",
        &["the schema keyword `prefixItems` is not supported"],
    );
    document(
        "lines: { type: array,",
        "lines: { nullable: true, type: array,",
        &["nullable: means nothing in 3.1"],
    );
    document(
        "items: { type: string, minLength: 1",
        "items: false, x-i: { type: string, m: 1",
        &["only `true` and objects are supported as schemas"],
    );
    document(
        "paths:",
        "webhooks: {}\npaths:",
        &["`webhooks` are not supported"],
    );
    document(
        "paths:",
        "jsonSchemaDialect: 'https://example.com'\npaths:",
        &["the schema dialect `https://example.com` is not supported"],
    );
}

#[test]
fn choices_that_nothing_tells_apart() {
    document(
        "company: Company",
        "company: Compani",
        &["components/schemas/Applicant: the mapping names `Compani`"],
    );
    document(
        "- $ref: '#/components/schemas/Company'",
        "- { type: string }",
        &["Applicant: oneOf: [1]: beside a discriminator only references to objects"],
    );
    document(
        "propertyName: kind",
        "property: kind",
        &["`property` is not supported"],
    );
}

#[test]
fn types_that_cannot_be_mapped() {
    config(
        "MemberId =",
        "MemberIdd =",
        &[
            "codegen.toml: [document.types]: unknown or unused schema `MemberIdd`; did you mean `MemberId`?",
        ],
    );
    config(
        "MemberId =",
        "Address =",
        &["components/schemas/Address: only a text without a format"],
    );
    config(
        "crate::branch::MemberId",
        "crate::1",
        &["`crate::1` is not a Rust path"],
    );
}

#[test]
fn traits_that_do_not_agree_with_the_document() {
    config(
        "tag = \"desk\"",
        "tag = \"desks\"",
        &["unknown tag `desks`; did you mean `desk`?"],
    );
    document(
        "tags: [desk]\n      deprecated",
        "tags: [members]\n      deprecated",
        &[
            "trait `Members`: the document tags `sendNotice` with `members`, but the trait does not have it",
        ],
    );
    document(
        "operationId: rate\n      tags: [desk]",
        "operationId: rate",
        &["trait `Desk`: has `rate`, which the document does not tag with `desk`"],
    );
    config(
        "rate = {",
        "searchMembers = { signature = \"Clerk\" }\nrate = {",
        &["two traits have `searchMembers`"],
    );
    config(
        "trait = \"Desk\"",
        "trait = \"Members\"",
        &["two traits are called `Members`"],
    );
    config(
        "trait = \"Desk\"",
        "trait = \"Types\"",
        &["would be called like one of ours"],
    );
    config(
        "\"getMember\", ",
        "\"getMembers\", ",
        &["required: unknown operation `getMembers`; did you mean `getMember`?"],
    );
    config(
        "unsupported = \"crate::branch::Problem::unsupported\"\n",
        "",
        &["`required` without `unsupported`"],
    );
    config(
        "getMember = { signature = \"Anyone\" }",
        "getMember = {}",
        &["getMember: `signature` is missing"],
    );
    config(
        "boxed = true",
        "boxed = true\nroutes = false",
        &["a trait without routes neither seals nor checks signatures"],
    );
    config(
        "implements = [\"Members\"]",
        "implements = [\"Member\"]",
        &["implements: unknown trait `Member`; did you mean `Members`?"],
    );
    config(
        "implements = [\"Members\"]",
        "implements = [\"Members\", \"Desk\"]",
        &["(sendNotice): a client cannot implement a method that has a context"],
    );
}

/// An operation that the generator cannot do is known by its name only, once it is said to be handled elsewhere.
#[test]
fn what_is_handled_elsewhere_need_not_be_understood() {
    let changed = Library::branch()
        .edit(
            "branch-1.yaml",
            "content:\n          application/jwt:",
            "content:\n          image/png:",
        )
        .edit(
            "codegen.toml",
            "operations = [\"sendNotice\"]",
            "operations = []",
        );
    let refusal = changed.refusal();
    assert!(
        refusal.contains("(sendNotice): requestBody: `image/png`"),
        "{refusal}"
    );
    let changed = changed
        .edit(
            "codegen.toml",
            "sendNotice = { signature = \"Clerk\", context = \"crate::branch::Clerk\" }",
            "",
        )
        .edit(
            "codegen.toml",
            "[document.call]",
            "[document.elsewhere]\nsendNotice = \"a picture\"\n\n[document.call]",
        );
    changed.generate().unwrap();
}

/// What was generated before is still there, and still compiles, when a document can no longer be understood.
#[test]
fn a_refusal_leaves_the_former_output() {
    let library = Library::branch();
    library.generate().unwrap();
    let before = library.output("branch/types.rs");
    let library = library.edit(
        "branch-1.yaml",
        "pattern: '^[0-9]{12}$'",
        "pattern: '(?=a)'",
    );
    let error = library.generate().unwrap_err().to_string();
    assert!(
        error.contains("components/schemas/Company: properties: registration"),
        "{error}"
    );
    assert_eq!(library.output("branch/types.rs"), before);
}

/// The trait alone: for a contract that others implement and nobody serves here.
#[test]
fn a_trait_without_routes_needs_no_signatures() {
    let config = r#"
[runtime]
signature = "crate::Signature"
error = "crate::Error"

[[document]]
file = "branch-1.yaml"
module = "branch"

[document.serve]
trait = "Branch"
error = "crate::BranchError"
routes = false
operations = ["getMember", "rate", "registerMember", "renameMember", "searchMembers", "sendNotice"]
"#;
    let library = Library::branch();
    library.write("codegen.toml", config);
    library.generate().unwrap();
    let server = library.output("branch/server.rs");
    assert!(server.contains("Result<GetMemberOutput, crate::BranchError>"));
    assert!(!server.contains("OpenApi") && !server.contains("OPERATIONS"));
}
