//! Rust names for what a document names, and the nearest known name for one that is misspelt.

use heck::{ToSnakeCase, ToUpperCamelCase};
use proc_macro2::{Ident, Span};

/// The Rust name of a schema or of a schema made from several parts (`Consent` + `status`).
pub(crate) fn type_name(name: &str) -> String {
    let camel = name.to_upper_camel_case();
    match camel.as_str() {
        "" => "Unnamed".to_owned(),
        // Generated code uses the prelude's names, and `Self` is a keyword.
        "Box" | "From" | "Iterator" | "Option" | "Result" | "Self" | "String" | "TryFrom"
        | "Vec" => format!("{camel}Type"),
        _ if camel.starts_with(|first: char| first.is_ascii_digit()) => format!("N{camel}"),
        _ => camel,
    }
}

/// An identifier that [`type_name`] made.
pub(crate) fn type_ident(name: &str) -> Ident {
    Ident::new(&type_name(name), Span::call_site())
}

/// The Rust name of a field, an argument or a method; keywords become raw identifiers.
pub(crate) fn field_ident(name: &str) -> Ident {
    let snake = name.to_snake_case();
    let snake = match snake.as_str() {
        "" => "unnamed".to_owned(),
        "self" | "super" | "crate" => format!("{snake}_"),
        _ if snake.starts_with(|first: char| first.is_ascii_digit()) => format!("n{snake}"),
        _ => snake,
    };
    syn::parse_str::<Ident>(&snake).unwrap_or_else(|_| Ident::new_raw(&snake, Span::call_site()))
}

/// [`field_ident`] as a part of a longer name.
pub(crate) fn field_name(name: &str) -> String {
    field_ident(name)
        .to_string()
        .trim_start_matches("r#")
        .to_owned()
}

/// Whether every character of `name` may stand in a Rust name once separators are gone.
pub(crate) fn is_expressible(name: &str) -> bool {
    !name.is_empty()
        && name
            .chars()
            .all(|character| character.is_ascii_graphic() || character == ' ')
        && name
            .chars()
            .any(|character| character.is_ascii_alphanumeric())
}

/// Whether `name` may stand as the name of an HTTP header (RFC 9110 §5.6.2).
pub(crate) fn is_header(name: &str) -> bool {
    let token = |character: char| {
        character.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(character)
    };
    !name.is_empty() && name.chars().all(token)
}

/// The known name with the fewest differences, unless it has so many that a proposal would mislead.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|candidate| (distance(name, candidate), candidate))
        .min()
        .filter(|(distance, candidate)| *distance <= candidate.chars().count().max(name.len()) / 2)
        .map(|(_, candidate)| candidate)
}

/// Levenshtein distance, letter case ignored.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.to_lowercase().chars().collect();
    let mut previous: Vec<usize> = (0..=right.len()).collect();
    for (row, from) in left.to_lowercase().chars().enumerate() {
        let mut current = vec![row + 1];
        for (column, to) in right.iter().enumerate() {
            let replaced = previous[column] + usize::from(from != *to);
            let shifted = previous[column + 1].min(current[column]) + 1;
            current.push(replaced.min(shifted));
        }
        previous = current;
    }
    previous[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_become_raw_identifiers() {
        assert_eq!(field_ident("type").to_string(), "r#type");
        assert_eq!(field_ident("use").to_string(), "r#use");
        assert_eq!(field_ident("self").to_string(), "self_");
        assert_eq!(field_ident("x5t#S256").to_string(), "x5t_s256");
        assert_eq!(field_name("type"), "type");
    }

    #[test]
    fn type_names_are_upper_camel_case_and_stay_so() {
        for (name, expected) in [
            ("page_meta", "PageMeta"),
            ("PageMeta", "PageMeta"),
            ("3ds", "N3ds"),
            ("self", "SelfType"),
            ("option", "OptionType"),
        ] {
            assert_eq!(type_name(name), expected);
            assert_eq!(type_name(expected), expected);
        }
    }

    #[test]
    fn the_nearest_name_is_proposed_only_if_it_is_near() {
        let known = ["getAccount", "getHealth"];
        assert_eq!(nearest("getAcount", known), Some("getAccount"));
        assert_eq!(nearest("zzz", known), None);
    }
}
