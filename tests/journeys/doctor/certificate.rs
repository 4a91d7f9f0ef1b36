//! Certificates that end soon, for keys of the development PKI.

use std::path::{Path, PathBuf};

use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::x509::X509;
use openssl::x509::extension::{
    BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAlternativeName,
};

use crate::harness::pki;

/// The certificate of that name once more, from the same authority, with so many days left of a year.
pub fn ending(folder: &Path, name: &str, days: i64) -> PathBuf {
    let old = X509::from_pem(&pki().certificate(name).unwrap()).unwrap();
    let authority = X509::from_pem(&pki().certificate("ca").unwrap()).unwrap();
    let key = PKey::private_key_from_pem(&pki().key("ca").unwrap()).unwrap();
    let now = chrono::Utc::now().timestamp();
    let time = |days: i64| Asn1Time::from_unix(now + days * 86_400 + 3_600).unwrap();
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    let serial = BigNum::from_u32(4711).unwrap().to_asn1_integer().unwrap();
    builder.set_serial_number(&serial).unwrap();
    builder.set_subject_name(old.subject_name()).unwrap();
    builder.set_issuer_name(authority.subject_name()).unwrap();
    builder.set_pubkey(&old.public_key().unwrap()).unwrap();
    builder.set_not_before(&time(days - 365)).unwrap();
    builder.set_not_after(&time(days)).unwrap();
    let mut extensions = vec![
        BasicConstraints::new().critical().build(),
        KeyUsage::new().critical().digital_signature().build(),
    ];
    if name == "dp-server" {
        let context = builder.x509v3_context(Some(&authority), None);
        extensions.push(
            SubjectAlternativeName::new()
                .dns("localhost")
                .build(&context),
        );
        extensions.push(ExtendedKeyUsage::new().server_auth().build());
    }
    for extension in extensions {
        builder.append_extension(extension.unwrap()).unwrap();
    }
    builder.sign(&key, MessageDigest::sha256()).unwrap();
    let file = folder.join(format!("{name}-{days}.crt"));
    std::fs::write(&file, builder.build().to_pem().unwrap()).unwrap();
    file
}
