//! Who takes part in the tests. RSA keys are slow to make, so each party is made once.

use std::sync::{Arc, LazyLock};

use izin_jose::{
    Algorithm, CryptoPool, DecryptionKey, FileSigner, Jwk, KeyId, KeyUse, VerificationPolicy,
};
use josekit::jws::PS256;
use josekit::jws::alg::rsassa_pss::RsassaPssJwsSigner;
use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{HasPublic, PKey, Private, Public};
use openssl::rsa::Rsa;
use openssl::x509::{X509, X509Builder, X509Name};

pub(crate) const POLICY: VerificationPolicy<'static> = VerificationPolicy {
    algorithms: &Algorithm::ALL,
    known_critical: &["b64", "iat"],
    max_bytes: 64 * 1024,
};

/// RSA-2048.
pub(crate) static BANK: LazyLock<Party> = LazyLock::new(|| Party::rsa(2048));
/// RSA-2048, of somebody else.
pub(crate) static STRANGER: LazyLock<Party> = LazyLock::new(|| Party::rsa(2048));
/// P-384.
pub(crate) static CONSUMER: LazyLock<Party> = LazyLock::new(|| Party::ec(Nid::SECP384R1));

pub(crate) struct Party {
    pub(crate) key: PKey<Private>,
    certificate: X509,
}

impl Party {
    pub(crate) fn rsa(bits: u32) -> Self {
        let key = Rsa::generate(bits).and_then(PKey::from_rsa).expect("key");
        Self::with(key)
    }

    pub(crate) fn ec(curve: Nid) -> Self {
        let group = EcGroup::from_curve_name(curve).expect("curve");
        let key = EcKey::generate(&group).and_then(PKey::from_ec_key);
        Self::with(key.expect("key"))
    }

    fn with(key: PKey<Private>) -> Self {
        let certificate = self_signed(&key);
        Self { key, certificate }
    }

    pub(crate) fn certificate_pem(&self) -> Vec<u8> {
        self.certificate.to_pem().expect("PEM")
    }

    pub(crate) fn certificate_der(&self) -> Vec<u8> {
        self.certificate.to_der().expect("DER")
    }

    pub(crate) fn key_pem(&self) -> Vec<u8> {
        self.key.private_key_to_pem_pkcs8().expect("PEM")
    }

    pub(crate) fn key_id(&self) -> KeyId {
        KeyId::of_certificate(&self.certificate_der())
    }

    pub(crate) fn jwk(&self, key_use: KeyUse) -> Jwk {
        Jwk::from_certificate_pem(&self.certificate_pem(), key_use).expect("JWK")
    }

    /// The published key as another implementation reads it.
    pub(crate) fn josekit_jwk(&self, key_use: KeyUse) -> josekit::jwk::Jwk {
        let published = serde_json::to_vec(&self.jwk(key_use)).expect("JSON");
        josekit::jwk::Jwk::from_bytes(published).expect("JWK")
    }

    /// PS256 by another implementation, which wants the key as PKCS#1.
    pub(crate) fn josekit_signer(&self) -> RsassaPssJwsSigner {
        let der = self.key.rsa().and_then(|key| key.private_key_to_der());
        PS256.signer_from_der(der.expect("DER")).expect("signer")
    }

    pub(crate) fn signer(&self) -> FileSigner {
        let pool = Arc::new(CryptoPool::start(1, 16).expect("pool"));
        FileSigner::from_pem(&self.certificate_pem(), &self.key_pem(), None, pool).expect("signer")
    }

    pub(crate) fn decryption_key(&self) -> DecryptionKey {
        DecryptionKey::from_pem(&self.certificate_pem(), &self.key_pem(), None).expect("key")
    }
}

fn self_signed(key: &PKey<Private>) -> X509 {
    certificate(key, key)
}

/// For a key whose private half is elsewhere, in DER. Nobody checks who vouches for it.
pub(crate) fn certificate_for(public: &PKey<Public>) -> Vec<u8> {
    certificate(public, &BANK.key).to_der().expect("DER")
}

fn certificate<T: HasPublic>(key: &PKey<T>, issuer: &PKey<Private>) -> X509 {
    let build = || -> Result<X509, openssl::error::ErrorStack> {
        let mut name = X509Name::builder()?;
        name.append_entry_by_text("CN", "test")?;
        let name = name.build();
        let mut certificate = X509Builder::new()?;
        certificate.set_version(2)?;
        certificate.set_serial_number(BigNum::from_u32(1)?.to_asn1_integer()?.as_ref())?;
        certificate.set_subject_name(&name)?;
        certificate.set_issuer_name(&name)?;
        certificate.set_not_before(Asn1Time::days_from_now(0)?.as_ref())?;
        certificate.set_not_after(Asn1Time::days_from_now(1)?.as_ref())?;
        certificate.set_pubkey(key)?;
        certificate.sign(issuer, MessageDigest::sha256())?;
        Ok(certificate.build())
    };
    build().expect("certificate")
}
