//! Which keys there are, as a JSON Schema made from the configuration's structs. It is what unknown keys are told by, how a
//! variable's text is read, and which values are never shown. What a value must be is decided by the structs alone.

#[cfg(test)]
mod documented;

use std::sync::LazyLock;

use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::Value;

use super::Config;

/// The same with descriptions and defaults, for editors and for `izin config schema`.
pub const PUBLISHED: &str = include_str!("../../config/schema.json");

/// What stands between the parts of a key. A name of a free table may contain one.
pub type Path = [String];

static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
    let settings =
        SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    let mut schema = settings
        .into_generator()
        .into_root_schema_for::<Config>()
        .to_value();
    forget_null(&mut schema);
    schema
});

/// A text that is never shown.
pub fn secret_text(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "writeOnly": true })
}

/// A table of anything, none of which is ever shown.
pub fn secret_table(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "object", "additionalProperties": true, "writeOnly": true })
}

/// What the schema says of one key.
#[derive(Debug, Clone, Copy)]
pub struct Node {
    schema: &'static Value,
    secret: bool,
}

impl Node {
    pub fn root() -> Self {
        Self::new(&SCHEMA, false)
    }

    fn new(schema: &'static Value, within_secret: bool) -> Self {
        Self {
            schema,
            secret: within_secret || schema["writeOnly"] == true,
        }
    }

    /// Of the key at `path`, if there is such a key. A number stands for an entry of a list.
    pub fn find(path: &Path) -> Option<Self> {
        path.iter()
            .try_fold(Self::root(), |node, part| node.child(part))
    }

    pub fn child(self, key: &str) -> Option<Self> {
        let named = self.schema["properties"].get(key);
        let any = || match &self.schema["additionalProperties"] {
            Value::Null | Value::Bool(false) => None,
            schema => Some(schema),
        };
        let entry = || self.items().filter(|_| key.parse::<usize>().is_ok());
        named
            .or_else(any)
            .map(|schema| Self::new(schema, self.secret))
            .or_else(entry)
    }

    /// The keys of a table, in the order of the structs.
    pub fn children(self) -> impl Iterator<Item = (&'static str, Self)> {
        let properties = self.schema["properties"].as_object().into_iter().flatten();
        properties.map(move |(key, schema)| (key.as_str(), Self::new(schema, self.secret)))
    }

    /// Of each entry of a list.
    pub fn items(self) -> Option<Self> {
        let items = self.schema.get("items")?;
        Some(Self::new(items, self.secret))
    }

    pub fn is_table(self) -> bool {
        self.schema["type"] == "object"
    }

    /// Whether a variable's text is the value, and not TOML to be read.
    pub fn is_text(self) -> bool {
        self.schema["type"] == "string" || !self.allowed().is_empty()
    }

    /// Whether its value must never be shown.
    pub fn is_secret(self) -> bool {
        self.secret
    }

    /// The only texts that it may be, if only some may.
    pub fn allowed(self) -> Vec<&'static str> {
        let plain = self.schema["enum"].as_array().into_iter().flatten();
        let described = self.schema["oneOf"].as_array().into_iter().flatten();
        let described = described.flat_map(|one| {
            let several = one["enum"].as_array().into_iter().flatten();
            one.get("const").into_iter().chain(several)
        });
        plain.chain(described).filter_map(Value::as_str).collect()
    }

    /// What it must be, in words.
    pub fn expected(self) -> String {
        let allowed = self.allowed();
        if !allowed.is_empty() {
            let quoted: Vec<_> = allowed.iter().map(|one| format!("{one:?}")).collect();
            return format!("one of {}", quoted.join(", "));
        }
        match self.schema["type"].as_str() {
            Some("array") => "a list, such as [\"…\"]".into(),
            Some("boolean") => "true or false".into(),
            Some("integer") if self.schema["minimum"] == 0 => "a whole number from 0 on".into(),
            Some("integer") => "a whole number".into(),
            Some("object") => "a table".into(),
            Some("string") => "a text".into(),
            _ => "as documented".into(),
        }
    }

    /// Something that the structs take, to go on with where a wrong value stands.
    pub fn sample(self) -> figment::value::Value {
        if let Some(first) = self.allowed().first() {
            return figment::value::Value::from(*first);
        }
        match self.schema["type"].as_str() {
            Some("array") => Vec::<String>::new().into(),
            Some("boolean") => false.into(),
            Some("integer") => 1_u8.into(),
            Some("object") => {
                let required = self.schema["required"].as_array().into_iter().flatten();
                let required = required.filter_map(Value::as_str);
                let entries = required.filter_map(|key| Some((key.to_owned(), self.child(key)?)));
                let entries = entries.map(|(key, node)| (key, node.sample()));
                entries.collect::<figment::value::Dict>().into()
            }
            _ => "".into(),
        }
    }
}

/// Every key and table but those of free tables, in the order of the structs.
pub fn known_keys() -> &'static [Vec<String>] {
    static KEYS: LazyLock<Vec<Vec<String>>> = LazyLock::new(|| {
        let mut keys = Vec::new();
        collect_keys(Node::root(), &mut Vec::new(), &mut keys);
        keys
    });
    &KEYS
}

fn collect_keys(table: Node, path: &mut Vec<String>, keys: &mut Vec<Vec<String>>) {
    for (key, node) in table.children() {
        path.push(key.to_owned());
        keys.push(path.clone());
        collect_keys(node, path, keys);
        path.pop();
    }
}

/// `signing.keys[0].private_key`
pub fn shown(path: &Path) -> String {
    let mut shown = String::new();
    let mut node = Some(Node::root());
    for part in path {
        if node.is_some_and(|node| node.items().is_some()) {
            shown = format!("{shown}[{part}]");
        } else if shown.is_empty() {
            shown = quoted(part);
        } else {
            shown = format!("{shown}.{}", quoted(part));
        }
        node = node.and_then(|node| node.child(part));
    }
    shown
}

/// What was [`shown`], for names that need no quotes.
pub fn parsed(key: &str) -> Vec<String> {
    let parts = key.split(['.', '[']);
    parts
        .map(|part| part.trim_end_matches(']').to_owned())
        .collect()
}

/// As TOML has it: a name with other characters than those of identifiers is quoted.
pub fn quoted(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if !name.is_empty() && name.chars().all(plain) {
        name.to_owned()
    } else {
        format!("{name:?}")
    }
}

/// TOML has no null: what may be left out is left out.
fn forget_null(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::Array(types)) = members.get_mut("type") {
                types.retain(|name| name != "null");
                if let [only] = &types[..] {
                    let only = only.clone();
                    members.insert("type".into(), only);
                }
            }
            if let Some(Value::Array(any)) = members.get_mut("anyOf") {
                any.retain(|one| one["type"] != "null");
                if any.len() == 1
                    && let Some(Value::Object(only)) = any.pop()
                {
                    members.remove("anyOf");
                    for (name, value) in only {
                        members.entry(name).or_insert(value);
                    }
                }
            }
            if members.get("default") == Some(&Value::Null) {
                members.remove("default");
            }
            members.values_mut().for_each(forget_null);
        }
        Value::Array(schemas) => schemas.iter_mut().for_each(forget_null),
        _ => {}
    }
}
