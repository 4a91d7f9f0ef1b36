//! `mod.rs` files and the runtime.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::HEADER;
use crate::{
    config::{DocumentConfig, Runtime},
    model::Document,
};

const RUNTIME: &str = include_str!("../../runtime/runtime.rs");
const CALLS: &str = include_str!("../../runtime/calls.rs");

/// The module of one document.
pub(crate) fn document(document: &Document, config: &DocumentConfig) -> TokenStream {
    let title = format!(" {}, version {}.", document.title, document.version);
    let client = config.call.is_some().then(|| {
        quote!(
            pub mod client;
        )
    });
    let mut servers: Vec<&str> = config.serve.iter().map(|it| it.module.as_str()).collect();
    servers.sort_unstable();
    let servers = servers.into_iter().map(|module| format_ident!("{module}"));
    let version = &document.version;
    quote! {
        #![doc = #title]

        #client
        #(pub mod #servers;)*
        pub mod types;

        /// `info.version` of the document that this code was generated from.
        pub const VERSION: &str = #version;

        /// The document as published, as JSON.
        pub const DOCUMENT: &str = include_str!("openapi.json");
    }
}

/// The modules that documents share: `runtime` beside traits, `calls` beside clients that implement one.
pub(crate) fn runtimes(documents: &[DocumentConfig]) -> Vec<&'static str> {
    let served = documents.iter().any(|document| !document.serve.is_empty());
    let called = documents.iter().any(|it| it.implemented().next().is_some());
    let modules = [served.then_some("runtime"), called.then_some("calls")];
    modules.into_iter().flatten().collect()
}

/// The module of all documents.
pub(crate) fn root(documents: &[DocumentConfig]) -> TokenStream {
    let mut modules: Vec<&str> = documents.iter().map(|it| it.module.as_str()).collect();
    modules.extend(runtimes(documents));
    modules.sort_unstable();
    let modules = modules.into_iter().map(|module| format_ident!("{module}"));
    quote! {
        //! Code generated from OpenAPI documents.

        #![allow(
            clippy::all,
            clippy::pedantic,
            deprecated,
            rustdoc::all,
            unreachable_pub,
            unused,
            reason = "generated code is uniform, not minimal"
        )]

        #(pub mod #modules;)*
    }
}

/// What clients that implement a trait share.
pub(crate) fn calls() -> String {
    format!("{HEADER}\n{CALLS}")
}

/// The runtime with the hand-written types it refers to.
pub(crate) fn runtime(runtime: &Runtime, documents: &[DocumentConfig]) -> String {
    let mut text = format!("{HEADER}\n");
    for line in RUNTIME.lines() {
        match line {
            "use RUNTIME_ERROR as ApiError;" => text.push_str(&import(&runtime.error, "ApiError")),
            "use RUNTIME_SIGNATURE as RequestSignature;" => {
                text.push_str(&import(&runtime.signature, "RequestSignature"));
            }
            "text_types!();" => text.push_str(&text_types(documents)),
            "// Filled in by the generator from `[runtime]` of codegen.toml." => continue,
            line => text.push_str(line),
        }
        text.push('\n');
    }
    text
}

/// Each hand-written type once, however many schemas of however many documents it stands for.
fn text_types(documents: &[DocumentConfig]) -> String {
    let paths: BTreeSet<&str> = documents
        .iter()
        .filter(|document| !document.serve.is_empty())
        .flat_map(|document| document.types.values().map(String::as_str))
        .collect();
    let entries: Vec<String> = paths
        .iter()
        .map(|path| {
            let name = path.rsplit("::").next().unwrap_or(path);
            format!("\n    \"{name}\" = {path},")
        })
        .collect();
    match entries.join("").strip_suffix(',') {
        None => "text_types!();".to_owned(),
        Some(entries) => format!("text_types! {{{entries}\n}}"),
    }
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
        let text = runtime(
            &Runtime {
                signature: "crate::trust::RequestSignature".to_owned(),
                error: "crate::http::Failure".to_owned(),
            },
            &[],
        );
        assert!(text.contains("\nuse crate::trust::RequestSignature;\n"));
        assert!(text.contains("\nuse crate::http::Failure as ApiError;\n"));
        assert!(!text.contains("RUNTIME_"));
        assert!(syn::parse_file(&text).is_ok());
    }
}
