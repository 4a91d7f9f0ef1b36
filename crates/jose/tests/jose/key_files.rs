//! Private keys in the forms institutions have them, and the mistakes made with them.

use std::sync::Arc;

use izin_jose::{
    CryptoPool, DecryptionKey, FileSigner, HeaderFields, JwkError, KeyFileError, KeyUse, sign,
};
use openssl::symm::Cipher;

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
