//! `oneOf` as an enum.
//!
//! With a discriminator, that property decides. Without one, a served document demands that exactly one alternative fits,
//! limits included; serde, which reads for clients, takes the first that fits, because it knows no limits.

use anyhow::Result;
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use crate::{
    model::{Choice, Document, Type, Variant},
    names,
    render::{limited, secret, type_tokens},
};

pub(super) fn item(
    document: &Document,
    ident: &Ident,
    choice: &Choice,
    poem: bool,
) -> Result<TokenStream> {
    let alternatives = choice
        .variants
        .iter()
        .map(|variant| Alternative::new(document, ident, variant))
        .collect::<Result<Vec<_>>>()?;
    let declared = alternatives
        .iter()
        .map(|Alternative { name, ty, .. }| quote!(#name(#ty)));
    let serde = match &choice.discriminator {
        Some(property) => tagged_serde(ident, property, &alternatives),
        None => untagged_serde(ident, &alternatives),
    };
    let poem = if poem {
        Some(poem_impls(document, ident, choice, &alternatives)?)
    } else {
        None
    };
    let held: Vec<_> = alternatives
        .iter()
        .map(|Alternative { name, variant, .. }| {
            let secret = variant.usage.secret;
            (name.clone(), secret::Held::Value { secret })
        })
        .collect();
    let secret::Debug { derive, by_hand } = secret::of_enum(ident, &held);
    Ok(quote! {
        #[derive(#derive Clone, PartialEq)]
        pub enum #ident { #(#declared),* }
        #by_hand
        #serde
        #poem
    })
}

struct Alternative<'a> {
    name: Ident,
    ty: TokenStream,
    variant: &'a Variant,
    /// The struct that applies its limits.
    limits: Option<(Ident, TokenStream)>,
}

impl<'a> Alternative<'a> {
    fn new(document: &Document, owner: &Ident, variant: &'a Variant) -> Result<Self> {
        let name = names::type_ident(&variant.name);
        let wrapper = format_ident!("{owner}{name}Limits");
        let item = limited::item(
            document,
            &variant.usage,
            &wrapper,
            &quote!(),
            &variant.place,
        )?;
        Ok(Self {
            name,
            ty: type_tokens(&variant.usage.ty, &quote!()),
            variant,
            limits: item.map(|item| (wrapper, item)),
        })
    }

    /// An expression that reads `value` with poem-openapi.
    fn parsed(&self) -> TokenStream {
        let Self { name, ty, .. } = self;
        match &self.limits {
            None => quote! {
                <#ty as poem_openapi::types::ParseFromJSON>::parse_from_json(Some(value.clone()))
                    .map(Self::#name)
                    .map_err(poem_openapi::types::ParseError::propagate)
            },
            Some((wrapper, _)) => quote! {
                <#wrapper as poem_openapi::types::ParseFromJSON>::parse_from_json(
                    Some(serde_json::json!({ "value": value }))
                )
                .map(|wrapper| Self::#name(wrapper.value))
                .map_err(poem_openapi::types::ParseError::propagate)
            },
        }
    }
}

fn expected(property: &str, alternatives: &[Alternative<'_>]) -> String {
    let tags = alternatives
        .iter()
        .flat_map(|alternative| &alternative.variant.tags);
    let tags: Vec<&str> = tags.map(String::as_str).collect();
    format!("`{property}` must be one of {}", tags.join(", "))
}

fn tagged_serde(ident: &Ident, property: &str, alternatives: &[Alternative<'_>]) -> TokenStream {
    let expected = expected(property, alternatives);
    let writing = alternatives
        .iter()
        .map(|Alternative { name, variant, .. }| {
            let tag = &variant.tags[0];
            quote!(Self::#name(value) => (#tag, serde_json::to_value(value)))
        });
    let reading = alternatives
        .iter()
        .map(|Alternative { name, variant, .. }| {
            let tags = &variant.tags;
            quote!(Some(#(#tags)|*) => serde_json::from_value(value).map(Self::#name))
        });
    quote! {
        impl serde::Serialize for #ident {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let (tag, value) = match self { #(#writing),* };
                let mut value = value.map_err(<S::Error as serde::ser::Error>::custom)?;
                if let Some(members) = value.as_object_mut() {
                    members.insert(#property.to_owned(), tag.into());
                }
                value.serialize(serializer)
            }
        }
        impl<'de> serde::Deserialize<'de> for #ident {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value = serde_json::Value::deserialize(deserializer)?;
                let tag = value.get(#property).and_then(|tag| tag.as_str());
                match tag {
                    #(#reading,)*
                    _ => return Err(<D::Error as serde::de::Error>::custom(#expected)),
                }
                .map_err(<D::Error as serde::de::Error>::custom)
            }
        }
    }
}

fn untagged_serde(ident: &Ident, alternatives: &[Alternative<'_>]) -> TokenStream {
    let writing = alternatives
        .iter()
        .map(|Alternative { name, .. }| quote!(Self::#name(value) => value.serialize(serializer)));
    let reading = alternatives.iter().map(|Alternative { name, .. }| {
        quote! {
            if let Ok(value) = serde_json::from_value(value.clone()) {
                return Ok(Self::#name(value));
            }
        }
    });
    quote! {
        impl serde::Serialize for #ident {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self { #(#writing),* }
            }
        }
        impl<'de> serde::Deserialize<'de> for #ident {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value = serde_json::Value::deserialize(deserializer)?;
                #(#reading)*
                Err(<D::Error as serde::de::Error>::custom("none of the alternatives fits"))
            }
        }
    }
}

fn poem_impls(
    document: &Document,
    ident: &Ident,
    choice: &Choice,
    alternatives: &[Alternative<'_>],
) -> Result<TokenStream> {
    let name = ident.to_string();
    let types = alternatives.iter().map(|alternative| &alternative.ty);
    let limits = alternatives
        .iter()
        .filter_map(|it| Some(&it.limits.as_ref()?.1));
    let parsing = match &choice.discriminator {
        Some(property) => tagged_parsing(property, alternatives),
        None => untagged_parsing(document, alternatives)?,
    };
    Ok(quote! {
        #(#limits)*
        impl poem_openapi::types::Type for #ident {
            const IS_REQUIRED: bool = true;
            type RawValueType = Self;
            type RawElementValueType = Self;
            fn name() -> std::borrow::Cow<'static, str> { #name.into() }
            fn schema_ref() -> poem_openapi::registry::MetaSchemaRef {
                poem_openapi::registry::MetaSchemaRef::Reference(#name.to_owned())
            }
            fn register(registry: &mut poem_openapi::registry::Registry) {
                registry.create_schema::<Self, _>(#name.to_owned(), |registry| {
                    #(<#types as poem_openapi::types::Type>::register(registry);)*
                    poem_openapi::registry::MetaSchema::ANY
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
                let value = value.unwrap_or_default();
                #parsing
            }
        }
        impl poem_openapi::types::ToJSON for #ident {
            fn to_json(&self) -> Option<serde_json::Value> {
                serde_json::to_value(self).ok()
            }
        }
    })
}

fn tagged_parsing(property: &str, alternatives: &[Alternative<'_>]) -> TokenStream {
    let expected = expected(property, alternatives);
    let arms = alternatives.iter().map(|alternative| {
        let (tags, parsed) = (&alternative.variant.tags, alternative.parsed());
        quote!(Some(#(#tags)|*) => #parsed)
    });
    quote! {
        match value.get(#property).and_then(|tag| tag.as_str()) {
            #(#arms,)*
            _ => Err(poem_openapi::types::ParseError::custom(#expected)),
        }
    }
}

fn untagged_parsing(document: &Document, alternatives: &[Alternative<'_>]) -> Result<TokenStream> {
    let mut attempts = Vec::new();
    for alternative in alternatives {
        let parsed = alternative.parsed();
        let attempt = quote! {
            let parsed: poem_openapi::types::ParseResult<Self> = #parsed;
            found.extend(parsed.ok());
        };
        // poem-openapi reads numbers as texts; here the kind has to tell alternatives apart.
        let kind = kind(document.base_type(&alternative.variant.usage.ty)?);
        let condition = kind.map(|kind| quote!(if value.#kind()));
        attempts.push(quote!(#condition { #attempt }));
    }
    Ok(quote! {
        let mut found: Vec<Self> = Vec::new();
        #(#attempts)*
        match (found.pop(), found.is_empty()) {
            (Some(value), true) => Ok(value),
            (Some(_), false) => Err(poem_openapi::types::ParseError::custom(
                "more than one of the alternatives fits",
            )),
            (None, _) => Err(poem_openapi::types::ParseError::custom(
                "none of the alternatives fits",
            )),
        }
    })
}

/// The question to a JSON value whether it is of the alternative's kind.
fn kind(ty: &Type) -> Option<Ident> {
    let question = match ty {
        Type::Any | Type::Named(_) => return None,
        Type::Boolean => "is_boolean",
        Type::Date | Type::DateTime | Type::String | Type::Uuid => "is_string",
        Type::Int32 | Type::Int64 => "is_i64",
        Type::List(_) => "is_array",
        Type::Map(_) => "is_object",
        Type::Number => "is_number",
    };
    Some(format_ident!("{question}"))
}
