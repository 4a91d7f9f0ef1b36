//! The kinds of examples and how each is held against the code.

use std::fmt::Display;
use std::sync::Arc;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::key;
use crate::algorithm::Algorithm;
use crate::base64url;
use crate::content;
use crate::jwe::DecryptionKey;
use crate::jwk::{Jwk, KeyUse};
use crate::jws::{UnverifiedJws, VerificationPolicy};
use crate::key_id::KeyId;
use crate::pool::CryptoPool;
use crate::sign::{HeaderFields, sign};
use crate::signer::FileSigner;

const POLICY: VerificationPolicy<'static> = VerificationPolicy {
    algorithms: &Algorithm::ALL,
    known_critical: &[],
    max_bytes: 16 * 1024,
};

/// Bytes are base64url in the file.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Check {
    CertificateThumbprint {
        /// PEM.
        certificate: String,
        thumbprint: String,
    },
    /// A256GCM, both ways.
    Content {
        #[serde(deserialize_with = "bytes")]
        secret: Vec<u8>,
        #[serde(deserialize_with = "bytes")]
        nonce: Vec<u8>,
        #[serde(deserialize_with = "bytes")]
        aad: Vec<u8>,
        #[serde(deserialize_with = "bytes")]
        plaintext: Vec<u8>,
        #[serde(deserialize_with = "bytes")]
        ciphertext: Vec<u8>,
        #[serde(deserialize_with = "bytes")]
        tag: Vec<u8>,
    },
    /// SHA-256.
    Digest {
        #[serde(deserialize_with = "bytes")]
        message: Vec<u8>,
        digest: String,
    },
    Encrypting {
        payload: String,
    },
    JwkThumbprint {
        thumbprint: String,
    },
    /// RSA-OAEP-256.
    KeyTransport {
        #[serde(deserialize_with = "bytes")]
        encrypted: Vec<u8>,
        #[serde(deserialize_with = "bytes")]
        secret: Vec<u8>,
        accepted: bool,
    },
    /// A compact JWE.
    Message {
        token: String,
        plaintext: String,
        /// The error's `reason()`.
        refused: Option<String>,
    },
    /// The bare signature, without the rules for headers.
    Signature {
        algorithm: Algorithm,
        #[serde(deserialize_with = "bytes")]
        input: Vec<u8>,
        #[serde(deserialize_with = "bytes")]
        signature: Vec<u8>,
        accepted: bool,
    },
    Signing {
        payload: String,
    },
    /// A compact JWS.
    Token {
        token: String,
        /// The error's `reason()`.
        refused: Option<String>,
    },
}

pub(super) async fn check(check: &Check, key: Option<&Value>) -> Result<(), String> {
    let key = key.unwrap_or(&Value::Null);
    match check {
        Check::CertificateThumbprint {
            certificate,
            thumbprint,
        } => {
            let jwk = Jwk::from_certificate_pem(certificate.as_bytes(), KeyUse::Signature);
            equal(jwk.map_err(told)?.key_id().as_str(), thumbprint)
        }
        Check::Content {
            secret,
            nonce,
            aad,
            plaintext,
            ciphertext,
            tag,
        } => {
            let key: &[u8; content::KEY_BYTES] = secret.as_slice().try_into().map_err(told)?;
            let nonce: [u8; content::NONCE_BYTES] = nonce.as_slice().try_into().map_err(told)?;
            let mut sealed = plaintext.clone();
            let made = content::seal(key, nonce, aad, &mut sealed).map_err(told)?;
            equal(&sealed, ciphertext)?;
            equal(made.as_slice(), tag)?;
            let opened = content::open(key, nonce, aad, [ciphertext.as_slice(), tag].concat());
            equal(&opened.map_err(told)?, plaintext)
        }
        Check::Digest { message, digest } => equal(KeyId::of_certificate(message).as_str(), digest),
        Check::Encrypting { payload } => encrypting(key, payload.as_bytes()),
        Check::JwkThumbprint { thumbprint } => {
            let made = Jwk::thumbprint_of(key.to_string().as_bytes()).map_err(told)?;
            equal(&made, thumbprint)
        }
        Check::KeyTransport {
            encrypted,
            secret,
            accepted,
        } => {
            let opened = recipient(key)?.unwrap_key(encrypted);
            let matches = opened.is_ok_and(|opened| opened.as_slice() == secret);
            verdict(matches, *accepted)
        }
        Check::Message {
            token,
            plaintext,
            refused,
        } => match recipient(key)?.decrypt(token) {
            Ok(opened) => {
                equal(&None, refused)?;
                equal(opened.as_slice(), plaintext.as_bytes())
            }
            Err(error) => equal(&Some(error.reason().to_owned()), refused),
        },
        Check::Signature {
            algorithm,
            input,
            signature,
            accepted,
        } => {
            let jwk = key::public(key)?;
            let key = jwk.verifying_key(*algorithm).map_err(told)?;
            verdict(key.accepts(input, signature), *accepted)?;
            verdict(key.accepts(&[input, &b"."[..]].concat(), signature), false)
        }
        Check::Signing { payload } => signing(key, payload.as_bytes()).await,
        Check::Token { token, refused } => {
            let jwk = key::public(key)?;
            let found = verify(&jwk, token).map_or_else(Some, |_| None);
            equal(&found, &refused.as_deref())
        }
    }
}

