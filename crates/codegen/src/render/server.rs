//! `server.rs`: a plain async trait, and poem-openapi routes that delegate to an implementation of it.
//!
//! `#[OpenApi]` cannot be put on a trait, hence the two. The trait has no default methods: an operation that a new edition
//! adds must be a compile error. The routes can only be mounted inside the runtime's guard.

mod answer;
mod request;

use anyhow::{Result, bail};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use self::{answer::Outcome, request::Input};
use super::docs;
use crate::{
    config::{self, Config, DocumentConfig, Runtime, Serve, Served},
    model::{Document, Operation},
    names,
    place::Place,
};

/// Path of the runtime and of the types as seen from `server.rs`.
fn runtime() -> TokenStream {
    quote!(super::super::runtime)
}

fn types() -> TokenStream {
    quote!(super::types::)
}

pub(crate) fn render(
    document: &Document,
    config: &Config,
    part: &DocumentConfig,
    place: &Place,
) -> Result<Option<TokenStream>> {
    let (Some(serve), Some(hand_written)) = (&part.serve, &config.runtime) else {
        return Ok(None);
    };
    let paths = Paths::new(hand_written, place)?;
    let mut methods = Vec::new();
    for operation in &document.operations {
        if let Some(served) = serve.operations.get(&operation.id) {
            methods.push(Method::new(document, serve, served, operation, place)?);
        }
    }
    Ok(Some(assemble(document, serve, &paths, &methods)))
}

/// Hand-written types that the server refers to.
struct Paths {
    error: syn::Path,
    signature: syn::Path,
}

impl Paths {
    fn new(runtime: &Runtime, place: &Place) -> Result<Self> {
        Ok(Self {
            error: config::rust_path(&runtime.error, place)?,
            signature: config::rust_path(&runtime.signature, place)?,
        })
    }
}

/// One served operation.
struct Method<'a> {
    operation: &'a Operation,
    name: Ident,
    context: syn::Path,
    signature: Ident,
    sealed: bool,
    input: Input,
    outcome: Outcome,
}

impl<'a> Method<'a> {
    fn new(
        document: &Document,
        serve: &Serve,
        served: &Served,
        operation: &'a Operation,
        place: &Place,
    ) -> Result<Self> {
        check_seal(operation, served)?;
        let link = format!("{}::{}", serve.trait_name, names::field_name(&operation.id));
        Ok(Self {
            operation,
            name: names::field_ident(&operation.id),
            context: config::rust_path(&served.context, place)?,
            signature: format_ident!("{}", served.signature),
            sealed: served.seal.is_some(),
            input: Input::new(document, operation, &link)?,
            outcome: Outcome::new(document, operation, served.seal.as_deref(), &link)?,
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

    fn declaration(&self, error: &syn::Path) -> TokenStream {
        let Self { name, context, .. } = self;
        let docs = self.docs();
        let arguments = &self.input.declared;
        let output = &self.outcome.output;
        quote! {
            #docs
            fn #name(
                &self,
                call: #context,
                #(#arguments),*
            ) -> impl Future<
                Output = Result<#output, #error>,
            > + Send;
        }
    }

    fn route(&self) -> TokenStream {
        let Self { name, context, .. } = self;
        let Operation { id, method, .. } = self.operation;
        let path = poem_path(&self.operation.path);
        let Input {
            extracted,
            passed,
            checks,
            ..
        } = &self.input;
        let Outcome {
            response,
            conversion,
            ..
        } = &self.outcome;
        quote! {
            #[oai(path = #path, method = #method, operation_id = #id)]
            async fn #name(
                &self,
                the_call: poem::web::Data<&#context>,
                #(#extracted),*
            ) -> poem::Result<#response> {
                let the_call = std::clone::Clone::clone(the_call.0);
                #checks
                let the_output = self.handler.#name(the_call, #(#passed),*).await?;
                Ok(#conversion)
            }
        }
    }

    fn entry(&self, signature: &syn::Path) -> TokenStream {
        let runtime = runtime();
        let Operation { id, path, .. } = self.operation;
        let method = self.operation.method.to_uppercase();
        let variant = &self.signature;
        let sealed = self.sealed;
        quote! {
            #runtime::Operation {
                id: #id,
                method: #method,
                path: #path,
                signature: #signature::#variant,
                sealed: #sealed,
            }
        }
    }
}

fn assemble(
    document: &Document,
    serve: &Serve,
    paths: &Paths,
    methods: &[Method<'_>],
) -> TokenStream {
    let runtime = runtime();
    let name = format_ident!("{}", serve.trait_name);
    let routes = format_ident!("{}Routes", serve.trait_name);
    let intro = format!(
        " Served operations of {}, version {}.",
        document.title, document.version
    );
    let declarations = methods
        .iter()
        .map(|method| method.declaration(&paths.error));
    let items = methods.iter().map(|method| {
        let (input, outcome) = (&method.input.items, &method.outcome.items);
        quote!(#input #outcome)
    });
    let entries = methods.iter().map(|method| method.entry(&paths.signature));
    let handlers = methods.iter().map(Method::route);
    quote! {
        //! Server side: implement the trait, mount the routes.

        #[doc = #intro]
        pub trait #name: Send + Sync + 'static { #(#declarations)* }

        #(#items)*

        /// Every operation of the trait, for the guard.
        pub static OPERATIONS: &[#runtime::Operation] = &[#(#entries),*];

        /// Routes to an implementation of the trait.
        pub struct #routes<H> { handler: std::sync::Arc<H> }

        impl<H: #name> #routes<H> {
            /// The routes, each behind the guard. There is no other way to mount them.
            pub fn guarded<G: #runtime::Guard>(
                handler: std::sync::Arc<H>,
                guard: std::sync::Arc<G>,
            ) -> #runtime::Guarded<Self, G> {
                #runtime::Guarded::new(Self { handler }, guard, OPERATIONS)
            }
        }

        #[poem_openapi::OpenApi]
        impl<H: #name> #routes<H> { #(#handlers)* }
    }
}

/// Configuration and document must agree on what is sealed, so that nothing leaves as plaintext by oversight.
fn check_seal(operation: &Operation, served: &Served) -> Result<()> {
    let documented = operation
        .successes
        .iter()
        .find_map(|answer| answer.plaintext.as_deref());
    match (documented, served.seal.as_deref()) {
        (Some(plaintext), None) => bail!(operation.place.refusal(format!(
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
