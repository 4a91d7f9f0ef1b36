//! What has no place where a signature belongs: encrypted messages, and keys as their owner would publish them.

use izin_jose::base64url;
use openssl::{
    encrypt::Encrypter,
    hash::MessageDigest,
    pkey::PKey,
    rand::rand_bytes,
    rsa::Padding,
    symm::{Cipher, encrypt_aead},
    x509::X509,
};
use serde_json::{Value, json};

use super::ForgeError;
use crate::{keys::key_id, pki::Pki};

const CONTENT_KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;

/// How the content key is encrypted (RFC 7518 §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyTransport {
    /// RSA with the padding that leaks (RFC 8725 §3.2).
    Rsa15,
    RsaOaep256,
}

/// A JWE that the owner of this certificate can open; with `zip`, of a compressed content.
pub(crate) fn encrypted(
    pki: &Pki,
    recipient: &str,
    transport: KeyTransport,
    zip: bool,
    content: &[u8],
) -> Result<String, ForgeError> {
    let certificate = pki.certificate(recipient)?;
    let alg = match transport {
        KeyTransport::Rsa15 => "RSA1_5",
        KeyTransport::RsaOaep256 => "RSA-OAEP-256",
    };
    let mut header = json!({ "alg": alg, "enc": "A256GCM", "kid": key_id(&certificate)?.as_str() });
    let mut content = content.to_vec();
    if zip {
        header["zip"] = "DEF".into();
        content = deflated(&content);
    }
    let (mut key, mut nonce, mut tag) = ([0; CONTENT_KEY_BYTES], [0; NONCE_BYTES], [0; TAG_BYTES]);
    rand_bytes(&mut key)?;
    rand_bytes(&mut nonce)?;
    let header = base64url::encode(header.to_string().as_bytes());
    let sealed = encrypt_aead(
        Cipher::aes_256_gcm(),
        &key,
        Some(&nonce),
        header.as_bytes(),
        &content,
        &mut tag,
    )?;
    let parts = [
        wrapped(&certificate, transport, &key)?,
        nonce.to_vec(),
        sealed,
        tag.to_vec(),
    ];
    let parts: Vec<_> = parts.iter().map(|part| base64url::encode(part)).collect();
    Ok(format!("{header}.{}", parts.join(".")))
}

fn wrapped(certificate: &[u8], transport: KeyTransport, key: &[u8]) -> Result<Vec<u8>, ForgeError> {
    let public = X509::from_pem(certificate)?.public_key()?;
    let mut encrypter = Encrypter::new(&public)?;
    match transport {
        KeyTransport::Rsa15 => encrypter.set_rsa_padding(Padding::PKCS1)?,
        KeyTransport::RsaOaep256 => {
            encrypter.set_rsa_padding(Padding::PKCS1_OAEP)?;
            encrypter.set_rsa_oaep_md(MessageDigest::sha256())?;
            encrypter.set_rsa_mgf1_md(MessageDigest::sha256())?;
        }
    }
    let mut wrapped = vec![0; encrypter.encrypt_len(key)?];
    let length = encrypter.encrypt(key, &mut wrapped)?;
    wrapped.truncate(length);
    Ok(wrapped)
}

/// DEFLATE without any compression (RFC 1951 §3.2.4), for contents below 64 KiB.
fn deflated(content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap_or(u16::MAX);
    let mut block = vec![1];
    block.extend(length.to_le_bytes());
    block.extend((!length).to_le_bytes());
    block.extend(&content[..usize::from(length)]);
    block
}

/// The public RSA key of a certificate under any name, as bare as RFC 7517 allows.
pub(crate) fn bare_jwk(pki: &Pki, name: &str, kid: &str) -> Result<Value, ForgeError> {
    let rsa = X509::from_pem(&pki.certificate(name)?)?
        .public_key()?
        .rsa()?;
    let number = |number: &openssl::bn::BigNumRef| base64url::encode(&number.to_vec());
    Ok(json!({ "kty": "RSA", "kid": kid, "n": number(rsa.n()), "e": number(rsa.e()) }))
}

/// With the private exponent, as nobody publishes it.
pub(crate) fn private_jwk(pki: &Pki, name: &str, kid: &str) -> Result<Value, ForgeError> {
    let mut jwk = bare_jwk(pki, name, kid)?;
    let key = PKey::private_key_from_pem(&pki.key(name)?)?.rsa()?;
    jwk["d"] = base64url::encode(&key.d().to_vec()).into();
    Ok(jwk)
}

/// A certificate as `x5c` has it.
pub(crate) fn x5c(pki: &Pki, name: &str) -> Result<Value, ForgeError> {
    Ok(json!([openssl::base64::encode_block(
        &pki.certificate_der(name)?
    )]))
}
