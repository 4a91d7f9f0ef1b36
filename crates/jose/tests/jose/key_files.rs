//! Private keys in the forms institutions have them, and the mistakes made with them.

use std::sync::Arc;

use izin_jose::{
    CryptoPool, DecryptionKey, FileSigner, HeaderFields, JwkError, KeyFileError, KeyPair, KeyUse,
    sign,
};
use openssl::pkcs12::Pkcs12;
use openssl::pkey::{PKeyRef, Private};
use openssl::stack::Stack;
use openssl::symm::Cipher;
use openssl::x509::X509;

use crate::parties::{BANK, CONSUMER, Party, STRANGER};

const PASSPHRASE: &str = "kunci rahsia";

fn load(key_pem: &[u8], passphrase: Option<&str>) -> Result<FileSigner, KeyFileError> {
    let pool = Arc::new(CryptoPool::start(1, 1).expect("pool"));
    FileSigner::from_pem(&BANK.certificate_pem(), key_pem, passphrase, pool)
}

fn encrypted_pkcs8() -> Vec<u8> {
    let cipher = Cipher::aes_256_cbc();
    let pem = BANK
        .key
        .private_key_to_pem_pkcs8_passphrase(cipher, PASSPHRASE.as_bytes());
    pem.expect("PEM")
}

#[tokio::test]
async fn every_common_form_is_read() {
    let rsa = BANK.key.rsa().expect("RSA");
    let pkcs1 = rsa.private_key_to_pem().expect("PEM");
    let encrypted_pkcs1 =
        rsa.private_key_to_pem_passphrase(Cipher::aes_128_cbc(), PASSPHRASE.as_bytes());
    let forms = [
        (BANK.key_pem(), None),
        (BANK.key_pem(), Some("not needed")),
        (pkcs1, None),
        (encrypted_pkcs8(), Some(PASSPHRASE)),
        (encrypted_pkcs1.expect("PEM"), Some(PASSPHRASE)),
    ];
    for (pem, passphrase) in forms {
        let signer = load(&pem, passphrase).expect("signer");
        let token = sign(&signer, &HeaderFields::default(), b"x").await;
        assert!(token.is_ok());
    }
}

#[test]
fn mistakes_are_named() {
    let long = "x".repeat(5000);
    let cases: [(&[u8], Option<&str>, KeyFileError); 7] = [
        (&encrypted_pkcs8(), None, KeyFileError::PassphraseMissing),
        (&encrypted_pkcs8(), Some(""), KeyFileError::PassphraseWrong),
        (
            &encrypted_pkcs8(),
            Some("salah"),
            KeyFileError::PassphraseWrong,
        ),
        (
            &encrypted_pkcs8(),
            Some(&long),
            KeyFileError::PassphraseWrong,
        ),
        (b"", None, KeyFileError::PrivateKey),
        (&BANK.certificate_pem(), None, KeyFileError::PrivateKey),
        (&STRANGER.key_pem(), None, KeyFileError::NotOfCertificate),
    ];
    for (pem, passphrase, expected) in cases {
        assert_eq!(load(pem, passphrase).err(), Some(expected));
    }
}

/// Made by `openssl pkcs12 -legacy`: RC2 and triple DES, as older exports have them. Passphrase "rahsia".
const LEGACY: &[u8] = include_bytes!("legacy.p12");

fn pkcs12(key: &PKeyRef<Private>, certificate: &X509, passphrase: &str) -> Vec<u8> {
    let mut issuers = Stack::new().expect("stack");
    let issuer = X509::from_pem(&STRANGER.certificate_pem());
    issuers.push(issuer.expect("certificate")).expect("stack");
    let container = Pkcs12::builder()
        .name("signing")
        .pkey(key)
        .cert(certificate)
        .ca(issuers)
        .build2(passphrase);
    container
        .and_then(|container| container.to_der())
        .expect("PKCS#12")
}

