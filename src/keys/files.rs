//! Files with secrets, and those beside them. A secret that other users of the machine can read is refused, because nobody notices it
//! otherwise.

use std::fs::{File, Metadata};
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use zeroize::Zeroizing;

/// Others read, write or execute; the group writes.
const FORBIDDEN_MODE: u32 = 0o027;

/// Key files are small; whatever is larger is something else.
const MAX_BYTES: u64 = 1024 * 1024;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileProblem {
    #[error("{path}: its mode is {mode:04o}, so others can read or change it: chmod 600 (or 640)", path = path.display())]
    Open { path: PathBuf, mode: u32 },
    #[error("{path}: {problem}", path = path.display())]
    Unreadable { path: PathBuf, problem: String },
}

/// Wiped when it is dropped.
pub fn read_secret(path: &Path) -> Result<Zeroizing<Vec<u8>>, FileProblem> {
    let (file, metadata) = opened(path)?;
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & FORBIDDEN_MODE != 0 {
        return Err(FileProblem::Open {
            path: path.to_owned(),
            mode,
        });
    }
    contents(path, file, &metadata).map(Zeroizing::new)
}

/// A passphrase, PIN or token: one line of text, without what surrounds it.
pub fn read_secret_text(path: &Path) -> Result<SecretString, FileProblem> {
    let bytes = read_secret(path)?;
    let text = std::str::from_utf8(&bytes).map(str::trim);
    match text {
        Ok(text) if !text.is_empty() && !text.contains(char::is_control) => Ok(text.into()),
        _ => Err(FileProblem::Unreadable {
            path: path.to_owned(),
            problem: "it is not one line of text".into(),
        }),
    }
}

pub fn read_public(path: &Path) -> Result<Vec<u8>, FileProblem> {
    let (file, metadata) = opened(path)?;
    contents(path, file, &metadata)
}

/// A regular file, since anything else can keep a reader waiting for ever. What is looked at afterwards is what was opened, whichever
/// file the path leads to by then.
fn opened(path: &Path) -> Result<(File, Metadata), FileProblem> {
    let failed = |problem: io::Error| unreadable(path, &problem);
    let not_a_file = || failed(io::Error::other("it is not a regular file"));
    if !std::fs::metadata(path).map_err(failed)?.is_file() {
        return Err(not_a_file());
    }
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if metadata.is_file() {
        Ok((file, metadata))
    } else {
        Err(not_a_file())
    }
}

fn contents(path: &Path, file: File, metadata: &Metadata) -> Result<Vec<u8>, FileProblem> {
    // With room for all of it, because a buffer that grows leaves copies behind.
    let room = usize::try_from(metadata.len().min(MAX_BYTES)).unwrap_or_default() + 1;
    let mut bytes = Vec::with_capacity(room);
    let read = file.take(MAX_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|problem| unreadable(path, &problem))?;
    if bytes.len() as u64 > MAX_BYTES {
        let problem = io::Error::other("it is too large for a key or certificate");
        return Err(unreadable(path, &problem));
    }
    Ok(bytes)
}

fn unreadable(path: &Path, problem: &io::Error) -> FileProblem {
    FileProblem::Unreadable {
        path: path.to_owned(),
        problem: problem.to_string(),
    }
}

/// What a set of files looked like, to see whether one has changed. Follows links, because mounted secrets are replaced by turning
/// one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp(Vec<(PathBuf, Option<FileStamp>)>);

/// What a change cannot leave as it was: contents, mode and owner all move the time of change.
#[derive(Debug, Clone, PartialEq, Eq)]
struct FileStamp {
    device: u64,
    inode: u64,
    length: u64,
    mode: u32,
    /// Seconds and nanoseconds.
    modified: (i64, i64),
    changed: (i64, i64),
}

impl From<Metadata> for FileStamp {
    fn from(file: Metadata) -> Self {
        Self {
            device: file.dev(),
            inode: file.ino(),
            length: file.len(),
            mode: file.mode(),
            modified: (file.mtime(), file.mtime_nsec()),
            changed: (file.ctime(), file.ctime_nsec()),
        }
    }
}

impl Stamp {
    pub fn of(paths: &[PathBuf]) -> Self {
        let stamps = paths.iter().map(|path| {
            let metadata = std::fs::metadata(path).ok();
            (path.clone(), metadata.map(FileStamp::from))
        });
        Self(stamps.collect())
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};

    use secrecy::ExposeSecret;

    use super::*;

    fn file(mode: u32, text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        (folder, path)
    }

    #[test]
    fn a_secret_that_others_can_reach_is_refused() {
        for mode in [0o600, 0o400, 0o440, 0o640] {
            let (_folder, path) = file(mode, "x");
            assert!(read_secret(&path).is_ok(), "{mode:o}");
        }
        for mode in [0o644, 0o604, 0o660, 0o601, 0o602, 0o777] {
            let (_folder, path) = file(mode, "x");
            let refused = read_secret(&path).unwrap_err();
            assert!(refused.to_string().contains("chmod 600"), "{refused}");
            assert!(read_public(&path).is_ok());
        }
    }

    #[test]
    fn a_secret_is_one_line_of_text() {
        let (_folder, path) = file(0o600, " rahsia\n");
        assert_eq!(read_secret_text(&path).unwrap().expose_secret(), "rahsia");
        for text in ["", " \n", "one\ntwo", "\u{0}"] {
            let (_folder, path) = file(0o600, text);
            assert!(read_secret_text(&path).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_changed_file_has_another_stamp() {
        let (folder, path) = file(0o600, "one");
        let absent = folder.path().join("absent");
        let paths = [path.clone(), absent.clone()];
        let before = Stamp::of(&paths);
        assert_eq!(Stamp::of(&paths), before);
        fs::write(&path, "longer").unwrap();
        let changed = Stamp::of(&paths);
        assert_ne!(changed, before);
        fs::write(absent, "new").unwrap();
        let appeared = Stamp::of(&paths);
        assert_ne!(appeared, changed);
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        assert_ne!(Stamp::of(&paths), appeared, "what was refused for its mode");
    }

    #[test]
    fn only_a_file_of_a_sensible_size_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        for path in [&pipe, folder.path()] {
            let refused = read_public(path).unwrap_err().to_string();
            assert!(refused.contains("not a regular file"), "{refused}");
        }
        let large = folder.path().join("large");
        let length = MAX_BYTES + 1;
        File::create(&large).unwrap().set_len(length).unwrap();
        let refused = read_public(&large).unwrap_err().to_string();
        assert!(refused.contains("too large"), "{refused}");
    }
}
