//! Reads the properties of an object, whether it stands alone or is composed by `allOf`.

use anyhow::{Result, bail};

use super::{Reader, keywords};
use crate::{model::Property, names, place::Node};

/// `allOf` within `allOf`.
const DEEPEST: usize = 16;

impl<'a> Reader<'a> {
    pub(super) fn properties(&mut self, node: &Node<'a>, owner: &str) -> Result<Vec<Property>> {
        let mut properties: Vec<Property> = Vec::new();
        let mut required: Vec<String> = Vec::new();
        self.collect(node, owner, &mut properties, &mut required, 0)?;
        for name in required {
            let property = properties.iter_mut().find(|property| property.name == name);
            let Some(property) = property else {
                let known = properties.iter().map(|property| property.name.as_str());
                return Err(node.place.unknown("required property", &name, known));
            };
            property.required = true;
        }
        refuse_same_field(&properties)?;
        Ok(properties)
    }

    /// Gathers the properties of an object and of everything it is composed of by `allOf`.
    fn collect(
        &mut self,
        node: &Node<'a>,
        owner: &str,
        properties: &mut Vec<Property>,
        required: &mut Vec<String>,
        depth: usize,
    ) -> Result<()> {
        if depth > DEEPEST {
            bail!(node.refusal("`allOf` goes too deep or in a circle"));
        }
        let node = self.resolve(node.clone())?;
        keywords::check(&node)?;
        refuse_typed_extras(&node)?;
        if let Some(parts) = node.field("allOf") {
            for part in parts.items()? {
                self.collect(&part, owner, properties, required, depth + 1)?;
            }
        } else if node.text_at("type")?.is_some_and(|ty| ty != "object") {
            bail!(node.refusal("`allOf` can only compose objects"));
        }
        if let Some(list) = node.field("required") {
            for name in list.items()? {
                required.push(name.text()?.to_owned());
            }
        }
        let Some(members) = node.field("properties") else {
            return Ok(());
        };
        for (name, schema) in members.named_members()? {
            let mut property = self.property(owner, name, &schema)?;
            for earlier in properties.extract_if(.., |earlier| earlier.name == name) {
                property.usage.secret |= earlier.usage.secret;
            }
            properties.push(property);
        }
        Ok(())
    }

    fn property(&mut self, owner: &str, name: &str, schema: &Node<'a>) -> Result<Property> {
        if !names::is_expressible(name) {
            bail!(schema.refusal("the name cannot be made a Rust name"));
        }
        let hint = format!("{owner}{}", names::type_name(name));
        Ok(Property {
            place: schema.place.clone(),
            name: name.to_owned(),
            required: false,
            usage: self.usage(schema, &hint)?,
        })
    }
}

fn refuse_typed_extras(node: &Node<'_>) -> Result<()> {
    match node.field("additionalProperties") {
        Some(extras) if extras.value.is_object() => {
            Err(extras.refusal("a schema for further members beside `properties` is not supported"))
        }
        _ => Ok(()),
    }
}

fn refuse_same_field(properties: &[Property]) -> Result<()> {
    for (index, property) in properties.iter().enumerate() {
        let field = names::field_name(&property.name);
        if let Some(earlier) = properties[..index]
            .iter()
            .find(|earlier| names::field_name(&earlier.name) == field)
        {
            let reason = format!("has the same Rust name as `{}`", earlier.name);
            return Err(property.place.refusal(reason));
        }
    }
    Ok(())
}
