//! `client.rs`: a progenitor client for the called operations.
//!
//! progenitor panics on several ordinary constructs and makes types of its own. It therefore never sees the document: it
//! gets one written for it from the [model](crate::model), with one success answer per operation, parameters without
//! limits, and every schema replaced by the shared type. Error answers are left out on purpose: a gateway may answer in HTML,
//! so anything but 2xx reaches the caller as `Error::UnexpectedResponse`, to be read with the caller's own limits.

use std::panic::{AssertUnwindSafe, catch_unwind};

use anyhow::{Context, Result, bail};
use proc_macro2::TokenStream;
use progenitor::{GenerationSettings, Generator, HooksMode, InterfaceStyle, TypeImpl};
use quote::{ToTokens, quote};
use serde_json::{Map, Value, json};
use syn::{ImplItem, Item, Stmt};

use crate::{
    config::{self, Call, DocumentConfig},
    model::{Answer, Body, Document, Location, Operation, Parameter, Shape, Type, Usage},
    names,
    place::Place,
    render::docs,
};

pub(crate) fn render(
    document: &Document,
    part: &DocumentConfig,
    place: &Place,
) -> Result<Option<TokenStream>> {
    let Some(call) = &part.call else {
        return Ok(None);
    };
    let prepared = prepare(document, call)?;
    let settings = settings(document, call, place)?;
    // What is left to panic about is a fault of ours; it must still name the document.
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        Generator::new(&settings).generate_tokens(&prepared)
    }));
    match outcome {
        Ok(tokens) => {
            let refusal = || document.place.refusal("progenitor cannot make a client");
            let tokens = tokens.with_context(refusal)?;
            Ok(Some(trim(syn::parse2(tokens).with_context(refusal)?)))
        }
        Err(panic) => {
            let reason = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied())
                .unwrap_or("without a reason");
            Err(document
                .place
                .refusal(format!("progenitor gave up making a client: {reason}")))
        }
    }
}

/// Drops what nobody asked for: a constructor that sets its own timeouts and unwraps, and a header that no document names.
fn trim(mut file: syn::File) -> TokenStream {
    for item in &mut file.items {
        let Item::Impl(block) = item else { continue };
        block
            .items
            .retain(|item| !matches!(item, ImplItem::Fn(method) if method.sig.ident == "new"));
        for item in &mut block.items {
            if let ImplItem::Fn(method) = item {
                let names_version = |statement: &Stmt| {
                    statement
                        .to_token_stream()
                        .to_string()
                        .contains("\"api-version\"")
                };
                method
                    .block
                    .stmts
                    .retain(|statement| !names_version(statement));
            }
        }
    }
    file.into_token_stream()
}

