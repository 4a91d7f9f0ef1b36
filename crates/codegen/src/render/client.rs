//! `client.rs`: a progenitor client for the called operations.
//!
//! progenitor panics on several ordinary constructs and makes types of its own. It therefore never sees the document: it
//! gets one written for it from the [model](crate::model), with one success answer per operation, parameters without
//! limits, and every schema replaced by the shared type. Error answers are left out on purpose: a gateway may answer in HTML,
//! so anything but 2xx reaches the caller as `Error::UnexpectedResponse`, to be read with the caller's own limits.

mod implement;
mod prepare;

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
};

use anyhow::{Context, Result};
use proc_macro2::TokenStream;
use progenitor::{GenerationSettings, Generator, HooksMode, InterfaceStyle, TypeImpl};
use quote::{ToTokens, quote};
use syn::{ImplItem, ImplItemFn, Item, Stmt, parse_quote, visit_mut::VisitMut};

use crate::{
    config::{self, Call, Config, DocumentConfig},
    model::{Document, Operation, is_text},
    names,
    place::Place,
};

pub(crate) fn render(
    document: &Document,
    config: &Config,
    part: &DocumentConfig,
    place: &Place,
) -> Result<Option<TokenStream>> {
    let Some(call) = &part.call else {
        return Ok(None);
    };
    let prepared = prepare::document(document, part, call)?;
    let settings = settings(document, call, place)?;
    // What is left to panic about is a fault of ours; it must still name the document.
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        Generator::new(&settings).generate_tokens(&prepared)
    }));
    match outcome {
        Ok(tokens) => {
            let refusal = || document.place.refusal("progenitor cannot make a client");
            let tokens = tokens.with_context(refusal)?;
            let mut file: syn::File = syn::parse2(tokens).with_context(refusal)?;
            trim(document, &mut file);
            let implemented = implement::render(document, config, part, &file, place)?;
            Ok(Some(quote!(#file #implemented)))
        }
        Err(panic) => {
            let reason = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied())
                .unwrap_or("without a reason");
            Err(document
                .place
                .refusal(format!("progenitor gave up making a client: {reason}")))
        }
    }
}

/// Drops what nobody asked for (a constructor that sets its own timeouts and unwraps, a header that no document names) and
/// adds what progenitor does not know: which operations are deprecated, and media types of texts.
fn trim(document: &Document, file: &mut syn::File) {
    let operations: BTreeMap<String, &Operation> = document
        .operations
        .iter()
        .map(|operation| (names::field_name(&operation.id), operation))
        .collect();
    for item in &mut file.items {
        let Item::Impl(block) = item else { continue };
        block
            .items
            .retain(|item| !matches!(item, ImplItem::Fn(method) if method.sig.ident == "new"));
        for item in &mut block.items {
            let ImplItem::Fn(method) = item else { continue };
            let names_version = |statement: &Stmt| {
                statement
                    .to_token_stream()
                    .to_string()
                    .contains("\"api-version\"")
            };
            method
                .block
                .stmts
                .retain(|statement| !names_version(statement));
            if let Some(operation) = operations.get(&plain_name(&method.sig.ident)) {
                complete(method, operation);
            }
        }
    }
}

/// progenitor marks what would be a keyword by an underscore.
fn plain_name(ident: &syn::Ident) -> String {
    let name = ident.to_string();
    name.trim_start_matches("r#")
        .trim_end_matches('_')
        .to_owned()
}

fn complete(method: &mut ImplItemFn, operation: &Operation) {
    if operation.deprecated {
        method.attrs.push(parse_quote!(#[deprecated]));
    }
    let body = operation.body.iter().flat_map(|body| &body.content);
    if let Some((media, _)) = body.into_iter().find(|(media, _)| is_text(media)) {
        TextMedia(media).visit_impl_item_fn_mut(method);
    }
}

/// Puts a media type in the place of `text/plain`.
struct TextMedia<'a>(&'a str);

impl VisitMut for TextMedia<'_> {
    fn visit_lit_str_mut(&mut self, literal: &mut syn::LitStr) {
        if literal.value() == "text/plain" {
            *literal = syn::LitStr::new(self.0, literal.span());
        }
    }
}

fn settings(document: &Document, call: &Call, place: &Place) -> Result<GenerationSettings> {
    let context = config::rust_path(&call.context, place)?;
    let mut settings = GenerationSettings::new();
    settings.with_interface(InterfaceStyle::Positional);
    settings.with_inner_type(quote!(#context));
    // A client whose hooks nobody wrote would send unsigned requests: it must not compile.
    settings.with_hooks(HooksMode::Expected);
    for (name, schema) in &document.schemas {
        let displays = prepare::is_text_like(&schema.shape);
        let traits = displays.then_some(TypeImpl::Display);
        settings.with_replacement(name, format!("super::types::{name}"), traits.into_iter());
    }
    Ok(settings)
}
