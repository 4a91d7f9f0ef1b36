//! What the generator knows about a document once it has been read.
//!
//! The reader ([`crate::document`]) fills this model and refuses whatever does not fit into it; the renderers only look at
//! the model. Type names are Rust names already, so no renderer has to convert, and no two of them can convert differently.

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::Value;

use crate::place::Place;

#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) place: Place,
    pub(crate) title: String,
    pub(crate) version: String,
    pub(crate) operations: Vec<Operation>,
    /// Rust type name → schema. Sorted, so that the order of the output never depends on the order of reading.
    pub(crate) schemas: BTreeMap<String, Schema>,
    /// The document as published, as JSON.
    pub(crate) json: String,
}

#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) place: Place,
    pub(crate) id: String,
    /// Lower case.
    pub(crate) method: &'static str,
    /// As published, with `{variables}`.
    pub(crate) path: String,
    pub(crate) summary: Option<String>,
    pub(crate) description: Option<String>,
    /// Path parameters first and in the order of the path, because poem-openapi binds them by position.
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) body: Option<Body>,
    /// Answers with a status from 200 to 399, in the order of the document.
    pub(crate) successes: Vec<Answer>,
}

#[derive(Debug)]
pub(crate) struct Parameter {
    pub(crate) place: Place,
    pub(crate) name: String,
    pub(crate) location: Location,
    pub(crate) required: bool,
    pub(crate) description: Option<String>,
    pub(crate) usage: Usage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Location {
    Cookie,
    Header,
    Path,
    Query,
}

#[derive(Debug)]
pub(crate) struct Body {
    pub(crate) place: Place,
    pub(crate) required: bool,
    pub(crate) content: Content,
}

/// The media types on offer, each with the type it carries (`None`: a media type whose content the generator does not read).
pub(crate) type Content = Vec<(String, Option<Usage>)>;

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) place: Place,
    pub(crate) status: u16,
    pub(crate) description: String,
    pub(crate) content: Content,
    pub(crate) headers: Vec<Header>,
    /// Type named by `x-izin-plaintext`: what is inside a published envelope before it is signed and encrypted.
    pub(crate) plaintext: Option<String>,
}

#[derive(Debug)]
pub(crate) struct Header {
    pub(crate) place: Place,
    pub(crate) name: String,
    pub(crate) required: bool,
    pub(crate) description: Option<String>,
    pub(crate) usage: Usage,
}

#[derive(Debug)]
pub(crate) struct Schema {
    pub(crate) place: Place,
    pub(crate) description: Option<String>,
    pub(crate) shape: Shape,
}

#[derive(Debug)]
pub(crate) enum Shape {
    Alias(Box<Usage>),
    Enumeration(Vec<String>),
    Object(Vec<Property>),
}

#[derive(Debug, Clone)]
pub(crate) struct Property {
    pub(crate) place: Place,
    pub(crate) name: String,
    pub(crate) required: bool,
    pub(crate) usage: Usage,
}

/// A type where it is used, with what holds at that place only.
#[derive(Debug, Clone)]
pub(crate) struct Usage {
    pub(crate) ty: Type,
    pub(crate) limits: Limits,
    pub(crate) nullable: bool,
    pub(crate) default: Option<Value>,
    pub(crate) description: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Type {
    /// Any JSON value.
    Any,
    Boolean,
    Date,
    DateTime,
    Int32,
    Int64,
    List(Box<Element>),
    Map(Box<Element>),
    /// A key of [`Document::schemas`].
    Named(String),
    Number,
    String,
    Uuid,
}

/// What a list or a map holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Element {
    pub(crate) ty: Type,
    pub(crate) nullable: bool,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Limits {
    pub(crate) max_length: Option<u64>,
    pub(crate) min_length: Option<u64>,
    pub(crate) pattern: Option<String>,
    pub(crate) minimum: Option<Bound>,
    pub(crate) maximum: Option<Bound>,
    pub(crate) multiple_of: Option<f64>,
    pub(crate) max_items: Option<u64>,
    pub(crate) min_items: Option<u64>,
    pub(crate) unique_items: bool,
    pub(crate) max_properties: Option<u64>,
    pub(crate) min_properties: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bound {
    pub(crate) value: f64,
    pub(crate) exclusive: bool,
}

impl Document {
    pub(crate) fn schema(&self, name: &str) -> Result<&Schema> {
        self.schemas
            .get(name)
            .ok_or_else(|| self.place.refusal(format!("there is no schema `{name}`")))
    }

    /// The type behind any number of aliases.
    pub(crate) fn base_type<'a>(&'a self, ty: &'a Type) -> Result<&'a Type> {
        let Type::Named(name) = ty else { return Ok(ty) };
        match &self.schema(name)?.shape {
            Shape::Alias(usage) => self.base_type(&usage.ty),
            Shape::Enumeration(_) | Shape::Object(_) => Ok(ty),
        }
    }
}

impl Operation {
    /// `GET /v1/health`
    pub(crate) fn endpoint(&self) -> String {
        format!("{} {}", self.method.to_uppercase(), self.path)
    }
}

impl Type {
    /// Names of the schemas this type mentions, however deep inside lists and maps.
    pub(crate) fn mentions(&self) -> Option<&str> {
        match self {
            Type::Named(name) => Some(name),
            Type::List(element) | Type::Map(element) => element.ty.mentions(),
            _ => None,
        }
    }
}

impl Shape {
    pub(crate) fn mentions(&self) -> Vec<&str> {
        match self {
            Shape::Alias(usage) => usage.ty.mentions().into_iter().collect(),
            Shape::Enumeration(_) => Vec::new(),
            Shape::Object(properties) => properties
                .iter()
                .filter_map(|property| property.usage.ty.mentions())
                .collect(),
        }
    }
}

impl Limits {
    /// Takes over the limits of what is inside; says which limit would mean something else on this level.
    pub(crate) fn adopt(&mut self, inner: Limits) -> Result<(), &'static str> {
        let containers = [
            (inner.max_items.is_some(), "maxItems"),
            (inner.min_items.is_some(), "minItems"),
            (inner.unique_items, "uniqueItems"),
            (inner.max_properties.is_some(), "maxProperties"),
            (inner.min_properties.is_some(), "minProperties"),
        ];
        if let Some((_, limit)) = containers.into_iter().find(|(given, _)| *given) {
            return Err(limit);
        }
        self.max_length = inner.max_length;
        self.min_length = inner.min_length;
        self.pattern = inner.pattern;
        self.minimum = inner.minimum;
        self.maximum = inner.maximum;
        self.multiple_of = inner.multiple_of;
        Ok(())
    }
}
