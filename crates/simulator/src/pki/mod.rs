//! The development PKI: every certificate and key that a demonstration or a test needs, as PEM files in one folder.
//!
//! It exists so that nothing in the simulator is pretended: handshakes, signatures and certificate-bound tokens are real, only the
//! authority that issued the certificates is ours. Never for production, and every subject says so.

mod certificates;
mod leaf;

use std::{
    collections::HashMap,
    fmt, fs,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use openssl::{
    error::ErrorStack,
    nid::Nid,
    pkey::{HasPublic, PKey, Private},
    x509::{X509, X509Req},
};

pub use self::leaf::{Authority, Leaf, Usage};
use self::{
    certificates::{authority_certificate, elliptic_key, leaf_certificate},
    leaf::LEAVES,
};

/// A folder of `NAME.crt` and `NAME.key`.
#[derive(Clone)]
pub struct Pki {
    dir: PathBuf,
    /// Certificate and key as PEM, by name; shared by clones.
    in_memory: Arc<Mutex<HashMap<&'static str, Pair>>>,
}

/// Certificate and key as PEM.
type Pair = (Vec<u8>, Vec<u8>);

impl Pki {
    /// Makes all authorities and certificates anew; what the folder held under the same names is overwritten.
    pub fn create(dir: impl Into<PathBuf>) -> Result<Self, PkiError> {
        let pki = Self::at(dir.into());
        fs::create_dir_all(&pki.dir).map_err(|source| pki.io_error(&pki.dir, source))?;
        let keys = generate_keys()?;
        for authority in [Authority::Trusted, Authority::Rogue] {
            let key = elliptic_key(Nid::X9_62_PRIME256V1)?;
            let certificate = authority_certificate(authority, &key)?;
            pki.write(authority.name(), &certificate, &key)?;
        }
        for (leaf, key) in LEAVES.iter().zip(keys) {
            pki.issue_with_key(leaf, &key)?;
        }
        Ok(pki)
    }

    /// A folder that [`Pki::create`] filled before.
    pub fn open(dir: impl Into<PathBuf>) -> Result<Self, PkiError> {
        let pki = Self::at(dir.into());
        let missing = LEAVES
            .iter()
            .find(|leaf| !pki.key_file(leaf.name).is_file());
        match missing {
            None => Ok(pki),
            Some(leaf) => Err(PkiError::Missing(pki.key_file(leaf.name))),
        }
    }

    fn at(dir: PathBuf) -> Self {
        Self {
            dir,
            in_memory: Arc::default(),
        }
    }

    /// One more certificate from the same authority, for example the successor of a signing key.
    pub fn issue(&self, leaf: &Leaf) -> Result<(), PkiError> {
        let key = leaf.usage.generate_key()?;
        self.issue_with_key(leaf, &key)
    }

    /// A certificate for whoever made this request (PEM), after its signature was checked. The private key stays where it is: there will
    /// be a `NAME.crt` and no `NAME.key`.
    pub fn certify(&self, leaf: &Leaf, request: &[u8]) -> Result<(), PkiError> {
        let request = X509Req::from_pem(request)?;
        let key = request.public_key()?;
        if !request.verify(&key)? {
            return Err(PkiError::Request);
        }
        let certificate = self.certified(leaf, &key)?;
        self.write_certificate(leaf.name, &certificate)
    }

    /// As [`Pki::issue`], but in no file: it is gone with this value and its clones. Of a name that is there already, nothing changes.
    pub fn issue_in_memory(&self, leaf: &Leaf) -> Result<(), PkiError> {
        let mut in_memory = self
            .in_memory
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if !in_memory.contains_key(leaf.name) {
            let key = leaf.usage.generate_key()?;
            let certificate = self.certified(leaf, &key)?;
            let pair = (certificate.to_pem()?, key.private_key_to_pem_pkcs8()?);
            in_memory.insert(leaf.name, pair);
        }
        Ok(())
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }

    pub fn certificate_file(&self, name: &str) -> PathBuf {
        self.dir.join(format!("{name}.crt"))
    }

    pub fn key_file(&self, name: &str) -> PathBuf {
        self.dir.join(format!("{name}.key"))
    }

    /// The certificate as PEM.
    pub fn certificate(&self, name: &str) -> Result<Vec<u8>, PkiError> {
        match self.kept_in_memory(name) {
            Some((certificate, _)) => Ok(certificate),
            None => self.read(&self.certificate_file(name)),
        }
    }

    /// The private key as PEM (PKCS#8).
    pub fn key(&self, name: &str) -> Result<Vec<u8>, PkiError> {
        match self.kept_in_memory(name) {
            Some((_, key)) => Ok(key),
            None => self.read(&self.key_file(name)),
        }
    }

    /// The certificate as DER, the form that thumbprints are made of.
    pub fn certificate_der(&self, name: &str) -> Result<Vec<u8>, PkiError> {
        Ok(X509::from_pem(&self.certificate(name)?)?.to_der()?)
    }

    fn kept_in_memory(&self, name: &str) -> Option<Pair> {
        let in_memory = self.in_memory.lock();
        let in_memory = in_memory.unwrap_or_else(PoisonError::into_inner);
        in_memory.get(name).cloned()
    }

    fn issue_with_key(&self, leaf: &Leaf, key: &PKey<Private>) -> Result<(), PkiError> {
        let certificate = self.certified(leaf, key)?;
        self.write(leaf.name, &certificate, key)
    }

    fn certified<T: HasPublic>(&self, leaf: &Leaf, key: &PKey<T>) -> Result<X509, PkiError> {
        let authority = leaf.authority.name();
        let issuer = X509::from_pem(&self.read(&self.certificate_file(authority))?)?;
        let issuer_key = PKey::private_key_from_pem(&self.read(&self.key_file(authority))?)?;
        Ok(leaf_certificate(leaf, key, &issuer, &issuer_key)?)
    }

    fn read(&self, path: &Path) -> Result<Vec<u8>, PkiError> {
        fs::read(path).map_err(|source| self.io_error(path, source))
    }

    fn write(&self, name: &str, certificate: &X509, key: &PKey<Private>) -> Result<(), PkiError> {
        self.write_certificate(name, certificate)?;
        let path = self.key_file(name);
        write_private(&path, &key.private_key_to_pem_pkcs8()?)
            .map_err(|source| self.io_error(&path, source))
    }

    fn write_certificate(&self, name: &str, certificate: &X509) -> Result<(), PkiError> {
        let path = self.certificate_file(name);
        fs::write(&path, certificate.to_pem()?).map_err(|source| self.io_error(&path, source))
    }

    #[expect(clippy::unused_self, reason = "reads better at its many call sites")]
    fn io_error(&self, path: &Path, source: io::Error) -> PkiError {
        PkiError::Io {
            path: path.to_owned(),
            source,
        }
    }
}

/// The folder: keys do not belong into logs.
impl fmt::Debug for Pki {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pki")
            .field("dir", &self.dir)
            .finish_non_exhaustive()
    }
}

#[derive(Debug, thiserror::Error)]
pub enum PkiError {
    #[error("a key could not be generated: its thread stopped")]
    Generation,
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{} is missing; create the development PKI first", .0.display())]
    Missing(PathBuf),
    #[error("openssl: {0}")]
    Openssl(#[from] ErrorStack),
    #[error("the request is not signed with its own key")]
    Request,
}

/// RSA keys take long and unevenly so, hence a thread for each.
fn generate_keys() -> Result<Vec<PKey<Private>>, PkiError> {
    let threads = LEAVES.map(|leaf| thread::spawn(move || leaf.usage.generate_key()));
    threads
        .into_iter()
        .map(|thread| Ok(thread.join().map_err(|_| PkiError::Generation)??))
        .collect()
}

#[cfg(unix)]
fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    // An existing file keeps its mode when it is overwritten, so it goes first.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(bytes)
}

#[cfg(not(unix))]
fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    fs::File::create(path)?.write_all(bytes)
}
