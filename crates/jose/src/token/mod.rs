//! Private keys that never leave a token: a hardware security module, or anything else with a PKCS#11 module.
//!
//! A [`Token`] keeps a number of sessions, and that number is how many signatures are made at a time; further ones wait in a bounded
//! queue. A session that breaks (the network to the module was cut, the module was restarted) is replaced once per signature; where no
//! new one can be opened, the module is started anew. A PIN that the token refuses is never tried again, because tokens lock
//! themselves after a few.

mod gate;
mod generate;
mod key;
mod login;
mod module;
mod name;
mod sessions;
mod signer;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use secrecy::SecretString;
use thiserror::Error;

pub use generate::KeyKind;
pub use key::{SignatureScheme, TokenKey, ecdsa_der};
pub use name::{InvalidTokenKeyName, TokenKeyName};
pub use signer::TokenSigner;

use crate::pool::{Busy, CryptoPool};
use module::Wanted;
use sessions::{Sessions, find};

/// Signatures that may wait for each session.
const WAITING_PER_SESSION: usize = 64;

/// Where a token is and how to get in.
#[derive(Debug)]
pub struct TokenOptions<'a> {
    /// The vendor's library.
    pub module: &'a Path,
    /// As the token was initialized.
    pub label: &'a str,
    /// The maker's number, to tell tokens of one label apart.
    pub serial: Option<&'a str>,
    /// Of the normal user.
    pub pin: SecretString,
    /// Signatures made at a time; counts as 1 if 0.
    pub sessions: usize,
}

/// A token with somebody logged in.
pub struct Token {
    label: String,
    sessions: Arc<Sessions>,
    pool: CryptoPool,
}

impl Token {
    /// Loads the module, finds the token and logs in, so that what is wrong shows at once. Blocks.
    pub fn open(options: TokenOptions) -> Result<Self, TokenError> {
        let count = options.sessions.max(1);
        let label = options.label.to_owned();
        let wanted = Wanted {
            label: label.clone(),
            serial: options.serial.map(str::to_owned),
        };
        let sessions = Sessions::start(options.module, wanted, options.pin)?;
        Ok(Self {
            label,
            sessions: Arc::new(sessions),
            pool: CryptoPool::start(count, WAITING_PER_SESSION * count)?,
        })
    }

    /// The private key of that name, which must be the only one. Blocks.
    pub fn key(self: &Arc<Self>, name: &TokenKeyName) -> Result<TokenKey, TokenError> {
        self.check_label(name)?;
        let kind = self.sessions.run(|session| {
            let handle = find(session, name, KeyHalf::Private)?;
            key::kind_of(session, handle)
        })?;
        Ok(TokenKey::new(self.clone(), name.clone(), kind))
    }

    /// What the token's maker calls it, for people.
    pub fn description(&self) -> &str {
        self.sessions.description()
    }

    fn check_label(&self, name: &TokenKeyName) -> Result<(), TokenError> {
        match &name.token {
            Some(wanted) if *wanted != self.label => Err(TokenError::OtherToken {
                wanted: wanted.clone(),
                open: self.label.clone(),
            }),
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Token")
            .field("label", &self.label)
            .finish_non_exhaustive()
    }
}

/// A key pair is two objects of a token.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum KeyHalf {
    Private,
    Public,
}

impl fmt::Display for KeyHalf {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Private => "private",
            Self::Public => "public",
        })
    }
}

/// Why a token or one of its keys cannot be used.
#[derive(Debug, Error)]
pub enum TokenError {
    #[error("several {half} keys of the token are called {name}; name one of them with id=")]
    Ambiguous { half: KeyHalf, name: TokenKeyName },
    #[error(transparent)]
    Busy(#[from] Busy),
    /// Generating would make a second one of that name.
    #[error("the token has a {half} key called {name} already")]
    Exists { half: KeyHalf, name: TokenKeyName },
    /// In the words of PKCS#11.
    #[error("the token failed: {0}")]
    Failed(String),
    #[error("{path}: the PKCS#11 module cannot be loaded: {problem}", path = path.display())]
    Module { path: PathBuf, problem: String },
    #[error("the token has no {half} key called {name}")]
    NoKey { half: KeyHalf, name: TokenKeyName },
    #[error(
        "the module has no token with the label {wanted:?}{serial}; it has {found}",
        serial = .serial.as_ref().map(|serial| format!(" and the serial number {serial:?}")).unwrap_or_default(),
        found = listed(.found)
    )]
    NoToken {
        wanted: String,
        serial: Option<String>,
        found: Vec<String>,
    },
    #[error("the private key does not belong to the certificate")]
    NotOfCertificate,
    #[error("the key is on token {wanted:?}, but {open:?} is the one that is open")]
    OtherToken { wanted: String, open: String },
    #[error(
        "the token has one try left before it locks itself, which is not used up here; log in once by hand with the right PIN, \
         for example with pkcs11-tool --login --list-objects"
    )]
    PinFinalTry,
    #[error("the token has locked itself after wrong PINs; its security officer can set a new one")]
    PinLocked,
    /// And it is not tried again.
    #[error("the token refuses the PIN")]
    PinRefused,
    /// PKCS#11 tries no PIN while somebody is logged in.
    #[error(
        "the token is open with another PIN than this one, which can be tried only after a restart"
    )]
    PinUnproven,
    #[error("the operating system gives no thread: {0}")]
    Thread(#[from] io::Error),
    #[error("several tokens have the label {label:?}; choose one by its serial number: {serials}", serials = .serials.join(", "))]
    Twins { label: String, serials: Vec<String> },
    #[error("a key of this kind is not used here: {0}")]
    Unsupported(String),
}

impl TokenError {
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Ambiguous { .. } => "token.ambiguous",
            Self::Busy(busy) => busy.reason(),
            Self::Exists { .. } => "token.exists",
            Self::Failed(_) => "token.failed",
            Self::Module { .. } => "token.module",
            Self::NoKey { .. } => "token.no_key",
            Self::NoToken { .. } => "token.no_token",
            Self::NotOfCertificate => "token.not_of_certificate",
            Self::OtherToken { .. } => "token.other_token",
            Self::PinFinalTry => "token.pin_final_try",
            Self::PinLocked => "token.pin_locked",
            Self::PinRefused => "token.pin_refused",
            Self::PinUnproven => "token.pin_unproven",
            Self::Thread(_) => "token.thread",
            Self::Twins { .. } => "token.twins",
            Self::Unsupported(_) => "token.unsupported",
        }
    }
}

impl From<cryptoki::error::Error> for TokenError {
    fn from(error: cryptoki::error::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

fn listed(labels: &[String]) -> String {
    if labels.is_empty() {
        "none".to_owned()
    } else {
        labels.join(", ")
    }
}
