//! Reads schemas. Inline objects and enumerations get a name from where they stand, so that every one has a Rust type.

mod choice;
mod enumeration;
mod keywords;
mod limits;
mod properties;
mod secret;

use anyhow::{Result, bail};

use super::{Inherited, Reader};
use crate::{
    model::{Element, Limits, Schema, Shape, Type, Usage},
    names,
    place::{Node, Place},
};

impl<'a> Reader<'a> {
    /// The type of a schema where it is used; `hint` names it if it has to become a type of its own.
    pub(super) fn usage(&mut self, node: &Node<'a>, hint: &str) -> Result<Usage> {
        keywords::check(node)?;
        let mut usage = if node.field("$ref").is_some() {
            self.referenced(node)?
        } else if let Some(wrapped) = only_part(node)? {
            self.usage(&wrapped, hint)?
        } else {
            self.inline(node, hint)?
        };
        // What stands beside a reference holds for this use only.
        usage.nullable |= node.flag_at("nullable")?;
        if let Some(default) = node.field("default") {
            usage.default = Some(default.value.clone());
        }
        usage.description = node.text_at("description")?;
        usage.secret = self.is_secret(node)?;
        Ok(usage)
    }

    /// The Rust type name of a component given by its name in a vendor extension.
    pub(super) fn component_at(&mut self, name: &Node<'a>) -> Result<String> {
        self.component_type(name.text()?, &name.place)
    }

    /// Reads the component whose Rust type name is `name`, unless that happened already.
    pub(super) fn component_type(&mut self, name: &str, wanted_by: &Place) -> Result<String> {
        let Some(published) = self.components.get(name).copied() else {
            let known = self.components.keys().map(String::as_str);
            return Err(wanted_by.unknown("schema", name, known));
        };
        if self.schemas.contains_key(name) || self.open.iter().any(|open| open == name) {
            return Ok(name.to_owned());
        }
        let value = &self.raw["components"]["schemas"][published];
        let place = self.place.within(format!("components/schemas/{published}"));
        self.define(&Node::new(value, place), name)?;
        Ok(name.to_owned())
    }

    fn referenced(&mut self, node: &Node<'a>) -> Result<Usage> {
        let reference = node.required("$ref")?;
        let Some(published) = reference.text()?.strip_prefix("#/components/schemas/") else {
            bail!(
                reference.refusal("only references to `#/components/schemas/…` are followed here")
            );
        };
        let name = names::type_name(published);
        if self.components.get(&name) != Some(&published) {
            let known = self.components.values().copied();
            return Err(reference.place.unknown("schema", published, known));
        }
        let name = self.component_type(&name, &reference.place)?;
        let mut usage = plain(Type::Named(name.clone()));
        match self.schemas.get(&name) {
            Some(schema) => {
                if let Shape::Alias(inner) | Shape::Mapped { usage: inner, .. } = &schema.shape {
                    usage.limits = inner.limits.clone();
                }
                if let Some(inherited) = self.inherited.get(&name) {
                    usage.nullable = inherited.nullable;
                    usage.default.clone_from(&inherited.default);
                }
            }
            None if self.has_own_type(published) => {}
            None => bail!(reference.refusal("the references go in a circle")),
        }
        Ok(usage)
    }

    /// Whether a component that is still being read will become a struct or an enum.
    fn has_own_type(&self, published: &str) -> bool {
        let schema = &self.raw["components"]["schemas"][published];
        ["properties", "allOf", "oneOf"]
            .iter()
            .any(|keyword| schema.get(keyword).is_some())
    }

    /// Reads `node` into a schema of the given Rust name.
    fn define(&mut self, node: &Node<'a>, name: &str) -> Result<()> {
        keywords::check(node)?;
        self.open.push(name.to_owned());
        let mut shape = self.shape(node, name)?;
        self.open.pop();
        self.inherited
            .insert(name.to_owned(), inherited(node, &mut shape)?);
        if let Some(path) = self.config.types.get(name) {
            shape = mapped(node, path, shape)?;
        }
        let schema = Schema {
            place: node.place.clone(),
            description: node.text_at("description")?,
            shape,
        };
        self.schemas.insert(name.to_owned(), schema);
        Ok(())
    }

    fn shape(&mut self, node: &Node<'a>, name: &str) -> Result<Shape> {
        if node.field("enum").is_some() {
            return enumeration::read(node);
        }
        if only_part(node)?.is_some() || node.field("$ref").is_some() {
            return Ok(Shape::Alias(Box::new(self.usage(node, name)?)));
        }
        if choice::is_one(node)? {
            return Ok(Shape::Choice(self.choice(node, name)?));
        }
        if is_struct(node)? || is_empty_object(node)? {
            return Ok(Shape::Object(self.properties(node, name)?));
        }
        Ok(Shape::Alias(Box::new(self.simple(node, name)?)))
    }

    fn inline(&mut self, node: &Node<'a>, hint: &str) -> Result<Usage> {
        if node.field("enum").is_none() && !is_struct(node)? && !choice::is_one(node)? {
            return self.simple(node, hint);
        }
        let name = self.free_name(hint);
        self.define(node, &name)?;
        Ok(plain(Type::Named(name)))
    }

