//! Brings a folder up to date: everything is rendered before anything is touched, and each file is replaced as a whole.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    path::{Path, PathBuf},
    time::SystemTime,
};

use anyhow::{Context, Result, bail};

/// Relative path → content of all files of a folder.
#[derive(Default)]
pub(crate) struct Files(BTreeMap<PathBuf, String>);

impl Files {
    pub(crate) fn add(&mut self, path: impl Into<PathBuf>, content: String) {
        self.0.insert(path.into(), content);
    }

    /// Replaces what differs and returns it. The files are dated like the newest of `inputs`: were they younger than the
    /// build script that wrote them, cargo would run it, and compile the package, once more.
    pub(crate) fn bring_up_to_date(
        &self,
        folder: &Path,
        inputs: &[PathBuf],
    ) -> Result<Vec<PathBuf>> {
        self.refuse_foreign(folder, Path::new(""))?;
        let changed = self.changed(folder);
        let written = newest(inputs)?;
        let mut prepared = Vec::new();
        for (target, content) in &changed {
            match prepare(target, content, written) {
                Ok(temporary) => prepared.push((temporary, target)),
                Err(error) => {
                    discard(prepared.iter().map(|(temporary, _)| temporary));
                    return Err(error);
                }
            }
        }
        for (temporary, target) in &prepared {
            fs::rename(temporary, target)
                .with_context(|| format!("{} cannot be replaced", target.display()))?;
        }
        Ok(changed.into_iter().map(|(target, _)| target).collect())
    }

    /// Refuses instead of writing.
    pub(crate) fn check(&self, folder: &Path) -> Result<()> {
        self.refuse_foreign(folder, Path::new(""))?;
        let changed = self.changed(folder);
        if changed.is_empty() {
            return Ok(());
        }
        let names: Vec<_> = changed
            .iter()
            .map(|(path, _)| path.display().to_string())
            .collect();
        bail!(
            "out of date: {}. Build without CODEGEN_CHECK and commit what that changes",
            names.join(", ")
        )
    }

    fn changed(&self, folder: &Path) -> Vec<(PathBuf, &str)> {
        self.0
            .iter()
            .map(|(path, content)| (folder.join(path), content.as_str()))
            .filter(|(path, content)| fs::read_to_string(path).ok().as_deref() != Some(content))
            .collect()
    }

    /// A file that no document accounts for would be compiled, or reviewed, as if it were generated.
    fn refuse_foreign(&self, folder: &Path, below: &Path) -> Result<()> {
        let Ok(entries) = fs::read_dir(folder.join(below)) else {
            return Ok(());
        };
        for entry in entries {
            let entry = entry.with_context(|| format!("{} cannot be read", folder.display()))?;
            let path = below.join(entry.file_name());
            if entry.file_name().to_string_lossy().starts_with('.') {
                continue;
            }
            if entry.path().is_dir() {
                self.refuse_foreign(folder, &path)?;
            } else if !self.0.contains_key(&path) {
                bail!(
                    "{} is not made from any document: remove it",
                    folder.join(&path).display()
                );
            }
        }
        Ok(())
    }
}

fn newest(inputs: &[PathBuf]) -> Result<SystemTime> {
    let mut newest = SystemTime::UNIX_EPOCH;
    for input in inputs {
        let modified = fs::metadata(input)
            .and_then(|metadata| metadata.modified())
            .with_context(|| format!("{} cannot be read", input.display()))?;
        newest = newest.max(modified);
    }
    Ok(newest)
}

fn prepare(target: &Path, content: &str, written: SystemTime) -> Result<PathBuf> {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let temporary = target.with_file_name(format!(".{name}.{}", std::process::id()));
    let prepared = (|| {
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&temporary, content)?;
        File::options()
            .write(true)
            .open(&temporary)?
            .set_modified(written)
    })();
    if prepared.is_err() {
        discard([&temporary]);
    }
    prepared.with_context(|| format!("{} cannot be written", temporary.display()))?;
    Ok(temporary)
}

fn discard<'a>(temporaries: impl IntoIterator<Item = &'a PathBuf>) {
    for temporary in temporaries {
        // Best effort: the reason of the failure is reported already, and the name starts with a dot.
        drop(fs::remove_file(temporary));
    }
}
