//! The OpenAPI documents in `openapi/`, compiled in as they are.

use serde_json::Value;

use super::OpsError;
use super::docs::swagger;
use crate::generated::runtime::Operation;
use crate::generated::{core_bank, ofp_dp, sign_in};

/// A document, byte for byte, and what we serve of it.
pub struct Document {
    /// Of the file, without its extension.
    pub name: &'static str,
    pub yaml: &'static str,
    pub json: &'static str,
    /// The operations that others call at our place; we call the rest at theirs.
    pub served: &'static [Operation],
}

static DOCUMENTS: &[Document] = &[
    Document {
        name: "core-bank-1",
        yaml: include_str!("../../openapi/core-bank-1.yaml"),
        json: core_bank::DOCUMENT,
        served: &[],
    },
    Document {
        name: "ofp-dp-1.2.2",
        yaml: include_str!("../../openapi/ofp-dp-1.2.2.yaml"),
        json: ofp_dp::DOCUMENT,
        served: ofp_dp::server::OPERATIONS,
    },
    Document {
        name: "sign-in-1",
        yaml: include_str!("../../openapi/sign-in-1.yaml"),
        json: sign_in::DOCUMENT,
        served: &[],
    },
];

/// A document with what was made of it at start.
pub struct Shelved {
    pub document: &'static Document,
    pub content: Value,
    /// Swagger UI with this document in it.
    pub page: String,
}

impl Shelved {
    /// Of `info`.
    pub fn info(&self, member: &str) -> &str {
        self.content["info"][member].as_str().unwrap_or_default()
    }
}

/// All documents.
pub struct Library(Vec<Shelved>);

impl Library {
    pub fn load(try_it: bool) -> Result<Self, OpsError> {
        let shelve = |document: &'static Document| {
            Ok(Shelved {
                document,
                content: serde_json::from_str(document.json)?,
                page: swagger::page(document, try_it)?,
            })
        };
        DOCUMENTS
            .iter()
            .map(shelve)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    pub fn find(&self, name: &str) -> Option<&Shelved> {
        self.0.iter().find(|shelved| shelved.document.name == name)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Shelved> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn every_document_is_here() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi");
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path
                .extension()
                .is_some_and(|extension| extension == "yaml")
            {
                let name = path.file_stem().unwrap().to_str().unwrap();
                let known = DOCUMENTS.iter().find(|document| document.name == name);
                let document = known.unwrap_or_else(|| panic!("{name} is not served"));
                assert_eq!(document.yaml, std::fs::read_to_string(&path).unwrap());
            }
        }
    }
}
