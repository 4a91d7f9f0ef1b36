//! Limits as poem-openapi validators.

use anyhow::{Result, bail};
use proc_macro2::{Literal, TokenStream};
use quote::quote;

use crate::{
    model::{Bound, Document, Shape, Type, Usage},
    place::Place,
};

/// `validator(…)` for an `#[oai(…)]` attribute, or nothing.
pub(super) fn validator(
    document: &Document,
    usage: &Usage,
    place: &Place,
) -> Result<Option<TokenStream>> {
    let limits = &usage.limits;
    if limits.unique_items && !is_comparable(document, &usage.ty)? {
        bail!(place.refusal(
            "`uniqueItems` is supported for texts, whole numbers, booleans and enumerations only"
        ));
    }
    let mut checks = Vec::new();
    let counts = [
        ("max_length", limits.max_length),
        ("min_length", limits.min_length),
        ("max_items", limits.max_items),
        ("min_items", limits.min_items),
        ("max_properties", limits.max_properties),
        ("min_properties", limits.min_properties),
    ];
    for (name, count) in counts {
        if let Some(count) = count {
            let name = quote::format_ident!("{name}");
            let literal = Literal::u64_unsuffixed(count);
            checks.push(quote!(#name = #literal));
        }
    }
    if let Some(pattern) = &limits.pattern {
        // Not poem-openapi's own, which compiles the expression at every check.
        let matches = format!("super::super::runtime::Matches({pattern:?})");
        checks.push(quote!(custom = #matches));
    }
    if let Some(bound) = &limits.minimum {
        checks.push(bound_check(&quote!(minimum), bound));
    }
    if let Some(bound) = &limits.maximum {
        checks.push(bound_check(&quote!(maximum), bound));
    }
    if let Some(divisor) = limits.multiple_of {
        let literal = number(divisor);
        checks.push(quote!(multiple_of = #literal));
    }
    if limits.unique_items {
        checks.push(quote!(unique_items = true));
    }
    Ok((!checks.is_empty()).then(|| quote!(validator(#(#checks),*))))
}

/// Whether the elements of the list can be put into a set.
fn is_comparable(document: &Document, list: &Type) -> Result<bool> {
    let Type::List(element) = document.base_type(list)? else {
        return Ok(false);
    };
    Ok(match document.base_type(&element.ty)? {
        Type::Any | Type::List(_) | Type::Map(_) | Type::Number => false,
        Type::Named(name) => matches!(
            document.schema(name)?.shape,
            Shape::Enumeration(_) | Shape::Mapped { .. }
        ),
        _ => true,
    })
}

fn bound_check(name: &TokenStream, bound: &Bound) -> TokenStream {
    let value = number(bound.value);
    if bound.exclusive {
        return quote!(#name(value = #value, exclusive = true));
    }
    quote!(#name(value = #value))
}

/// Attributes hold no negative literals; a number may also be written as a text there.
fn number(value: f64) -> TokenStream {
    if value < 0.0 {
        let text = value.to_string();
        return quote!(#text);
    }
    let literal = Literal::f64_unsuffixed(value);
    quote!(#literal)
}
