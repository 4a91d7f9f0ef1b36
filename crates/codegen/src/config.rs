//! `codegen.toml`: which operations of which documents are served, called, or left to hand-written code.
//!
//! Nothing is guessed. Every operation of a document has to be mentioned, so that an operation a new edition adds cannot be
//! overlooked, and every name that is not in the document is refused together with the nearest one that is.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use toml::Table;

use crate::{
    model::{Document, Shape},
    names,
    place::Place,
};

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
    pub(crate) serve: Option<Serve>,
    pub(crate) call: Option<Call>,
    /// Operation id → why it is neither served nor called by generated code.
    #[serde(default)]
    pub(crate) elsewhere: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Serve {
    #[serde(rename = "trait")]
    pub(crate) trait_name: String,
    pub(crate) operations: BTreeMap<String, Served>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Served {
    /// Variant of the enumeration named by `runtime.signature`.
    pub(crate) signature: String,
    /// Type of the handler's first argument.
    pub(crate) context: String,
    /// Plaintext type of an answer that is signed and encrypted before it leaves.
    pub(crate) seal: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Call {
    /// The inner type of the client, for which hooks are hand-written.
    pub(crate) context: String,
    pub(crate) operations: BTreeSet<String>,
}

/// Reads and checks everything that can be checked without the documents.
pub(crate) fn read(path: &Path, shown: &str) -> Result<Config> {
    let place = Place::file(shown);
    let text = fs::read_to_string(path).with_context(|| place.refusal("cannot be read"))?;
    let table: Table = text
        .parse()
        .with_context(|| place.refusal("is not valid TOML"))?;
    check_keys(&table, &place)?;
    let config: Config = table
        .try_into()
        .with_context(|| place.refusal("does not have the expected form"))?;
    check_rust_names(&config, &place)?;
    Ok(config)
}

fn check_keys(table: &Table, place: &Place) -> Result<()> {
    known_keys(table, &["runtime", "document"], place)?;
    if let Some(runtime) = table.get("runtime").and_then(toml::Value::as_table) {
        known_keys(runtime, &["signature", "error"], &place.within("[runtime]"))?;
    }
    let documents = table.get("document").and_then(toml::Value::as_array);
    for document in documents
        .into_iter()
        .flatten()
        .filter_map(toml::Value::as_table)
    {
        check_document_keys(document, &place.within("[[document]]"))?;
    }
    Ok(())
}

fn check_document_keys(document: &Table, place: &Place) -> Result<()> {
    let keys = [
        "file",
        "module",
        "case_insensitive",
        "serve",
        "call",
        "elsewhere",
    ];
    known_keys(document, &keys, place)?;
    if let Some(call) = document.get("call").and_then(toml::Value::as_table) {
        let place = place.within("[document.call]");
        known_keys(call, &["context", "operations"], &place)?;
    }
    let Some(serve) = document.get("serve").and_then(toml::Value::as_table) else {
        return Ok(());
    };
    known_keys(
        serve,
        &["trait", "operations"],
        &place.within("[document.serve]"),
    )?;
    let operations = serve.get("operations").and_then(toml::Value::as_table);
    for (id, served) in operations.into_iter().flatten() {
        if let Some(served) = served.as_table() {
            let place = place.within(format!("[document.serve.operations] {id}"));
            known_keys(served, &["signature", "context", "seal"], &place)?;
        }
    }
    Ok(())
}

fn known_keys(table: &Table, known: &[&str], place: &Place) -> Result<()> {
    match table.keys().find(|key| !known.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => Err(place.unknown("key", key, known.iter().copied())),
    }
}

fn check_rust_names(config: &Config, place: &Place) -> Result<()> {
    if let Some(runtime) = &config.runtime {
        rust_path(&runtime.signature, &place.within("[runtime] signature"))?;
        rust_path(&runtime.error, &place.within("[runtime] error"))?;
    }
    let mut modules = BTreeSet::from(["runtime"]);
    for document in &config.documents {
        let module_place = place.within(format!("module `{}`", document.module));
        if names::field_ident(&document.module) != document.module {
            bail!(module_place.refusal("is not a Rust module name"));
        }
        if !modules.insert(&document.module) {
            bail!(module_place.refusal("is used twice, or is `runtime`, which is always there"));
        }
        if let Some(call) = &document.call {
            rust_path(
                &call.context,
                &module_place.within("[document.call] context"),
            )?;
        }
        if let Some(serve) = &document.serve {
            check_serve(serve, &module_place)?;
            if config.runtime.is_none() {
                bail!(place.refusal("[runtime] is missing, and served operations need it"));
            }
        }
    }
    Ok(())
}

fn check_serve(serve: &Serve, place: &Place) -> Result<()> {
    let name_place = place.within(format!("trait `{}`", serve.trait_name));
    if !names::is_expressible(&serve.trait_name)
        || names::type_name(&serve.trait_name) != serve.trait_name
    {
        bail!(name_place.refusal("is not a Rust type name in UpperCamelCase"));
    }
    for (id, served) in &serve.operations {
        let place = place.within(id.as_str());
        rust_path(&served.context, &place.within("context"))?;
        if syn::parse_str::<syn::Ident>(&served.signature).is_err() {
            bail!(place.refusal(format!(
                "signature: `{}` is not the name of a variant",
                served.signature
            )));
        }
    }
    Ok(())
}

/// Parses a path such as `crate::http::ApiError`.
pub(crate) fn rust_path(text: &str, place: &Place) -> Result<syn::Path> {
    syn::parse_str(text).map_err(|_| place.refusal(format!("`{text}` is not a Rust path")))
}

impl DocumentConfig {
    pub(crate) fn serves(&self, id: &str) -> bool {
        self.serve
            .as_ref()
            .is_some_and(|serve| serve.operations.contains_key(id))
    }

    pub(crate) fn calls(&self, id: &str) -> bool {
        self.call
            .as_ref()
            .is_some_and(|call| call.operations.contains(id))
    }

    /// Plaintext types that have to be generated although a document may not mention them.
    pub(crate) fn sealed_types(&self) -> BTreeSet<String> {
        let served = self
            .serve
            .iter()
            .flat_map(|serve| serve.operations.values());
        served.filter_map(|served| served.seal.clone()).collect()
    }

    /// Checks the names of this configuration against the document, both ways.
    pub(crate) fn check(&self, document: &Document, place: &Place) -> Result<()> {
        self.check_known(document, place)?;
        for operation in &document.operations {
            let id = &operation.id;
            let generated = self.serves(id) || self.calls(id);
            let elsewhere = self.elsewhere.contains_key(id);
            if !generated && !elsewhere {
                bail!(operation.place.refusal(format!(
                    "is neither served nor called, and {place} does not say under [document.elsewhere] why"
                )));
            }
            if generated && elsewhere {
                bail!(place.refusal(format!(
                    "[document.elsewhere] names `{id}`, which is also served or called"
                )));
            }
        }
        self.check_enumerations(document, place)
    }

    fn check_known(&self, document: &Document, place: &Place) -> Result<()> {
        let served = self.serve.iter().flat_map(|serve| serve.operations.keys());
        let called = self.call.iter().flat_map(|call| &call.operations);
        let groups: [(&str, Vec<&String>); 3] = [
            ("[document.serve.operations]", served.collect()),
            ("[document.call] operations", called.collect()),
            ("[document.elsewhere]", self.elsewhere.keys().collect()),
        ];
        for (group, ids) in groups {
            for id in ids {
                let mut known = document
                    .operations
                    .iter()
                    .map(|operation| operation.id.as_str());
                if !known.any(|known| known == id) {
                    let known = document
                        .operations
                        .iter()
                        .map(|operation| operation.id.as_str());
                    return Err(place.within(group).unknown("operation", id, known));
                }
            }
        }
        Ok(())
    }

    fn check_enumerations(&self, document: &Document, place: &Place) -> Result<()> {
        for name in &self.case_insensitive {
            let place = place.within("case_insensitive");
            let Some(Shape::Enumeration(values)) =
                document.schemas.get(name).map(|schema| &schema.shape)
            else {
                let enumerations = document.schemas.iter().filter_map(|(name, schema)| {
                    matches!(schema.shape, Shape::Enumeration(_)).then_some(name.as_str())
                });
                return Err(place.unknown("enumeration", name, enumerations));
            };
            let folded: BTreeSet<String> = values
                .iter()
                .map(|value| value.to_ascii_lowercase())
                .collect();
            if folded.len() != values.len() {
                bail!(place.refusal(format!("values of `{name}` differ in letter case only")));
            }
        }
        Ok(())
    }
}
