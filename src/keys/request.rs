//! New private keys, and certificate signing requests for them (PKCS#10, RFC 2986).
//!
//! rcgen writes the request and asks whoever has the key to sign it, so that it is the same for a key in a file and for one that never
//! leaves its token.

use std::path::Path;
use std::sync::Arc;

use izin_jose::{KeyKind, SignatureScheme, Token, TokenKey, TokenKeyName, ecdsa_der};
use openssl::bn::BigNumContext;
use openssl::ec::{EcGroup, EcKey, PointConversionForm};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private, Public};
use openssl::rsa::Rsa;
use openssl::sign::Signer;
use openssl::symm::Cipher;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_RSA_SHA256, PublicKeyData,
    SignatureAlgorithm, SigningKey,
};
use zeroize::Zeroizing;

use super::files::read_secret;
use super::reader::KeyProblem;

#[derive(Debug, thiserror::Error)]
pub enum RequestProblem {
    #[error("the request cannot be written: {0}")]
    Encoding(#[from] rcgen::Error),
    #[error("the subject: {0}")]
    Subject(String),
    #[error(transparent)]
    Key(#[from] KeyProblem),
    #[error("the key cannot be made or used: {0}")]
    Openssl(#[from] ErrorStack),
    #[error("{0}: it is not a readable PEM private key, or its passphrase is missing or wrong")]
    PrivateKey(String),
    #[error("keys of this kind are not used here; RSA, P-256 and P-384 are")]
    Unsupported,
}

/// What the certificate is to be for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// TLS, towards PayNet or the bank.
    Client,
    /// TLS, on a listener.
    Server,
    /// JWS.
    Signing,
}

/// What the request asks for.
#[derive(Debug, Clone)]
pub struct Wish {
    purpose: Purpose,
    subject: DistinguishedName,
    dns_names: Vec<String>,
}

impl Wish {
    /// `subject` as in `CN=ofp.bank.example,O=Bank Contoh,C=MY`; names of hosts are for [`Purpose::Server`].
    pub fn new(
        purpose: Purpose,
        subject: &str,
        dns_names: Vec<String>,
    ) -> Result<Self, RequestProblem> {
        let wish = Self {
            purpose,
            subject: distinguished_name(subject)?,
            dns_names,
        };
        wish.parameters()?;
        Ok(wish)
    }

    fn parameters(&self) -> Result<CertificateParams, rcgen::Error> {
        let mut parameters = CertificateParams::new(self.dns_names.clone())?;
        parameters.distinguished_name = self.subject.clone();
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        match self.purpose {
            Purpose::Client => {
                parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
            }
            Purpose::Server => {
                parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
            }
            Purpose::Signing => {
                parameters
                    .key_usages
                    .push(KeyUsagePurpose::ContentCommitment);
            }
        }
        Ok(parameters)
    }
}

/// A private key that a request is made for.
pub struct RequestKey {
    place: Place,
    /// As in a certificate's subjectPublicKey.
    public: Vec<u8>,
    algorithm: &'static SignatureAlgorithm,
}

enum Place {
    File(PKey<Private>),
    Token(TokenKey),
}

impl RequestKey {
    /// In memory only; [`RequestKey::to_pem`] is for keeping it.
    pub fn generate(kind: KeyKind) -> Result<Self, RequestProblem> {
        let rsa = |bits| Rsa::generate(bits).and_then(PKey::from_rsa);
        let ec = |curve| {
            let group = EcGroup::from_curve_name(curve)?;
            EcKey::generate(&group).and_then(PKey::from_ec_key)
        };
        let key = match kind {
            KeyKind::EcP256 => ec(Nid::X9_62_PRIME256V1),
            KeyKind::EcP384 => ec(Nid::SECP384R1),
            KeyKind::Rsa2048 => rsa(2048),
            KeyKind::Rsa3072 => rsa(3072),
            KeyKind::Rsa4096 => rsa(4096),
        };
        Self::in_file(key?)
    }

    /// From a PEM file.
    pub fn read(path: &Path, passphrase: Option<&str>) -> Result<Self, RequestProblem> {
        let pem = read_secret(path).map_err(KeyProblem::from)?;
        // An empty passphrase would make OpenSSL ask at the terminal.
        let passphrase = passphrase.unwrap_or("-").as_bytes();
        let key = PKey::private_key_from_pem_passphrase(&pem, passphrase);
        let key = key.map_err(|_| RequestProblem::PrivateKey(path.display().to_string()))?;
        Self::in_file(key)
    }

    /// Of a key that the token has.
    pub fn on_token(token: &Arc<Token>, name: &TokenKeyName) -> Result<Self, RequestProblem> {
        let key = token.key(name).map_err(KeyProblem::from)?;
        let public = token.public_key(name).map_err(KeyProblem::from)?;
        let public = PKey::public_key_from_der(&public)?;
        let (public, algorithm) = public_half(&public)?;
        Ok(Self {
            place: Place::Token(key),
            public,
            algorithm,
        })
    }

    /// PKCS#8, encrypted (AES-256) if there is a passphrase. None for a key on a token.
    pub fn to_pem(
        &self,
        passphrase: Option<&str>,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, ErrorStack> {
        let Place::File(key) = &self.place else {
            return Ok(None);
        };
        let pem = match passphrase {
            None => key.private_key_to_pem_pkcs8(),
            Some(passphrase) => {
                let cipher = Cipher::aes_256_cbc();
                key.private_key_to_pem_pkcs8_passphrase(cipher, passphrase.as_bytes())
            }
        };
        pem.map(Zeroizing::new).map(Some)
    }

    /// A certificate signing request in PEM.
    pub fn request(&self, wish: &Wish) -> Result<String, RequestProblem> {
        Ok(wish.parameters()?.serialize_request(self)?.pem()?)
    }

    fn in_file(key: PKey<Private>) -> Result<Self, RequestProblem> {
        let public = PKey::public_key_from_der(&key.public_key_to_der()?)?;
        let (public, algorithm) = public_half(&public)?;
        Ok(Self {
            place: Place::File(key),
            public,
            algorithm,
        })
    }

    fn signature(&self, message: &[u8]) -> Result<Vec<u8>, String> {
        let told = |error: ErrorStack| error.to_string();
        let is_p384 = self.algorithm == &PKCS_ECDSA_P384_SHA384;
        match &self.place {
            Place::File(key) => {
                let digest = if is_p384 {
                    MessageDigest::sha384()
                } else {
                    MessageDigest::sha256()
                };
                let signer = Signer::new(digest, key);
                let signature = signer.and_then(|mut signer| signer.sign_oneshot_to_vec(message));
                signature.map_err(told)
            }
            Place::Token(key) => {
                let scheme = match key.kind() {
                    KeyKind::EcP256 => SignatureScheme::EcdsaP256Sha256,
                    KeyKind::EcP384 => SignatureScheme::EcdsaP384Sha384,
                    KeyKind::Rsa2048 | KeyKind::Rsa3072 | KeyKind::Rsa4096 => {
                        SignatureScheme::RsaPkcs1Sha256
                    }
                };
                let signature = key.sign_blocking(scheme, message.to_vec());
                let signature = signature.map_err(|error| error.to_string())?;
                if scheme == SignatureScheme::RsaPkcs1Sha256 {
                    Ok(signature)
                } else {
                    ecdsa_der(&signature).map_err(told)
                }
            }
        }
    }
}

impl PublicKeyData for RequestKey {
    fn der_bytes(&self) -> &[u8] {
        &self.public
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        self.algorithm
    }
}

impl SigningKey for RequestKey {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let signature = self.signature(message);
        signature.map_err(|_| rcgen::Error::RemoteKeyError)
    }
}

fn public_half(
    key: &PKey<Public>,
) -> Result<(Vec<u8>, &'static SignatureAlgorithm), RequestProblem> {
    if let Ok(rsa) = key.rsa() {
        return Ok((rsa.public_key_to_der_pkcs1()?, &PKCS_RSA_SHA256));
    }
    let ec = key.ec_key().map_err(|_| RequestProblem::Unsupported)?;
    let algorithm = match ec.group().curve_name() {
        Some(Nid::X9_62_PRIME256V1) => &PKCS_ECDSA_P256_SHA256,
        Some(Nid::SECP384R1) => &PKCS_ECDSA_P384_SHA384,
        _ => return Err(RequestProblem::Unsupported),
    };
    let mut context = BigNumContext::new()?;
    let form = PointConversionForm::UNCOMPRESSED;
    let point = ec.public_key().to_bytes(ec.group(), form, &mut context)?;
    Ok((point, algorithm))
}

/// RFC 4514's order is the reverse of a certificate's; people write either, and authorities set their own, so ours is as it is
/// written. A comma in a value is escaped with a backslash.
fn distinguished_name(text: &str) -> Result<DistinguishedName, RequestProblem> {
    let refused = |problem: &str| RequestProblem::Subject(problem.to_owned());
    let mut name = DistinguishedName::new();
    let mut part = String::new();
    let mut parts = Vec::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => part.extend(characters.next()),
            ',' => parts.push(std::mem::take(&mut part)),
            other => part.push(other),
        }
    }
    parts.push(part);
    for part in parts {
        let (key, value) = part
            .split_once('=')
            .ok_or_else(|| refused("parts look like CN=name, separated by commas"))?;
        let (key, value) = (key.trim().to_ascii_uppercase(), value.trim());
        let kind = match key.as_str() {
            "C" => DnType::CountryName,
            "CN" => DnType::CommonName,
            "L" => DnType::LocalityName,
            "O" => DnType::OrganizationName,
            "OU" => DnType::OrganizationalUnitName,
            "ST" => DnType::StateOrProvinceName,
            // 2.5.4.97, organizationIdentifier.
            "ORGANIZATIONIDENTIFIER" => DnType::CustomDnType(vec![2, 5, 4, 97]),
            _ => {
                return Err(refused(
                    "only C, CN, L, O, OU, ST and organizationIdentifier are known",
                ));
            }
        };
        if value.is_empty() || value.len() > 64 || value.contains(char::is_control) {
            return Err(refused("a value has 1 to 64 characters"));
        }
        if kind == DnType::CountryName && value.len() != 2 {
            return Err(refused("C is a country code of two letters"));
        }
        if name.get(&kind).is_some() {
            return Err(refused("an attribute stands twice"));
        }
        name.push(kind, value);
    }
    Ok(name)
}
