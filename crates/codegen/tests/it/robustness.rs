//! Whatever a document holds, the generator refuses or writes; it never panics.

use serde_json::{Value, json};

use crate::library::Library;

#[test]
fn any_part_of_the_library_replaced_by_something_else() {
    replace_any_part(&Library::new(), "library-1.yaml", "library/openapi.json");
}

#[test]
fn any_part_of_the_branch_replaced_by_something_else() {
    replace_any_part(&Library::branch(), "branch-1.yaml", "branch/openapi.json");
}

fn replace_any_part(library: &Library, file: &str, json: &str) {
    library.generate().unwrap();
    let document: Value = serde_json::from_str(&library.output(json)).unwrap();
    let mut pointers = Vec::new();
    collect_pointers(&document, String::new(), &mut pointers);
    let replacements = [json!([{}]), json!(null), json!("-1")];
    for (index, pointer) in pointers.iter().enumerate() {
        let replacement = &replacements[index % replacements.len()];
        let mut changed = document.clone();
        if let Some(part) = changed.pointer_mut(pointer) {
            part.clone_from(replacement);
        }
        library.write(file, &changed.to_string());
        if let Err(error) = library.check() {
            let refusal = format!("{error:#}");
            let expected = [file, "codegen.toml: ", "out of date: "];
            let known = expected.iter().any(|part| refusal.contains(part));
            assert!(known, "{pointer}: {refusal}");
            assert!(!refusal.contains("gave up"), "{pointer}: {refusal}");
        }
    }
}

fn collect_pointers(value: &Value, pointer: String, pointers: &mut Vec<String>) {
    if let Value::Object(members) = value {
        for (key, member) in members {
            let key = key.replace('~', "~0").replace('/', "~1");
            collect_pointers(member, format!("{pointer}/{key}"), pointers);
        }
    }
    if let Value::Array(items) = value {
        for (index, item) in items.iter().enumerate() {
            collect_pointers(item, format!("{pointer}/{index}"), pointers);
        }
    }
    pointers.push(pointer);
}
