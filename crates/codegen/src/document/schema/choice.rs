//! Reads `oneOf`, with and without a discriminator.

use std::collections::BTreeMap;

use anyhow::{Result, bail};

use super::Reader;
use crate::{
    model::{Choice, Shape, Type, Usage, Variant},
    names,
    place::Node,
};

/// What may stand beside `oneOf`.
const BESIDE: [&str; 12] = [
    "default",
    "deprecated",
    "description",
    "discriminator",
    "example",
    "examples",
    "externalDocs",
    "nullable",
    "oneOf",
    "title",
    "type",
    "writeOnly",
];

/// Whether the schema is a choice. `anyOf` is none: a value that fits several parts would need all of them.
pub(super) fn is_one(node: &Node<'_>) -> Result<bool> {
    if node.field("anyOf").is_some() {
        bail!(node.refusal("`anyOf` with several parts is not supported"));
    }
    if node.field("oneOf").is_none() {
        if node.field("discriminator").is_some() && node.field("allOf").is_some() {
            bail!(node.refusal("a discriminator is supported beside `oneOf` only"));
        }
        return Ok(false);
    }
    node.only(&BESIDE)?;
    Ok(true)
}

impl<'a> Reader<'a> {
    pub(super) fn choice(&mut self, node: &Node<'a>, owner: &str) -> Result<Choice> {
        let discriminator = match node.field("discriminator") {
            None => None,
            Some(discriminator) => {
                discriminator.only(&["propertyName", "mapping"])?;
                Some(discriminator.required("propertyName")?.text()?.to_owned())
            }
        };
        let mut mapping = mapping(node)?;
        let mut variants: Vec<Variant> = Vec::new();
        for (index, part) in node.required("oneOf")?.items()?.into_iter().enumerate() {
            let tags = match published_name(&part) {
                Some(published) => mapping
                    .remove(published)
                    .unwrap_or_else(|| vec![published.to_owned()]),
                None => Vec::new(),
            };
            let variant = self.variant(&part, owner, index, tags)?;
            if discriminator.is_some() {
                self.refuse_untaggable(&variant)?;
            }
            if variants.iter().any(|earlier| earlier.name == variant.name) {
                bail!(part.refusal(format!(
                    "a second alternative is called `{}`: give them titles, or names under components/schemas",
                    variant.name
                )));
            }
            variants.push(variant);
        }
        if let Some(published) = mapping.into_keys().next() {
            bail!(node.refusal(format!(
                "the mapping names `{published}`, which is no alternative"
            )));
        }
        if variants.is_empty() {
            bail!(node.refusal("`oneOf` has no parts"));
        }
        Ok(Choice {
            discriminator,
            variants,
        })
    }

    fn variant(
        &mut self,
        part: &Node<'a>,
        owner: &str,
        index: usize,
        tags: Vec<String>,
    ) -> Result<Variant> {
        let title = part.text_at("title")?;
        let hint = match &title {
            Some(title) if names::is_expressible(title) => names::type_name(title),
            _ => format!("Option{}", index + 1),
        };
        let usage = self.usage(part, &format!("{owner}{hint}"))?;
        if usage.nullable {
            bail!(part.refusal("say `nullable` beside `oneOf`, not in a part of it"));
        }
        let name = match published_name(part) {
            Some(published) => names::type_name(published),
            None if title.is_some() => hint,
            None => kind_of(&usage).map_or(hint, str::to_owned),
        };
        Ok(Variant {
            place: part.place.clone(),
            name,
            usage,
            tags,
        })
    }

    fn refuse_untaggable(&self, variant: &Variant) -> Result<()> {
        let is_object = match &variant.usage.ty {
            // A schema that is still being read is one with a type of its own.
            Type::Named(name) => self
                .schemas
                .get(name)
                .is_none_or(|schema| matches!(schema.shape, Shape::Object(_))),
            _ => false,
        };
        if is_object && !variant.tags.is_empty() {
            return Ok(());
        }
        Err(variant.place.refusal(
            "beside a discriminator only references to objects under components/schemas are supported",
        ))
    }
}

/// Published schema name → values of the discriminator.
fn mapping(node: &Node<'_>) -> Result<BTreeMap<String, Vec<String>>> {
    let mut mapping: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let Some(list) = node
        .field("discriminator")
        .and_then(|it| it.field("mapping"))
    else {
        return Ok(mapping);
    };
    for (value, target) in list.named_members()? {
        let target = target.text()?;
        let published = target
            .strip_prefix("#/components/schemas/")
            .unwrap_or(target);
        mapping
            .entry(published.to_owned())
            .or_default()
            .push(value.to_owned());
    }
    Ok(mapping)
}

fn published_name<'a>(part: &Node<'a>) -> Option<&'a str> {
    part.value
        .get("$ref")?
        .as_str()?
        .strip_prefix("#/components/schemas/")
}

/// A name for an alternative that has none.
fn kind_of(usage: &Usage) -> Option<&'static str> {
    match usage.ty {
        Type::Any | Type::Named(_) => None,
        Type::Boolean => Some("Boolean"),
        Type::Date => Some("Date"),
        Type::DateTime => Some("DateTime"),
        Type::Int32 | Type::Int64 => Some("Integer"),
        Type::List(_) => Some("List"),
        Type::Map(_) => Some("Map"),
        Type::Number => Some("Number"),
        Type::String => Some("Text"),
        Type::Uuid => Some("Uuid"),
    }
}