/// Decrypts what it encrypts, and nothing that was changed.
fn encrypting(key: &Value, payload: &[u8]) -> Result<(), String> {
    let jwk = key::public(key)?;
    let token = jwk.encryption_key().map_err(told)?.encrypt(None, payload);
    let token = token.map_err(told)?;
    let recipient = recipient(key)?;
    equal(recipient.decrypt(&token).map_err(told)?.as_slice(), payload)?;
    verdict(recipient.decrypt(&format!("{token}A")).is_ok(), false)
}

/// Verifies what it signs, and nothing that was changed.
async fn signing(key: &Value, payload: &[u8]) -> Result<(), String> {
    let jwk = key::public(key)?;
    let pool = Arc::new(CryptoPool::start(1, 1).map_err(told)?);
    let signer = FileSigner::new(jwk.clone(), &key::private(key)?, pool).map_err(told)?;
    let token = sign(&signer, &HeaderFields::default(), payload).await;
    let token = token.map_err(told)?;
    equal(verify(&jwk, &token)?.as_slice(), payload)?;
    let (input, signature) = token.rsplit_once('.').ok_or("not a compact JWS")?;
    verdict(
        verify(&jwk, &format!("{input}AAAA.{signature}")).is_ok(),
        false,
    )
}

/// The payload, or the reason of the refusal.
fn verify(jwk: &Jwk, token: &str) -> Result<Vec<u8>, &'static str> {
    let key = Algorithm::ALL
        .into_iter()
        .find_map(|algorithm| jwk.verifying_key(algorithm).ok())
        .ok_or("key.wrong_use")?;
    UnverifiedJws::parse(token)
        .and_then(|jws| jws.verify(key, &POLICY))
        .map(crate::jws::VerifiedJws::into_payload)
        .map_err(|error| error.reason())
}

fn recipient(key: &Value) -> Result<DecryptionKey, String> {
    DecryptionKey::new(key::public(key)?, &key::private(key)?).map_err(told)
}

fn verdict(accepted: bool, expected: bool) -> Result<(), String> {
    match (accepted, expected) {
        (true, false) => Err("accepted, and should not be".to_owned()),
        (false, true) => Err("refused, and should be accepted".to_owned()),
        _ => Ok(()),
    }
}

fn equal<T: PartialEq + std::fmt::Debug + ?Sized>(found: &T, expected: &T) -> Result<(), String> {
    if found == expected {
        Ok(())
    } else {
        Err(format!("{found:?} instead of {expected:?}"))
    }
}

fn told(error: impl Display) -> String {
    error.to_string()
}

fn bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    base64url::decode(&text).map_err(serde::de::Error::custom)
}
