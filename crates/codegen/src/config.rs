//! `codegen.toml`: which operations of which documents are served, called, or left to hand-written code.
//!
//! Nothing is guessed. Every operation of a document has to be mentioned, so that an operation a new edition adds cannot be
//! overlooked, and every name that is not in the document is refused together with the nearest one that is.

mod check;
mod keys;
mod paths;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use anyhow::{Context, Result};
use serde::{Deserialize, Deserializer};
use toml::Table;

pub(crate) use self::paths::rust_path;
use crate::{names, place::Place};

#[derive(Debug, Deserialize)]
pub(crate) struct Config {
    pub(crate) runtime: Option<Runtime>,
    #[serde(default, rename = "document")]
    pub(crate) documents: Vec<DocumentConfig>,
}

/// The hand-written side that generated code refers to, as Rust paths.
#[derive(Debug, Deserialize)]
pub(crate) struct Runtime {
    pub(crate) signature: String,
    pub(crate) error: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct DocumentConfig {
    /// Relative to the folder of `codegen.toml`.
    pub(crate) file: String,
    pub(crate) module: String,
    /// Enumerations that are read in any letter case and written as documented.
    #[serde(default)]
    pub(crate) case_insensitive: BTreeSet<String>,
    /// Schema → path of the hand-written type that stands for it.
    #[serde(default)]
    pub(crate) types: BTreeMap<String, String>,
    /// One trait, or several of one document.
    #[serde(default, deserialize_with = "one_or_several")]
    pub(crate) serve: Vec<Serve>,
    pub(crate) call: Option<Call>,
    /// Operation id → why it is neither served nor called by generated code.
    #[serde(default)]
    pub(crate) elsewhere: BTreeMap<String, String>,
}

/// A trait for some operations of a document.
#[derive(Debug, Deserialize)]
pub(crate) struct Serve {
    #[serde(rename = "trait")]
    pub(crate) trait_name: String,
    /// Module of the trait: `server`, or with several traits the name of each in `snake_case`.
    #[serde(skip)]
    pub(crate) module: String,
    /// All operations of the trait, and no others of the document, have this tag.
    pub(crate) tag: Option<String>,
    /// What the methods return as `Err`, if not what `runtime.error` names.
    pub(crate) error: Option<String>,
    /// Whether there are routes that delegate to an implementation, or the trait alone.
    #[serde(default = "yes")]
    pub(crate) routes: bool,
    /// Whether there is a twin of the trait that can be a trait object.
    #[serde(default)]
    pub(crate) boxed: bool,
    /// Function from the id of an operation to an error; operations that are not `required` have it as a default body.
    pub(crate) unsupported: Option<String>,
    #[serde(default)]
    pub(crate) required: BTreeSet<String>,
    #[serde(deserialize_with = "list_or_table")]
    pub(crate) operations: BTreeMap<String, Served>,
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Served {
    /// Variant of the enumeration named by `runtime.signature`; an operation with a route needs it.
    pub(crate) signature: Option<String>,
    /// Type of the handler's first argument, which the guard finds out.
    pub(crate) context: Option<String>,
    /// Plaintext type of an answer that is signed and encrypted before it leaves.
    pub(crate) seal: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Call {
    /// The inner type of the client, for which hooks are hand-written.
    pub(crate) context: String,
    #[serde(default)]
    pub(crate) operations: BTreeSet<String>,
    /// Traits of the same document that the client implements; their operations are called without being named again.
    #[serde(default)]
    pub(crate) implements: BTreeSet<String>,
}

/// Reads and checks everything that can be checked without the documents.
pub(crate) fn read(path: &Path, shown: &str) -> Result<Config> {
    let place = Place::file(shown);
    let text = fs::read_to_string(path).with_context(|| place.refusal("cannot be read"))?;
    let table: Table = text
        .parse()
        .with_context(|| place.refusal("is not valid TOML"))?;
    keys::check(&table, &place)?;
    let mut config: Config = table
        .try_into()
        .with_context(|| place.refusal("does not have the expected form"))?;
    paths::check(&config, &place)?;
    for document in &mut config.documents {
        document.complete();
    }
    Ok(config)
}

impl DocumentConfig {
    /// Fills in what follows from the rest.
    fn complete(&mut self) {
        let several = self.serve.len() > 1;
        for serve in &mut self.serve {
            serve.module = if several {
                names::field_name(&serve.trait_name)
            } else {
                "server".to_owned()
            };
        }
        let Some(call) = &mut self.call else { return };
        let implemented = self
            .serve
            .iter()
            .filter(|serve| call.implements.contains(&serve.trait_name));
        let operations = implemented.flat_map(|serve| serve.operations.keys().cloned());
        call.operations.extend(operations);
    }

    /// The trait that an operation belongs to.
    pub(crate) fn serving(&self, id: &str) -> Option<(&Serve, &Served)> {
        self.serve
            .iter()
            .find_map(|serve| Some((serve, serve.operations.get(id)?)))
    }

    pub(crate) fn calls(&self, id: &str) -> bool {
        self.call
            .as_ref()
            .is_some_and(|call| call.operations.contains(id))
    }

    /// The traits that the client implements.
    pub(crate) fn implemented(&self) -> impl Iterator<Item = &Serve> {
        let implements = |serve: &&Serve| {
            self.call
                .as_ref()
                .is_some_and(|call| call.implements.contains(&serve.trait_name))
        };
        self.serve.iter().filter(implements)
    }

    /// Plaintext types that have to be generated although a document may not mention them.
    pub(crate) fn sealed_types(&self) -> BTreeSet<String> {
        let served = self
            .serve
            .iter()
            .flat_map(|serve| serve.operations.values());
        served.filter_map(|served| served.seal.clone()).collect()
    }
}

impl Serve {
    pub(crate) fn has_default(&self, id: &str) -> bool {
        self.unsupported.is_some() && !self.required.contains(id)
    }
}

fn yes() -> bool {
    true
}

/// `[document.serve]` or `[[document.serve]]`.
fn one_or_several<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Serve>, D::Error> {
    let value = toml::Value::deserialize(deserializer)?;
    let tables = match value {
        toml::Value::Array(tables) => tables,
        table => vec![table],
    };
    tables
        .into_iter()
        .map(|table| table.try_into().map_err(serde::de::Error::custom))
        .collect()
}

/// `operations = ["id", …]` where there is nothing to say about each, or a table.
fn list_or_table<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, Served>, D::Error> {
    match toml::Value::deserialize(deserializer)? {
        toml::Value::Array(ids) => ids
            .into_iter()
            .map(|id| Ok((id.try_into()?, Served::default())))
            .collect::<Result<_, toml::de::Error>>(),
        table => table.try_into(),
    }
    .map_err(serde::de::Error::custom)
}
