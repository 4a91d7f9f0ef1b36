#![no_main]

#[path = "../targets.rs"]
#[allow(dead_code)]
mod targets;

use std::sync::LazyLock;

use izin_jose::DecryptionKey;
use openssl::asn1::Asn1Time;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::rsa::Rsa;
use openssl::x509::X509Builder;

/// A new key each time: nothing in the corpus is encrypted to it.
static KEY: LazyLock<DecryptionKey> = LazyLock::new(|| {
    let make = || -> Result<_, ErrorStack> {
        let key = PKey::from_rsa(Rsa::generate(2048)?)?;
        let mut certificate = X509Builder::new()?;
        certificate.set_not_before(Asn1Time::days_from_now(0)?.as_ref())?;
        certificate.set_not_after(Asn1Time::days_from_now(1)?.as_ref())?;
        certificate.set_pubkey(&key)?;
        certificate.sign(&key, MessageDigest::sha256())?;
        Ok((certificate.build().to_pem()?, key.private_key_to_pem_pkcs8()?))
    };
    let (certificate, key) = make().expect("key");
    DecryptionKey::from_pem(&certificate, &key, None).expect("key")
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::jwe(&KEY, data));
