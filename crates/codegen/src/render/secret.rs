//! `Debug` of what holds a secret. A derived one would carry the secret into the first log or error that shows the value.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

/// Stands for a secret, and also for one that is absent: even that is nobody's business.
const HIDDEN: &str = "(secret)";

/// How a type comes by its `Debug`.
pub(super) struct Debug {
    /// For the list of derives, with a comma behind it; empty if the type holds a secret.
    pub(super) derive: TokenStream,
    /// What stands beside the type; empty unless it holds a secret.
    pub(super) by_hand: TokenStream,
}

pub(super) struct Field {
    pub(super) name: Ident,
    pub(super) secret: bool,
}

/// What a variant of an enum holds.
pub(super) enum Held {
    Fields(Vec<Field>),
    Nothing,
    Value { secret: bool },
}

pub(super) fn of_struct(name: &Ident, fields: &[Field]) -> Debug {
    let printed = printed_fields(name, fields, |_, Field { name, .. }| quote!(&self.#name));
    debug(name, any_secret(fields), &printed)
}

pub(super) fn of_enum(name: &Ident, variants: &[(Ident, Held)]) -> Debug {
    let secret = variants.iter().any(|(_, held)| match held {
        Held::Fields(fields) => any_secret(fields),
        Held::Nothing => false,
        Held::Value { secret } => *secret,
    });
    let arms = variants.iter().map(|(variant, held)| arm(variant, held));
    debug(name, secret, &quote!(match self { #(#arms),* }))
}

fn debug(name: &Ident, secret: bool, printed: &TokenStream) -> Debug {
    if !secret {
        return Debug {
            derive: quote!(Debug,),
            by_hand: TokenStream::new(),
        };
    }
    Debug {
        derive: TokenStream::new(),
        by_hand: quote! {
            /// As derived, but for what the document calls secret.
            impl std::fmt::Debug for #name {
                fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { #printed }
            }
        },
    }
}

fn any_secret(fields: &[Field]) -> bool {
    fields.iter().any(|field| field.secret)
}

fn arm(variant: &Ident, held: &Held) -> TokenStream {
    let label = variant.to_string();
    match held {
        Held::Nothing => quote!(Self::#variant => f.write_str(#label)),
        Held::Value { secret: true } => {
            quote!(Self::#variant(_) => f.debug_tuple(#label).field(&#HIDDEN).finish())
        }
        Held::Value { secret: false } => {
            quote!(Self::#variant(value) => f.debug_tuple(#label).field(value).finish())
        }
        Held::Fields(fields) => {
            // Numbered, because a field may be called like the formatter.
            let value = |index| format_ident!("value_{index}");
            let bound = fields.iter().enumerate().map(|(index, field)| {
                let name = &field.name;
                if field.secret {
                    return quote!(#name: _);
                }
                let value = value(index);
                quote!(#name: #value)
            });
            let printed = printed_fields(variant, fields, |index, _| {
                let value = value(index);
                quote!(#value)
            });
            quote!(Self::#variant { #(#bound),* } => #printed)
        }
    }
}

/// `access` gives a reference to a field that is no secret.
fn printed_fields(
    name: &Ident,
    fields: &[Field],
    access: impl Fn(usize, &Field) -> TokenStream,
) -> TokenStream {
    let label = name.to_string();
    let fields = fields.iter().enumerate().map(|(index, field)| {
        let value = if field.secret {
            quote!(&#HIDDEN)
        } else {
            access(index, field)
        };
        let name = field.name.to_string();
        let name = name.trim_start_matches("r#");
        quote!(.field(#name, #value))
    });
    quote!(f.debug_struct(#label) #(#fields)* .finish())
}
