//! The document that progenitor gets to see.

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};

use crate::{
    config::{Call, DocumentConfig},
    model::{
        Answer, Body, Document, Location, Operation, Parameter, Shape, Type, Usage, is_json,
        is_text,
    },
    names,
    place::Place,
    render::docs,
};

pub(super) fn document(
    document: &Document,
    part: &DocumentConfig,
    call: &Call,
) -> Result<openapiv3::OpenAPI> {
    let mut paths = Map::new();
    for operation in &document.operations {
        if !call.operations.contains(&operation.id) {
            continue;
        }
        let item = paths
            .entry(operation.path.as_str())
            .or_insert_with(|| json!({}));
        item[operation.method] = prepare_operation(document, part, operation)?;
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

fn prepare_operation(
    document: &Document,
    part: &DocumentConfig,
    operation: &Operation,
) -> Result<Value> {
    let is_implemented = part
        .implemented()
        .any(|serve| serve.operations.contains_key(&operation.id));
    let answer = if is_implemented {
        // Read by us: within bounds, with its headers, whatever its status.
        json!({ "description": "", "content": { "*/*": {} } })
    } else {
        prepare_answer(operation)?
    };
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
        "responses": { "2XX": answer },
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
        Type::Named(name) if is_text_like(&document.schema(name)?.shape) => reference(name),
        Type::Any | Type::Map(_) | Type::Named(_) => {
            bail!(place.refusal("only simple types and lists are supported in a called operation"))
        }
    })
}

/// Whether progenitor may write the type with `Display`.
pub(super) fn is_text_like(shape: &Shape) -> bool {
    matches!(shape, Shape::Enumeration(_) | Shape::Mapped { .. })
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
    if let [(media, Some(usage))] = body.content.as_slice()
        && is_text(media)
        && usage.ty == Type::String
    {
        // The only text that progenitor can send; its name is put right afterwards.
        let content = json!({ "text/plain": { "schema": { "type": "string" } } });
        return Ok(json!({ "required": true, "content": content }));
    }
    Err(body
        .place
        .refusal("offers neither JSON, a form nor a text with a schema, so it cannot be sent"))
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
            bail!(other.place.refusal(
                "a second kind of success is supported in a trait that the client implements"
            ));
        }
    }
    if answer.status >= 300 {
        bail!(
            answer
                .place
                .refusal("a redirect is supported in a trait that the client implements")
        );
    }
    let json = answer.content.iter().find(|(media, _)| is_json(media));
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
