//! Turns `OpenAPI` documents into Rust: data types, a server trait with its routes, and a client.
//!
//! A build script calls [`generate`] with a `codegen.toml`, which says for every operation of every document whether it is
//! served (how its request is signed, which context the handler gets, what is sealed), called, or handled elsewhere. The
//! output is a pure function of that file, the documents and this crate; it is committed and reviewed like other code.
//!
//! Types derive `Debug`, except that a secret is never printed: a property, parameter, header or alternative of `oneOf` whose
//! schema has `format: password` or `writeOnly: true` (in itself, in what it refers to, or in what the list or map holds)
//! shows as `"(secret)"`, present or not. A body that is a secret text and nothing else is a plain `String`, which hides
//! nothing.
//!
//! What the generator cannot do it refuses, naming file, place and reason. It never guesses and never panics on its input.
//!
//! The way through the crate: `config` and `document` read, `model` is what they know, `render` writes Rust, `files`
//! replaces what changed. [`probes`] is for the tests of whoever serves what was generated.

mod config;
mod document;
mod files;
mod model;
mod names;
mod place;
pub mod probes;
mod project;
mod render;

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::project::Project;

/// What build scripts call: [`write()`], or [`check`] if the environment has `CODEGEN_CHECK=1`.
pub fn generate(config_file: &Path, out_dir: &Path) -> Result<Vec<PathBuf>> {
    if std::env::var_os("CODEGEN_CHECK").is_some_and(|value| value == "1") {
        return check(config_file, out_dir).map(|()| Vec::new());
    }
    write(config_file, out_dir)
}

/// Brings `out_dir` up to date with `config_file` and the documents it names, and returns the files that changed.
///
/// Nothing is written if anything is refused.
pub fn write(config_file: &Path, out_dir: &Path) -> Result<Vec<PathBuf>> {
    let project = Project::read(config_file)?;
    project
        .render()?
        .bring_up_to_date(out_dir, &project.inputs())
}

/// Writes nothing and fails, naming the files, if [`write()`] would change any.
pub fn check(config_file: &Path, out_dir: &Path) -> Result<()> {
    Project::read(config_file)?.render()?.check(out_dir)
}

/// What a build script has to watch: the inputs, and the output, so that an edit by hand or a deleted file is repaired.
///
/// A configuration that cannot be read yields only itself; [`generate`] then says why.
pub fn watched(config_file: &Path, out_dir: &Path) -> Vec<PathBuf> {
    let Ok(project) = Project::read(config_file) else {
        return vec![config_file.to_owned()];
    };
    let mut paths = project.inputs();
    paths.extend(project.outputs().into_iter().map(|path| out_dir.join(path)));
    paths
}
