//! Every key and certificate that the configuration names, read once: what came of it is judged in `checks`, used for connections, and
//! listed for PayNet.

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use izin_jose::CryptoPool;
use rustls::pki_types::CertificateDer;
use rustls::sign::CertifiedKey;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::certificates::{Purpose, Relief};
use crate::clock::SharedClock;
use crate::config::{Config, ConfiguredKey, KeyLocation, KeySource};
use crate::keys::{
    CertificateFacts, KeyProblem, KeyReader, KeyRing, KeyRingProblem, SigningKeys, certificates_of,
};

/// A token answers within milliseconds; one behind a network that is down perhaps never.
const PATIENCE: Duration = Duration::from_secs(15);

/// What the configuration names and what was there.
#[derive(Default)]
pub struct Inventory {
    /// None: no key is on a token.
    pub token: Option<Result<(), TokenTrouble>>,
    pub keys: Vec<ReadKey>,
    /// None: see `signing_problem`.
    pub signing: Option<SigningKeys>,
    pub signing_problem: Option<KeyRingProblem>,
    pub authorities: Vec<AuthorityFile>,
    /// Why nothing was read at all.
    pub unread: Option<Unread>,
}

/// Why keys and certificates could not even be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    NoThreads,
    /// A file that does not answer: a pipe, or on a disk that is away.
    TooSlow,
}

/// Why keys on a token could not be read.
pub enum TokenTrouble {
    Problem(KeyProblem),
    Silent,
}

/// One key with its certificate.
pub struct ReadKey {
    /// As it stands in the file, for example `ofp.client_private_key`.
    pub setting: String,
    pub certificate_setting: String,
    pub source: KeySource,
    pub purpose: Purpose,
    /// When it signs.
    pub from: Option<DateTime<Utc>>,
    pub until: Option<DateTime<Utc>>,
    pub key: Outcome,
    /// DER, the key's own first; also where the key is of no use. Empty: not readable.
    pub certificates: Vec<Vec<u8>>,
}

/// What came of reading a private key.
pub enum Outcome {
    Usable(Arc<CertifiedKey>),
    Unusable(KeyProblem),
    /// It is on a token, and the token could not be opened.
    OutOfReach,
}

/// A file of certificates that we trust.
pub struct AuthorityFile {
    /// For example `ofp.server_ca`.
    pub setting: &'static str,
    /// DER.
    pub certificates: Result<Vec<Vec<u8>>, KeyProblem>,
}

impl Inventory {
    /// Reads everything, on a thread of its own, because a token may never answer.
    pub async fn read(config: &Config, clock: &SharedClock) -> Self {
        let reading = |with_token| {
            let (config, clock) = (config.clone(), clock.clone());
            move || read(&config, clock, with_token)
        };
        let read = match in_time(PATIENCE, reading(true)).await {
            // Files are read in any case.
            Err(Unread::TooSlow) if config.uses_token() => in_time(PATIENCE, reading(false)).await,
            read => read,
        };
        read.unwrap_or_else(|unread| Self {
            unread: Some(unread),
            ..Self::default()
        })
    }

    /// Of the key under this setting, if it can be used.
    pub fn tls(&self, setting: &str) -> Option<Arc<CertifiedKey>> {
        let mut keys = self.keys.iter();
        let key = keys.find(|key| key.setting == setting)?;
        match &key.key {
            Outcome::Usable(tls) => Some(tls.clone()),
            _ => None,
        }
    }

    pub fn authorities_of(&self, setting: &str) -> Option<Vec<CertificateDer<'static>>> {
        let mut files = self.authorities.iter();
        let file = files.find(|file| file.setting == setting)?;
        let certificates = file.certificates.as_ref().ok()?;
        Some(
            certificates
                .iter()
                .cloned()
                .map(CertificateDer::from)
                .collect(),
        )
    }

    pub fn signing(&self) -> impl Iterator<Item = &ReadKey> {
        self.keys
            .iter()
            .filter(|key| key.purpose == Purpose::Signing)
    }

    /// What others do for this signing key; nothing, for keys that do not sign.
    pub fn relief(&self, of: &ReadKey, now: DateTime<Utc>) -> Relief {
        let Some(own) = of.facts().filter(|_| of.purpose == Purpose::Signing) else {
            return Relief::default();
        };
        let others = |at: DateTime<Utc>| {
            let mut others = self.signing().filter(|key| key.setting != of.setting);
            others.any(|key| key.may_sign(at))
        };
        Relief {
            now: others(now),
            at_the_end: of.until.is_some_and(|until| until <= own.not_after)
                || others(own.not_after + TimeDelta::seconds(1)),
        }
    }
}

impl ReadKey {
    pub fn facts(&self) -> Option<CertificateFacts> {
        let own = self.certificates.first()?;
        CertificateFacts::of(own).ok()
    }

