//! Keys named on the command line.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;
use izin_jose::{Jwk, JwkSet, KeyUse};

use super::input::read;
use crate::cli::complain;

/// Certificates and keys are a few kilobytes.
const LONGEST: usize = 1024 * 1024;
/// As for the service: others read, write or execute; the group writes.
const FORBIDDEN_MODE: u32 = 0o027;

/// Keys of others.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct PublicKeys {
    /// The key set of the other party, as it publishes it
    #[arg(long, value_name = "FILE")]
    jwks: Option<PathBuf>,
    /// The certificate of the other party (PEM); the kid is its thumbprint
    #[arg(long, value_name = "FILE")]
    certificate: Option<PathBuf>,
}

impl PublicKeys {
    pub(super) fn places(&self) -> [(&str, Option<&Path>); 2] {
        [
            ("--jwks", self.jwks.as_deref()),
            ("--certificate", self.certificate.as_deref()),
        ]
    }

    /// Entries that cannot be used are named on standard error.
    pub(super) fn load(&self, key_use: KeyUse) -> anyhow::Result<JwkSet> {
        match (&self.jwks, &self.certificate) {
            (Some(path), _) => key_set(path),
            (None, Some(path)) => Ok(JwkSet::new([certificate(path, key_use)?])?),
            (None, None) => bail!("neither --jwks nor --certificate"),
        }
    }
}

/// An own private key.
#[derive(Debug, Args)]
pub(super) struct PrivateKey {
    /// The private key (PEM: PKCS#8, encrypted PKCS#8, PKCS#1)
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Its certificate (PEM); the kid is its thumbprint
    #[arg(long, value_name = "FILE")]
    certificate: PathBuf,
    /// A file with the passphrase of an encrypted key
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

/// What the files hold; never printed.
pub(super) struct KeyPair {
    pub(super) certificate: Vec<u8>,
    pub(super) key: Vec<u8>,
    pub(super) passphrase: Option<String>,
}

impl PrivateKey {
    pub(super) fn places(&self) -> [(&str, Option<&Path>); 3] {
        [
            ("--key", Some(&self.key)),
            ("--certificate", Some(&self.certificate)),
            ("--passphrase-file", self.passphrase_file.as_deref()),
        ]
    }

    /// A secret that others can reach is named on standard error; the service would refuse it.
    pub(super) fn load(&self) -> anyhow::Result<KeyPair> {
        let passphrase = self
            .passphrase_file
            .as_deref()
            .map(passphrase)
            .transpose()?;
        warn_if_open(&self.key);
        self.passphrase_file.as_deref().map(warn_if_open);
        Ok(KeyPair {
            certificate: read(&self.certificate, LONGEST)?,
            key: read(&self.key, LONGEST)?,
            passphrase,
        })
    }

    /// For messages about the pair.
    pub(super) fn name(&self) -> String {
        format!("{} with {}", self.key.display(), self.certificate.display())
    }
}

pub(super) fn certificate(path: &Path, key_use: KeyUse) -> anyhow::Result<Jwk> {
    let pem = read(path, LONGEST)?;
    Jwk::from_certificate_pem(&pem, key_use).with_context(|| path.display().to_string())
}

fn key_set(path: &Path) -> anyhow::Result<JwkSet> {
    let set = JwkSet::parse(&read(path, JwkSet::MAX_BYTES)?)
        .with_context(|| path.display().to_string())?;
    for skipped in set.skipped() {
        complain(format_args!(
            "{}: key {} ({}) cannot be used: {}",
            path.display(),
            skipped.position,
            skipped.key_id.as_ref().map_or("no kid", AsRef::as_ref),
            skipped.error
        ));
    }
    Ok(set)
}

/// Pipes and the like have no mode that says anything.
fn warn_if_open(path: &Path) {
    let Ok(metadata) = std::fs::metadata(path) else {
        return;
    };
    let mode = metadata.permissions().mode() & 0o7777;
    if metadata.is_file() && mode & FORBIDDEN_MODE != 0 {
        complain(format_args!(
            "warning: {}: its mode is {mode:04o}, so others can read or change it: chmod 600",
            path.display()
        ));
    }
}

fn passphrase(path: &Path) -> anyhow::Result<String> {
    let text = String::from_utf8(read(path, LONGEST)?)
        .map_err(|_| anyhow::anyhow!("{}: not UTF-8", path.display()))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}
