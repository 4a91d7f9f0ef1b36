//! Reads parameters.

use anyhow::{Result, bail};

use super::Reader;
use crate::{
    model::{Location, Parameter, Shape, Type},
    names,
    place::{Node, Place},
};

/// Header parameters that `OpenAPI` 3.0 tells tools to ignore.
const RESERVED_HEADERS: [&str; 3] = ["accept", "authorization", "content-type"];

/// Reads a list of parameters; one of the same name and location replaces an earlier one (path item before operation).
pub(super) fn read_all<'a>(
    reader: &mut Reader<'a>,
    stem: &str,
    list: &Node<'a>,
    operation: &Place,
    parameters: &mut Vec<Parameter>,
) -> Result<()> {
    for node in list.items()? {
        let node = reader.resolve(node)?;
        let name = node.required("name")?.text()?;
        let place = operation.within(format!("parameter `{name}`"));
        let Some(parameter) = read(reader, stem, name, &node.named(place))? else {
            continue;
        };
        parameters.retain(|earlier| {
            !(earlier.name == parameter.name && earlier.location == parameter.location)
        });
        parameters.push(parameter);
    }
    Ok(())
}

fn read<'a>(
    reader: &mut Reader<'a>,
    stem: &str,
    name: &str,
    node: &Node<'a>,
) -> Result<Option<Parameter>> {
    let location = match node.required("in")?.text()? {
        "cookie" => Location::Cookie,
        "header" if RESERVED_HEADERS.contains(&name.to_ascii_lowercase().as_str()) => {
            return Ok(None);
        }
        "header" => Location::Header,
        "path" => Location::Path,
        "query" => Location::Query,
        other => bail!(node.refusal(format!("`in: {other}` is not a place for parameters"))),
    };
    if !names::is_expressible(name) {
        bail!(node.refusal("the name cannot be made a Rust name"));
    }
    if location == Location::Path && !node.flag_at("required")? {
        bail!(node.refusal("a path parameter needs `required: true`"));
    }
    if location == Location::Header && !names::is_header(name) {
        bail!(node.refusal("is not the name of a header"));
    }
    refuse_unusual_serialization(node, location)?;
    let hint = format!("{stem}{}", names::type_name(name));
    let usage = reader.usage(&node.required("schema")?, &hint)?;
    if !is_simple(reader, &usage.ty, location) {
        bail!(node.refusal("only simple types, and in a query lists of them, are supported"));
    }
    Ok(Some(Parameter {
        place: node.place.clone(),
        name: name.to_owned(),
        location,
        required: node.flag_at("required")?,
        description: node.text_at("description")?,
        usage,
    }))
}

fn is_simple(reader: &Reader<'_>, ty: &Type, location: Location) -> bool {
    match ty {
        Type::Any | Type::Map(_) => false,
        Type::List(element) => {
            let simple = !element.nullable && is_simple(reader, &element.ty, Location::Path);
            simple && location == Location::Query
        }
        Type::Named(name) => match reader.schemas.get(name).map(|schema| &schema.shape) {
            Some(Shape::Alias(usage)) => is_simple(reader, &usage.ty, location),
            Some(Shape::Enumeration(_) | Shape::Mapped { .. }) => true,
            Some(Shape::Choice(_) | Shape::Object(_)) | None => false,
        },
        _ => true,
    }
}

fn refuse_unusual_serialization(node: &Node<'_>, location: Location) -> Result<()> {
    node.only(&[
        "name",
        "in",
        "required",
        "description",
        "schema",
        "example",
        "examples",
        "deprecated",
        "style",
        "explode",
    ])?;
    let (style, explode) = match location {
        Location::Cookie | Location::Query => ("form", true),
        Location::Header | Location::Path => ("simple", false),
    };
    if node.text_at("style")?.is_some_and(|given| given != style) {
        bail!(node.refusal(format!("only `style: {style}` is supported here")));
    }
    if node.field("explode").is_some() && node.flag_at("explode")? != explode {
        bail!(node.refusal(format!("only `explode: {explode}` is supported here")));
    }
    Ok(())
}

pub(super) fn in_path_order(
    parameters: Vec<Parameter>,
    path: &str,
    place: &Place,
) -> Result<Vec<Parameter>> {
    let variables = path_variables(path, place)?;
    let (mut in_path, others): (Vec<_>, Vec<_>) = parameters
        .into_iter()
        .partition(|parameter| parameter.location == Location::Path);
    let mut ordered = Vec::new();
    for variable in variables {
        let index = in_path
            .iter()
            .position(|parameter| parameter.name == variable)
            .ok_or_else(|| {
                place.refusal(format!("no path parameter describes `{{{variable}}}`"))
            })?;
        ordered.push(in_path.remove(index));
    }
    if let Some(parameter) = in_path.first() {
        bail!(parameter.place.refusal("is not part of the path"));
    }
    ordered.extend(others);
    Ok(ordered)
}

fn path_variables<'p>(path: &'p str, place: &Place) -> Result<Vec<&'p str>> {
    let mut variables = Vec::new();
    for segment in path.split('/') {
        if let Some(variable) = segment
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'))
        {
            variables.push(variable);
        } else if segment.contains(['{', '}', ':', '*']) {
            bail!(place.refusal(format!(
                "`{segment}`: a path variable must be a whole segment"
            )));
        }
    }
    Ok(variables)
}
