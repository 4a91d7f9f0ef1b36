//! The client as an implementation of a trait of the same document.
//!
//! Every answer is read within bounds, told apart by its status, and held against the document, limits included, before
//! anybody sees it.

use anyhow::{Result, bail};
use proc_macro2::{Ident, Literal, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::{FnArg, ImplItem, ImplItemFn, Item, Pat};

use super::plain_name;
use crate::{
    config::{self, Config, DocumentConfig, Serve},
    model::{Carried, Document, Operation, Parameter},
    names,
    place::Place,
    render::{
        default_tokens, limited,
        outcome::{Case, Outcome, body_type},
    },
};

pub(super) fn render(
    document: &Document,
    config: &Config,
    part: &DocumentConfig,
    client: &syn::File,
    place: &Place,
) -> Result<TokenStream> {
    let mut tokens = TokenStream::new();
    for serve in part.implemented() {
        let runtime = config.runtime.as_ref().map(|runtime| &runtime.error);
        let Some(error) = serve.error.as_ref().or(runtime) else {
            continue;
        };
        let error = config::rust_path(error, place)?;
        tokens.extend(implementation(document, serve, client, &error)?);
    }
    Ok(tokens)
}

fn implementation(
    document: &Document,
    serve: &Serve,
    client: &syn::File,
    error: &syn::Path,
) -> Result<TokenStream> {
    let name = format_ident!("{}", serve.trait_name);
    let module = format_ident!("{}", serve.module);
    let wrapper = format_ident!("{}Client", serve.trait_name);
    let intro = format!(" [`super::{module}::{name}`] over HTTP.");
    let mut methods = Vec::new();
    let mut items = TokenStream::new();
    for operation in &document.operations {
        let Some(served) = serve.operations.get(&operation.id) else {
            continue;
        };
        if served.context.is_some() || served.seal.is_some() {
            bail!(operation.place.refusal(
                "a client cannot implement a method that has a context or is sealed: what they hold never travels"
            ));
        }
        let inherent = inherent(client, operation)?;
        let outcome = Outcome::new(document, operation, None, "")?;
        let (method, limits) = method(document, operation, &outcome, inherent, (&module, error))?;
        methods.push(method);
        items.extend(limits);
    }
    Ok(quote! {
        #[doc = #intro]
        #[derive(Clone, Debug)]
        pub struct #wrapper(pub Client);

        impl super::#module::#name for #wrapper { #(#methods)* }

        #items
    })
}

/// The method of the same operation that progenitor made.
fn inherent<'a>(client: &'a syn::File, operation: &Operation) -> Result<&'a ImplItemFn> {
    let name = names::field_name(&operation.id);
    let blocks = client.items.iter().filter_map(|item| match item {
        Item::Impl(block) if block.trait_.is_none() => Some(block),
        _ => None,
    });
    let mut methods = blocks.flat_map(|block| &block.items);
    methods
        .find_map(|item| match item {
            ImplItem::Fn(method) if plain_name(&method.sig.ident) == name => Some(method),
            _ => None,
        })
        .ok_or_else(|| {
            operation
                .place
                .refusal("progenitor gives its method another name")
        })
}