    fn free_name(&self, hint: &str) -> String {
        let taken = |name: &str| {
            self.components.contains_key(name)
                || self.schemas.contains_key(name)
                || self.open.iter().any(|open| open == name)
        };
        let mut name = hint.to_owned();
        let mut number = 2;
        while taken(&name) {
            name = format!("{hint}{number}");
            number += 1;
        }
        name
    }

    /// Everything that needs no Rust type of its own.
    fn simple(&mut self, node: &Node<'a>, hint: &str) -> Result<Usage> {
        let mut usage = plain(Type::Any);
        usage.limits = limits::read(node)?;
        let Some(ty) = node.text_at("type")? else {
            limits::refuse_misplaced(node, &Type::Any)?;
            return Ok(usage);
        };
        let format = node.text_at("format")?;
        usage.ty = match (ty.as_str(), format.as_deref()) {
            ("array", _) => {
                Type::List(self.element(&node.required("items")?, hint, &mut usage.limits)?)
            }
            ("boolean", _) => Type::Boolean,
            ("integer", Some("int32")) => Type::Int32,
            ("integer", _) => Type::Int64,
            ("number", _) => Type::Number,
            ("object", _) => self.map(node, hint, &mut usage.limits)?,
            ("string", Some("binary")) => bail!(node.refusal("`format: binary` is not supported")),
            ("string", Some("date")) => Type::Date,
            ("string", Some("date-time")) => Type::DateTime,
            ("string", Some("uuid")) => Type::Uuid,
            ("string", _) => Type::String,
            (other, _) => bail!(node.refusal(format!("`type: {other}` is not supported"))),
        };
        match usage.ty {
            // The format is stricter than any length or pattern.
            Type::Date | Type::DateTime | Type::Uuid => usage.limits = Limits::default(),
            _ => limits::refuse_misplaced(node, &usage.ty)?,
        }
        Ok(usage)
    }

    fn map(&mut self, node: &Node<'a>, hint: &str, limits: &mut Limits) -> Result<Type> {
        match node.field("additionalProperties") {
            Some(schema) if schema.value.is_object() => {
                Ok(Type::Map(self.element(&schema, hint, limits)?))
            }
            _ => Ok(Type::Any),
        }
    }

    /// poem-openapi applies an element's limits through the container that holds it, so they move there.
    fn element(
        &mut self,
        node: &Node<'a>,
        hint: &str,
        limits: &mut Limits,
    ) -> Result<Box<Element>> {
        let usage = self.usage(node, &format!("{hint}Item"))?;
        limits.adopt(usage.limits).map_err(|limit| {
            node.refusal(format!(
                "`{limit}` of a container inside a container is not supported"
            ))
        })?;
        Ok(Box::new(Element {
            ty: usage.ty,
            nullable: usage.nullable,
        }))
    }
}

fn plain(ty: Type) -> Usage {
    Usage {
        ty,
        limits: Limits::default(),
        nullable: false,
        default: None,
        description: None,
        secret: false,
    }
}

/// What a schema says about every use of it, moved there: a Rust alias has no place for it.
fn inherited(node: &Node<'_>, shape: &mut Shape) -> Result<Inherited> {
    let mut inherited = Inherited {
        nullable: node.flag_at("nullable")?,
        default: node.field("default").map(|node| node.value.clone()),
    };
    if let Shape::Alias(usage) = shape {
        inherited.nullable |= std::mem::take(&mut usage.nullable);
        inherited.default = inherited.default.or(usage.default.take());
    }
    Ok(inherited)
}

/// `allOf` with one part is the customary way to say something beside a reference; so are the others.
fn only_part<'a>(node: &Node<'a>) -> Result<Option<Node<'a>>> {
    let mut parts = Vec::new();
    for keyword in ["allOf", "anyOf", "oneOf"] {
        if let Some(list) = node.field(keyword) {
            parts.extend(list.items()?);
        }
    }
    if parts.len() == 1
        && node.field("properties").is_none()
        && node.field("discriminator").is_none()
    {
        return Ok(parts.pop());
    }
    Ok(None)
}

/// A hand-written type in place of a text.
fn mapped(node: &Node<'_>, path: &str, shape: Shape) -> Result<Shape> {
    match shape {
        Shape::Alias(usage) if usage.ty == Type::String => Ok(Shape::Mapped {
            path: path.to_owned(),
            usage,
        }),
        _ => Err(node.refusal(format!(
            "only a text without a format of its own can be `{path}`"
        ))),
    }
}

fn is_struct(node: &Node<'_>) -> Result<bool> {
    if node.field("allOf").is_some() {
        return Ok(true);
    }
    match node.field("properties") {
        None => Ok(false),
        Some(properties) => Ok(!properties.named_members()?.is_empty()),
    }
}

/// A named object that is described to have nothing in it; further members are tolerated as everywhere.
fn is_empty_object(node: &Node<'_>) -> Result<bool> {
    let object = node.text_at("type")?.as_deref() == Some("object");
    let extras = node
        .field("additionalProperties")
        .is_some_and(|extras| extras.value.as_bool() != Some(false));
    Ok(object && !extras && node.field("minProperties").is_none())
}
