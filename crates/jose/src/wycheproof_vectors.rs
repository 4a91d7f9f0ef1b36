//! Wycheproof (C2SP/wycheproof): thousands of signatures and ciphertexts made to slip through, against this crate's own functions.
//!
//! They are about primitives, so they enter below the rules for headers. The verdict that is expected is always "Wycheproof calls it
//! valid, and its parameters are ours": a signature that is flawless under another hash, mask or salt must be refused.

use openssl::pkey::{PKey, Public};
use openssl::rsa::Rsa;
use serde_json::json;
use wycheproof::{HashFunction, TestResult, aead, ecdsa, rsa_oaep, rsa_pss_verify};

use crate::algorithm::Algorithm;
use crate::base64url::encode;
use crate::content;
use crate::jwe::DecryptionKey;
use crate::jwk::{Jwk, JwkError};
use crate::public_key::PublicKey;
use crate::verifying_key::VerifyingKey;

/// From a `SubjectPublicKeyInfo`, by the way that certificates take.
fn verifying_key(der: &[u8]) -> Result<VerifyingKey, JwkError> {
    let key: PKey<Public> = PKey::public_key_from_der(der).expect("readable key");
    let key = PublicKey::from_openssl(&key)?;
    let name = "wycheproof".parse().expect("kid");
    Ok(VerifyingKey::new(
        name,
        key.signature_algorithm(),
        key.for_verification()?,
    ))
}

/// Runs some sets and answers how many signatures were accepted and how many refused.
fn pss(names: &[rsa_pss_verify::TestName]) -> (usize, usize) {
    let (mut accepted, mut refused) = (0, 0);
    for name in names {
        let set = rsa_pss_verify::TestSet::load(*name).expect("set");
        for group in set.test_groups {
            let our_hashes = group.hash == HashFunction::Sha2_256
                && group.mgf_hash == Some(HashFunction::Sha2_256);
            let key = verifying_key(&group.der).expect("key");
            assert_eq!(key.algorithm(), Algorithm::Ps256);
            for test in group.tests {
                // "Invalid" in a set of another salt, and for that very reason a PS256 signature.
                let became_ours = test.comment == "s_len changed to 32";
                let valid = test.result == TestResult::Valid && group.salt_size == 32;
                let expected = our_hashes && (valid || became_ours);
                let found = key.accepts(&test.msg, &test.sig);
                assert_eq!(found, expected, "{name:?} {}: {}", test.tc_id, test.comment);
                *(if found { &mut accepted } else { &mut refused }) += 1;
            }
        }
    }
    (accepted, refused)
}

#[test]
fn ps256() {
    use rsa_pss_verify::TestName::{
        RsaPss2048Sha256Mgf1SaltLen32, RsaPss3072Sha256Mgf1SaltLen32, RsaPss4096Sha256Mgf1SaltLen32,
    };
    let (accepted, refused) = pss(&[
        RsaPss2048Sha256Mgf1SaltLen32,
        RsaPss3072Sha256Mgf1SaltLen32,
        RsaPss4096Sha256Mgf1SaltLen32,
    ]);
    assert!(accepted > 100 && refused > 100, "{accepted} {refused}");
}

/// Salt of another length, another mask generation, another hash.
#[test]
fn pss_of_other_parameters_is_not_ps256() {
    use rsa_pss_verify::TestName::{
        RsaPss2048Sha1Mgf1SaltLen20, RsaPss2048Sha256Mgf1SaltLen0, RsaPss2048Sha256Mgf1Sha1_20,
        RsaPss2048Sha384Mgf1SaltLen48, RsaPss2048Sha512_256Mgf1SaltLen32,
    };
    let (accepted, refused) = pss(&[
        RsaPss2048Sha1Mgf1SaltLen20,
        RsaPss2048Sha256Mgf1Sha1_20,
        RsaPss2048Sha256Mgf1SaltLen0,
        RsaPss2048Sha384Mgf1SaltLen48,
        RsaPss2048Sha512_256Mgf1SaltLen32,
    ]);
    assert_eq!(accepted, 1, "the one whose salt was made 32 bytes long");
    assert!(refused > 200, "{refused}");
}

/// Parameters of all sorts, one of which is ours.
#[test]
fn pss_of_all_sorts() {
    let (accepted, refused) = pss(&[rsa_pss_verify::TestName::RsaPssmisc]);
    assert_eq!(accepted, 1);
    assert!(refused > 100, "{refused}");
}

fn ec(name: ecdsa::TestName, algorithm: Algorithm, our_hash: HashFunction) -> (usize, usize) {
    let set = ecdsa::TestSet::load(name).expect("set");
    let (mut accepted, mut refused) = (0, 0);
    for group in set.test_groups {
        let key = verifying_key(&group.der).expect("key");
        assert_eq!(key.algorithm(), algorithm);
        for test in group.tests {
            let expected = group.hash == our_hash && test.result == TestResult::Valid;
            let found = key.accepts(&test.msg, &test.sig);
            assert_eq!(found, expected, "{name:?} {}: {}", test.tc_id, test.comment);
            *(if found { &mut accepted } else { &mut refused }) += 1;
        }
    }
    (accepted, refused)
}

/// JOSE signatures are `r‖s` of fixed length, which Wycheproof calls P1363.
#[test]
fn es256_es384_es512() {
    use ecdsa::TestName::{
        EcdsaSecp256r1Sha256P1363, EcdsaSecp384r1Sha384P1363, EcdsaSecp521r1Sha512P1363,
    };
    for (name, algorithm, hash) in [
        (
            EcdsaSecp256r1Sha256P1363,
            Algorithm::Es256,
            HashFunction::Sha2_256,
        ),
        (
            EcdsaSecp384r1Sha384P1363,
            Algorithm::Es384,
            HashFunction::Sha2_384,
        ),
        (
            EcdsaSecp521r1Sha512P1363,
            Algorithm::Es512,
            HashFunction::Sha2_512,
        ),
    ] {
        let (accepted, refused) = ec(name, algorithm, hash);
        assert!(accepted > 50 && refused > 50, "{accepted} {refused}");
    }
}