fn settings(document: &Document, call: &Call, place: &Place) -> Result<GenerationSettings> {
    let context = config::rust_path(&call.context, place)?;
    let mut settings = GenerationSettings::new();
    settings.with_interface(InterfaceStyle::Positional);
    settings.with_inner_type(quote!(#context));
    // A client whose hooks nobody wrote would send unsigned requests: it must not compile.
    settings.with_hooks(HooksMode::Expected);
    for (name, schema) in &document.schemas {
        let displays = matches!(schema.shape, Shape::Enumeration(_));
        let traits = displays.then_some(TypeImpl::Display);
        settings.with_replacement(name, format!("super::types::{name}"), traits.into_iter());
    }
    Ok(settings)
}

fn prepare(document: &Document, call: &Call) -> Result<openapiv3::OpenAPI> {
    let mut paths = Map::new();
    for operation in &document.operations {
        if !call.operations.contains(&operation.id) {
            continue;
        }
        let item = paths
            .entry(operation.path.as_str())
            .or_insert_with(|| json!({}));
        item[operation.method] = prepare_operation(document, operation)?;
    }
    // The content is irrelevant, as each is replaced; the name has to exist.
    let schemas: Map<String, Value> = document
        .schemas
        .keys()
        .map(|name| (name.clone(), json!({ "type": "object" })))
        .collect();
    let prepared = json!({
        "openapi": "3.0.3",
        "info": { "title": document.title, "version": document.version },
        "paths": paths,
        "components": { "schemas": schemas },
    });
    serde_json::from_value(prepared)
        .with_context(|| document.place.refusal("cannot be prepared for progenitor"))
}

fn prepare_operation(document: &Document, operation: &Operation) -> Result<Value> {
    let parameters = operation
        .parameters
        .iter()
        .map(|parameter| prepare_parameter(document, parameter))
        .collect::<Result<Vec<_>>>()?;
    let mut prepared = json!({
        "operationId": operation.id,
        "summary": operation.summary,
        "description": operation.description.as_deref().map(docs::plain),
        "parameters": parameters,
        "responses": { "2XX": prepare_answer(operation)? },
    });
    if let Some(body) = &operation.body {
        prepared["requestBody"] = prepare_body(body)?;
    }
    Ok(prepared)
}

fn prepare_parameter(document: &Document, parameter: &Parameter) -> Result<Value> {
    let location = match parameter.location {
        Location::Cookie => bail!(
            parameter
                .place
                .refusal("cookie parameters are not supported")
        ),
        Location::Header => "header",
        Location::Path => "path",
        Location::Query => "query",
    };
    Ok(json!({
        "name": parameter.name,
        "in": location,
        "required": parameter.required,
        "description": parameter.description.as_deref().map(docs::plain),
        "schema": parameter_schema(document, &parameter.usage.ty, &parameter.place)?,
    }))
}

fn parameter_schema(document: &Document, ty: &Type, place: &Place) -> Result<Value> {
    Ok(match document.base_type(ty)? {
        Type::Boolean => json!({ "type": "boolean" }),
        Type::Date => json!({ "type": "string", "format": "date" }),
        Type::DateTime => json!({ "type": "string", "format": "date-time" }),
        Type::Int32 => json!({ "type": "integer", "format": "int32" }),
        Type::Int64 => json!({ "type": "integer", "format": "int64" }),
        Type::List(element) => {
            let items = parameter_schema(document, &element.ty, place)?;
            json!({ "type": "array", "items": items })
        }
        Type::Number => json!({ "type": "number", "format": "double" }),
        Type::String => json!({ "type": "string" }),
        Type::Uuid => json!({ "type": "string", "format": "uuid" }),
        Type::Named(name) if matches!(document.schema(name)?.shape, Shape::Enumeration(_)) => {
            reference(name)
        }
        Type::Any | Type::Map(_) | Type::Named(_) => {
            bail!(place.refusal("only simple types and lists are supported in a called operation"))
        }
    })
}

fn prepare_body(body: &Body) -> Result<Value> {
    let sendable = ["application/json", "application/x-www-form-urlencoded"];
    for media in sendable {
        let offered = body.content.iter().find(|(offered, _)| offered == media);
        if let Some((_, Some(usage))) = offered {
            let content = json!({ media: { "schema": body_schema(usage, &body.place)? } });
            return Ok(json!({ "required": true, "content": content }));
        }
    }
    Err(body
        .place
        .refusal("offers neither JSON nor a form with a schema, so it cannot be sent"))
}

fn prepare_answer(operation: &Operation) -> Result<Value> {
    let Some(answer) = operation.successes.first() else {
        bail!(
            operation
                .place
                .refusal("documents no answer with a status from 200 to 299")
        );
    };
    for other in &operation.successes[1..] {
        if !same_content(answer, other) {
            bail!(
                other
                    .place
                    .refusal("a second kind of success is not supported")
            );
        }
    }
    if answer.status >= 300 {
        bail!(
            answer
                .place
                .refusal("a called operation must not answer with a redirect")
        );
    }
    let json = answer
        .content
        .iter()
        .find(|(media, _)| media.starts_with("application/json"));
    let content = match json {
        Some((_, Some(usage))) => {
            json!({ "application/json": { "schema": body_schema(usage, &answer.place)? } })
        }
        _ if answer.content.is_empty() => json!({}),
        _ => bail!(answer.place.refusal("only JSON with a schema can be read")),
    };
    Ok(json!({ "description": answer.description, "content": content }))
}

fn same_content(left: &Answer, right: &Answer) -> bool {
    let types = |answer: &Answer| -> Vec<(String, Option<Type>)> {
        let content = answer.content.iter();
        content
            .map(|(media, usage)| (media.clone(), usage.as_ref().map(|usage| usage.ty.clone())))
            .collect()
    };
    types(left) == types(right)
}

fn body_schema(usage: &Usage, place: &Place) -> Result<Value> {
    match &usage.ty {
        Type::Named(name) => Ok(reference(name)),
        Type::List(element) => match &element.ty {
            Type::Named(name) => Ok(json!({ "type": "array", "items": reference(name) })),
            _ => Err(place.refusal("give the content of the list a name under components/schemas")),
        },
        Type::Any => Ok(json!({})),
        _ => Err(place.refusal("give the content a name under components/schemas")),
    }
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{}", names::type_name(name)) })
}
