//! Which values are secret: what a schema calls a password (`format: password`), or something that is sent and never shown
//! (`writeOnly: true`).

use std::collections::BTreeSet;

use anyhow::Result;

use super::{Reader, only_part};
use crate::place::Node;

impl<'a> Reader<'a> {
    /// Whether the schema says so, one that it refers to or is composed of, or the one of what a list or a map holds.
    ///
    /// The properties of an object and the alternatives of a choice are not asked: they have types that hide their own.
    pub(super) fn is_secret(&self, node: &Node<'a>) -> Result<bool> {
        let mut followed = BTreeSet::new();
        let mut open = vec![node.clone()];
        while let Some(node) = open.pop() {
            let is_password = node.text_at("format")?.as_deref() == Some("password");
            if is_password || node.flag_at("writeOnly")? {
                return Ok(true);
            }
            if let Some(reference) = node.field("$ref")
                && followed.insert(reference.text()?)
            {
                open.push(self.follow(&reference)?);
            }
            if let Some(parts) = node.field("allOf") {
                open.extend(parts.items()?);
            }
            open.extend(only_part(&node)?);
            let held = ["items", "additionalProperties"]
                .into_iter()
                .filter_map(|keyword| node.field(keyword));
            open.extend(held.filter(|held| held.value.is_object()));
        }
        Ok(false)
    }
}
