//! A plain async trait for some operations, and poem-openapi routes that delegate to an implementation of it.
//!
//! `#[OpenApi]` cannot be put on a trait, hence the two. A trait that we implement has no default methods: an operation that
//! a new edition adds must be a compile error. One that others implement may answer "unsupported" to such operations. The
//! routes can only be mounted inside the runtime's guard.

mod answer;
mod boxed;
mod method;
mod request;

use anyhow::Result;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use self::method::Method;
use crate::{
    config::{self, Config, DocumentConfig, Serve},
    model::Document,
    place::Place,
};

/// Path of the runtime and of the types as seen from the file of a trait.
fn runtime() -> TokenStream {
    quote!(super::super::runtime)
}

fn types() -> TokenStream {
    quote!(super::types::)
}

/// The files of all traits of a document: module name and content.
pub(crate) fn render<'a>(
    document: &Document,
    config: &Config,
    part: &'a DocumentConfig,
    place: &Place,
) -> Result<Vec<(&'a str, TokenStream)>> {
    let Some(hand_written) = &config.runtime else {
        return Ok(Vec::new());
    };
    let mut files = Vec::new();
    for serve in &part.serve {
        let error = serve.error.as_ref().unwrap_or(&hand_written.error);
        let paths = Paths {
            error: config::rust_path(error, place)?,
            signature: config::rust_path(&hand_written.signature, place)?,
        };
        let mut methods = Vec::new();
        for operation in &document.operations {
            if let Some(served) = serve.operations.get(&operation.id) {
                methods.push(Method::new(document, serve, served, operation, place)?);
            }
        }
        let tokens = assemble(document, serve, &paths, &methods);
        files.push((serve.module.as_str(), tokens));
    }
    Ok(files)
}

/// Hand-written types that a trait refers to.
struct Paths {
    error: syn::Path,
    signature: syn::Path,
}

fn assemble(
    document: &Document,
    serve: &Serve,
    paths: &Paths,
    methods: &[Method<'_>],
) -> TokenStream {
    let name = format_ident!("{}", serve.trait_name);
    let intro = format!(
        " Operations of {}, version {}.",
        document.title, document.version
    );
    let declarations = methods
        .iter()
        .map(|method| method.declaration(&paths.error));
    let items = methods.iter().map(|method| {
        let (params, outcome) = (&method.input.params, &method.outcome.items);
        quote!(#params #outcome)
    });
    let boxed = serve
        .boxed
        .then(|| boxed::twin(serve, &paths.error, methods));
    let routes = serve.routes.then(|| routes(serve, paths, methods));
    let title = if serve.routes {
        " Server side: implement the trait, mount the routes."
    } else {
        " What an implementation of the contract has to do."
    };
    quote! {
        #![doc = #title]

        #[doc = #intro]
        pub trait #name: Send + Sync + 'static { #(#declarations)* }

        #(#items)*
        #boxed
        #routes
    }
}

fn routes(serve: &Serve, paths: &Paths, methods: &[Method<'_>]) -> TokenStream {
    let runtime = runtime();
    let name = format_ident!("{}", serve.trait_name);
    let routes = format_ident!("{}Routes", serve.trait_name);
    let entries = methods.iter().map(|method| method.entry(&paths.signature));
    let items = methods.iter().map(|method| {
        let (input, response) = (&method.input.items, &method.response.item);
        quote!(#input #response)
    });
    let handlers = methods.iter().map(Method::route);
    quote! {
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
