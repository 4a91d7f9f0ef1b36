//! RSA of other parameters than ours, made with OpenSSL: right key, right name, wrong padding.

use izin_jose::base64url::{decode, encode};
use izin_jose::{
    Algorithm, DecryptError, DecryptionKey, Jwk, JwkError, JwsError, KeyFileError, KeyUse,
    UnverifiedJws,
};
use openssl::encrypt::Encrypter;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::rsa::{Padding, Rsa};
use openssl::sign::{RsaPssSaltlen, Signer};
use serde_json::json;

use crate::parties::{BANK, POLICY, Party};
use crate::verifier::{PAYLOAD, refusal};

/// A token that calls itself PS256.
fn pss(party: &Party, hash: MessageDigest, mask: MessageDigest, salt: i32) -> String {
    let header = json!({"alg": "PS256", "kid": party.key_id()}).to_string();
    let input = format!("{}.{}", encode(header.as_bytes()), encode(PAYLOAD));
    let sign = || {
        let mut signer = Signer::new(hash, &party.key)?;
        signer.set_rsa_padding(Padding::PKCS1_PSS)?;
        signer.set_rsa_mgf1_md(mask)?;
        signer.set_rsa_pss_saltlen(RsaPssSaltlen::custom(salt))?;
        signer.sign_oneshot_to_vec(input.as_bytes())
    };
    format!("{input}.{}", encode(&sign().expect("signature")))
}

#[test]
fn the_salt_has_32_bytes() {
    let sha256 = MessageDigest::sha256();
    assert_eq!(refusal(&pss(&BANK, sha256, sha256, 32)), None);
    for salt in [0, 1, 20, 31, 33, 64, 222] {
        let refused = refusal(&pss(&BANK, sha256, sha256, salt));
        assert_eq!(refused, Some(JwsError::SignatureMismatch), "{salt} bytes");
    }
}

#[test]
fn hash_and_mask_are_sha_256() {
    let sha256 = MessageDigest::sha256();
    for (hash, mask) in [
        (sha256, MessageDigest::sha1()),
        (sha256, MessageDigest::sha512()),
        (MessageDigest::sha1(), sha256),
        (MessageDigest::sha384(), MessageDigest::sha384()),
        (MessageDigest::sha512(), sha256),
        (MessageDigest::from_name("SHA3-256").expect("SHA3"), sha256),
    ] {
        let refused = refusal(&pss(&BANK, hash, mask, 32));
        assert_eq!(refused, Some(JwsError::SignatureMismatch));
    }
}

/// Lengths of the modulus that are no multiple of 8 have a case of their own in RFC 8017 §8.1.2.
#[test]
fn a_key_of_odd_length_verifies() {
    let party = Party::rsa(2049);
    let sha256 = MessageDigest::sha256();
    let token = pss(&party, sha256, sha256, 32);
    let jwk = party.jwk(KeyUse::Signature);
    let key = jwk.verifying_key(Algorithm::Ps256).expect("key");
    let jws = UnverifiedJws::parse(&token).expect("readable");
    assert!(jws.verify(key, &POLICY).is_ok());
}

/// 2048 to 8192 bits, whatever the number of bytes.
#[test]
fn lengths_of_the_modulus() {
    let with_bits = |bits: usize| {
        let mut modulus = vec![0xff; bits.div_ceil(8)];
        modulus[0] >>= modulus.len() * 8 - bits;
        let key = json!({"kty": "RSA", "kid": "k", "e": "AQAB", "n": encode(&modulus)});
        Jwk::parse(key.to_string().as_bytes()).err()
    };
    for bits in [2048, 2049, 3072, 4096, 8191, 8192] {
        assert_eq!(with_bits(bits), None, "{bits}");
    }
    for bits in [8, 512, 1024, 2040, 2047, 8193, 16384] {
        assert!(matches!(with_bits(bits), Some(JwkError::Weak(_))), "{bits}");
    }
}