    /// By its times and those of its certificate.
    pub fn may_sign(&self, at: DateTime<Utc>) -> bool {
        let in_time =
            self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until);
        in_time && self.facts().is_some_and(|facts| facts.is_valid_at(at))
    }

    /// File or name on the token.
    pub fn place(&self) -> String {
        match &self.source.private_key {
            KeyLocation::File(path) => path.display().to_string(),
            KeyLocation::Token(name) => name.to_string(),
        }
    }
}

async fn in_time<T: Send + 'static>(
    patience: Duration,
    read: impl FnOnce() -> Option<T> + Send + 'static,
) -> Result<T, Unread> {
    let (sender, receiver) = oneshot::channel();
    // Not one of the runtime's threads: at the end it would wait for them.
    let reading = std::thread::Builder::new().spawn(move || {
        // If nobody waits any more, the token was too slow.
        let _ = sender.send(read());
    });
    reading.map_err(|_| Unread::NoThreads)?;
    let read = timeout(patience, receiver).await;
    let read = read.map_err(|_| Unread::TooSlow)?;
    read.ok().flatten().ok_or(Unread::NoThreads)
}

/// None: the system gives no threads.
fn read(config: &Config, clock: SharedClock, with_token: bool) -> Option<Inventory> {
    let pool = Arc::new(CryptoPool::for_this_machine().ok()?);
    let (reader, token) = if with_token {
        match KeyReader::open(config, pool) {
            Ok(reader) => (reader, config.uses_token().then_some(Ok(()))),
            Err(problem) => {
                let trouble = Err(TokenTrouble::Problem(problem));
                (KeyReader::files_only().ok()?, Some(trouble))
            }
        }
    } else {
        (
            KeyReader::files_only().ok()?,
            Some(Err(TokenTrouble::Silent)),
        )
    };
    let has_token = matches!(token, Some(Ok(())));
    let configured = config.configured_keys().into_iter();
    let keys = configured.filter_map(|key| read_key(&reader, has_token, key));
    let keys = keys.collect();
    let ring = KeyRing::read(&reader, &config.signing.keys, clock.now());
    let (signing, signing_problem) = match ring {
        Ok(ring) => (Some(SigningKeys::new(ring, clock)), None),
        Err(problem) => (None, Some(problem)),
    };
    Some(Inventory {
        token,
        keys,
        signing,
        signing_problem,
        authorities: authorities(config),
        unread: None,
    })
}

fn read_key(reader: &KeyReader, has_token: bool, key: ConfiguredKey) -> Option<ReadKey> {
    let source = key.source?;
    let purpose = if key.setting.starts_with("signing.") {
        Purpose::Signing
    } else if key.setting.starts_with("listeners.") {
        Purpose::Server
    } else {
        Purpose::Client
    };
    let is_out_of_reach = matches!(source.private_key, KeyLocation::Token(_)) && !has_token;
    let outcome = if is_out_of_reach {
        Outcome::OutOfReach
    } else {
        usable(reader, &source, purpose).unwrap_or_else(Outcome::Unusable)
    };
    let certificates = match (&outcome, &source.certificate) {
        (Outcome::Usable(tls), _) => tls.cert.iter().map(|der| der.to_vec()).collect(),
        (_, Some(path)) => ders(path).unwrap_or_default(),
        (_, None) => Vec::new(),
    };
    Some(ReadKey {
        setting: key.setting,
        certificate_setting: if source.certificate.is_some() {
            key.certificate_setting
        } else {
            // A container, which has both.
            String::new()
        },
        source,
        purpose,
        from: key.from,
        until: key.until,
        key: outcome,
        certificates,
    })
}

fn usable(reader: &KeyReader, source: &KeySource, purpose: Purpose) -> Result<Outcome, KeyProblem> {
    if purpose == Purpose::Signing {
        // Stricter than TLS about what a key must be.
        reader.signer(source)?;
    }
    Ok(Outcome::Usable(reader.certified(source)?))
}

fn authorities(config: &Config) -> Vec<AuthorityFile> {
    let files = [
        (
            "listeners.webhooks.client_ca",
            &config.listeners.webhooks.client_ca,
        ),
        ("ofp.server_ca", &config.ofp.server_ca),
        ("bank.http.server_ca", &config.bank.http.server_ca),
        ("sign_in.http.server_ca", &config.sign_in.http.server_ca),
        ("database.ca", &config.database.ca),
    ];
    let named = files
        .into_iter()
        .filter_map(|(setting, path)| Some((setting, path.as_ref()?)));
    let read = named.map(|(setting, path)| AuthorityFile {
        setting,
        certificates: ders(path),
    });
    read.collect()
}

fn ders(path: &Path) -> Result<Vec<Vec<u8>>, KeyProblem> {
    let certificates = certificates_of(path)?;
    Ok(certificates.iter().map(|der| der.to_vec()).collect())
}
