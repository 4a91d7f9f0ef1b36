//! An `OpenAPI` document as raw JSON, and its references.
//!
//! References are followed inside the document only; one that leads outside, nowhere or in a circle is a [`Dangling`] with
//! words for the report.

use std::collections::BTreeSet;

use serde_json::{Map, Number, Value};
use serde_yaml_ng::Value as Yaml;

/// Largest document in bytes. PayNet's has about 100 KiB.
const MAX_BYTES: usize = 8 * 1024 * 1024;
/// Longest chain of references to references.
const MAX_HOPS: usize = 32;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    #[error("it is larger than 8 MiB")]
    TooLarge,
    #[error("it is neither YAML nor JSON: {0}")]
    Syntax(String),
    #[error("it is not an OpenAPI document: `openapi: 3.…` is missing at its top")]
    NotOpenApi,
    #[error("OpenAPI {0} is not supported; 3.0 and 3.1 are")]
    Version(String),
}

/// One edition of an interface.
#[derive(Debug, Clone)]
pub struct Document {
    root: Value,
    /// 3.1 and later: keywords beside a `$ref` count.
    siblings_count: bool,
}

/// A reference that cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dangling(pub(crate) String);

impl Document {
    /// Reads YAML or JSON.
    pub fn parse(bytes: &[u8]) -> Result<Self, ReadError> {
        if bytes.len() > MAX_BYTES {
            return Err(ReadError::TooLarge);
        }
        let root = if bytes.trim_ascii_start().starts_with(b"{") {
            serde_json::from_slice(bytes).map_err(|error| ReadError::Syntax(error.to_string()))?
        } else {
            yaml(bytes)?
        };
        let version = match root.get("openapi") {
            Some(Value::String(version)) => version.clone(),
            Some(Value::Number(version)) => version.to_string(),
            _ => return Err(ReadError::NotOpenApi),
        };
        let siblings_count = match version.as_str() {
            "3.0" => false,
            "3.1" => true,
            other if other.starts_with("3.0.") => false,
            other if other.starts_with("3.1.") => true,
            other => return Err(ReadError::Version(other.to_owned())),
        };
        Ok(Self {
            root,
            siblings_count,
        })
    }

    pub fn title(&self) -> &str {
        self.info("title")
    }

    /// `info.version`
    pub fn version(&self) -> &str {
        self.info("version")
    }

    fn info(&self, key: &str) -> &str {
        let info = self.root.get("info").and_then(|info| info.get(key));
        info.and_then(Value::as_str).unwrap_or("?")
    }

    pub(crate) fn root(&self) -> &Value {
        &self.root
    }

    pub(crate) fn siblings_count(&self) -> bool {
        self.siblings_count
    }

    /// What stands at a pointer such as `#/components/schemas/Consent`.
    pub(crate) fn at(&self, pointer: &str) -> Result<&Value, Dangling> {
        let Some(path) = pointer.strip_prefix('#') else {
            return Err(Dangling(format!(
                "`{pointer}` leads to another document, which is not read"
            )));
        };
        let path = percent_decoded(path);
        self.root
            .pointer(&path)
            .ok_or_else(|| Dangling(format!("`{pointer}` leads nowhere")))
    }

    /// Follows references until something else stands there; also answers the first pointer on the way.
    pub(crate) fn follow<'a>(
        &'a self,
        start: &'a Value,
    ) -> Result<(&'a Value, Option<&'a str>), Dangling> {
        let mut value = start;
        let mut first = None;
        let mut seen = BTreeSet::new();
        while let Some(pointer) = reference(value) {
            first = first.or(Some(pointer));
            if !seen.insert(pointer) || seen.len() > MAX_HOPS {
                return Err(Dangling(format!("`{pointer}` leads back to itself")));
            }
            value = self.at(pointer)?;
        }
        Ok((value, first))
    }
}

pub(crate) fn reference(value: &Value) -> Option<&str> {
    value.get("$ref")?.as_str()
}

/// The last part of a pointer: the component's name.
pub(crate) fn pointer_name(pointer: &str) -> String {
    let last = pointer.rsplit('/').next().unwrap_or(pointer);
    percent_decoded(last).replace("~1", "/").replace("~0", "~")
}

/// A reference is a URI: `%7B` stands for `{`.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let decoded = (*first == b'%')
            .then(|| after.get(..2))
            .flatten()
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        if let Some(byte) = decoded {
            bytes.push(byte);
            rest = after.get(2..).unwrap_or_default();
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

fn yaml(bytes: &[u8]) -> Result<Value, ReadError> {
    let syntax = |error: serde_yaml_ng::Error| ReadError::Syntax(error.to_string());
    let mut yaml: Yaml = serde_yaml_ng::from_slice(bytes).map_err(syntax)?;
    yaml.apply_merge().map_err(syntax)?;
    json(yaml)
}

/// YAML knows keys that are not text (`200:`), tags and numbers without a value; `OpenAPI` is JSON in another dress.
fn json(yaml: Yaml) -> Result<Value, ReadError> {
    Ok(match yaml {
        Yaml::Null => Value::Null,
        Yaml::Bool(flag) => Value::Bool(flag),
        Yaml::Number(number) => number
            .as_i64()
            .map(Number::from)
            .or_else(|| number.as_u64().map(Number::from))
            .or_else(|| number.as_f64().and_then(Number::from_f64))
            .map_or(Value::Null, Value::Number),
        Yaml::String(text) => Value::String(text),
        Yaml::Sequence(items) => items
            .into_iter()
            .map(json)
            .collect::<Result<Vec<_>, _>>()?
            .into(),
        Yaml::Mapping(members) => {
            let mut object = Map::new();
            for (key, value) in members {
                object.insert(key_text(key)?, json(value)?);
            }
            Value::Object(object)
        }
        Yaml::Tagged(tagged) => json(tagged.value)?,
    })
}

fn key_text(key: Yaml) -> Result<String, ReadError> {
    match key {
        Yaml::String(text) => Ok(text),
        Yaml::Bool(flag) => Ok(flag.to_string()),
        Yaml::Number(number) => Ok(number.to_string()),
        Yaml::Null => Ok("null".to_owned()),
        _ => Err(ReadError::Syntax("a key is not a text".to_owned())),
    }
}
