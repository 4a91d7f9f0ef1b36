//! The development PKI: every certificate and key that a demonstration or a test needs, as PEM files in one folder.
//!
//! It exists so that nothing in the simulator is pretended: handshakes, signatures and certificate-bound tokens are real, only the
//! authority that issued the certificates is ours. Never for production, and every subject says so.

mod certificates;

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    thread,
};

use openssl::{
    error::ErrorStack,
    nid::Nid,
    pkey::{HasPublic, PKey, Private},
    rsa::Rsa,
    x509::{X509, X509Req},
};

use self::certificates::{authority_certificate, elliptic_key, leaf_certificate};

const RSA_BITS: u32 = 2048;

/// A folder of `NAME.crt` and `NAME.key`.
#[derive(Clone, Debug)]
pub struct Pki {
    dir: PathBuf,
}

impl Pki {
    /// Makes all authorities and certificates anew; what the folder held under the same names is overwritten.
    pub fn create(dir: impl Into<PathBuf>) -> Result<Self, PkiError> {
        let pki = Self { dir: dir.into() };
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
        let pki = Self { dir: dir.into() };
        let missing = LEAVES
            .iter()
            .find(|leaf| !pki.key_file(leaf.name).is_file());
        match missing {
            None => Ok(pki),
            Some(leaf) => Err(PkiError::Missing(pki.key_file(leaf.name))),
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
        let certificate = self.certificate_for(leaf, &key)?;
        self.write_certificate(leaf.name, &certificate)
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
        self.read(&self.certificate_file(name))
    }

    /// The private key as PEM (PKCS#8).
    pub fn key(&self, name: &str) -> Result<Vec<u8>, PkiError> {
        self.read(&self.key_file(name))
    }

    /// The certificate as DER, the form that thumbprints are made of.
    pub fn certificate_der(&self, name: &str) -> Result<Vec<u8>, PkiError> {
        Ok(X509::from_pem(&self.certificate(name)?)?.to_der()?)
    }

    fn issue_with_key(&self, leaf: &Leaf, key: &PKey<Private>) -> Result<(), PkiError> {
        self.write(leaf.name, &self.certificate_for(leaf, key)?, key)
    }

    fn certificate_for<T: HasPublic>(&self, leaf: &Leaf, key: &PKey<T>) -> Result<X509, PkiError> {
        let authority = leaf.authority.name();
        let issuer = X509::from_pem(&self.certificate(authority)?)?;
        let issuer_key = PKey::private_key_from_pem(&self.key(authority)?)?;
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

/// What a certificate is for; decides key type, key usage and extended key usage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usage {
    /// TLS client, P-256.
    Client,
    /// JWE recipient, RSA.
    Encryption,
    /// TLS server for `localhost`, `127.0.0.1` and `::1`, P-256.
    Server,
    /// JWS, RSA.
    Signing,
    /// JWS, P-384.
    SigningP384,
    /// JWS, P-521.
    SigningP521,
}

impl Usage {
    fn generate_key(self) -> Result<PKey<Private>, ErrorStack> {
        match self {
            Self::Client | Self::Server => elliptic_key(Nid::X9_62_PRIME256V1),
            Self::SigningP384 => elliptic_key(Nid::SECP384R1),
            Self::SigningP521 => elliptic_key(Nid::SECP521R1),
            Self::Encryption | Self::Signing => PKey::from_rsa(Rsa::generate(RSA_BITS)?),
        }
    }
}

/// Who vouches for a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authority {
    /// An authority nobody has configured.
    Rogue,
    /// The one both sides trust.
    Trusted,
}

impl Authority {
    fn name(self) -> &'static str {
        match self {
            Self::Rogue => "rogue-ca",
            Self::Trusted => "ca",
        }
    }
}

/// A certificate to issue.
#[derive(Clone, Copy, Debug)]
pub struct Leaf {
    pub name: &'static str,
    pub organization: &'static str,
    pub usage: Usage,
    pub authority: Authority,
}

impl Leaf {
    pub const fn trusted(name: &'static str, organization: &'static str, usage: Usage) -> Self {
        Self {
            name,
            organization,
            usage,
            authority: Authority::Trusted,
        }
    }

    const fn rogue(name: &'static str, organization: &'static str, usage: Usage) -> Self {
        Self {
            name,
            organization,
            usage,
            authority: Authority::Rogue,
        }
    }
}

const LEAVES: [Leaf; 16] = [
    Leaf::trusted("dp-server", "Bank Contoh", Usage::Server),
    Leaf::trusted("dp-client", "Bank Contoh", Usage::Client),
    Leaf::trusted("dp-signing", "Bank Contoh", Usage::Signing),
    Leaf::trusted("paynet-server", "PayNet simulator", Usage::Server),
    Leaf::trusted("paynet-client", "PayNet simulator", Usage::Client),
    Leaf::trusted("paynet-signing", "PayNet simulator", Usage::Signing),
    Leaf::trusted("dc-client", "Kira Budget", Usage::Client),
    Leaf::trusted("dc-signing", "Kira Budget", Usage::Signing),
    Leaf::trusted("dc-encryption", "Kira Budget", Usage::Encryption),
    Leaf::trusted("dc2-client", "Pinjam Pantas", Usage::Client),
    Leaf::trusted("dc2-signing", "Pinjam Pantas", Usage::Signing),
    Leaf::trusted("dc2-encryption", "Pinjam Pantas", Usage::Encryption),
    Leaf::trusted("other-client", "Somebody else", Usage::Client),
    // The rogue calls itself PayNet: only the authority gives it away.
    Leaf::rogue("rogue-client", "PayNet simulator", Usage::Client),
    Leaf::rogue("rogue-signing", "PayNet simulator", Usage::Signing),
    Leaf::rogue("rogue-server", "PayNet simulator", Usage::Server),
];

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
