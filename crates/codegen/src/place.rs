//! Where in a document something stands, and the refusals that say so.
//!
//! Every refusal of the generator reads `file: place: place: reason`, so that whoever changed the document finds the line
//! without knowing the generator. [`Node`] walks the raw JSON and carries its place along.

use std::{fmt, rc::Rc};

use anyhow::{Error, Result, anyhow};
use serde_json::Value;

use crate::names;

#[derive(Clone)]
pub(crate) struct Place(Rc<Step>);

struct Step {
    name: String,
    parent: Option<Place>,
}

/// A value of the document and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Node<'a> {
    pub(crate) value: &'a Value,
    pub(crate) place: Place,
}

impl Place {
    pub(crate) fn file(name: impl Into<String>) -> Self {
        Self(Rc::new(Step {
            name: name.into(),
            parent: None,
        }))
    }

    pub(crate) fn within(&self, step: impl Into<String>) -> Self {
        Self(Rc::new(Step {
            name: step.into(),
            parent: Some(self.clone()),
        }))
    }

    /// The last step alone.
    pub(crate) fn name(&self) -> &str {
        &self.0.name
    }

    pub(crate) fn refusal(&self, reason: impl fmt::Display) -> Error {
        anyhow!("{self}: {reason}")
    }

    /// Refuses a name that is not among `known` and proposes the nearest one that is.
    pub(crate) fn unknown<'a>(
        &self,
        kind: &str,
        name: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) -> Error {
        match names::nearest(name, known) {
            Some(nearest) => self.refusal(format!(
                "unknown {kind} `{name}`; did you mean `{nearest}`?"
            )),
            None => self.refusal(format!("unknown {kind} `{name}`")),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = &self.0.parent {
            write!(f, "{parent}: ")?;
        }
        f.write_str(&self.0.name)
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Place({self})")
    }
}

impl<'a> Node<'a> {
    pub(crate) fn new(value: &'a Value, place: Place) -> Self {
        Self { value, place }
    }

    pub(crate) fn refusal(&self, reason: impl fmt::Display) -> Error {
        self.place.refusal(reason)
    }

    /// The same value under a more readable place.
    pub(crate) fn named(self, place: Place) -> Self {
        Self { place, ..self }
    }

    pub(crate) fn field(&self, key: &str) -> Option<Node<'a>> {
        let value = self.value.get(key)?;
        Some(Node::new(value, self.place.within(key)))
    }

    pub(crate) fn required(&self, key: &str) -> Result<Node<'a>> {
        self.field(key)
            .ok_or_else(|| self.refusal(format!("`{key}` is missing")))
    }

    /// The members of an object, without the `x-…` ones.
    pub(crate) fn members(&self) -> Result<Vec<(&'a str, Node<'a>)>> {
        let object = self
            .value
            .as_object()
            .ok_or_else(|| self.refusal("an object is expected"))?;
        Ok(object
            .iter()
            .filter(|(key, _)| !key.starts_with("x-"))
            .map(|(key, value)| (key.as_str(), Node::new(value, self.place.within(key))))
            .collect())
    }

    /// The members of an object whose names are the author's own (headers, properties): `x-…` names are ordinary there.
    pub(crate) fn named_members(&self) -> Result<Vec<(&'a str, Node<'a>)>> {
        let object = self
            .value
            .as_object()
            .ok_or_else(|| self.refusal("an object is expected"))?;
        Ok(object
            .iter()
            .map(|(key, value)| (key.as_str(), Node::new(value, self.place.within(key))))
            .collect())
    }

    pub(crate) fn items(&self) -> Result<Vec<Node<'a>>> {
        let items = self
            .value
            .as_array()
            .ok_or_else(|| self.refusal("a list is expected"))?;
        Ok(items
            .iter()
            .enumerate()
            .map(|(index, value)| Node::new(value, self.place.within(format!("[{index}]"))))
            .collect())
    }

    pub(crate) fn text(&self) -> Result<&'a str> {
        self.value
            .as_str()
            .ok_or_else(|| self.refusal("a text is expected"))
    }

    pub(crate) fn text_at(&self, key: &str) -> Result<Option<String>> {
        self.field(key)
            .map(|node| node.text().map(str::to_owned))
            .transpose()
    }

    pub(crate) fn flag_at(&self, key: &str) -> Result<bool> {
        match self.field(key) {
            None => Ok(false),
            Some(node) => node
                .value
                .as_bool()
                .ok_or_else(|| node.refusal("true or false is expected")),
        }
    }

    pub(crate) fn count_at(&self, key: &str) -> Result<Option<u64>> {
        self.field(key)
            .map(|node| {
                node.value
                    .as_u64()
                    .ok_or_else(|| node.refusal("a whole number from 0 is expected"))
            })
            .transpose()
    }

    pub(crate) fn number_at(&self, key: &str) -> Result<Option<f64>> {
        self.field(key)
            .map(|node| {
                node.value
                    .as_f64()
                    .ok_or_else(|| node.refusal("a number is expected"))
            })
            .transpose()
    }

    /// Refuses members that the reader would otherwise silently ignore.
    pub(crate) fn only(&self, known: &[&str]) -> Result<()> {
        match self.members()?.iter().find(|(key, _)| !known.contains(key)) {
            None => Ok(()),
            Some((key, _)) => Err(self.refusal(format!("`{key}` is not supported"))),
        }
    }
}
