//! Texts of the document as documentation comments.

use proc_macro2::TokenStream;
use quote::quote;

/// One `///` line per line. Indentation and code fences go, because rustdoc would compile what they enclose as a test.
pub(super) fn comment(text: &str) -> TokenStream {
    let lines = lines(text);
    quote!(#(#[doc = #lines])*)
}

pub(super) fn optional(text: Option<&String>) -> TokenStream {
    text.map(|text| comment(text)).unwrap_or_default()
}

/// The text as [`comment`] writes it, for a generator that makes the comment itself.
pub(super) fn plain(text: &str) -> String {
    let lines = lines(text);
    lines
        .iter()
        .map(|line| line.trim())
        .collect::<Vec<_>>()
        .join("\n")
}

fn lines(text: &str) -> Vec<String> {
    text.trim()
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with("```"))
        .map(|line| {
            if line.is_empty() {
                String::new()
            } else {
                format!(" {line}")
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_of_a_description_becomes_a_doc_test() {
        let text = "First.\n\n    indented();\n```\nfenced();\n```\n";
        assert_eq!(lines(text), [" First.", "", " indented();", " fenced();"]);
    }
}
