//! Which schema keywords the generator knows. Any other would be silently ignored, so it is refused.

use anyhow::{Result, bail};

use crate::place::Node;

/// Keywords with an effect on the generated code.
const ENFORCED: [&str; 28] = [
    "$ref",
    "additionalProperties",
    "allOf",
    "anyOf",
    "default",
    "description",
    "discriminator",
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "items",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "nullable",
    "oneOf",
    "pattern",
    "properties",
    "required",
    "type",
    "writeOnly",
];

/// Keywords that only inform readers, and `uniqueItems`.
const TOLERATED: [&str; 8] = [
    "deprecated",
    "example",
    "examples",
    "externalDocs",
    "readOnly",
    "title",
    "uniqueItems",
    "xml",
];

pub(super) fn check(node: &Node<'_>) -> Result<()> {
    for (keyword, _) in node.members()? {
        if !ENFORCED.contains(&keyword) && !TOLERATED.contains(&keyword) {
            bail!(node.refusal(format!("the schema keyword `{keyword}` is not supported")));
        }
    }
    Ok(())
}
