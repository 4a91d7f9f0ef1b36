//! What an operation gives when it succeeds, as hand-written code sees it: alike on the side that answers and on the side
//! that asks. Everything else is an error.

use anyhow::{Result, bail};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::{docs, option, secret, type_tokens};
use crate::{
    model::{Answer, Carried, Document, Header, Operation, Type, Usage},
    names,
};

pub(super) struct Outcome<'a> {
    /// The type of a success. One that has a name of its own is in `items`.
    pub(super) output: TokenStream,
    pub(super) named: Option<Ident>,
    pub(super) items: TokenStream,
    pub(super) cases: Vec<Case<'a>>,
}

/// One documented success.
pub(super) struct Case<'a> {
    pub(super) answer: &'a Answer,
    /// `Ok`, `Created`, …; `Success` where it is the only one.
    pub(super) variant: Ident,
    pub(super) body: Option<Carried<'a>>,
    pub(super) headers: Vec<Ident>,
    /// The success made of `body` and the headers, or taken apart into them.
    pub(super) pattern: TokenStream,
}

impl<'a> Outcome<'a> {
    /// `seal` is the plaintext type in place of what the document says; `link` names the method for documentation.
    pub(super) fn new(
        document: &Document,
        operation: &'a Operation,
        seal: Option<&str>,
        link: &str,
    ) -> Result<Self> {
        let types = &quote!(super::types::);
        let name = format_ident!("{}Output", names::type_name(&operation.id));
        let answers = operation.successes.as_slice();
        for answer in answers {
            check(document, answer, seal)?;
        }
        match answers {
            [] => bail!(
                operation
                    .place
                    .refusal("documents no answer with a status from 200 to 399")
            ),
            [answer] if answer.headers.is_empty() => {
                let body = carried(answer)?;
                let (output, pattern) = match (seal, body) {
                    (Some(plaintext), _) => {
                        let ident = names::type_ident(plaintext);
                        (quote!(#types #ident), quote!(body))
                    }
                    (None, None) => (quote!(()), quote!(())),
                    (None, Some(body)) => (body_type(body, types), quote!(body)),
                };
                Ok(Self {
                    output,
                    named: None,
                    items: TokenStream::new(),
                    cases: vec![Case::new(answer, body, format_ident!("Success"), pattern)],
                })
            }
            [answer] => {
                let body = carried(answer)?;
                let fields = fields(answer, body, types, true);
                let intro = format!(" Success ({}) of [`{link}`].", answer.status);
                let idents = bound(answer, body);
                let secret::Debug { derive, by_hand } =
                    secret::of_struct(&name, &shown(answer, body));
                let case = Case::new(
                    answer,
                    body,
                    format_ident!("Success"),
                    quote!(#name { #(#idents),* }),
                );
                Ok(Self {
                    output: quote!(#name),
                    items: quote! {
                        #[doc = #intro]
                        #[derive(#derive Clone)]
                        pub struct #name { #(#fields),* }
                        #by_hand
                    },
                    cases: vec![case],
                    named: Some(name),
                })
            }
            several => Self::choice(several, name, seal, link, types),
        }
    }

    fn choice(
        answers: &'a [Answer],
        name: Ident,
        seal: Option<&str>,
        link: &str,
        types: &TokenStream,
    ) -> Result<Self> {
        let mut cases = Vec::new();
        let mut variants = Vec::new();
        let mut held = Vec::new();
        for answer in answers {
            if seal.is_some() {
                bail!(
                    answer
                        .place
                        .refusal("a sealed operation has one success status")
                );
            }
            let body = carried(answer)?;
            let variant = variant_name(answer.status);
            let docs = docs::comment(&format!(
                "{} ({})",
                answer.description.trim(),
                answer.status
            ));
            let idents = bound(answer, body);
            let (declared, pattern, holds) = match (body, answer.headers.is_empty()) {
                (None, true) => (
                    quote!(#variant),
                    quote!(#name::#variant),
                    secret::Held::Nothing,
                ),
                (Some(body), true) => {
                    let ty = body_type(body, types);
                    (
                        quote!(#variant(#ty)),
                        quote!(#name::#variant(body)),
                        secret::Held::Value {
                            secret: answer.has_secret_body(),
                        },
                    )
                }
                _ => {
                    let fields = fields(answer, body, types, false);
                    (
                        quote!(#variant { #(#fields),* }),
                        quote!(#name::#variant { #(#idents),* }),
                        secret::Held::Fields(shown(answer, body)),
                    )
                }
            };
            variants.push(quote!(#docs #declared));
            held.push((variant.clone(), holds));
            cases.push(Case::new(answer, body, variant, pattern));
        }
        let intro = format!(" Successes of [`{link}`].");
        let secret::Debug { derive, by_hand } = secret::of_enum(&name, &held);
        Ok(Self {
            output: quote!(#name),
            items: quote! {
                #[doc = #intro]
                #[derive(#derive Clone)]
                pub enum #name { #(#variants),* }
                #by_hand
            },
            cases,
            named: Some(name),
        })
    }
}

impl<'a> Case<'a> {
    fn new(
        answer: &'a Answer,
        body: Option<Carried<'a>>,
        variant: Ident,
        pattern: TokenStream,
    ) -> Self {
        let headers = answer.headers.iter().map(header_ident).collect();
        Self {
            answer,
            variant,
            body,
            headers,
            pattern,
        }
    }
}

fn carried(answer: &Answer) -> Result<Option<Carried<'_>>> {
    Ok(match answer.carries()? {
        Carried::Nothing => None,
        body => Some(body),
    })
}

fn bound(answer: &Answer, body: Option<Carried<'_>>) -> Vec<Ident> {
    let body = body.map(|_| format_ident!("body"));
    let headers = answer.headers.iter().map(header_ident);
    body.into_iter().chain(headers).collect()
}

/// The fields that [`bound`] names.
fn shown(answer: &Answer, body: Option<Carried<'_>>) -> Vec<secret::Field> {
    let body = body.map(|_| secret::Field {
        name: format_ident!("body"),
        secret: answer.has_secret_body(),
    });
    let headers = answer.headers.iter().map(|header| secret::Field {
        name: header_ident(header),
        secret: header.usage.secret,
    });
    body.into_iter().chain(headers).collect()
}

pub(super) fn body_type(body: Carried<'_>, types: &TokenStream) -> TokenStream {
    match body {
        Carried::Json(usage) => json_type(usage, types),
        Carried::Nothing => quote!(()),
        Carried::Text(_) => quote!(String),
    }
}

fn json_type(usage: &Usage, types: &TokenStream) -> TokenStream {
    let ty = type_tokens(&usage.ty, types);
    if usage.nullable { option(&ty) } else { ty }
}

fn fields(
    answer: &Answer,
    body: Option<Carried<'_>>,
    types: &TokenStream,
    public: bool,
) -> Vec<TokenStream> {
    let visible = public.then(|| quote!(pub));
    let body = body.map(|body| {
        let ty = body_type(body, types);
        quote!(#visible body: #ty)
    });
    let headers = answer.headers.iter().map(|header| {
        let docs = docs::optional(header.description.as_ref());
        let (ident, ty) = (header_ident(header), header_type(header));
        quote!(#docs #visible #ident: #ty)
    });
    body.into_iter().chain(headers).collect()
}

fn header_ident(header: &Header) -> Ident {
    names::field_ident(&header.name)
}

pub(super) fn header_type(header: &Header) -> TokenStream {
    let ty = type_tokens(&header.usage.ty, &quote!(super::types::));
    if header.required { ty } else { option(&ty) }
}

fn check(document: &Document, answer: &Answer, seal: Option<&str>) -> Result<()> {
    if seal.is_some() && !answer.headers.is_empty() {
        let reason = "documented headers of a sealed answer are not supported";
        bail!(answer.place.refusal(reason));
    }
    for (index, header) in answer.headers.iter().enumerate() {
        let ident = header_ident(header);
        let mut earlier = answer.headers[..index].iter();
        if ident == "body" || earlier.any(|earlier| header_ident(earlier) == ident) {
            bail!(
                header
                    .place
                    .refusal("has the same Rust name as another part of the answer")
            );
        }
        match document.base_type(&header.usage.ty)? {
            Type::Boolean
            | Type::Int32
            | Type::Int64
            | Type::Number
            | Type::String
            | Type::Uuid => {}
            _ => bail!(
                header
                    .place
                    .refusal("only texts, numbers, booleans and UUIDs are supported")
            ),
        }
    }
    Ok(())
}

/// The customary name of a status.
fn variant_name(status: u16) -> Ident {
    let name = match status {
        200 => "Ok",
        201 => "Created",
        202 => "Accepted",
        203 => "NonAuthoritative",
        204 => "NoContent",
        205 => "ResetContent",
        206 => "PartialContent",
        207 => "MultiStatus",
        301 => "MovedPermanently",
        302 => "Found",
        303 => "SeeOther",
        304 => "NotModified",
        307 => "TemporaryRedirect",
        308 => "PermanentRedirect",
        other => return format_ident!("Status{other}"),
    };
    format_ident!("{name}")
}
