//! Which types are reachable from where.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use crate::{
    config::DocumentConfig,
    model::{Document, Operation, Shape, Type},
};

/// Everything that poem-openapi has to read or write for served operations.
pub(super) fn served_types<'a>(
    document: &'a Document,
    config: &'a DocumentConfig,
) -> Result<BTreeSet<&'a str>> {
    let mut waiting: Vec<&str> = Vec::new();
    for operation in &document.operations {
        if let Some((_, served)) = config.serving(&operation.id) {
            waiting.extend(served.seal.as_deref());
            waiting.extend(mentioned(operation, served.seal.is_some()));
        }
    }
    let mut found = BTreeSet::new();
    while let Some(name) = waiting.pop() {
        if found.insert(name) {
            waiting.extend(document.schema(name)?.shape.mentions());
        }
    }
    Ok(found)
}

fn mentioned(operation: &Operation, sealed: bool) -> Vec<&str> {
    let mut usages: Vec<_> = operation.parameters.iter().map(|it| &it.usage).collect();
    let bodies = operation.body.iter().flat_map(|body| &body.content);
    usages.extend(bodies.filter_map(|(_, usage)| usage.as_ref()));
    for answer in &operation.successes {
        usages.extend(answer.headers.iter().map(|header| &header.usage));
        if !sealed {
            usages.extend(
                answer
                    .content
                    .iter()
                    .filter_map(|(_, usage)| usage.as_ref()),
            );
        }
    }
    usages
        .iter()
        .filter_map(|usage| usage.ty.mentions())
        .collect()
}

/// A struct that holds itself has no size, and an alias of itself no meaning; a list or a map in between is fine.
pub(super) fn refuse_endless_types(document: &Document) -> Result<()> {
    let mut settled = BTreeMap::new();
    for name in document.schemas.keys() {
        visit(document, name, &mut settled)?;
    }
    Ok(())
}

fn visit<'a>(
    document: &'a Document,
    name: &'a str,
    settled: &mut BTreeMap<&'a str, bool>,
) -> Result<()> {
    let schema = document.schema(name)?;
    match settled.get(name) {
        Some(true) => return Ok(()),
        Some(false) => {
            let reason = "contains itself other than in a list or a map, which has no end";
            return Err(schema.place.refusal(reason));
        }
        None => settled.insert(name, false),
    };
    let held: Vec<&Type> = match &schema.shape {
        Shape::Alias(usage) => vec![&usage.ty],
        Shape::Choice(choice) => choice.variants.iter().map(|it| &it.usage.ty).collect(),
        Shape::Enumeration(_) | Shape::Mapped { .. } => Vec::new(),
        Shape::Object(properties) => properties.iter().map(|it| &it.usage.ty).collect(),
    };
    for ty in held {
        if let Type::Named(held) = ty {
            visit(document, held, settled)?;
        }
    }
    settled.insert(name, true);
    Ok(())
}
