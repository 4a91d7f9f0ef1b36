//! What a served operation gives back when it succeeds. Everything else is the one error type.

use anyhow::{Result, bail};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::{runtime, types};
use crate::{
    model::{Answer, Document, Header, Operation, Type},
    names,
    render::{docs, option, type_tokens},
};

pub(super) struct Outcome {
    /// Items beside the trait: the poem-openapi response, and a struct if the answer has headers.
    pub(super) items: TokenStream,
    /// What the trait method returns on success.
    pub(super) output: TokenStream,
    /// What the route returns.
    pub(super) response: TokenStream,
    /// `the_output` as the response.
    pub(super) conversion: TokenStream,
}

/// Type of a body and the poem-openapi payload around it.
struct Payload {
    ty: TokenStream,
    wrapper: TokenStream,
}

impl Outcome {
    pub(super) fn new(
        document: &Document,
        operation: &Operation,
        seal: Option<&str>,
        link: &str,
    ) -> Result<Self> {
        let answer = the_answer(operation)?;
        let payload = payload(answer, seal)?;
        if seal.is_some() && !answer.headers.is_empty() {
            let reason = "documented headers of a sealed answer are not supported";
            bail!(answer.place.refusal(reason));
        }
        for header in &answer.headers {
            refuse_structured(document, header)?;
        }
        let response = format_ident!("{}Response", names::type_name(&operation.id));
        let declaration = declaration(answer, payload.as_ref(), &quote!(#response));
        let (output, value) = match &payload {
            _ if !answer.headers.is_empty() => {
                return Ok(with_headers(
                    operation,
                    answer,
                    payload.as_ref(),
                    &declaration,
                    link,
                ));
            }
            None => (
                quote!(()),
                quote!({ let () = the_output; #response::Success }),
            ),
            Some(Payload { ty, wrapper }) => {
                (ty.clone(), quote!(#response::Success(#wrapper(the_output))))
            }
        };
        Ok(Self {
            items: declaration,
            output,
            response: quote!(#response),
            conversion: value,
        })
    }
}

fn the_answer(operation: &Operation) -> Result<&Answer> {
    match operation.successes.as_slice() {
        [answer] => Ok(answer),
        [] => Err(operation
            .place
            .refusal("documents no answer with a status from 200 to 399")),
        [_, second, ..] => Err(second
            .place
            .refusal("a second success status is not supported")),
    }
}

fn payload(answer: &Answer, seal: Option<&str>) -> Result<Option<Payload>> {
    if let Some(plaintext) = seal {
        let (runtime, types) = (runtime(), types());
        let ident = names::type_ident(plaintext);
        return Ok(Some(Payload {
            ty: quote!(#types #ident),
            wrapper: quote!(#runtime::Sealed),
        }));
    }
    match answer.content.as_slice() {
        [] => Ok(None),
        [(media, Some(usage))] if media.starts_with("application/json") => Ok(Some(Payload {
            ty: type_tokens(&usage.ty, &types()),
            wrapper: quote!(poem_openapi::payload::Json),
        })),
        [(media, _)] => {
            let reason = format!("`{media}` is not supported, has no schema or needs `seal`");
            Err(answer.place.refusal(reason))
        }
        _ => Err(answer
            .place
            .refusal("a choice of media types is not supported")),
    }
}

fn declaration(answer: &Answer, payload: Option<&Payload>, response: &TokenStream) -> TokenStream {
    let status = proc_macro2::Literal::u16_unsuffixed(answer.status);
    let docs = docs::comment(&answer.description);
    let body = payload.map(|Payload { ty, wrapper }| quote!(#wrapper<#ty>));
    let headers = answer.headers.iter().map(|header| {
        let (name, ty) = (&header.name, header_type(header));
        quote!(#[oai(header = #name)] #ty)
    });
    let fields: Vec<TokenStream> = body.into_iter().chain(headers).collect();
    let variant = if fields.is_empty() {
        quote!(Success)
    } else {
        quote!(Success(#(#fields),*))
    };
    quote! {
        #[derive(poem_openapi::ApiResponse)]
        enum #response {
            #docs
            #[oai(status = #status)]
            #variant
        }
    }
}

/// An answer with headers comes as a struct, so that their names are seen where they are filled.
fn with_headers(
    operation: &Operation,
    answer: &Answer,
    payload: Option<&Payload>,
    declaration: &TokenStream,
    link: &str,
) -> Outcome {
    let name = names::type_name(&operation.id);
    let (output, response) = (
        format_ident!("{name}Output"),
        format_ident!("{name}Response"),
    );
    let intro = format!(" Success ({}) of [`{link}`].", answer.status);
    let body_field = payload.map(|Payload { ty, .. }| quote!(pub body: #ty,));
    let body_value = payload.map(|Payload { wrapper, .. }| quote!(#wrapper(the_output.body),));
    let idents: Vec<_> = answer
        .headers
        .iter()
        .map(|it| names::field_ident(&it.name))
        .collect();
    let fields = answer.headers.iter().zip(&idents).map(|(header, ident)| {
        let docs = docs::optional(header.description.as_ref());
        let ty = header_type(header);
        quote!(#docs pub #ident: #ty)
    });
    Outcome {
        items: quote! {
            #[doc = #intro]
            #[derive(Debug, Clone)]
            pub struct #output { #body_field #(#fields),* }
            #declaration
        },
        output: quote!(#output),
        response: quote!(#response),
        conversion: quote!(#response::Success(#body_value #(the_output.#idents),*)),
    }
}

/// The types that poem-openapi can write into a header.
fn refuse_structured(document: &Document, header: &Header) -> Result<()> {
    match document.base_type(&header.usage.ty)? {
        Type::Boolean | Type::Int32 | Type::Int64 | Type::Number | Type::String | Type::Uuid => {
            Ok(())
        }
        _ => Err(header
            .place
            .refusal("only texts, numbers, booleans and UUIDs are supported")),
    }
}

fn header_type(header: &Header) -> TokenStream {
    let ty = type_tokens(&header.usage.ty, &types());
    if header.required { ty } else { option(&ty) }
}
