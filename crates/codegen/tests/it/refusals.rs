//! What the generator refuses: each refusal names the file, the place and the reason, and writes nothing.

use crate::library::Library;

/// Asserts that replacing a text of the document is refused with every one of `parts` in the message.
fn document(from: &str, to: &str, parts: &[&str]) {
    assert_parts(
        &Library::with_document(from, to).refusal(),
        "library-1.yaml",
        parts,
    );
}

/// The same for the configuration.
fn config(from: &str, to: &str, parts: &[&str]) {
    assert_parts(
        &Library::with_config(from, to).refusal(),
        "codegen.toml",
        parts,
    );
}

fn assert_parts(refusal: &str, file: &str, parts: &[&str]) {
    for part in std::iter::once(&file).chain(parts) {
        assert!(refusal.contains(part), "{part:?} is not in: {refusal}");
    }
}

#[test]
fn an_unmentioned_operation() {
    config(
        "readStatus = \"asked for by the load balancer\"",
        "",
        &["library-1.yaml: GET /status (readStatus): is neither served nor called"],
    );
}

#[test]
fn an_operation_in_two_places() {
    config(
        "[document.elsewhere]",
        "[document.elsewhere]\ngetBook = \"-\"",
        &["[document.elsewhere] names `getBook`"],
    );
}

#[test]
fn unknown_names_with_the_nearest_known_one() {
    config(
        "getBook =",
        "getBok =",
        &[
            "[document.serve.operations]",
            "unknown operation `getBok`; did you mean `getBook`?",
        ],
    );
    config(
        "readStatus =",
        "readState =",
        &["unknown operation `readState`; did you mean `readStatus`?"],
    );
    config(
        "\"Binding\"",
        "\"Bindings\"",
        &["unknown enumeration `Bindings`; did you mean `Binding`?"],
    );
    config(
        "seal = ",
        "seel = ",
        &["getLoan: unknown key `seel`; did you mean `seal`?"],
    );
    config(
        "[document.serve]",
        "[document.serves]",
        &["unknown key `serves`; did you mean `serve`?"],
    );
    document(
        "schemas/Loan'",
        "schemas/Lone'",
        &[
            "POST /v1/loans (lendBook)",
            "unknown schema `Lone`; did you mean `Loan`?",
        ],
    );
    document(
        "x-izin-plaintext: Loan",
        "x-izin-plaintext: Loam",
        &["getLoan", "unknown schema `Loam`; did you mean `Loan`?"],
    );
    document(
        "required: [title]",
        "required: [titel]",
        &["unknown required property `titel`; did you mean `title`?"],
    );
}

#[test]
fn names_that_are_not_rust() {
    config(
        "module = \"library\"",
        "module = \"my-library\"",
        &["module `my-library`: is not a Rust module name"],
    );
    config(
        "module = \"library\"",
        "module = \"runtime\"",
        &["module `runtime`"],
    );
    config(
        "trait = \"Library\"",
        "trait = \"library\"",
        &["trait `library`: is not a Rust type name"],
    );
    config(
        "crate::client::Context",
        "crate::client::",
        &["`crate::client::` is not a Rust path"],
    );
    config(
        "\"Desk\"",
        "\"Desk!\"",
        &["`Desk!` is not the name of a variant"],
    );
    let nameless = Library::with_document("operationId: visitDesk", "operationId: '!'").edit(
        "codegen.toml",
        "visitDesk =",
        "\"!\" =",
    );
    let reason = "GET /v1/desk (!): the operationId cannot be made a Rust name";
    assert_parts(&nameless.refusal(), "library-1.yaml", &[reason]);
    document("'3d'", "'–'", &["`–` cannot be made a Rust name"]);
}