#[tokio::test]
async fn a_container_has_key_certificate_and_chain() {
    let certificate = X509::from_pem(&BANK.certificate_pem()).expect("certificate");
    let container = pkcs12(&BANK.key, &certificate, PASSPHRASE);
    let pair = KeyPair::from_pkcs12(&container, Some(PASSPHRASE)).expect("pair");
    let certificates = pair.certificates().expect("certificates");
    assert_eq!(
        certificates,
        [BANK.certificate_der(), STRANGER.certificate_der()]
    );
    let pool = Arc::new(CryptoPool::start(1, 1).expect("pool"));
    let signer = FileSigner::from_key_pair(&pair, pool).expect("signer");
    assert!(sign(&signer, &HeaderFields::default(), b"x").await.is_ok());
    assert!(!format!("{pair:?}").contains("certificate"));
    let renewed = BANK.certificate_pem();
    let renewed = KeyPair::from_pkcs12_and_pem(&container, &renewed, Some(PASSPHRASE));
    assert_eq!(renewed.expect("pair").certificates().expect("one").len(), 1);
    let foreign = STRANGER.certificate_pem();
    let foreign = KeyPair::from_pkcs12_and_pem(&container, &foreign, Some(PASSPHRASE));
    assert_eq!(foreign.err(), Some(KeyFileError::NotOfCertificate));
}

#[test]
fn mistakes_with_containers_are_named() {
    let certificate = X509::from_pem(&BANK.certificate_pem()).expect("certificate");
    let container = pkcs12(&BANK.key, &certificate, PASSPHRASE);
    let mut without_key = Pkcs12::builder();
    without_key.cert(&certificate);
    let without_key = without_key.build2(PASSPHRASE).expect("PKCS#12");
    let without_key = without_key.to_der().expect("DER");
    let cases: [(&[u8], Option<&str>, KeyFileError); 6] = [
        (&container, None, KeyFileError::PassphraseMissing),
        (&container, Some("salah"), KeyFileError::PassphraseWrong),
        (
            &container[..100],
            Some(PASSPHRASE),
            KeyFileError::PrivateKey,
        ),
        (b"", None, KeyFileError::PrivateKey),
        (
            &without_key,
            Some(PASSPHRASE),
            KeyFileError::Pkcs12Incomplete,
        ),
        (LEGACY, Some("rahsia"), KeyFileError::Pkcs12Legacy),
    ];
    for (container, passphrase, expected) in cases {
        let error = KeyPair::from_pkcs12(container, passphrase).err();
        assert_eq!(error, Some(expected), "{}", container.len());
    }
}

#[test]
fn certificate_must_be_one_and_its_key_strong_rsa() {
    let load =
        |certificate: &[u8], key: &[u8]| DecryptionKey::from_pem(certificate, key, None).err();
    assert_eq!(load(b"", &BANK.key_pem()), Some(KeyFileError::Certificate));
    assert_eq!(
        load(&BANK.key_pem(), &BANK.key_pem()),
        Some(KeyFileError::Certificate)
    );
    assert_eq!(
        load(&CONSUMER.certificate_pem(), &CONSUMER.key_pem()),
        Some(KeyFileError::NotRsa)
    );
    let weak = Party::rsa(1024);
    assert!(matches!(
        load(&weak.certificate_pem(), &weak.key_pem()),
        Some(KeyFileError::Unusable(JwkError::Weak(_)))
    ));
}

#[test]
fn a_chain_after_the_certificate_does_no_harm() {
    let chain = [BANK.certificate_pem(), STRANGER.certificate_pem()].concat();
    let key = DecryptionKey::from_pem(&chain, &BANK.key_pem(), None).expect("key");
    assert_eq!(key.key_id(), &BANK.key_id());
}

#[test]
fn debug_shows_which_key_and_nothing_of_it() {
    let modulus = BANK
        .key
        .rsa()
        .expect("RSA")
        .n()
        .to_hex_str()
        .expect("hex")
        .to_lowercase();
    let shown = [
        format!("{:?}", BANK.signer()),
        format!("{:?}", BANK.decryption_key()),
        format!("{:?}", BANK.jwk(KeyUse::Signature)),
        format!("{:?}", BANK.jwk(KeyUse::Encryption).encryption_key()),
    ];
    for text in shown {
        assert!(text.contains(BANK.key_id().as_str()), "{text}");
        assert!(!text.to_lowercase().contains(&modulus[..32]), "{text}");
        assert!(text.len() < 200, "{text}");
    }
}
