//! Files that only their owner can read, as the service wants them.

use std::fs::{OpenOptions, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

/// Makes or overwrites it.
pub fn write_secret(path: &Path, text: &str) {
    write_secret_bytes(path, text.as_bytes());
}

pub fn write_secret_bytes(path: &Path, content: &[u8]) {
    let mut options = OpenOptions::new();
    let options = options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(path).unwrap();
    file.set_permissions(Permissions::from_mode(0o600)).unwrap();
    file.write_all(content).unwrap();
}