#[test]
fn names_that_become_one_in_rust() {
    document(
        "operationId: getLoan",
        "operationId: get_book",
        &["GET /v1/loans/{loan_id} (get_book): has the same Rust name as the operation `getBook`"],
    );
    document(
        "paper-back",
        "hard-cover",
        &["`hard-cover` has the same Rust name as an earlier value"],
    );
    document(
        "    Nothing:",
        "    book:",
        &["has the same Rust name as the schema `Book`"],
    );
    document(
        "renewals: {",
        "bookId: {",
        &["has the same Rust name as `book_id`"],
    );
    document(
        "name: page_size",
        "name: bookId",
        &["parameter `bookId`: has the same Rust name as the parameter `book_id`"],
    );
}

#[test]
fn seals_that_do_not_match_the_document() {
    config(
        ", seal = \"Loan\"",
        "",
        &["getLoan", "the document says that `Loan` is sealed"],
    );
    config(
        "seal = \"Loan\"",
        "seal = \"Book\"",
        &["the document seals `Loan`, codegen.toml `Book`"],
    );
    config(
        "seal = \"Loan\"",
        "seal = \"Lone\"",
        &["unknown schema `Lone`; did you mean `Loan`?"],
    );
}

#[test]
fn other_versions_and_broken_files() {
    document(
        "openapi: 3.0.3",
        "openapi: 3.2.0",
        &["OpenAPI 3.2.0 is not supported, only 3.0 and 3.1"],
    );
    document("openapi: 3.0.3", "openapi: [", &["is not valid YAML"]);
    document(
        "  title: Library",
        "  title: Library\n  title: Again",
        &["is not valid YAML", "title"],
    );
    config("[runtime]", "[runtime", &["is not valid TOML"]);
    let missing = Library::with_config("library-1.yaml", "other.yaml").refusal();
    assert!(missing.contains("other.yaml: cannot be read"), "{missing}");
}

#[test]
fn references_that_lead_nowhere() {
    document(
        "'#/components/responses/Problem'",
        "'#/components/responses/Problems'",
        &["`#/components/responses/Problems` does not exist"],
    );
    document(
        "'#/components/responses/Problem'",
        "'other.yaml#/Problem'",
        &["is outside this document"],
    );
    document(
        "    Nothing: { type: object }",
        "    Nothing: { $ref: '#/components/schemas/Nothing' }",
        &["the references go in a circle"],
    );
    document(
        "$ref: '#/components/schemas/Titled'",
        "$ref: '#/components/schemas/Book'",
        &["circle"],
    );
    document(
        "sequels: { type: array, maxItems: 9, items: { $ref: '#/components/schemas/Book' } }",
        "sequel: { $ref: '#/components/schemas/Book' }",
        &["components/schemas/Book: contains itself"],
    );
}

#[test]
fn schemas_beyond_the_generator() {
    let title = "properties: { title: { type: string } }";
    for (schema, reason) in [
        (
            "anyOf: [{ type: string }, { type: integer }]",
            "`anyOf` with several parts is not supported",
        ),
        (
            "not: { type: string }",
            "the schema keyword `not` is not supported",
        ),
        (
            "type: array, uniqueItems: true, items: { type: number }",
            "`uniqueItems` is supported for texts",
        ),
        (
            "oneOf: [{ type: string }, { type: string, nullable: true }]",
            "say `nullable` beside `oneOf`",
        ),
        (
            "oneOf: [{ type: string }, { type: string }]",
            "a second alternative is called `Text`",
        ),
        (
            "oneOf: [{ type: string }, { type: integer }], properties: {}",
            "`properties` is not supported",
        ),
        (
            "oneOf: [{ type: string }], discriminator: { propertyName: kind }",
            "only references to objects",
        ),
        ("type: 'null'", "`type: null` is not supported"),
        (
            "type: string, format: binary",
            "`format: binary` is not supported",
        ),
        (
            "type: string, pattern: '(?=a)'",
            "the pattern `(?=a)` is not supported",
        ),
        (
            "type: integer, maxLength: 3",
            "`maxLength` cannot be checked for this type",
        ),
        ("type: integer, enum: [1]", "only enumerations of texts"),
        ("type: array", "`items` is missing"),
        (
            "type: string, maxLength: -1",
            "a whole number from 0 is expected",
        ),
        (
            "type: array, items: { type: array, maxItems: 3, items: {} }",
            "`maxItems` of a container inside a container",
        ),
        (
            "type: object, properties: { a: {} }, additionalProperties: { type: string }",
            "a schema for further members",
        ),
    ] {
        let changed = format!("properties: {{ title: {{ {schema} }} }}");
        let place = "components/schemas/Titled: properties: title: ";
        document(title, &changed, &[place, reason]);
    }
    document(
        "default: 0",
        "default: many",
        &["the default \"many\" is not supported"],
    );
    document(
        "default: novel",
        "default: drama",
        &["unknown default `drama`"],
    );
}

