//! `mod.rs` files and the runtime.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::HEADER;
use crate::{
    config::{DocumentConfig, Runtime},
    model::Document,
};

const RUNTIME: &str = include_str!("../../runtime/runtime.rs");

/// The module of one document.
pub(crate) fn document(document: &Document, config: &DocumentConfig) -> TokenStream {
    let title = format!(" {}, version {}.", document.title, document.version);
    let client = config.call.is_some().then(|| {
        quote!(
            pub mod client;
        )
    });
    let server = config.serve.is_some().then(|| {
        quote!(
            pub mod server;
        )
    });
    let version = &document.version;
    quote! {
        #![doc = #title]

        #client
        #server
        pub mod types;

        /// `info.version` of the document that this code was generated from.
        pub const VERSION: &str = #version;

        /// The document as published, as JSON.
        pub const DOCUMENT: &str = include_str!("openapi.json");
    }
}

/// The module of all documents.
pub(crate) fn root(documents: &[DocumentConfig]) -> TokenStream {
    let mut modules: Vec<&str> = documents.iter().map(|it| it.module.as_str()).collect();
    if documents.iter().any(|document| document.serve.is_some()) {
        modules.push("runtime");
    }
    modules.sort_unstable();
    let modules = modules.into_iter().map(|module| format_ident!("{module}"));
    quote! {
        //! Code generated from OpenAPI documents.

        #![allow(
            clippy::all,
            clippy::pedantic,
            rustdoc::all,
            unreachable_pub,
            unused,
            reason = "generated code is uniform, not minimal"
        )]

        #(pub mod #modules;)*
    }
}

/// The runtime with the two hand-written types it refers to.
pub(crate) fn runtime(runtime: &Runtime) -> String {
    let mut text = format!("{HEADER}\n");
    for line in RUNTIME.lines() {
        match line {
            "use RUNTIME_ERROR as ApiError;" => text.push_str(&import(&runtime.error, "ApiError")),
            "use RUNTIME_SIGNATURE as RequestSignature;" => {
                text.push_str(&import(&runtime.signature, "RequestSignature"));
            }
            "// Filled in by the generator from `[runtime]` of codegen.toml." => continue,
            line => text.push_str(line),
        }
        text.push('\n');
    }
    text
}

fn import(path: &str, name: &str) -> String {
    if path.rsplit("::").next() == Some(name) {
        return format!("use {path};");
    }
    format!("use {path} as {name};")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_runtime_refers_to_the_configured_types_and_to_nothing_unfilled() {
        let text = runtime(&Runtime {
            signature: "crate::trust::RequestSignature".to_owned(),
            error: "crate::http::Failure".to_owned(),
        });
        assert!(text.contains("\nuse crate::trust::RequestSignature;\n"));
        assert!(text.contains("\nuse crate::http::Failure as ApiError;\n"));
        assert!(!text.contains("RUNTIME_"));
        assert!(syn::parse_file(&text).is_ok());
    }
}
