//! The operator's configuration file, replaced at once or not at all: a service that reloads meanwhile sees the old file or the new one,
//! and neither owner, mode, line ends nor what somebody else wrote meanwhile is lost.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, fchown};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};

const BYTE_ORDER_MARK: char = '\u{feff}';

pub struct ConfigFile {
    /// Where the links lead.
    path: PathBuf,
    metadata: Metadata,
    original: String,
}

impl ConfigFile {
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let unread = || format!("{} cannot be read", path.display());
        let path = path.canonicalize().with_context(unread)?;
        Ok(Self {
            metadata: std::fs::metadata(&path).with_context(unread)?,
            original: std::fs::read_to_string(&path).with_context(unread)?,
            path,
        })
    }

    /// TOML.
    pub fn text(&self) -> &str {
        let original = &self.original;
        original.strip_prefix(BYTE_ORDER_MARK).unwrap_or(original)
    }

    /// Writes `text` in its place, if the file still is as it was read.
    pub fn replace(&self, text: &str) -> anyhow::Result<()> {
        let told = || {
            let path = self.path.display();
            format!("{path} cannot be written; nothing was changed")
        };
        let folder = self.path.parent().with_context(told)?;
        let name = self.path.file_name().with_context(told)?.to_string_lossy();
        let beside = folder.join(format!(".{name}.new"));
        // Two at a time would take each other's changes away.
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&beside);
        let file = file.with_context(|| match beside.try_exists() {
            Ok(true) => format!(
                "{} is there: another rotation is under way, or one was interrupted; remove it then",
                beside.display()
            ),
            _ => told(),
        })?;
        let replaced = self.written(file, text).map_err(anyhow::Error::from);
        let replaced = replaced.and_then(|()| {
            let now = std::fs::read_to_string(&self.path)?;
            ensure!(
                now == self.original,
                "somebody else has changed it meanwhile"
            );
            std::fs::rename(&beside, &self.path)?;
            Ok(())
        });
        if replaced.is_err() {
            // Ours, and of no use any more.
            let _ = std::fs::remove_file(&beside);
        }
        replaced.with_context(told)?;
        File::open(folder).and_then(|folder| folder.sync_all())?;
        Ok(())
    }

    /// Owner and group first: a change of them takes bits of the mode away.
    fn written(&self, mut file: File, text: &str) -> io::Result<()> {
        fchown(&file, Some(self.metadata.uid()), Some(self.metadata.gid()))?;
        file.set_permissions(self.metadata.permissions())?;
        file.write_all(self.as_it_was_written(text).as_bytes())?;
        file.sync_all()
    }

    fn as_it_was_written(&self, text: &str) -> String {
        let mut text = text.replace("\r\n", "\n");
        if self.original.contains("\r\n") {
            text = text.replace('\n', "\r\n");
        }
        if self.original.starts_with(BYTE_ORDER_MARK) {
            text.insert(0, BYTE_ORDER_MARK);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("izin.toml");
        std::fs::write(&path, text).unwrap();
        (folder, path)
    }

    #[test]
    fn what_an_editor_left_stays() {
        let (folder, path) = file("\u{feff}a = 1\r\nb = 2\r\n");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        // As root, to somebody who may not be there; otherwise ourselves.
        let ours = std::fs::metadata(&path).unwrap();
        let group = if ours.uid() == 0 { 1 } else { ours.gid() };
        std::os::unix::fs::chown(&path, None, Some(group)).unwrap();
        let read = ConfigFile::read(&path).unwrap();
        assert_eq!(read.text(), "a = 1\r\nb = 2\r\n");
        read.replace("a = 1\nb = 3\n").unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, "\u{feff}a = 1\r\nb = 3\r\n");
        let metadata = std::fs::metadata(&path).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o7777, 0o640);
        assert_eq!((metadata.uid(), metadata.gid()), (ours.uid(), group));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn two_at_a_time_lose_nothing() {
        let (folder, path) = file("a = 1\n");
        let (first, second) = (ConfigFile::read(&path), ConfigFile::read(&path));
        first.unwrap().replace("a = 2\n").unwrap();
        let second = second.unwrap();
        let refused = format!("{:#}", second.replace("a = 3\n").unwrap_err());
        assert!(refused.contains("changed it meanwhile"), "{refused}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "a = 2\n");

        let beside = folder.path().join(".izin.toml.new");
        std::fs::write(&beside, "another's").unwrap();
        let late = ConfigFile::read(&path).unwrap();
        let refused = format!("{:#}", late.replace("a = 3\n").unwrap_err());
        assert!(refused.contains("another rotation"), "{refused}");
        assert_eq!(std::fs::read_to_string(&beside).unwrap(), "another's");
    }
}
