//! What the operator says: where the bank is, how to authenticate, and which customer to ask about.

use std::{fmt, path::PathBuf};

use secrecy::SecretString;
use url::Url;

/// Where the two contracts are served; the requirements of one that is absent are "not tested".
#[derive(Clone, Debug, Default)]
pub struct Target {
    pub core_bank: Option<Endpoint>,
    pub sign_in: Option<Endpoint>,
}

/// One base address and the credentials for it.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// `https`, or `http` on loopback. A path in it is put before the paths of the contract.
    pub url: Url,
    /// PEM file with the authorities that may have signed the server's certificate; without it the platform's.
    pub server_ca: Option<PathBuf>,
    /// PEM file with the chain of the client certificate; together with its key.
    pub client_certificate: Option<PathBuf>,
    /// PEM file with the private key of the client certificate.
    pub client_private_key: Option<PathBuf>,
    /// File with the bearer token; white space at its ends is cut off.
    pub token_file: Option<PathBuf>,
}

impl Endpoint {
    /// Without credentials.
    pub fn new(url: Url) -> Self {
        Self {
            url,
            server_ca: None,
            client_certificate: None,
            client_private_key: None,
            token_file: None,
        }
    }
}

/// Whom to ask about, and what the kit may do.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command"
)]
pub struct Options {
    /// Id of a test customer at the bank (`--customer`).
    pub customer: Option<String>,
    /// The account whose transactions are looked at closely (`--account`); without it the eligible one with most of them.
    pub account: Option<String>,
    /// Another test customer, whose accounts must stay out of reach (`--other-customer`).
    pub other_customer: Option<String>,
    /// Whether notices may be sent to the test customer (`--notices`).
    pub notices: bool,
    /// Whether to wait for what takes its time: a cursor after an hour, an approval that runs out, a lock that ends (`--patient`).
    pub patient: bool,
    /// Whether a person stands by to approve in the bank's app (`--interactive`).
    pub interactive: bool,
    /// User name for the sign-in (`--username`).
    pub username: Option<String>,
    pub password: Option<SecretString>,
    /// Secret of the customer's authenticator, in Base32 (`--totp-secret-file`).
    pub totp_secret: Option<SecretString>,
    /// Whether the test customer may be locked by wrong passwords (`--may-lock`).
    pub may_lock: bool,
    /// Fingerprint of the list of accounts that an earlier run printed (`--expect`).
    pub expect: Option<String>,
    /// After how many transactions a walk through the pages is given up.
    pub walk_limit: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            customer: None,
            account: None,
            other_customer: None,
            notices: false,
            patient: false,
            interactive: false,
            username: None,
            password: None,
            totp_secret: None,
            may_lock: false,
            expect: None,
            walk_limit: 100_000,
        }
    }
}

/// The two contracts as JSON, by which every answer is judged.
#[derive(Clone, Copy)]
pub struct Documents<'a> {
    pub core_bank: &'a str,
    pub sign_in: &'a str,
}

impl fmt::Debug for Documents<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Documents").finish_non_exhaustive()
    }
}

/// What the operator gave cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    #[error("the document {name}: {problem}")]
    Document { name: &'static str, problem: String },
    #[error("{path}: {problem}", path = path.display())]
    File { path: PathBuf, problem: String },
    #[error(
        "{option}: not an id of the contract (a letter or digit, then up to 127 of A-Z a-z 0-9 . _ ~ : -)"
    )]
    Id { option: &'static str },
    #[error("a client certificate needs its private key, and the key its certificate")]
    HalfCertificate,
    #[error(
        "there is nothing to check: neither the core bank's nor the sign-in's address was given"
    )]
    Nothing,
    #[error("TLS: {0}")]
    Tls(#[from] rustls::Error),
    #[error("the authenticator's secret is not Base32")]
    TotpSecret,
    #[error("{url}: {problem}")]
    Url { url: String, problem: &'static str },
}
