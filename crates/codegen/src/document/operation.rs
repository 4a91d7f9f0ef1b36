//! Reads `paths`: operations with everything in them.

mod content;
mod parameters;

use anyhow::{Error, Result, anyhow, bail};

use super::Reader;
use crate::{
    model::{Operation, Statuses},
    names,
    place::{Node, Place},
};

const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "patch", "head", "options", "trace",
];
/// Those that code can be generated for.
const SUPPORTED: [&str; 5] = ["get", "put", "post", "delete", "patch"];
const KNOWN: [&str; 11] = [
    "operationId",
    "tags",
    "summary",
    "description",
    "externalDocs",
    "parameters",
    "requestBody",
    "responses",
    "deprecated",
    "security",
    "servers",
];
const PATH_ITEM: [&str; 4] = ["parameters", "summary", "description", "servers"];

pub(super) fn read_all(reader: &mut Reader<'_>, paths: &Node<'_>) -> Result<Vec<Operation>> {
    let mut operations: Vec<Operation> = Vec::new();
    // Work on the document's own lifetime, so that references and inline parts are treated alike.
    let paths = Node::new(&reader.raw["paths"], paths.place.clone());
    for (path, item) in paths.members()? {
        let item = item.named(reader.place.within(path));
        for (key, node) in item.members()? {
            if let Some(method) = METHODS.into_iter().find(|method| *method == key) {
                let (mut operation, node) = identify(reader, path, method, &node)?;
                let is_generated = is_generated(reader, &operation);
                let earlier: Vec<&Operation> = operations
                    .iter()
                    .filter(|earlier| {
                        earlier.id == operation.id || self::is_generated(reader, earlier)
                    })
                    .collect();
                refuse_same_name(&earlier, &operation)?;
                if is_generated {
                    refuse_unusual_path(path, &item)?;
                    refuse_same_route(&earlier, path, &item)?;
                    read_content(reader, &mut operation, &item, &node)
                        .map_err(|error| naming(&operation.place, error))?;
                }
                operations.push(operation);
            } else if !PATH_ITEM.contains(&key) {
                bail!(item.refusal(format!("`{key}` is not supported")));
            }
        }
    }
    Ok(operations)
}

/// Whether anything is generated for the operation, or it is known by name only.
fn is_generated(reader: &Reader<'_>, operation: &Operation) -> bool {
    reader.config.serving(&operation.id).is_some() || reader.config.calls(&operation.id)
}

fn refuse_unusual_path(path: &str, item: &Node<'_>) -> Result<()> {
    let usual =
        |character: char| character.is_ascii_alphanumeric() || "/-._~{}".contains(character);
    if path.starts_with('/') && path.chars().all(usual) {
        return Ok(());
    }
    Err(item.refusal("a path starts with `/` and has letters, digits, `-._~` and variables only"))
}

/// Routers cannot tell `/a/{x}` from `/a/{y}`.
fn refuse_same_route(earlier: &[&Operation], path: &str, item: &Node<'_>) -> Result<()> {
    let route = |path: &str| -> Vec<String> {
        let segments = path.split('/');
        segments
            .map(|segment| {
                if segment.starts_with('{') {
                    "{}"
                } else {
                    segment
                }
                .to_owned()
            })
            .collect()
    };
    let same =
        |operation: &&&Operation| operation.path != path && route(&operation.path) == route(path);
    match earlier.iter().find(same) {
        None => Ok(()),
        Some(operation) => Err(item.refusal(format!(
            "differs from {} in the names of variables only",
            operation.path
        ))),
    }
}

fn refuse_same_name(earlier: &[&Operation], operation: &Operation) -> Result<()> {
    let name = names::field_name(&operation.id);
    match earlier
        .iter()
        .find(|earlier| names::field_name(&earlier.id) == name)
    {
        None => Ok(()),
        Some(earlier) => Err(operation.place.refusal(format!(
            "has the same Rust name as the operation `{}` of {}",
            earlier.id,
            earlier.endpoint()
        ))),
    }
}

/// Everything but the content, and the node under the operation's name.
fn identify<'a>(
    reader: &Reader<'a>,
    path: &str,
    method: &'static str,
    node: &Node<'a>,
) -> Result<(Operation, Node<'a>)> {
    let endpoint = format!("{} {path}", method.to_uppercase());
    let nameless = node.clone().named(reader.place.within(endpoint.as_str()));
    let id = match nameless.text_at("operationId")? {
        Some(id) => id,
        None if reader.config.elsewhere.contains_key(&endpoint) => endpoint.clone(),
        None => bail!(nameless.refusal(format!(
            "`operationId` is missing; without it only `{endpoint:?} = …` under [document.elsewhere] can name it"
        ))),
    };
    let place = reader.place.within(format!("{endpoint} ({id})"));
    let node = node.clone().named(place.clone());
    let operation = Operation {
        id,
        method,
        path: path.to_owned(),
        tags: tags(&node)?,
        deprecated: node.flag_at("deprecated")?,
        summary: node.text_at("summary")?,
        description: node.text_at("description")?,
        parameters: Vec::new(),
        body: None,
        successes: Vec::new(),
        statuses: Statuses::default(),
        place,
    };
    Ok((operation, node))
}

/// A refusal of something that operations share also says which one needs it: that one could be handled elsewhere.
fn naming(operation: &Place, error: Error) -> Error {
    let reason = format!("{error:#}");
    if reason.starts_with(&operation.to_string()) {
        return error;
    }
    anyhow!("{reason} (needed by {})", operation.name())
}

fn read_content<'a>(
    reader: &mut Reader<'a>,
    operation: &mut Operation,
    item: &Node<'a>,
    node: &Node<'a>,
) -> Result<()> {
    let place = operation.place.clone();
    if !names::is_expressible(&operation.id) {
        bail!(node.refusal("the operationId cannot be made a Rust name"));
    }
    if !SUPPORTED.contains(&operation.method) {
        bail!(node.refusal(format!("`{}` is not supported", operation.method)));
    }
    node.only(&KNOWN)?;
    let stem = names::type_name(&operation.id);
    let mut parameters = Vec::new();
    for owner in [item, node] {
        if let Some(list) = owner.field("parameters") {
            parameters::read_all(reader, &stem, &list, &place, &mut parameters)?;
        }
    }
    operation.parameters = parameters::in_path_order(parameters, &operation.path, &place)?;
    if let Some(body) = node.field("requestBody") {
        operation.body = Some(content::read_body(reader, &stem, body)?);
    }
    let responses = node.required("responses")?;
    operation.statuses = content::statuses(&responses, &place)?;
    operation.successes = content::read_answers(reader, &stem, &responses, &place)?;
    Ok(())
}

fn tags(node: &Node<'_>) -> Result<Vec<String>> {
    let Some(tags) = node.field("tags") else {
        return Ok(Vec::new());
    };
    let tags = tags.items()?;
    tags.iter().map(|tag| Ok(tag.text()?.to_owned())).collect()
}
