//! Our own private keys: those that sign, and those that TLS needs on our side.
//!
//! [`KeyReader`] makes usable keys of what the configuration names, be they in files or on a token, and refuses what would only fail
//! later: a key of another certificate, a key file that others may read, a token that does not let us in. [`SigningKeys`] are those
//! that sign, with their times. Everything can be read again while the service runs; whoever has a key in hand finishes with it.

mod certificate;
mod files;
mod reader;
mod request;
mod signing;
mod token_tls;

pub use certificate::CertificateFacts;
pub use files::{FileProblem, Stamp, read_secret_text};
pub use reader::{KeyProblem, KeyReader, certificates_of, open_token};
pub use request::{Purpose, RequestKey, Wish};
pub use signing::{KeyRing, KeyRingProblem, SigningKeys, published_until};