#[test]
fn parameters_beyond_the_generator() {
    document(
        "in: header",
        "in: cookie",
        &[
            "GET /v1/shelves/{shelf_id}/books/{book_id} (getBook): parameter `x-reader-id`: cookie parameters are not supported",
        ],
    );
    document(
        "name: x-reader-id",
        "name: 'x reader'",
        &["parameter `x reader`: is not the name of a header"],
    );
    document(
        "name: genre\n          in: query",
        "name: genre\n          in: header",
        &["parameter `genre`: only simple types"],
    );
    document(
        "name: genre\n",
        "name: genre\n          explode: false\n",
        &["only `explode: true` is supported here"],
    );
    document(
        "schema: { $ref: '#/components/schemas/Binding' }",
        "schema: { $ref: '#/components/schemas/Book' }",
        &["parameter `type`: only simple types"],
    );
    document(
        "in: path\n        required: true",
        "in: path",
        &["parameter `shelf_id`: a path parameter needs `required: true`"],
    );
    document(
        "name: shelf_id",
        "name: shelf",
        &["no path parameter describes `{shelf_id}`"],
    );
    document(
        "/v1/loans/{loan_id}",
        "/v1/loans/n{loan_id}",
        &["a path variable must be a whole segment"],
    );
    document(
        "/v1/desk",
        "/v1/loans/{id}",
        &["differs from /v1/loans/{loan_id} in the names of variables only"],
    );
    document("/v1/desk", "/v1/desk<a>", &["a path starts with `/`"]);
}

#[test]
fn operations_beyond_the_generator() {
    document(
        "  /v1/desk:\n    get:",
        "  /v1/desk:\n    head:",
        &["HEAD /v1/desk (visitDesk): `head` is not supported"],
    );
    document(
        "      operationId: visitDesk\n",
        "",
        &["GET /v1/desk: `operationId` is missing"],
    );
    document(
        "operationId: visitDesk",
        "operationId: visitDesk\n      callbacks: {}",
        &["`callbacks` is not supported"],
    );
    document(
        "        200:\n          description: Lent.",
        "        2XX:\n          description: Lent.",
        &["response 2XX: give the status as a number"],
    );
    document(
        "        '404': {",
        "        '201': { description: New. }\n        '404': {",
        &[
            "getBook",
            "response 201: a second kind of success is supported in a trait that the client implements",
        ],
    );
    document(
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        &["obtainToken", "`multipart/form-data` is not supported"],
    );
    document(
        "            application/json:\n              schema: { $ref: '#/components/schemas/Book' }",
        "            text/html: {}",
        &["getBook", "`text/html` is not supported"],
    );
    document(
        "X-Queue: { schema: { type: integer } }",
        "X-Queue: { schema: { type: object } }",
        &["visitDesk", "only texts, numbers, booleans and UUIDs"],
    );
}

#[test]
fn a_served_document_without_a_runtime() {
    config(
        "[runtime]\nsignature = \"crate::trust::Signature\"\nerror = \"crate::http::Failure\"\n",
        "",
        &["[runtime] is missing"],
    );
}
