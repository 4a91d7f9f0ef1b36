//! Reads an `OpenAPI` document from YAML into the [model](crate::model). One of version 3.1 is rewritten as 3.0 before.
//!
//! The reader works on the raw JSON value and not on a typed `OpenAPI` library: it must know vendor extensions wherever
//! they stand, keep the document losslessly for the Swagger UI, and refuse what it does not understand by place and not by a
//! deserializer's line number.

mod downgrade;
mod operation;
mod schema;
mod yaml;

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::{
    config::DocumentConfig,
    model::{Document, Schema},
    names,
    place::{Node, Place},
};

/// Reads the document at `path` as far as `config` needs it; `place` is that of the configuration.
///
/// Operations that are handled elsewhere are known by name only, so that one the generator cannot do need not be changed.
pub(crate) fn read(
    path: &Path,
    shown: &str,
    config: &DocumentConfig,
    place: &Place,
) -> Result<Document> {
    let root_place = Place::file(shown);
    let text = fs::read_to_string(path).with_context(|| root_place.refusal("cannot be read"))?;
    let published = yaml::parse(&text, &root_place)?;
    let json = serde_json::to_string_pretty(&published)? + "\n";
    let raw = understood(published, &root_place)?;
    let root = Node::new(&raw, root_place);

    let mut reader = Reader::new(&raw, root.place.clone(), config)?;
    let operations = operation::read_all(&mut reader, &root.required("paths")?)?;
    for name in &config.sealed_types() {
        reader.component_type(name, &place.within("seal"))?;
    }
    let info = root.required("info")?;
    Ok(Document {
        title: info.required("title")?.text()?.to_owned(),
        version: info.required("version")?.text()?.to_owned(),
        json,
        place: root.place,
        operations,
        schemas: reader.schemas,
    })
}

/// The document as version 3.0.
pub(crate) fn understood(published: Value, place: &Place) -> Result<Value> {
    let root = Node::new(&published, place.clone());
    let version = root.required("openapi")?;
    let text = version.text()?;
    if text.starts_with("3.0.") {
        return Ok(published);
    }
    if text.starts_with("3.1.") {
        return downgrade::to_3_0(published, place);
    }
    Err(version.refusal(format!(
        "OpenAPI {text} is not supported, only 3.0 and 3.1: convert the document or ask its author for such an edition"
    )))
}

/// Holds what the parts of the reader share: the whole document for references, and the schemas found so far.
struct Reader<'a> {
    raw: &'a Value,
    config: &'a DocumentConfig,
    place: Place,
    /// Rust type name → name under `components/schemas`.
    components: BTreeMap<String, &'a str>,
    schemas: BTreeMap<String, Schema>,
    /// What a schema says about every use of it.
    inherited: BTreeMap<String, Inherited>,
    /// Schemas being read, innermost last.
    open: Vec<String>,
}

struct Inherited {
    nullable: bool,
    default: Option<Value>,
}

impl<'a> Reader<'a> {
    fn new(raw: &'a Value, place: Place, config: &'a DocumentConfig) -> Result<Self> {
        let mut components = BTreeMap::new();
        if let Some(schemas) = raw.pointer("/components/schemas") {
            let schemas = Node::new(schemas, place.within("components/schemas"));
            for (name, node) in schemas.named_members()? {
                if !names::is_expressible(name) {
                    return Err(node.refusal("the name cannot be made a Rust name"));
                }
                if let Some(other) = components.insert(names::type_name(name), name) {
                    return Err(
                        node.refusal(format!("has the same Rust name as the schema `{other}`"))
                    );
                }
            }
        }
        Ok(Self {
            raw,
            config,
            place,
            components,
            schemas: BTreeMap::new(),
            inherited: BTreeMap::new(),
            open: Vec::new(),
        })
    }

    /// Follows `$ref` until something stands there; the place becomes that of the referenced component.
    fn resolve(&self, node: Node<'a>) -> Result<Node<'a>> {
        let mut node = node;
        for _ in 0..16 {
            let Some(reference) = node.field("$ref") else {
                return Ok(node);
            };
            node = self.follow(&reference)?;
        }
        Err(node.refusal("the references go in a circle"))
    }

    /// What a reference names, which may be a reference again.
    fn follow(&self, reference: &Node<'a>) -> Result<Node<'a>> {
        let pointer = local_pointer(reference)?;
        let value = self.raw.pointer(pointer).ok_or_else(|| {
            reference.refusal(format!("`#{pointer}` does not exist in this document"))
        })?;
        let place = self.place.within(pointer.trim_start_matches('/'));
        Ok(Node::new(value, place))
    }
}

/// The JSON pointer of a reference into the same document.
fn local_pointer<'a>(reference: &Node<'a>) -> Result<&'a str> {
    let text = reference.text()?;
    text.strip_prefix('#').ok_or_else(|| {
        reference.refusal(format!(
            "`{text}` is outside this document: only references starting with `#/` are followed"
        ))
    })
}
