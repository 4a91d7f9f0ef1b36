//! One operation as a method of its trait and as a route.

use anyhow::{Result, bail};
use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};

use super::{answer::Response, request::Input, runtime};
use crate::{
    config::{self, Serve, Served},
    model::{Document, Operation},
    names,
    place::Place,
    render::{docs, outcome::Outcome},
};

pub(super) struct Method<'a> {
    pub(super) operation: &'a Operation,
    pub(super) name: Ident,
    pub(super) input: Input,
    pub(super) outcome: Outcome<'a>,
    pub(super) response: Response,
    context: Option<syn::Path>,
    /// Makes the error of the default body.
    unsupported: Option<syn::Path>,
    signature: Option<Ident>,
    sealed: bool,
}

impl<'a> Method<'a> {
    pub(super) fn new(
        document: &Document,
        serve: &Serve,
        served: &Served,
        operation: &'a Operation,
        place: &Place,
    ) -> Result<Self> {
        check_seal(operation, serve, served)?;
        let link = format!("{}::{}", serve.trait_name, names::field_name(&operation.id));
        let path = |text: &String| config::rust_path(text, place);
        let outcome = Outcome::new(document, operation, served.seal.as_deref(), &link)?;
        let sealed = served.seal.is_some();
        let unsupported = serve.unsupported.as_ref();
        let unsupported = unsupported.filter(|_| serve.has_default(&operation.id));
        Ok(Self {
            operation,
            name: names::field_ident(&operation.id),
            input: Input::new(document, operation, &link)?,
            response: Response::new(operation, &outcome, sealed),
            outcome,
            context: served.context.as_ref().map(path).transpose()?,
            unsupported: unsupported.map(path).transpose()?,
            signature: served.signature.as_ref().map(|it| format_ident!("{it}")),
            sealed,
        })
    }

    fn docs(&self) -> TokenStream {
        let operation = self.operation;
        let title = operation.summary.as_ref().unwrap_or(&operation.id);
        let endpoint = format!("`{}`", operation.endpoint());
        let paragraphs: Vec<&str> = [Some(title), operation.description.as_ref(), Some(&endpoint)]
            .into_iter()
            .flatten()
            .map(|paragraph| paragraph.trim())
            .collect();
        docs::comment(&paragraphs.join("\n\n"))
    }

    /// Context, parameters and body as they are declared, and their names.
    pub(super) fn arguments(&self) -> (Vec<TokenStream>, Vec<Ident>) {
        let call = self.context.as_ref().map(|context| quote!(call: #context));
        let declared = call.into_iter().chain(self.input.declared.iter().cloned());
        let named = self.context.as_ref().map(|_| format_ident!("call"));
        let named = named.into_iter().chain(self.input.names.iter().cloned());
        (declared.collect(), named.collect())
    }

    pub(super) fn declaration(&self, error: &syn::Path) -> TokenStream {
        let Self {
            name, operation, ..
        } = self;
        let docs = self.docs();
        let deprecated = operation.deprecated.then(|| quote!(#[deprecated]));
        let (declared, named) = self.arguments();
        let output = &self.outcome.output;
        let id = &operation.id;
        let body = match &self.unsupported {
            None => quote!(;),
            Some(unsupported) => quote! {{
                let _ = (#(#named),*);
                std::future::ready(Err(#unsupported(#id)))
            }},
        };
        quote! {
            #docs
            #deprecated
            fn #name(
                &self,
                #(#declared),*
            ) -> impl Future<
                Output = Result<#output, #error>,
            > + Send #body
        }
    }

    pub(super) fn route(&self) -> TokenStream {
        let Self { name, .. } = self;
        let Operation { id, method, .. } = self.operation;
        let path = poem_path(&self.operation.path);
        let Input {
            extracted,
            passed,
            checks,
            ..
        } = &self.input;
        let Response {
            name: response,
            conversion,
            ..
        } = &self.response;
        let context = self.context.iter();
        let call = self.context.iter().map(|_| quote!(the_call));
        let cloned = self
            .context
            .as_ref()
            .map(|_| quote!(let the_call = std::clone::Clone::clone(the_call.0);));
        let arguments = call.chain(passed.iter().cloned());
        quote! {
            #[oai(path = #path, method = #method, operation_id = #id)]
            async fn #name(
                &self,
                #(the_call: poem::web::Data<&#context>,)*
                #(#extracted),*
            ) -> poem::Result<#response> {
                #cloned
                #checks
                let the_output = self.handler.#name(#(#arguments),*).await?;
                Ok(#conversion)
            }
        }
    }

    pub(super) fn entry(&self, signature: &syn::Path) -> TokenStream {
        let runtime = runtime();
        let Operation {
            id,
            path,
            deprecated,
            statuses,
            ..
        } = self.operation;
        let method = self.operation.method.to_uppercase();
        let variant = &self.signature;
        let sealed = self.sealed;
        let single = statuses
            .single
            .iter()
            .map(|it| Literal::u16_unsuffixed(*it));
        let classes = statuses
            .classes
            .iter()
            .map(|it| Literal::u16_unsuffixed(*it));
        quote! {
            #runtime::Operation {
                id: #id,
                method: #method,
                path: #path,
                signature: #signature::#variant,
                sealed: #sealed,
                deprecated: #deprecated,
                statuses: &[#(#single),*],
                status_classes: &[#(#classes),*],
            }
        }
    }
}

/// Configuration and document must agree on what is sealed, so that nothing leaves as plaintext by oversight.
fn check_seal(operation: &Operation, serve: &Serve, served: &Served) -> Result<()> {
    let documented = operation
        .successes
        .iter()
        .find_map(|answer| answer.plaintext.as_deref());
    match (documented, served.seal.as_deref()) {
        (Some(plaintext), None) if serve.routes => bail!(operation.place.refusal(format!(
            "the document says that `{plaintext}` is sealed, but codegen.toml has no `seal` for it"
        ))),
        (Some(plaintext), Some(seal)) if plaintext != seal => bail!(operation.place.refusal(
            format!("the document seals `{plaintext}`, codegen.toml `{seal}`")
        )),
        _ => Ok(()),
    }
}

/// `/v1/accounts/{account-id}` → `/v1/accounts/:account_id`
fn poem_path(path: &str) -> String {
    let segments = path.split('/').map(|segment| {
        match segment
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'))
        {
            Some(variable) => format!(":{}", names::field_name(variable)),
            None => segment.to_owned(),
        }
    });
    segments.collect::<Vec<_>>().join("/")
}