/// RSA-OAEP-256 by name, another padding inside.
#[test]
fn content_keys_under_another_padding_are_refused() {
    let public = BANK.key.public_key_to_der().expect("DER");
    let public = PKey::public_key_from_der(&public).expect("key");
    let token =
        |padding, hash: Option<MessageDigest>, mask: Option<MessageDigest>, label: &[u8]| {
            let encrypt = || {
                let mut oaep = Encrypter::new(&public)?;
                oaep.set_rsa_padding(padding)?;
                if let (Some(hash), Some(mask)) = (hash, mask) {
                    oaep.set_rsa_oaep_md(hash)?;
                    oaep.set_rsa_mgf1_md(mask)?;
                    if !label.is_empty() {
                        oaep.set_rsa_oaep_label(label)?;
                    }
                }
                let mut encrypted = vec![0; oaep.encrypt_len(&CONTENT_KEY)?];
                let length = oaep.encrypt(&CONTENT_KEY, &mut encrypted)?;
                encrypted.truncate(length);
                Ok::<_, openssl::error::ErrorStack>(encrypted)
            };
            sealed(&encrypt().expect("encrypted"))
        };
    let (sha1, sha256) = (Some(MessageDigest::sha1()), Some(MessageDigest::sha256()));
    let sha512 = Some(MessageDigest::sha512());
    let oaep = Padding::PKCS1_OAEP;
    let key = BANK.decryption_key();
    let good = token(oaep, sha256, sha256, b"");
    assert_eq!(key.decrypt(&good).as_deref(), Ok(PAYLOAD));
    for (padding, hash, mask, label) in [
        (oaep, sha256, sha1, &b""[..]),
        (oaep, sha1, sha256, b""),
        (oaep, sha1, sha1, b""),
        (oaep, sha512, sha512, b""),
        (oaep, sha256, sha256, b"label"),
        (Padding::PKCS1, None, None, b""),
    ] {
        let refused = key.decrypt(&token(padding, hash, mask, label));
        assert_eq!(refused, Err(DecryptError::Failed));
    }
}

/// Numbers that are no ciphertext of this key at all.
#[test]
fn encrypted_keys_of_any_length_are_refused() {
    let key = BANK.decryption_key();
    let modulus = BANK.key.rsa().expect("RSA").n().to_vec();
    for encrypted in [
        vec![],
        vec![0; 256],
        [&[0; 255][..], &[1]].concat(),
        vec![0xff; 256],
        vec![1; 255],
        vec![1; 257],
        vec![1; 4096],
        modulus,
    ] {
        let refused = key.decrypt(&sealed(&encrypted));
        assert_eq!(refused, Err(DecryptError::Failed), "{}", encrypted.len());
    }
}

/// A key whose private numbers do not fit together would leak its primes with the first signature.
#[test]
fn a_damaged_private_key_is_not_loaded() {
    let key = BANK.key.rsa().expect("RSA");
    let number = |number: Option<&openssl::bn::BigNumRef>| number.expect("number").to_owned();
    let mut dp = number(key.dmp1()).expect("dp");
    dp.add_word(2).expect("dp");
    let damaged = Rsa::from_private_components(
        key.n().to_owned().expect("n"),
        key.e().to_owned().expect("e"),
        key.d().to_owned().expect("d"),
        number(key.p()).expect("p"),
        number(key.q()).expect("q"),
        dp,
        number(key.dmq1()).expect("dq"),
        number(key.iqmp()).expect("qi"),
    );
    let damaged = PKey::from_rsa(damaged.expect("RSA")).expect("key");
    let pem = damaged.private_key_to_pem_pkcs8().expect("PEM");
    let refused = DecryptionKey::from_pem(&BANK.certificate_pem(), &pem, None).err();
    assert!(
        matches!(refused, Some(KeyFileError::Unusable(_))),
        "{refused:?}"
    );
    let pool = izin_jose::CryptoPool::start(1, 1).expect("pool");
    let refused =
        izin_jose::FileSigner::from_pem(&BANK.certificate_pem(), &pem, None, pool.into()).err();
    assert!(
        matches!(refused, Some(KeyFileError::Unusable(_))),
        "{refused:?}"
    );
}

const CONTENT_KEY: [u8; 32] = [7; 32];

/// `PAYLOAD` under `CONTENT_KEY`, whose encrypted form is given.
fn sealed(encrypted_key: &[u8]) -> String {
    let header = encode(br#"{"alg":"RSA-OAEP-256","enc":"A256GCM"}"#);
    let nonce = [9; 12];
    let mut tag = [0; 16];
    let content = openssl::symm::encrypt_aead(
        openssl::symm::Cipher::aes_256_gcm(),
        &CONTENT_KEY,
        Some(&nonce),
        header.as_bytes(),
        PAYLOAD,
        &mut tag,
    );
    let content = encode(&content.expect("encrypted"));
    let token = format!(
        "{header}.{}.{}.{content}.{}",
        encode(encrypted_key),
        encode(&nonce),
        encode(&tag)
    );
    assert!(token.split('.').all(|part| decode(part).is_ok()));
    token
}
