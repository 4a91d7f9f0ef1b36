//! The public keys that checkpoints may be signed with: those of the configuration and those that somebody kept.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use izin_jose::{Jwk, JwkError, JwkSet, JwkSetError, KeyId, KeyUse};

use crate::config::{Config, KeySource};
use crate::keys::{KeyProblem, KeyReader};

/// Key sets and chains of certificates are a few kilobytes.
const LONGEST: u64 = 1024 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum KeysProblem {
    #[error("{path}: {problem}", path = path.display())]
    Certificate { path: PathBuf, problem: JwkError },
    #[error("{path}: {problem}", path = path.display())]
    File {
        path: PathBuf,
        problem: std::io::Error,
    },
    #[error("{path} is neither a certificate (PEM) nor a key set (JSON): {problem}", path = path.display())]
    KeySet { path: PathBuf, problem: JwkSetError },
}

/// By key id. What of the configuration cannot be read is told to `problem`, because a kept certificate will do as well.
pub fn known_keys(
    config: &Config,
    kept: &[PathBuf],
    mut problem: impl FnMut(String),
) -> Result<HashMap<KeyId, Jwk>, KeysProblem> {
    let mut keys = HashMap::new();
    let mut add = |key: Jwk| {
        keys.insert(key.key_id().clone(), key);
    };
    for path in kept {
        for key in read(path)? {
            add(key);
        }
    }
    for (number, key) in config.signing.keys.iter().enumerate() {
        match own(&key.key()) {
            Ok(key) => add(key),
            Err(why) => problem(format!("signing.keys[{number}]: {why}")),
        }
    }
    Ok(keys)
}

/// Of a certificate beside the private key, if there is one: whoever verifies need not be able to sign.
fn own(source: &KeySource) -> Result<Jwk, String> {
    if let Some(path) = &source.certificate {
        let keys = read(path).map_err(|problem| problem.to_string())?;
        return keys
            .into_iter()
            .next()
            .ok_or_else(|| "there is no certificate in it".to_owned());
    }
    let in_container = || -> Result<Jwk, KeyProblem> {
        let reader = KeyReader::files_only().map_err(|_| KeyProblem::Required("a thread"))?;
        Ok(reader.signer(source)?.0.public_jwk())
    };
    in_container().map_err(|problem| problem.to_string())
}

/// Of a file with certificates the first counts: the others are its authorities.
fn read(path: &Path) -> Result<Vec<Jwk>, KeysProblem> {
    use std::io::Read as _;
    let path = path.to_owned();
    let mut text = Vec::new();
    let file = std::fs::File::open(&path);
    let read = file.and_then(|file| file.take(LONGEST).read_to_end(&mut text));
    if let Err(problem) = read {
        return Err(KeysProblem::File { path, problem });
    }
    if text.windows(5).any(|window| window == b"-----") {
        let key = Jwk::from_certificate_pem(&text, KeyUse::Signature);
        let key = key.map_err(|problem| KeysProblem::Certificate { path, problem })?;
        return Ok(vec![key]);
    }
    let set = JwkSet::parse(&text).map_err(|problem| KeysProblem::KeySet { path, problem })?;
    Ok(set.keys().to_vec())
}
