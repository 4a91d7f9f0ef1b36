//! A key of the PKI as whoever signs for PayNet wants it, whatever its type.

use async_trait::async_trait;
use izin_jose::{Algorithm, Jwk, KeyId, KeyUse, SignError, Signer};

use crate::{
    forge::{ForgeError, ForgedAlgorithm, Signing},
    keys::public_jwk,
    pki::Pki,
};

#[derive(Clone, Debug)]
pub(crate) struct PkiSigner {
    algorithm: Algorithm,
    jwk: Jwk,
    pki: Pki,
    signing: Signing,
}

impl PkiSigner {
    pub(crate) fn new(pki: &Pki, signing: Signing) -> Result<Self, ForgeError> {
        let certificate = pki.certificate(&signing.key)?;
        Ok(Self {
            algorithm: match signing.algorithm {
                ForgedAlgorithm::Es384 => Algorithm::Es384,
                ForgedAlgorithm::Es512 => Algorithm::Es512,
                _ => Algorithm::Ps256,
            },
            jwk: public_jwk(&certificate, KeyUse::Signature)?,
            pki: pki.clone(),
            signing,
        })
    }
}

#[async_trait]
impl Signer for PkiSigner {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    fn key_id(&self) -> &KeyId {
        self.jwk.key_id()
    }

    fn public_jwk(&self) -> Jwk {
        self.jwk.clone()
    }

    async fn sign(&self, signing_input: Vec<u8>) -> Result<Vec<u8>, SignError> {
        let signature = self.signing.signature(&self.pki, &signing_input);
        signature.map_err(|error| SignError::Failed(error.to_string()))
    }
}
