//! Reads `enum`.

use anyhow::{Result, bail};

use crate::{model::Shape, names, place::Node};

pub(super) fn read(node: &Node<'_>) -> Result<Shape> {
    if node.text_at("type")?.is_some_and(|ty| ty != "string") {
        bail!(node.refusal("only enumerations of texts are supported"));
    }
    let nullable = node.flag_at("nullable")?;
    let mut values: Vec<String> = Vec::new();
    for value in node.required("enum")?.items()? {
        if nullable && value.value.is_null() {
            continue;
        }
        let text = value.text()?;
        if values
            .iter()
            .any(|earlier| names::type_name(earlier) == names::type_name(text))
        {
            bail!(value.refusal(format!(
                "`{text}` has the same Rust name as an earlier value"
            )));
        }
        if !names::is_expressible(text) {
            bail!(value.refusal(format!("`{text}` cannot be made a Rust name")));
        }
        values.push(text.to_owned());
    }
    if values.is_empty() {
        bail!(node.refusal("the enumeration has no values"));
    }
    Ok(Shape::Enumeration(values))
}
