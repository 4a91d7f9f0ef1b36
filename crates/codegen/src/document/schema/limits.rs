//! Reads what a schema demands of a value beyond its type.

use anyhow::Result;

use crate::{
    model::{Bound, Limits, Type},
    place::Node,
};

pub(super) fn read(node: &Node<'_>) -> Result<Limits> {
    Ok(Limits {
        max_length: node.count_at("maxLength")?,
        min_length: node.count_at("minLength")?,
        pattern: pattern(node)?,
        minimum: bound(node, "minimum", "exclusiveMinimum")?,
        maximum: bound(node, "maximum", "exclusiveMaximum")?,
        multiple_of: multiple_of(node)?,
        max_items: node.count_at("maxItems")?,
        min_items: node.count_at("minItems")?,
        unique_items: node.flag_at("uniqueItems")?,
        max_properties: node.count_at("maxProperties")?,
        min_properties: node.count_at("minProperties")?,
    })
}

/// Refuses limits that mean nothing for the type: JSON Schema ignores them, so the author meant something else.
pub(super) fn refuse_misplaced(node: &Node<'_>, ty: &Type) -> Result<()> {
    let groups: [(&[&str], bool); 4] = [
        (
            &["maxLength", "minLength", "pattern"],
            matches!(ty, Type::String),
        ),
        (
            &["maximum", "minimum", "multipleOf"],
            matches!(ty, Type::Int32 | Type::Int64 | Type::Number),
        ),
        (
            &["maxItems", "minItems", "uniqueItems"],
            matches!(ty, Type::List(_)),
        ),
        (
            &["maxProperties", "minProperties"],
            matches!(ty, Type::Map(_)),
        ),
    ];
    for (keywords, sensible) in groups {
        let given = keywords
            .iter()
            .find(|keyword| node.field(keyword).is_some());
        if let (Some(keyword), false) = (given, sensible) {
            return Err(node.refusal(format!("`{keyword}` cannot be checked for this type")));
        }
    }
    Ok(())
}

/// poem-openapi matches with the `regex` crate, which knows no look-around and no back-references.
fn pattern(node: &Node<'_>) -> Result<Option<String>> {
    let Some(pattern) = node.text_at("pattern")? else {
        return Ok(None);
    };
    match regex::Regex::new(&pattern) {
        Ok(_) => Ok(Some(pattern)),
        Err(error) => {
            Err(node.refusal(format!("the pattern `{pattern}` is not supported: {error}")))
        }
    }
}

fn bound(node: &Node<'_>, value: &str, exclusive: &str) -> Result<Option<Bound>> {
    let exclusive = node.flag_at(exclusive)?;
    let value = node.number_at(value)?;
    Ok(value.map(|value| Bound { value, exclusive }))
}

fn multiple_of(node: &Node<'_>) -> Result<Option<f64>> {
    match node.number_at("multipleOf")? {
        Some(value) if value <= 0.0 => Err(node.refusal("`multipleOf` must be greater than 0")),
        value => Ok(value),
    }
}
