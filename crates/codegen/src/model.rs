//! What the generator knows about a document once it has been read.
//!
//! The reader ([`crate::document`]) fills this model and refuses whatever does not fit into it; the renderers only look at
//! the model. Type names are Rust names already, so no renderer has to convert, and no two of them can convert differently.

mod limits;

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::Value;

pub(crate) use self::limits::{Bound, Limits};
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
    pub(crate) tags: Vec<String>,
    pub(crate) deprecated: bool,
    pub(crate) summary: Option<String>,
    pub(crate) description: Option<String>,
    /// Path parameters first and in the order of the path, because poem-openapi binds them by position.
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) body: Option<Body>,
    /// Answers with a status from 200 to 399, in the order of the document.
    pub(crate) successes: Vec<Answer>,
    pub(crate) statuses: Statuses,
}

/// Which statuses an operation may answer with.
#[derive(Debug, Default)]
pub(crate) struct Statuses {
    /// Sorted.
    pub(crate) single: Vec<u16>,
    /// First digits: of `4XX` the 4, of `default` all. Sorted.
    pub(crate) classes: Vec<u16>,
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
    /// `oneOf`
    Choice(Choice),
    Enumeration(Vec<String>),
    /// A text for which a hand-written type stands.
    Mapped {
        path: String,
        usage: Box<Usage>,
    },
    Object(Vec<Property>),
}

#[derive(Debug)]
pub(crate) struct Choice {
    /// The property that tells the variants apart.
    pub(crate) discriminator: Option<String>,
    pub(crate) variants: Vec<Variant>,
}

#[derive(Debug)]
pub(crate) struct Variant {
    pub(crate) place: Place,
    /// In `UpperCamelCase`.
    pub(crate) name: String,
    pub(crate) usage: Usage,
    /// Values of the discriminator that mean this variant; the first one is written.
    pub(crate) tags: Vec<String>,
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
    /// Nothing generated prints it.
    pub(crate) secret: bool,
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
            Shape::Choice(_) | Shape::Enumeration(_) | Shape::Mapped { .. } | Shape::Object(_) => {
                Ok(ty)
            }
        }
    }
}

impl Answer {
    pub(crate) fn has_secret_body(&self) -> bool {
        let mut usages = self.content.iter().filter_map(|(_, usage)| usage.as_ref());
        usages.any(|usage| usage.secret)
    }

    /// What it carries: JSON if that is on offer, else the one media type that is.
    pub(crate) fn carries(&self) -> Result<Carried<'_>> {
        let json = self.content.iter().find(|(media, _)| is_json(media));
        match (json, self.content.as_slice()) {
            (_, []) => Ok(Carried::Nothing),
            (Some((_, Some(usage))), _) => Ok(Carried::Json(usage)),
            (None, [(media, Some(usage))]) if is_text(media) && usage.ty == Type::String => {
                Ok(Carried::Text(media))
            }
            (Some((media, None)), _) | (None, [(media, _)]) => Err(self
                .place
                .refusal(format!("`{media}` is not supported or has no schema"))),
            (None, _) => Err(self
                .place
                .refusal("a choice of media types without JSON is not supported")),
        }
    }
}

/// The body of an answer.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Carried<'a> {
    Json(&'a Usage),
    Nothing,
    /// Of this media type.
    Text(&'a str),
}

pub(crate) fn is_json(media: &str) -> bool {
    media == "application/json" || media.starts_with("application/json;")
}

/// Media types that are read and written as they are.
pub(crate) fn is_text(media: &str) -> bool {
    ["application/jose", "application/jwt", "text/plain"].contains(&media)
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
            Shape::Choice(choice) => choice
                .variants
                .iter()
                .filter_map(|variant| variant.usage.ty.mentions())
                .collect(),
            Shape::Enumeration(_) | Shape::Mapped { .. } => Vec::new(),
            Shape::Object(properties) => properties
                .iter()
                .filter_map(|property| property.usage.ty.mentions())
                .collect(),
        }
    }
}
