//! Enumerations: what derives can write for them, and the ones that are read in any letter case.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use crate::names;

pub(super) fn exact(ident: &Ident, values: &[String], poem: bool) -> TokenStream {
    let variants = variants(values);
    let derive = poem.then(|| quote!(, poem_openapi::Enum));
    let attributes = values.iter().map(|value| {
        let oai = poem.then(|| quote!(#[oai(rename = #value)]));
        quote!(#[serde(rename = #value)] #oai)
    });
    let texts = texts(ident, values, &quote!(text == value));
    quote! {
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord,
            serde::Serialize, serde::Deserialize #derive
        )]
        pub enum #ident { #(#attributes #variants),* }
        #texts
    }
}

/// Read in any letter case, written as documented.
pub(super) fn any_case(ident: &Ident, values: &[String], poem: bool) -> TokenStream {
    let variants = variants(values);
    let texts = texts(ident, values, &quote!(text.eq_ignore_ascii_case(value)));
    let poem = poem.then(|| poem_by_text(ident));
    quote! {
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord,
            serde::Serialize, serde::Deserialize
        )]
        #[serde(into = "&'static str", try_from = "String")]
        pub enum #ident { #(#variants),* }
        #texts
        impl From<#ident> for &'static str {
            fn from(value: #ident) -> Self { value.as_str() }
        }
        impl TryFrom<String> for #ident {
            type Error = String;
            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }
        #poem
    }
}

/// The conversions from and to text that both kinds of enumeration have.
fn texts(ident: &Ident, values: &[String], comparison: &TokenStream) -> TokenStream {
    let variants = variants(values);
    let expected = format!("one of {} is expected", values.join(", "));
    quote! {
        impl #ident {
            /// Every value, in the order of the document.
            pub const ALL: &'static [Self] = &[#(Self::#variants),*];

            /// The value as documented.
            pub const fn as_str(self) -> &'static str {
                match self { #(Self::#variants => #values),* }
            }
        }
        impl std::fmt::Display for #ident {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl std::str::FromStr for #ident {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::ALL
                    .iter()
                    .copied()
                    .find(|candidate| {
                        let value = candidate.as_str();
                        #comparison
                    })
                    .ok_or_else(|| #expected.to_owned())
            }
        }
    }
}

/// What `derive(poem_openapi::Enum)` writes, but reading through `FromStr`.
fn poem_by_text(ident: &Ident) -> TokenStream {
    let name = ident.to_string();
    quote! {
        impl poem_openapi::types::Type for #ident {
            const IS_REQUIRED: bool = true;
            type RawValueType = Self;
            type RawElementValueType = Self;
            fn name() -> std::borrow::Cow<'static, str> { #name.into() }
            fn schema_ref() -> poem_openapi::registry::MetaSchemaRef {
                poem_openapi::registry::MetaSchemaRef::Reference(#name.to_owned())
            }
            fn register(registry: &mut poem_openapi::registry::Registry) {
                registry.create_schema::<Self, _>(#name.to_owned(), |_| {
                    poem_openapi::registry::MetaSchema {
                        enum_items: Self::ALL.iter().map(|value| value.as_str().into()).collect(),
                        ..poem_openapi::registry::MetaSchema::new("string")
                    }
                });
            }
            fn as_raw_value(&self) -> Option<&Self::RawValueType> { Some(self) }
            fn raw_element_iter<'a>(
                &'a self,
            ) -> Box<dyn Iterator<Item = &'a Self::RawElementValueType> + 'a> {
                Box::new(std::iter::once(self))
            }
        }
        impl poem_openapi::types::ParseFromJSON for #ident {
            fn parse_from_json(
                value: Option<serde_json::Value>,
            ) -> poem_openapi::types::ParseResult<Self> {
                match value.unwrap_or_default() {
                    serde_json::Value::String(text) => Ok(text.parse::<Self>()?),
                    other => Err(poem_openapi::types::ParseError::expected_type(other)),
                }
            }
        }
        impl poem_openapi::types::ParseFromParameter for #ident {
            fn parse_from_parameter(text: &str) -> poem_openapi::types::ParseResult<Self> {
                Ok(text.parse::<Self>()?)
            }
        }
        impl poem_openapi::types::ToJSON for #ident {
            fn to_json(&self) -> Option<serde_json::Value> {
                Some(self.as_str().into())
            }
        }
    }
}

fn variants(values: &[String]) -> Vec<Ident> {
    values
        .iter()
        .map(|value| names::type_ident(value))
        .collect()
}
