//! Which operations we serve and which we call: from `codegen.toml`, else from tags.
//!
//! An operation that only the new edition has stands in no `codegen.toml` yet. It is taken for what the others with its tag
//! are. Where nothing is known, both roles are judged: a needless warning costs less than a missing one.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::compare::operation_tags;
use crate::document::Document;

/// Tags for what the other side calls, in documents without a `codegen.toml`.
const SERVED_TAGS: [&str; 4] = ["callback", "callbacks", "webhook", "webhooks"];

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RolesError {
    #[error("is not a codegen.toml: {0}")]
    Form(String),
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roles {
    operations: BTreeMap<String, Side>,
    tags: BTreeMap<String, Side>,
    /// Operation → component schema of the plaintext that its answer seals.
    sealed: BTreeMap<String, String>,
    /// For whatever neither an operation nor a tag decides.
    otherwise: Side,
    guessed: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Side {
    pub(crate) serves: bool,
    pub(crate) calls: bool,
}

impl Side {
    const SERVED: Self = Self {
        serves: true,
        calls: false,
    };
    const CALLED: Self = Self {
        serves: false,
        calls: true,
    };
    const BOTH: Self = Self {
        serves: true,
        calls: true,
    };

    fn absorb(&mut self, other: Self) {
        self.serves |= other.serves;
        self.calls |= other.calls;
    }
}

impl Roles {
    /// Reads the `[[document]]` of a `codegen.toml` that names most of `old`'s operations; without one, guesses by tags.
    pub fn from_codegen(config: &str, old: &Document, new: &Document) -> Result<Self, RolesError> {
        let config: Config =
            toml::from_str(config).map_err(|error| RolesError::Form(error.to_string()))?;
        let tags = operation_tags(old);
        let known = |document: &DocumentConfig| {
            let ids = document.ids();
            ids.filter(|id| tags.contains_key(*id)).count()
        };
        let best = config.documents.iter().max_by_key(|it| known(it));
        match best {
            Some(document) if known(document) > 0 => Ok(Self::of(document, &tags)),
            _ => Ok(Self::from_tags(old, new)),
        }
    }

    /// Without a `codegen.toml`: operations tagged `webhook` are served and the others of such a document called; if there
    /// is no such tag, every operation is judged both ways.
    pub fn from_tags(old: &Document, new: &Document) -> Self {
        let all: BTreeSet<String> = [old, new]
            .iter()
            .flat_map(|document| operation_tags(document).into_values().flatten())
            .collect();
        let served = |tag: &String| SERVED_TAGS.contains(&tag.to_lowercase().as_str());
        let split = all.iter().any(served);
        let side = |tag| {
            if served(tag) {
                Side::SERVED
            } else {
                Side::CALLED
            }
        };
        Self {
            tags: if split {
                all.iter().map(|tag| (tag.clone(), side(tag))).collect()
            } else {
                BTreeMap::new()
            },
            otherwise: if split { Side::CALLED } else { Side::BOTH },
            guessed: true,
            ..Self::default()
        }
    }

    fn of(document: &DocumentConfig, tags: &BTreeMap<String, Vec<String>>) -> Self {
        let mut roles = Self {
            otherwise: Side::BOTH,
            ..Self::default()
        };
        for (id, served) in document.served() {
            roles.learn(id, Side::SERVED, tags);
            if let Some(plaintext) = &served.seal {
                roles.sealed.insert(id.clone(), plaintext.clone());
            }
        }
        for id in document.called() {
            roles.learn(id, Side::CALLED, tags);
        }
        roles
    }

    fn learn(&mut self, id: &str, side: Side, tags: &BTreeMap<String, Vec<String>>) {
        let entry = self.operations.entry(id.to_owned()).or_default();
        entry.absorb(side);
        for tag in tags.get(id).into_iter().flatten() {
            self.tags.entry(tag.clone()).or_default().absorb(side);
        }
    }

    pub(crate) fn side(&self, id: &str, tags: &[String]) -> Side {
        if let Some(side) = self.operations.get(id) {
            return *side;
        }
        let mut side = Side::default();
        for tag in tags {
            side.absorb(self.tags.get(tag).copied().unwrap_or_default());
        }
        if side == Side::default() {
            self.otherwise
        } else {
            side
        }
    }

    pub(crate) fn sealed(&self, id: &str) -> Option<&str> {
        self.sealed.get(id).map(String::as_str)
    }

    pub(crate) fn note(&self) -> Option<&'static str> {
        const BOTH: &str = "No codegen.toml names these operations: each is judged both as if we served it and as if we \
                            called it.";
        const BY_TAG: &str = "No codegen.toml names these operations: those tagged `webhook` are taken as served by us, \
                              the others as called.";
        self.guessed
            .then_some(if self.tags.is_empty() { BOTH } else { BY_TAG })
    }
}

// What is needed of codegen.toml. Its owner is the generator, which also checks it.

#[derive(Deserialize)]
struct Config {
    #[serde(default, rename = "document")]
    documents: Vec<DocumentConfig>,
}

#[derive(Deserialize)]
struct DocumentConfig {
    serve: Option<Serve>,
    call: Option<Call>,
    #[serde(default)]
    elsewhere: BTreeMap<String, toml::Value>,
}

#[derive(Deserialize)]
struct Serve {
    #[serde(default)]
    operations: BTreeMap<String, Served>,
}

#[derive(Deserialize)]
struct Served {
    seal: Option<String>,
}

#[derive(Deserialize)]
struct Call {
    #[serde(default)]
    operations: Vec<String>,
}

impl DocumentConfig {
    fn served(&self) -> impl Iterator<Item = (&String, &Served)> {
        self.serve.iter().flat_map(|serve| &serve.operations)
    }

    fn called(&self) -> impl Iterator<Item = &String> {
        self.call.iter().flat_map(|call| &call.operations)
    }

    fn ids(&self) -> impl Iterator<Item = &str> {
        let served = self.served().map(|(id, _)| id);
        let ids = served.chain(self.called()).chain(self.elsewhere.keys());
        ids.map(String::as_str)
    }
}