/// The same curves with another hash, and signatures in ASN.1.
#[test]
fn ecdsa_of_other_hashes_or_forms_is_refused() {
    use ecdsa::TestName::{
        EcdsaSecp256r1Sha256, EcdsaSecp256r1Sha512P1363, EcdsaSecp384r1Sha384,
        EcdsaSecp384r1Sha512P1363, EcdsaSecp521r1Sha512,
    };
    for (name, algorithm) in [
        (EcdsaSecp256r1Sha512P1363, Algorithm::Es256),
        (EcdsaSecp256r1Sha256, Algorithm::Es256),
        (EcdsaSecp384r1Sha512P1363, Algorithm::Es384),
        (EcdsaSecp384r1Sha384, Algorithm::Es384),
        (EcdsaSecp521r1Sha512, Algorithm::Es512),
    ] {
        // No hash of these is named as ours: nothing may pass.
        let (accepted, refused) = ec(name, algorithm, HashFunction::Sha1);
        assert_eq!(accepted, 0);
        assert!(refused > 100, "{refused}");
    }
}

fn recipient(pkcs8: &[u8]) -> Result<DecryptionKey, JwkError> {
    let key = PKey::private_key_from_der(pkcs8).and_then(|key| key.rsa());
    let key: Rsa<_> = key.expect("RSA key");
    let [n, e] = [key.n(), key.e()].map(|number| encode(&number.to_vec()));
    let jwk = json!({"kty": "RSA", "kid": "wycheproof", "n": n, "e": e});
    DecryptionKey::new(Jwk::parse(jwk.to_string().as_bytes())?, pkcs8)
}

fn oaep(name: rsa_oaep::TestName) -> (usize, usize, usize) {
    let set = rsa_oaep::TestSet::load(name).expect("set");
    let (mut opened, mut refused, mut weak) = (0, 0, 0);
    for group in set.test_groups {
        let ours = group.hash == HashFunction::Sha2_256 && group.mgf_hash == HashFunction::Sha2_256;
        let Ok(key) = recipient(&group.pkcs8) else {
            weak += 1;
            continue;
        };
        for test in group.tests {
            // JOSE has no labels (RFC 7518 §4.3).
            let expected = ours && test.result == TestResult::Valid && test.label.is_empty();
            let found = key.unwrap_key(&test.ct);
            assert_eq!(
                found.ok().map(|found| found.to_vec()),
                expected.then(|| test.pt.to_vec()),
                "{name:?} {}: {}",
                test.tc_id,
                test.comment
            );
            *(if expected { &mut opened } else { &mut refused }) += 1;
        }
    }
    (opened, refused, weak)
}

#[test]
fn rsa_oaep_256() {
    use rsa_oaep::TestName::{
        Rsa2048Sha256Mgf1Sha256, Rsa3072Sha256Mgf1Sha256, Rsa4096Sha256Mgf1Sha256,
    };
    for name in [
        Rsa2048Sha256Mgf1Sha256,
        Rsa3072Sha256Mgf1Sha256,
        Rsa4096Sha256Mgf1Sha256,
    ] {
        let (opened, refused, weak) = oaep(name);
        assert!(opened > 5 && refused > 5 && weak == 0, "{opened} {refused}");
    }
}

#[test]
fn oaep_of_other_hashes_or_masks_is_refused() {
    use rsa_oaep::TestName::{
        Rsa2048Sha1Mgf1Sha1, Rsa2048Sha256Mgf1Sha1, Rsa2048Sha384Mgf1Sha384,
        Rsa2048Sha512Mgf1Sha512,
    };
    for name in [
        Rsa2048Sha1Mgf1Sha1,
        Rsa2048Sha256Mgf1Sha1,
        Rsa2048Sha384Mgf1Sha384,
        Rsa2048Sha512Mgf1Sha512,
    ] {
        let (opened, refused, _) = oaep(name);
        assert_eq!(opened, 0);
        assert!(refused > 5, "{refused}");
    }
    let (_, refused, weak) = oaep(rsa_oaep::TestName::RsaMisc);
    assert!(refused > 0 && weak > 0, "{refused} {weak}");
}

#[test]
fn a256gcm() {
    let set = aead::TestSet::load(aead::TestName::AesGcm).expect("set");
    let (mut opened, mut refused) = (0, 0);
    for group in set.test_groups {
        if (group.key_size, group.nonce_size, group.tag_size) != (256, 96, 128) {
            continue;
        }
        for test in group.tests {
            let key: &[u8; content::KEY_BYTES] = test.key[..].try_into().expect("key");
            let nonce: [u8; content::NONCE_BYTES] = test.nonce[..].try_into().expect("nonce");
            let found = content::open(key, nonce, &test.aad, [&test.ct[..], &test.tag].concat());
            if test.result == TestResult::Valid {
                assert_eq!(found.ok().as_deref(), Some(&test.pt[..]), "{}", test.tc_id);
                let mut sealed = test.pt.to_vec();
                let tag = content::seal(key, nonce, &test.aad, &mut sealed).expect("sealed");
                assert_eq!((&sealed[..], &tag[..]), (&test.ct[..], &test.tag[..]));
                opened += 1;
            } else {
                assert!(found.is_err(), "{}: {}", test.tc_id, test.comment);
                refused += 1;
            }
        }
    }
    assert!(opened > 20 && refused > 20, "{opened} {refused}");
}
