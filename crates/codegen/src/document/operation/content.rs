//! Reads request bodies and answers.

use anyhow::{Result, bail};

use super::Reader;
use crate::{
    model::{Answer, Body, Content, Header, Statuses, is_json, is_text},
    names,
    place::{Node, Place},
};

/// A class of successes would leave open which one to answer with.
const ERROR_CLASSES: [&str; 2] = ["4XX", "5XX"];

pub(super) fn read_body<'a>(reader: &mut Reader<'a>, stem: &str, node: Node<'a>) -> Result<Body> {
    let place = node.place.clone();
    let node = reader.resolve(node)?.named(place);
    node.only(&["description", "content", "required"])?;
    let content = read_content(reader, &format!("{stem}Request"), &node)?;
    if content.is_empty() {
        bail!(node.refusal("offers no media type"));
    }
    Ok(Body {
        required: node.flag_at("required")?,
        content,
        place: node.place,
    })
}

/// What an operation may answer with.
pub(super) fn statuses(responses: &Node<'_>, operation: &Place) -> Result<Statuses> {
    let mut statuses = Statuses::default();
    for (status, node) in responses.members()? {
        match status.parse::<u16>() {
            Ok(code @ 100..=599) => statuses.single.push(code),
            _ if status == "default" => statuses.classes.extend(1..=5),
            _ if ERROR_CLASSES.contains(&status) => {
                statuses.classes.extend(status[..1].parse::<u16>());
            }
            _ => {
                let node = node.named(operation.within(format!("response {status}")));
                bail!(node.refusal("give the status as a number"));
            }
        }
    }
    statuses.single.sort_unstable();
    statuses.classes.sort_unstable();
    statuses.classes.dedup();
    Ok(statuses)
}

/// Success answers are kept; schemas of the other ones are read all the same, because hand-written code may want the types.
pub(super) fn read_answers<'a>(
    reader: &mut Reader<'a>,
    stem: &str,
    responses: &Node<'a>,
    operation: &Place,
) -> Result<Vec<Answer>> {
    let mut successes = Vec::new();
    for (status, node) in responses.members()? {
        let place = operation.within(format!("response {status}"));
        let node = reader.resolve(node)?.named(place);
        let hint = format!("{stem}Response{}", names::type_name(status));
        match status.parse::<u16>() {
            Ok(code @ 200..=399) => successes.push(read_answer(reader, &hint, code, &node)?),
            _ => drop(read_content(reader, &hint, &node)?),
        }
    }
    Ok(successes)
}

fn read_answer<'a>(
    reader: &mut Reader<'a>,
    hint: &str,
    status: u16,
    node: &Node<'a>,
) -> Result<Answer> {
    node.only(&["description", "content", "headers", "links"])?;
    let mut headers = Vec::new();
    if let Some(list) = node.field("headers") {
        for (name, header) in list.named_members()? {
            if !names::is_header(name) || !names::is_expressible(name) {
                bail!(header.refusal("is not the name of a header"));
            }
            headers.push(read_header(reader, hint, name, header)?);
        }
    }
    let plaintext = match node.field("x-izin-plaintext") {
        None => None,
        Some(name) => Some(reader.component_at(&name)?),
    };
    Ok(Answer {
        status,
        description: node.text_at("description")?.unwrap_or_default(),
        content: read_content(reader, hint, node)?,
        headers,
        plaintext,
        place: node.place.clone(),
    })
}

fn read_header<'a>(
    reader: &mut Reader<'a>,
    hint: &str,
    name: &str,
    node: Node<'a>,
) -> Result<Header> {
    let place = node.place.clone();
    let node = reader.resolve(node)?.named(place);
    node.only(&[
        "description",
        "required",
        "schema",
        "example",
        "examples",
        "deprecated",
        "style",
    ])?;
    let hint = format!("{hint}{}", names::type_name(name));
    Ok(Header {
        place: node.place.clone(),
        name: name.to_owned(),
        required: node.flag_at("required")?,
        description: node.text_at("description")?,
        usage: reader.usage(&node.required("schema")?, &hint)?,
    })
}

fn read_content<'a>(reader: &mut Reader<'a>, hint: &str, node: &Node<'a>) -> Result<Content> {
    let Some(list) = node.field("content") else {
        return Ok(Vec::new());
    };
    let mut content = Vec::new();
    for (media, node) in list.named_members()? {
        let usage = match node.field("schema") {
            Some(schema) if is_typed(media) => Some(reader.usage(&schema, hint)?),
            _ => None,
        };
        content.push((media.to_owned(), usage));
    }
    Ok(content)
}

fn is_typed(media: &str) -> bool {
    is_json(media) || is_text(media) || media == "application/x-www-form-urlencoded"
}
