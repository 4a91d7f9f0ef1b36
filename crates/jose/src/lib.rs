//! Signed and encrypted messages for services that answer other institutions: JWS (RFC 7515, RFC 7797), JWE (RFC 7516), JWK sets
//! (RFC 7517) and certificate thumbprints as key ids.
//!
//! The crate is small on purpose. It holds only the forms that such a service needs, and holds them strictly: compact
//! serialization, one signature, asymmetric algorithms, a key that the caller chose. It knows nothing of any scheme's claims,
//! time limits or parties; those belong to whoever calls it.
//!
//! # The order that keeps a verifier safe
//!
//! 1. [`UnverifiedJws::parse`] reads the form. Nothing in it is believed; the payload is reachable only under a name that says so.
//! 2. The caller decides *who* must have signed, takes that party's [`JwkSet`] and looks up the key for the header's `kid`.
//! 3. [`UnverifiedJws::verify`] or [`UnverifiedJws::verify_detached`] checks the algorithm against the caller's
//!    [`VerificationPolicy`], `crit` against what the caller processes, and the signature over the bytes as they came. Only
//!    these two make a [`VerifiedJws`], so a function that takes one cannot be handed something unchecked.
//!
//! A token never chooses its key or its algorithm: header members that carry or point to keys (`jwk`, `jku`, `x5u`, `x5c`) are
//! not looked at, and `alg` is only compared (RFC 8725 §3.1, §3.10).
//!
//! # Which library does what
//!
//! aws-lc-rs does everything that happens per message, unless the private key is on a token: then the token signs (PKCS#11, through
//! cryptoki). OpenSSL reads certificates and private-key files, because institutions
//! keep keys in every form OpenSSL has ever written. RSA signing takes hundreds of microseconds and runs on a [`CryptoPool`], so
//! that the async runtime stays responsive.
//!
//! [`check_known_answers`] runs published examples through the same code, so that an operator can check the binary in hand.
//!
//! Every error has a `reason()`: a stable, dotted name for logs and metrics.

mod algorithm;
pub mod base64url;
mod content;
mod header;
mod json;
mod jwe;
mod jwk;
mod jwk_members;
mod jwk_set;
mod jws;
mod jws_error;
#[cfg(test)]
mod jws_vectors;
mod key_id;
mod key_pair;
mod known_answers;
mod pool;
mod public_key;
mod sign;
mod signer;
mod thumbprint;
mod token;
mod verifying_key;
#[cfg(test)]
mod wycheproof_vectors;
mod x5c;

pub use algorithm::{Algorithm, UnknownAlgorithm};
pub use header::{Header, HeaderError};
pub use json::{AmbiguousJson, read_unambiguous};
pub use jwe::{DecryptError, DecryptionKey, EncryptError, EncryptionKey};
pub use jwk::{Jwk, JwkError, KeyError, KeyUse};
pub use jwk_set::{JwkSet, JwkSetError, SkippedKey};
pub use jws::{UnverifiedJws, VerificationPolicy, VerifiedJws};
pub use jws_error::JwsError;
pub use key_id::{InvalidKeyId, KeyId};
pub use key_pair::{KeyFileError, KeyPair};
pub use known_answers::{KnownAnswer, check_known_answers};
pub use pool::{Busy, CryptoPool, Unanswered};
pub use sign::{HeaderFields, sign, sign_detached};
pub use signer::{FileSigner, SignError, Signer};
pub use token::{
    InvalidTokenKeyName, KeyHalf, KeyKind, SignatureScheme, Token, TokenError, TokenKey,
    TokenKeyName, TokenOptions, TokenSigner, ecdsa_der,
};
pub use verifying_key::VerifyingKey;
