//! A token's key as rustls wants one.

use izin_jose::{KeyKind, SignatureScheme, TokenKey, ecdsa_der};
use rustls::sign::{Signer, SigningKey};
use rustls::{Error, SignatureAlgorithm};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::block_in_place;

/// The private key of a TLS server or client. One signature is made for each full handshake.
#[derive(Debug)]
pub struct TokenTlsKey(pub TokenKey);

#[derive(Debug)]
struct Handshake {
    key: TokenKey,
    scheme: SignatureScheme,
}

impl SigningKey for TokenTlsKey {
    fn choose_scheme(&self, offered: &[rustls::SignatureScheme]) -> Option<Box<dyn Signer>> {
        let mut known = self.0.schemes().iter();
        let scheme = known.find(|scheme| offered.contains(&wire(**scheme)))?;
        Some(Box::new(Handshake {
            key: self.0.clone(),
            scheme: *scheme,
        }))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        match self.0.kind() {
            KeyKind::EcP256 | KeyKind::EcP384 => SignatureAlgorithm::ECDSA,
            KeyKind::Rsa2048 | KeyKind::Rsa3072 | KeyKind::Rsa4096 => SignatureAlgorithm::RSA,
        }
    }
}

impl Signer for Handshake {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let sign = || self.key.sign_blocking(self.scheme, message.to_vec());
        // rustls cannot wait; the runtime is told, so that other tasks go elsewhere meanwhile.
        let runtime = Handle::try_current().map(|handle| handle.runtime_flavor());
        let signature = match runtime {
            Ok(RuntimeFlavor::MultiThread) => block_in_place(sign),
            _ => sign(),
        };
        let signature = signature.map_err(|error| Error::General(error.to_string()))?;
        match self.scheme {
            SignatureScheme::EcdsaP256Sha256 | SignatureScheme::EcdsaP384Sha384 => {
                ecdsa_der(&signature).map_err(|error| Error::General(error.to_string()))
            }
            _ => Ok(signature),
        }
    }

    fn scheme(&self) -> rustls::SignatureScheme {
        wire(self.scheme)
    }
}

/// RFC 8446 §4.2.3.
fn wire(scheme: SignatureScheme) -> rustls::SignatureScheme {
    use rustls::SignatureScheme as Wire;
    match scheme {
        SignatureScheme::EcdsaP256Sha256 => Wire::ECDSA_NISTP256_SHA256,
        SignatureScheme::EcdsaP384Sha384 => Wire::ECDSA_NISTP384_SHA384,
        SignatureScheme::RsaPkcs1Sha256 => Wire::RSA_PKCS1_SHA256,
        SignatureScheme::RsaPkcs1Sha384 => Wire::RSA_PKCS1_SHA384,
        SignatureScheme::RsaPkcs1Sha512 => Wire::RSA_PKCS1_SHA512,
        SignatureScheme::RsaPssSha256 => Wire::RSA_PSS_SHA256,
        SignatureScheme::RsaPssSha384 => Wire::RSA_PSS_SHA384,
        SignatureScheme::RsaPssSha512 => Wire::RSA_PSS_SHA512,
    }
}
