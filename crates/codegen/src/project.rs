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
        let shared = render::module::runtimes(&self.config.documents);
        outputs.extend(shared.into_iter().map(|module| rust_file(module).into()));
        for part in &self.config.documents {
            let mut names = vec!["mod.rs".to_owned(), "openapi.json".to_owned()];
            names.push(rust_file("types"));
            names.extend(part.serve.iter().map(|serve| rust_file(&serve.module)));
            names.extend(part.call.as_ref().map(|_| rust_file("client")));
            let module = Path::new(&part.module);
            outputs.extend(names.into_iter().map(|name| module.join(name)));
        }
        outputs
    }

    pub(crate) fn render(&self) -> Result<Files> {
        let mut files = Files::default();
        let documents = &self.config.documents;
        let root = render::module::root(documents);
        files.add("mod.rs", render::file(root, &self.place)?);
        for module in render::module::runtimes(documents) {
            let content = match (module, &self.config.runtime) {
                ("runtime", Some(runtime)) => render::module::runtime(runtime, documents),
                _ => render::module::calls(),
            };
            files.add(rust_file(module), content);
        }
        for part in &self.config.documents {
            self.render_document(part, &mut files)?;
        }
        Ok(files)
    }

    fn render_document(&self, part: &DocumentConfig, files: &mut Files) -> Result<()> {
        let path = self.document_path(part);
        let document = document::read(&path, &shown(&path), part, &self.place)?;
        part.check(&document, &self.place)?;

        let mut sources = vec![
            ("mod", render::module::document(&document, part)),
            ("types", render::types::render(&document, part)?),
        ];
        let servers = render::server::render(&document, &self.config, part, &self.place)?;
        sources.extend(servers);
        if let Some(client) = render::client::render(&document, &self.config, part, &self.place)? {
            sources.push(("client", client));
        }
        let folder = Path::new(&part.module);
        for (module, tokens) in sources {
            let name = rust_file(module);
            let place = document.place.within(name.as_str());
            files.add(folder.join(name), render::file(tokens, &place)?);
        }
        files.add(folder.join("openapi.json"), document.json);
        Ok(())
    }

    fn document_path(&self, part: &DocumentConfig) -> PathBuf {
        self.config_file.with_file_name(&part.file)
    }
}

fn rust_file(module: &str) -> String {
    format!("{module}.rs")
}

/// A path as refusals show it: folder and file, wherever the repository lies.
fn shown(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    match path.parent().and_then(Path::file_name) {
        Some(folder) => format!("{}/{name}", folder.to_string_lossy()),
        None => name.into_owned(),
    }
}
