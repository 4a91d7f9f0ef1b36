//! The poem-openapi response of a served operation.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};

use super::runtime;
use crate::{
    model::{Carried, Operation},
    names,
    render::{
        docs,
        outcome::{Case, Outcome, body_type, header_type},
    },
};

pub(super) struct Response {
    pub(super) name: Ident,
    /// The declaration.
    pub(super) item: TokenStream,
    /// `the_output` as the response.
    pub(super) conversion: TokenStream,
}

impl Response {
    pub(super) fn new(operation: &Operation, outcome: &Outcome<'_>, sealed: bool) -> Self {
        let name = format_ident!("{}Response", names::type_name(&operation.id));
        let variants = outcome
            .cases
            .iter()
            .map(|case| variant(case, outcome, sealed));
        let item = quote! {
            #[derive(poem_openapi::ApiResponse)]
            enum #name { #(#variants),* }
        };
        let arms = outcome.cases.iter().map(|case| {
            let Case {
                variant,
                pattern,
                headers,
                ..
            } = case;
            let body = wrapper(case, sealed).map(|wrapper| quote!(#wrapper(body)));
            let arguments: Vec<TokenStream> = body
                .into_iter()
                .chain(headers.iter().map(|header| quote!(#header)))
                .collect();
            let arguments = (!arguments.is_empty()).then(|| quote!((#(#arguments),*)));
            quote!(#pattern => #name::#variant #arguments)
        });
        let conversion = quote!(match the_output { #(#arms),* });
        Self {
            name,
            item,
            conversion,
        }
    }
}

fn variant(case: &Case<'_>, outcome: &Outcome<'_>, sealed: bool) -> TokenStream {
    let Case {
        variant, answer, ..
    } = case;
    let status = Literal::u16_unsuffixed(answer.status);
    let docs = docs::comment(&answer.description);
    let body = wrapper(case, sealed).map(|wrapper| {
        let ty = match case.body {
            Some(body) if !sealed => body_type(body, &super::types()),
            _ => outcome.output.clone(),
        };
        match case.body {
            Some(Carried::Text(media)) if media != "text/plain" => wrapper,
            _ => quote!(#wrapper<#ty>),
        }
    });
    let headers = answer.headers.iter().map(|header| {
        let (name, ty) = (&header.name, header_type(header));
        quote!(#[oai(header = #name)] #ty)
    });
    let fields: Vec<TokenStream> = body.into_iter().chain(headers).collect();
    let fields = (!fields.is_empty()).then(|| quote!((#(#fields),*)));
    quote!(#docs #[oai(status = #status)] #variant #fields)
}

/// The poem-openapi payload around a body.
fn wrapper(case: &Case<'_>, sealed: bool) -> Option<TokenStream> {
    if sealed {
        let runtime = runtime();
        return Some(quote!(#runtime::Sealed));
    }
    Some(match case.body? {
        Carried::Text(media) => text_payload(media),
        Carried::Json(_) | Carried::Nothing => quote!(poem_openapi::payload::Json),
    })
}

/// The payload of a body that is a text, by its media type.
pub(super) fn text_payload(media: &str) -> TokenStream {
    let runtime = runtime();
    match media {
        "application/jose" => quote!(#runtime::Jose),
        "application/jwt" => quote!(#runtime::Jwt),
        _ => quote!(poem_openapi::payload::PlainText),
    }
}
