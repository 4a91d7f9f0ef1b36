//! The files under `/static/`: compiled in, and replaced or joined by those of the institution's folder. All are read at start and
//! kept in memory; each is linked with a hash of its content, so that browsers may keep it for ever.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};
use minijinja::{Value, context};

use super::RenderError;

const COMPILED_IN: &[(&str, &str)] = &[
    ("izin.css", include_str!("../../../config/static/izin.css")),
    ("icon.svg", include_str!("../../../config/static/icon.svg")),
];

/// Used when the institution brings them: a stylesheet after ours, for its colours, and a logo in place of the monogram.
const BRAND: &str = "brand.css";
const LOGO: &str = "logo.svg";

/// One static file.
#[derive(Clone, Debug)]
pub struct Asset {
    pub content_type: &'static str,
    pub bytes: Cow<'static, [u8]>,
    /// Part of the content's hash; also good as an entity tag.
    pub version: String,
}

impl Asset {
    fn new(content_type: &'static str, bytes: Cow<'static, [u8]>) -> Self {
        let mut version = hex(digest(&SHA256, &bytes).as_ref());
        version.truncate(16);
        Self {
            content_type,
            bytes,
            version,
        }
    }
}

#[derive(Clone, Debug)]
pub struct Assets(BTreeMap<String, Asset>);

impl Assets {
    /// The compiled-in files and those of `folder`; files of types we do not serve are left out.
    pub fn load(folder: Option<&Path>) -> Result<Self, RenderError> {
        let mut assets = BTreeMap::new();
        for (name, text) in COMPILED_IN {
            if let Some(content_type) = content_type(name) {
                let asset = Asset::new(content_type, Cow::Borrowed(text.as_bytes()));
                assets.insert((*name).to_owned(), asset);
            }
        }
        for path in folder.map(files).transpose()?.unwrap_or_default() {
            let name = path.file_name().and_then(|name| name.to_str());
            if let Some((name, content_type)) = name.zip(name.and_then(content_type)) {
                let name = name.to_owned();
                let bytes =
                    std::fs::read(&path).map_err(|source| RenderError::Read { path, source })?;
                assets.insert(name, Asset::new(content_type, Cow::Owned(bytes)));
            }
        }
        Ok(Self(assets))
    }

    pub fn get(&self, name: &str) -> Option<&Asset> {
        self.0.get(name)
    }

    /// The addresses that the layout links.
    pub(super) fn links(&self) -> Value {
        context! {
            stylesheet => self.link("izin.css"),
            icon => self.link("icon.svg"),
            brand => self.link(BRAND),
            logo => self.link(LOGO),
        }
    }

    fn link(&self, name: &str) -> Option<String> {
        let asset = self.get(name)?;
        Some(format!("/static/{name}?v={}", asset.version))
    }
}

/// The plain files directly in `folder`.
pub(super) fn files(folder: &Path) -> Result<Vec<PathBuf>, RenderError> {
    let read = |source| RenderError::Read {
        path: folder.to_owned(),
        source,
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(read)? {
        let path = entry.map_err(read)?.path();
        if path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn content_type(name: &str) -> Option<&'static str> {
    let (_, extension) = name.rsplit_once('.')?;
    match extension {
        "css" => Some("text/css; charset=utf-8"),
        "ico" => Some("image/x-icon"),
        "png" => Some("image/png"),
        "svg" => Some("image/svg+xml"),
        "woff2" => Some("font/woff2"),
        _ => None,
    }
}
