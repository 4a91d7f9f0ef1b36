//! Small documents about a library, and a folder in which a test may change them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

const DOCUMENT: &str = include_str!("../library/library-1.yaml");
const CONFIG: &str = include_str!("../library/codegen.toml");
const BRANCH_DOCUMENT: &str = include_str!("../branch/branch-1.yaml");
const BRANCH_CONFIG: &str = include_str!("../branch/codegen.toml");

pub(crate) struct Library {
    folder: TempDir,
}

impl Library {
    pub(crate) fn new() -> Self {
        Self::with_files("library-1.yaml", DOCUMENT, CONFIG)
    }

    /// The other document: version 3.1, several traits, a client that implements one.
    pub(crate) fn branch() -> Self {
        Self::with_files("branch-1.yaml", BRANCH_DOCUMENT, BRANCH_CONFIG)
    }

    pub(crate) fn with_files(name: &str, document: &str, config: &str) -> Self {
        let library = Self {
            folder: TempDir::new().expect("a temporary folder"),
        };
        library.write(name, document);
        library.write("codegen.toml", config);
        library
    }

    /// The library with one text of the document replaced.
    pub(crate) fn with_document(from: &str, to: &str) -> Self {
        Self::new().edit("library-1.yaml", from, to)
    }

    /// The library with one text of the configuration replaced.
    pub(crate) fn with_config(from: &str, to: &str) -> Self {
        Self::new().edit("codegen.toml", from, to)
    }

    pub(crate) fn edit(self, name: &str, from: &str, to: &str) -> Self {
        let text = fs::read_to_string(self.path(name)).expect("a file of the library");
        assert!(text.contains(from), "{name} has no {from:?}");
        self.write(name, &text.replacen(from, to, 1));
        self
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("a writable folder");
    }

    pub(crate) fn generate(&self) -> anyhow::Result<Vec<PathBuf>> {
        izin_codegen::write(&self.path("codegen.toml"), &self.generated())
    }

    pub(crate) fn check(&self) -> anyhow::Result<()> {
        izin_codegen::check(&self.path("codegen.toml"), &self.generated())
    }

    /// Why nothing can be generated.
    pub(crate) fn refusal(&self) -> String {
        let error = self.generate().expect_err("a refusal");
        assert!(!self.generated().exists(), "something was written");
        format!("{error:#}")
    }

    pub(crate) fn generated(&self) -> PathBuf {
        self.path("generated")
    }

    pub(crate) fn output(&self, name: &str) -> String {
        fs::read_to_string(self.generated().join(name)).expect("a generated file")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        Path::new(self.folder.path()).join(name)
    }
}
