//! Limits of a value that is no member of an object.
//!
//! poem-openapi checks limits where a member of an object or a parameter is read, and nowhere else. A value that stands
//! alone, such as a body that is a list, or an alternative of `oneOf`, is therefore read as the member of a struct made for it.

use anyhow::Result;
use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::{limits, option, type_tokens};
use crate::{
    model::{Document, Limits, Usage},
    place::Place,
};

/// The struct called `name` around `usage`, if it has limits at all.
pub(super) fn item(
    document: &Document,
    usage: &Usage,
    name: &Ident,
    types: &TokenStream,
    place: &Place,
) -> Result<Option<TokenStream>> {
    if usage.limits == Limits::default() {
        return Ok(None);
    }
    let validator = limits::validator(document, usage, place)?;
    let mut ty = type_tokens(&usage.ty, types);
    if usage.nullable {
        ty = option(&ty);
    }
    Ok(Some(quote! {
        #[derive(serde::Deserialize, poem_openapi::Object)]
        struct #name {
            #[oai(#validator)]
            value: #ty,
        }
    }))
}