fn method(
    document: &Document,
    operation: &Operation,
    outcome: &Outcome<'_>,
    inherent: &ImplItemFn,
    (module, error): (&Ident, &syn::Path),
) -> Result<(TokenStream, TokenStream)> {
    let id = &operation.id;
    let name = names::field_ident(id);
    let params = format_ident!("{}Params", names::type_name(id));
    let params =
        (!operation.parameters.is_empty()).then(|| quote!(params: super::#module::#params,));
    let body = body_argument(operation);
    let output = &outcome.output;
    // A success with a name of its own stands beside the trait.
    let beside = outcome.named.as_ref().map(|_| quote!(super::#module::));
    let output = quote!(#beside #output);
    let called = &inherent.sig.ident;
    let arguments = arguments(document, operation, inherent)?;
    let mut limits = TokenStream::new();
    let mut arms = Vec::new();
    for case in &outcome.cases {
        arms.push(arm(
            document,
            operation,
            outcome,
            case,
            (module, &mut limits),
        )?);
    }
    let method = quote! {
        async fn #name(&self, #params #body) -> Result<#output, #error> {
            let answer = self.0.#called(#(#arguments),*).await;
            let answer = super::super::calls::Answer::read(#id, answer).await?;
            match answer.status {
                #(#arms)*
                _ => Err(answer.refused().into()),
            }
        }
    };
    Ok((method, limits))
}

fn body_argument(operation: &Operation) -> Option<TokenStream> {
    let content = &operation.body.as_ref()?.content;
    let json = content.iter().find(|(media, _)| media != "application/jwt");
    let (_, usage) = json.or(content.first())?;
    let ty = super::super::type_tokens(&usage.as_ref()?.ty, &quote!(super::types::));
    Some(quote!(body: #ty))
}

/// What the inherent method wants, made from the parameters of the trait's method.
fn arguments(
    document: &Document,
    operation: &Operation,
    inherent: &ImplItemFn,
) -> Result<Vec<TokenStream>> {
    let mut arguments = Vec::new();
    for argument in &inherent.sig.inputs {
        let FnArg::Typed(argument) = argument else {
            continue;
        };
        let Pat::Ident(pattern) = &*argument.pat else {
            continue;
        };
        let name = plain_name(&pattern.ident);
        let ty = argument.ty.to_token_stream().to_string();
        if name == "body" {
            arguments.push(if ty.starts_with('&') {
                quote!(&body)
            } else {
                quote!(body)
            });
            continue;
        }
        let parameter = operation
            .parameters
            .iter()
            .find(|parameter| names::field_name(&parameter.name).trim_end_matches('_') == name)
            .ok_or_else(|| {
                let reason = format!("progenitor calls a parameter `{name}`");
                operation.place.refusal(reason)
            })?;
        arguments.push(argument_of(document, parameter, &ty)?);
    }
    Ok(arguments)
}

fn argument_of(document: &Document, parameter: &Parameter, wanted: &str) -> Result<TokenStream> {
    let field = names::field_ident(&parameter.name);
    let types = quote!(super::types::);
    let default = default_tokens(document, &parameter.usage, &types, &parameter.place)?;
    let given_optional = !parameter.required && default.is_none();
    let reference = wanted.contains('&');
    if wanted.contains("Utc") {
        // progenitor knows no other offset.
        return Ok(match (wanted.starts_with("Option"), given_optional) {
            (false, _) => quote!(&params.#field.to_utc()),
            (true, true) => quote!(params.#field.map(|time| time.to_utc()).as_ref()),
            (true, false) => quote!(Some(&params.#field.to_utc())),
        });
    }
    Ok(
        match (wanted.starts_with("Option"), given_optional, reference) {
            (false, _, false) | (true, true, false) => quote!(params.#field.clone()),
            (false, _, true) => quote!(&params.#field),
            (true, true, true) if wanted.ends_with("str >") => quote!(params.#field.as_deref()),
            (true, true, true) => quote!(params.#field.as_ref()),
            (true, false, false) => quote!(Some(params.#field.clone())),
            (true, false, true) => quote!(Some(&params.#field)),
        },
    )
}

fn arm(
    document: &Document,
    operation: &Operation,
    outcome: &Outcome<'_>,
    case: &Case<'_>,
    (module, limits): (&Ident, &mut TokenStream),
) -> Result<TokenStream> {
    let status = Literal::u16_unsuffixed(case.answer.status);
    let types = quote!(super::types::);
    let body = match case.body {
        None | Some(Carried::Nothing) => None,
        Some(Carried::Text(_)) => Some(quote!(let body = answer.text()?;)),
        Some(carried @ Carried::Json(usage)) => {
            let ty = body_type(carried, &types);
            let name = format_ident!("{}{}Limits", names::type_name(&operation.id), case.variant);
            let item = limited::item(document, usage, &name, &types, &case.answer.place)?;
            let runtime = quote!(super::super::runtime);
            let read = if item.is_some() {
                quote! {
                    #runtime::parsed::<#name>(serde_json::json!({ "value": answer.json()? }))
                        .map(|wrapper| wrapper.value)
                }
            } else {
                quote!(#runtime::parsed::<#ty>(answer.json()?))
            };
            limits.extend(item);
            Some(quote!(let body: #ty = #read.map_err(|error| answer.invalid(error))?;))
        }
    };
    let headers = case
        .answer
        .headers
        .iter()
        .zip(&case.headers)
        .map(|(header, ident)| {
            let name = &header.name;
            let ty = super::super::type_tokens(&header.usage.ty, &types);
            if header.required {
                quote!(let #ident = answer.header::<#ty>(#name)?;)
            } else {
                quote!(let #ident = answer.optional_header::<#ty>(#name)?;)
            }
        });
    let pattern = &case.pattern;
    let beside = outcome.named.as_ref().map(|_| quote!(super::#module::));
    Ok(quote!(#status => { #body #(#headers)* Ok(#beside #pattern) }))
}
