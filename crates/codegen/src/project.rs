//! A `codegen.toml` with its documents: what goes in, what comes out.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::{
    config::{self, Config, DocumentConfig},
    document,
    files::Files,
    place::Place,
    render,
};

pub(crate) struct Project {
    config: Config,
    config_file: PathBuf,
    place: Place,
}

impl Project {
    pub(crate) fn read(config_file: &Path) -> Result<Self> {
        let shown = shown(config_file);
        Ok(Self {
            config: config::read(config_file, &shown)?,
            config_file: config_file.to_owned(),
            place: Place::file(shown),
        })
    }

    /// The files that the output depends on.
    pub(crate) fn inputs(&self) -> Vec<PathBuf> {
        let documents = self
            .config
            .documents
            .iter()
            .map(|part| self.document_path(part));
        std::iter::once(self.config_file.clone())
            .chain(documents)
            .collect()
    }

    /// The files of the output, relative to its folder.
    pub(crate) fn outputs(&self) -> Vec<PathBuf> {
        let mut outputs = vec![PathBuf::from("mod.rs")];
        if self.has_server() {
            outputs.push(PathBuf::from("runtime.rs"));
        }
        for part in &self.config.documents {
            let names = [
                Some("mod.rs"),
                Some("openapi.json"),
                Some("types.rs"),
                part.serve.as_ref().map(|_| "server.rs"),
                part.call.as_ref().map(|_| "client.rs"),
            ];
            let module = Path::new(&part.module);
            outputs.extend(names.into_iter().flatten().map(|name| module.join(name)));
        }
        outputs
    }

    pub(crate) fn render(&self) -> Result<Files> {
        let mut files = Files::default();
        let root = render::module::root(&self.config.documents);
        files.add("mod.rs", render::file(root, &self.place)?);
        if let (true, Some(runtime)) = (self.has_server(), &self.config.runtime) {
            files.add("runtime.rs", render::module::runtime(runtime));
        }
        for part in &self.config.documents {
            self.render_document(part, &mut files)?;
        }
        Ok(files)
    }

    fn render_document(&self, part: &DocumentConfig, files: &mut Files) -> Result<()> {
        let path = self.document_path(part);
        let document = document::read(
            &path,
            &shown(&path),
            &part.sealed_types(),
            &self.place.within("seal"),
        )?;
        part.check(&document, &self.place)?;

        let mut sources = vec![
            ("mod.rs", render::module::document(&document, part)),
            ("types.rs", render::types::render(&document, part)?),
        ];
        if let Some(server) = render::server::render(&document, &self.config, part, &self.place)? {
            sources.push(("server.rs", server));
        }
        if let Some(client) = render::client::render(&document, part, &self.place)? {
            sources.push(("client.rs", client));
        }
        let folder = Path::new(&part.module);
        for (name, tokens) in sources {
            let place = document.place.within(name);
            files.add(folder.join(name), render::file(tokens, &place)?);
        }
        files.add(folder.join("openapi.json"), document.json);
        Ok(())
    }

    fn document_path(&self, part: &DocumentConfig) -> PathBuf {
        self.config_file.with_file_name(&part.file)
    }

    fn has_server(&self) -> bool {
        self.config
            .documents
            .iter()
            .any(|part| part.serve.is_some())
    }
}

/// A path as refusals show it: folder and file, wherever the repository lies.
fn shown(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    match path.parent().and_then(Path::file_name) {
        Some(folder) => format!("{}/{name}", folder.to_string_lossy()),
        None => name.into_owned(),
    }
}
