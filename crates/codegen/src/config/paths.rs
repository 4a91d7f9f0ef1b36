//! Names and paths in the configuration that become Rust.

use std::collections::BTreeSet;

use anyhow::{Result, bail};

use super::{Config, DocumentConfig, Runtime, Serve, Served};
use crate::{names, place::Place};

/// Parses a path such as `crate::http::ApiError`.
pub(crate) fn rust_path(text: &str, place: &Place) -> Result<syn::Path> {
    syn::parse_str(text).map_err(|_| place.refusal(format!("`{text}` is not a Rust path")))
}

pub(super) fn check(config: &Config, place: &Place) -> Result<()> {
    if let Some(runtime) = &config.runtime {
        rust_path(&runtime.signature, &place.within("[runtime] signature"))?;
        rust_path(&runtime.error, &place.within("[runtime] error"))?;
    }
    let mut modules = BTreeSet::from(["calls", "runtime"]);
    for document in &config.documents {
        let place = place.within(format!("module `{}`", document.module));
        if names::field_ident(&document.module) != document.module {
            bail!(place.refusal("is not a Rust module name"));
        }
        if !modules.insert(&document.module) {
            bail!(place.refusal("is used twice, or is `calls` or `runtime`, which are ours"));
        }
        check_document(document, config.runtime.as_ref(), &place)?;
    }
    Ok(())
}

fn check_document(
    document: &DocumentConfig,
    runtime: Option<&Runtime>,
    place: &Place,
) -> Result<()> {
    for (schema, path) in &document.types {
        rust_path(path, &place.within(format!("[document.types] {schema}")))?;
    }
    if let Some(call) = &document.call {
        rust_path(&call.context, &place.within("[document.call] context"))?;
        for name in &call.implements {
            let known = document.serve.iter().map(|serve| serve.trait_name.as_str());
            if !known.clone().any(|known| known == name) {
                let place = place.within("[document.call] implements");
                return Err(place.unknown("trait", name, known));
            }
        }
    }
    let mut traits = BTreeSet::new();
    for serve in &document.serve {
        check_serve(serve, place)?;
        if !traits.insert(names::field_name(&serve.trait_name)) {
            bail!(place.refusal(format!("two traits are called `{}`", serve.trait_name)));
        }
        if runtime.is_none() {
            bail!(place.refusal("[runtime] is missing, and served operations need it"));
        }
    }
    refuse_reserved_modules(document, place)
}

fn refuse_reserved_modules(document: &DocumentConfig, place: &Place) -> Result<()> {
    let reserved = |serve: &&Serve| {
        let module = names::field_name(&serve.trait_name);
        ["client", "types"].contains(&module.as_str())
    };
    match document.serve.iter().find(reserved) {
        Some(serve) if document.serve.len() > 1 => Err(place.refusal(format!(
            "trait `{}`: its module would be called like one of ours",
            serve.trait_name
        ))),
        _ => Ok(()),
    }
}

fn check_serve(serve: &Serve, place: &Place) -> Result<()> {
    let place = &place.within(format!("trait `{}`", serve.trait_name));
    if !names::is_expressible(&serve.trait_name)
        || names::type_name(&serve.trait_name) != serve.trait_name
    {
        bail!(place.refusal("is not a Rust type name in UpperCamelCase"));
    }
    if let Some(error) = &serve.error {
        rust_path(error, &place.within("error"))?;
    }
    match &serve.unsupported {
        Some(path) => drop(rust_path(path, &place.within("unsupported"))?),
        None if serve.required.is_empty() => {}
        None => {
            bail!(place.refusal(
                "`required` without `unsupported`: without it every operation is required"
            ))
        }
    }
    for id in &serve.required {
        if !serve.operations.contains_key(id) {
            let known = serve.operations.keys().map(String::as_str);
            return Err(place.within("required").unknown("operation", id, known));
        }
    }
    for (id, served) in &serve.operations {
        check_served(serve, served, &place.within(id.as_str()))?;
    }
    Ok(())
}

fn check_served(serve: &Serve, served: &Served, place: &Place) -> Result<()> {
    if let Some(context) = &served.context {
        rust_path(context, &place.within("context"))?;
    }
    match &served.signature {
        Some(signature) if syn::parse_str::<syn::Ident>(signature).is_err() => bail!(
            place.refusal(format!("signature: `{signature}` is not the name of a variant"))
        ),
        None if serve.routes => bail!(place.refusal(
            "`signature` is missing: say how the request is signed, or `routes = false` for a trait alone"
        )),
        _ => {}
    }
    if !serve.routes && (served.seal.is_some() || served.signature.is_some()) {
        bail!(place.refusal("a trait without routes neither seals nor checks signatures"));
    }
    Ok(())
}
