//! `types.rs`: one Rust type per schema, shared by server and client.
//!
//! Every type speaks serde. Only what is reachable from served operations also speaks poem-openapi, because those derives
//! dominate compile time. Unknown members are tolerated everywhere.

mod choice;
mod enumeration;
mod reach;

use std::collections::BTreeSet;

use anyhow::Result;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::{default_tokens, docs, limits, option, secret, type_tokens};
use crate::{
    config::{self, DocumentConfig},
    model::{Document, Property, Schema, Shape},
    names,
};

pub(crate) fn render(document: &Document, config: &DocumentConfig) -> Result<TokenStream> {
    reach::refuse_endless_types(document)?;
    let context = Context {
        document,
        served: reach::served_types(document, config)?,
        case_insensitive: &config.case_insensitive,
    };
    let mut items = Vec::new();
    for (name, schema) in &document.schemas {
        items.push(context.item(name, schema)?);
    }
    Ok(quote! {
        //! Data types, shared by the server and the client.

        #(#items)*
    })
}

struct Context<'a> {
    document: &'a Document,
    served: BTreeSet<&'a str>,
    case_insensitive: &'a BTreeSet<String>,
}

impl Context<'_> {
    fn item(&self, name: &str, schema: &Schema) -> Result<TokenStream> {
        let ident = names::type_ident(name);
        let docs = docs::optional(schema.description.as_ref());
        let poem = self.served.contains(name);
        let item = match &schema.shape {
            Shape::Alias(usage) => {
                let ty = type_tokens(&usage.ty, &quote!());
                quote!(pub type #ident = #ty;)
            }
            Shape::Choice(choice) => choice::item(self.document, &ident, choice, poem)?,
            Shape::Mapped { path, .. } => {
                let path = config::rust_path(path, &schema.place)?;
                quote!(pub type #ident = #path;)
            }
            Shape::Enumeration(values) if self.case_insensitive.contains(name) => {
                enumeration::any_case(&ident, values, poem)
            }
            Shape::Enumeration(values) => enumeration::exact(&ident, values, poem),
            Shape::Object(properties) => self.object(name, properties, poem)?,
        };
        Ok(quote!(#docs #item))
    }

    fn object(&self, name: &str, properties: &[Property], poem: bool) -> Result<TokenStream> {
        let ident = names::type_ident(name);
        let mut fields = Vec::new();
        let mut defaults = Vec::new();
        for property in properties {
            let (field, default) = self.field(name, property, poem)?;
            fields.push(field);
            defaults.extend(default);
        }
        let shown: Vec<_> = properties
            .iter()
            .map(|property| secret::Field {
                name: names::field_ident(&property.name),
                secret: property.usage.secret,
            })
            .collect();
        let secret::Debug { derive, by_hand } = secret::of_struct(&ident, &shown);
        let poem = poem.then(|| quote!(, poem_openapi::Object));
        Ok(quote! {
            #[derive(#derive Clone, PartialEq, serde::Serialize, serde::Deserialize #poem)]
            pub struct #ident { #(#fields),* }
            #by_hand
            #(#defaults)*
        })
    }

    /// A field, and the function of its default if it has one.
    fn field(
        &self,
        owner: &str,
        property: &Property,
        poem: bool,
    ) -> Result<(TokenStream, Option<TokenStream>)> {
        let Property { name, usage, .. } = property;
        let ident = names::field_ident(name);
        let mut ty = type_tokens(&usage.ty, &quote!());
        let mut oai = Vec::new();
        let mut serde = Vec::new();
        if names::field_name(name) != *name {
            oai.push(quote!(rename = #name));
            serde.push(quote!(rename = #name));
        }
        oai.extend(limits::validator(self.document, usage, &property.place)?);
        let default = if property.required {
            None
        } else {
            default_tokens(self.document, usage, &quote!(), &property.place)?
        };
        let mut helper = None;
        if usage.nullable || (!property.required && default.is_none()) {
            ty = option(&ty);
        }
        if let Some(expression) = default {
            let function = format_ident!(
                "default_{}_{}",
                names::field_name(owner),
                names::field_name(name)
            );
            let path = function.to_string();
            let value = if usage.nullable {
                quote!(Some(#expression))
            } else {
                expression
            };
            oai.push(quote!(default = #path));
            serde.push(quote!(default = #path));
            helper = Some(quote!(fn #function() -> #ty { #value }));
        } else if !property.required {
            oai.push(quote!(skip_serializing_if_is_none));
            serde.push(quote!(default));
            serde.push(quote!(skip_serializing_if = "Option::is_none"));
        }
        let docs = docs::optional(usage.description.as_ref());
        let oai = (poem && !oai.is_empty()).then(|| quote!(#[oai(#(#oai),*)]));
        let serde = (!serde.is_empty()).then(|| quote!(#[serde(#(#serde),*)]));
        let field = quote!(#docs #oai #serde pub #ident: #ty);
        Ok((field, helper))
    }
}
