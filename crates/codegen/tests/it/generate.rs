//! What the generator writes, and when.

use std::{fs, path::Path};

use crate::library::Library;

/// The files that people review, and that tests/compiled compiles. Set `UPDATE_EXPECTED=1` to accept a change.
#[test]
fn the_output_is_as_committed() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    for name in ["branch", "library"] {
        let (config, generated) = (
            tests.join(name).join("codegen.toml"),
            tests.join(name).join("generated"),
        );
        if std::env::var_os("UPDATE_EXPECTED").is_some() {
            izin_codegen::write(&config, &generated).unwrap();
        }
        izin_codegen::check(&config, &generated).unwrap();
    }
}

#[test]
fn the_output_depends_on_nothing_but_the_input() {
    let (first, second) = (Library::new(), Library::new());
    let written = first.generate().unwrap();
    assert_eq!(written.len(), 7);
    second.generate().unwrap();
    for path in written {
        let name = path.strip_prefix(first.generated()).unwrap();
        let name = name.to_str().unwrap();
        assert_eq!(first.output(name), second.output(name), "{name}");
    }
}

#[test]
fn every_rust_file_parses() {
    let library = Library::new();
    for path in library.generate().unwrap() {
        if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        }
    }
}

#[test]
fn a_second_run_changes_nothing() {
    let library = Library::new();
    library.generate().unwrap();
    library.check().unwrap();
    assert!(library.generate().unwrap().is_empty());
}

#[test]
fn an_edit_by_hand_is_found_and_repaired() {
    let library = Library::new();
    library.generate().unwrap();
    let types = library.generated().join("library/types.rs");
    fs::write(&types, "// my own\n").unwrap();
    let error = library.check().unwrap_err().to_string();
    assert!(
        error.contains("out of date") && error.contains("types.rs"),
        "{error}"
    );
    assert_eq!(library.generate().unwrap(), [types]);
    library.check().unwrap();
}

#[test]
fn a_missing_file_is_found_and_repaired() {
    let library = Library::new();
    assert!(library.check().is_err());
    library.generate().unwrap();
    fs::remove_file(library.generated().join("runtime.rs")).unwrap();
    assert!(
        library
            .check()
            .unwrap_err()
            .to_string()
            .contains("runtime.rs")
    );
    library.generate().unwrap();
    library.check().unwrap();
}

#[test]
fn a_file_of_no_document_is_refused() {
    let library = Library::new();
    library.generate().unwrap();
    fs::write(library.generated().join("library/extra.rs"), "").unwrap();
    let error = library.generate().unwrap_err().to_string();
    assert!(
        error.contains("extra.rs is not made from any document"),
        "{error}"
    );
}

/// Otherwise cargo would take the output for a change, and build twice.
#[test]
fn the_output_is_no_younger_than_the_input() {
    let library = Library::new();
    let modified = |path: &Path| fs::metadata(path).unwrap().modified().unwrap();
    let inputs = ["codegen.toml", "library-1.yaml"].map(|name| modified(&library.path(name)));
    for path in library.generate().unwrap() {
        assert_eq!(Some(modified(&path)), inputs.iter().max().copied());
    }
}

#[test]
fn a_build_script_watches_what_goes_in_and_what_comes_out() {
    let library = Library::new();
    let written = library.generate().unwrap();
    let watched = izin_codegen::watched(&library.path("codegen.toml"), &library.generated());
    for path in written {
        assert!(watched.contains(&path), "{}", path.display());
    }
    for name in ["codegen.toml", "library-1.yaml"] {
        assert!(watched.contains(&library.path(name)), "{name}");
    }
}

#[test]
fn the_document_is_kept_without_loss() {
    let library = Library::new();
    library.generate().unwrap();
    let document: serde_json::Value =
        serde_json::from_str(&library.output("library/openapi.json")).unwrap();
    assert_eq!(
        document["components"]["schemas"]["Orphan"]["oneOf"][0]["type"],
        "string"
    );
    assert_eq!(
        document["paths"]["/v1/loans/{loan_id}"]["get"]["responses"]["200"]["x-izin-plaintext"],
        "Loan"
    );
}

#[test]
fn the_client_reads_any_success_and_leaves_failures_to_the_caller() {
    let library = Library::new();
    library.generate().unwrap();
    let client = library.output("library/client.rs");
    assert!(client.contains("inner: crate::client::Context"));
    assert!(client.contains("200..=299 =>"), "{client}");
    assert!(client.contains("Result<ResponseValue<super::types::Book>, Error<()>>"));
    assert!(client.contains("body: &'a super::types::ObtainTokenRequest"));
    assert!(
        !client.contains("fn new("),
        "it would set timeouts of its own and unwrap"
    );
    assert!(
        !client.contains("\"api-version\""),
        "no document names this header"
    );
    assert!(
        !client.contains("lend_book"),
        "only called operations are in the client"
    );
}

#[test]
fn a_package_that_only_calls_needs_no_runtime() {
    let config = r#"
[[document]]
file = "library-1.yaml"
module = "library"

[document.call]
context = "crate::client::Context"
operations = ["getBook", "obtainToken", "readStatus"]

[document.elsewhere]
getLoan = "-"
lendBook = "-"
visitDesk = "-"
"#;
    let library = Library::new();
    library.write("codegen.toml", config);
    let written = library.generate().unwrap();
    assert_eq!(written.len(), 5, "{written:?}");
    let types = library.output("library/types.rs");
    assert!(
        !types.contains("poem_openapi"),
        "nothing is served: {types}"
    );
}
