//! Keys on a token: SoftHSM, which is a real PKCS#11 module that keeps its keys in files.
//!
//! SoftHSM finds its tokens through an environment variable, which a process cannot set for itself here, so one test makes a token
//! and runs the others in a process of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use izin_jose::{
    HeaderFields, JwkSet, KeyKind, SignError, SignatureScheme, Signer, Token, TokenError,
    TokenKeyName, TokenOptions, TokenSigner, UnverifiedJws, ecdsa_der, sign,
};
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::rsa::Padding;
use openssl::sign::{RsaPssSaltlen, Verifier};
use secrecy::SecretString;

use crate::parties::{BANK, POLICY, certificate_for};

mod troubles;

const PIN: &str = "1234-rahsia";
const LABEL: &str = "izin test";
const CONFIGURATION: &str = "SOFTHSM2_CONF";

/// Where Debian has it, or `SOFTHSM2_MODULE`.
fn module() -> PathBuf {
    let named = std::env::var_os("SOFTHSM2_MODULE").map(PathBuf::from);
    named.unwrap_or_else(|| PathBuf::from("/usr/lib/softhsm/libsofthsm2.so"))
}

/// A place for SoftHSM's tokens, for one process.
struct SoftHsm(tempfile::TempDir);

impl SoftHsm {
    fn with_tokens(labels: &[&str]) -> Self {
        let place = Self(tempfile::tempdir().expect("folder"));
        let tokens = place.0.path().join("tokens");
        fs::create_dir(&tokens).expect("tokens");
        let text = format!("directories.tokendir = {}\n", tokens.display());
        fs::write(place.configuration(), text).expect("configuration");
        for label in labels {
            let made = Command::new("softhsm2-util")
                .args(["--init-token", "--free", "--label", label, "--pin", PIN])
                .args(["--so-pin", "9999"])
                .env(CONFIGURATION, place.configuration())
                .output()
                .expect("softhsm2-util (Debian: apt-get install softhsm2)");
            assert!(made.status.success(), "{made:?}");
        }
        place
    }

    fn configuration(&self) -> PathBuf {
        self.0.path().join("softhsm2.conf")
    }

    /// The ignored tests of that name.
    fn passes(&self, tests: &str, count: usize) {
        let ran = Command::new(std::env::current_exe().expect("this test"))
            .args(["--ignored", "--test-threads", "1", tests])
            .env(CONFIGURATION, self.configuration())
            .output()
            .expect("the tests with a token");
        let told = String::from_utf8_lossy(&ran.stdout);
        assert!(ran.status.success(), "{told}");
        assert!(told.contains(&format!("{count} passed")), "{told}");
    }
}

#[test]
fn keys_on_a_token_sign() {
    SoftHsm::with_tokens(&[LABEL]).passes("tokens::inside", 10);
}

fn options(module: &Path, pin: &str) -> Result<Arc<Token>, TokenError> {
    let options = TokenOptions {
        module,
        label: LABEL,
        serial: None,
        pin: SecretString::from(pin),
        sessions: 2,
    };
    Token::open(options).map(Arc::new)
}

fn open() -> Arc<Token> {
    options(&module(), PIN).expect("token")
}

/// A session that the crate knows nothing of.
fn session() -> cryptoki::session::Session {
    let module = cryptoki::context::Pkcs11::new(module()).expect("module");
    let slots = module.get_slots_with_initialized_token().expect("slots");
    module.open_ro_session(slots[0]).expect("session")
}

fn writing_session() -> cryptoki::session::Session {
    let module = cryptoki::context::Pkcs11::new(module()).expect("module");
    let slots = module.get_slots_with_initialized_token().expect("slots");
    module.open_rw_session(slots[0]).expect("session")
}

/// As after a restart of whatever is behind the module: PKCS#11 logs all sessions of a process out together.
fn logged_out() {
    session().logout().expect("logged out");
}

fn changed_pin(old: &str, new: &str) {
    let changed = writing_session().set_pin(&old.to_owned().into(), &new.to_owned().into());
    changed.expect("PIN changed");
}

/// A new key of that name, and a certificate for it.
fn made(token: &Token, name: &str, kind: KeyKind) -> (TokenKeyName, Vec<u8>) {
    let name = TokenKeyName::labeled(name);
    token.generate(&name, kind).expect("key");
    let public = token.public_key(&name).expect("public key");
    let public = PKey::public_key_from_der(&public).expect("public key");
    (name, certificate_for(&public))
}

mod inside {
    use super::*;

    #[tokio::test]
    #[ignore = "keys_on_a_token_sign runs it"]
    async fn a_token_signs_what_verifies() {
        let token = open();
        let (name, certificate) = made(&token, "signing", KeyKind::Rsa2048);
        let key = token.key(&name).expect("key");
        let signer = TokenSigner::new(key, &certificate).expect("signer");
        let compact = sign(&signer, &HeaderFields::default(), b"{}").await;
        let compact = compact.expect("signature");
        let set = JwkSet::new([signer.public_jwk()]).expect("set");
        let jws = UnverifiedJws::parse(&compact).expect("JWS");
        let key = set.verifying_key(signer.key_id(), signer.algorithm());
        assert!(jws.verify(key.expect("key"), &POLICY).is_ok());
    }

    #[tokio::test]
    #[ignore = "keys_on_a_token_sign runs it"]
    async fn every_scheme_verifies_with_openssl() {
        use SignatureScheme as Scheme;
        let token = open();
        let sha = [
            MessageDigest::sha256(),
            MessageDigest::sha384(),
            MessageDigest::sha512(),
        ];
        let schemes = [
            (KeyKind::EcP256, Scheme::EcdsaP256Sha256, sha[0], None),
            (KeyKind::EcP384, Scheme::EcdsaP384Sha384, sha[1], None),
            (
                KeyKind::Rsa2048,
                Scheme::RsaPssSha256,
                sha[0],
                Some(Padding::PKCS1_PSS),
            ),
            (
                KeyKind::Rsa2048,
                Scheme::RsaPssSha384,
                sha[1],
                Some(Padding::PKCS1_PSS),
            ),
            (
                KeyKind::Rsa2048,
                Scheme::RsaPssSha512,
                sha[2],
                Some(Padding::PKCS1_PSS),
            ),
            (
                KeyKind::Rsa3072,
                Scheme::RsaPkcs1Sha256,
                sha[0],
                Some(Padding::PKCS1),
            ),
            (
                KeyKind::Rsa2048,
                Scheme::RsaPkcs1Sha384,
                sha[1],
                Some(Padding::PKCS1),
            ),
            (
                KeyKind::Rsa2048,
                Scheme::RsaPkcs1Sha512,
                sha[2],
                Some(Padding::PKCS1),
            ),
        ];
        for (kind, scheme, digest, padding) in schemes {
            let (name, certificate) = made(&token, &format!("{scheme:?}"), kind);
            let key = token.key(&name).expect("key");
            assert_eq!(key.kind(), kind);
            key.prove(&certificate).expect("proof");
            let mut signature = key
                .sign(scheme, b"message".to_vec())
                .await
                .expect("signature");
            let public = token.public_key(&name).expect("public key");
            let public = PKey::public_key_from_der(&public).expect("public key");
            let mut verifier = Verifier::new(digest, &public).expect("verifier");
            match padding {
                None => signature = ecdsa_der(&signature).expect("DER"),
                Some(padding) => {
                    verifier.set_rsa_padding(padding).expect("padding");
                    if padding == Padding::PKCS1_PSS {
                        let length = RsaPssSaltlen::DIGEST_LENGTH;
                        verifier.set_rsa_pss_saltlen(length).expect("salt");
                    }
                }
            }
            let holds = |verifier: &mut Verifier, message: &[u8]| {
                verifier
                    .verify_oneshot(&signature, message)
                    .expect("verifier")
            };
            assert!(holds(&mut verifier, b"message"), "{scheme:?}");
            let blocking = key.sign_blocking(scheme, b"message".to_vec());
            assert!(!blocking.expect("signature").is_empty());
        }
    }

    #[test]
    #[ignore = "keys_on_a_token_sign runs it"]
    fn a_private_key_cannot_be_read_out() {
        let token = open();
        made(&token, "secret", KeyKind::Rsa2048);
        let session = session();
        let template = [
            cryptoki::object::Attribute::Class(cryptoki::object::ObjectClass::PRIVATE_KEY),
            cryptoki::object::Attribute::Label(b"secret".to_vec()),
        ];
        // The session is logged in, because the process is.
        let keys = session.find_objects(&template).expect("keys");
        assert_eq!(keys.len(), 1);
        let wanted = [cryptoki::object::AttributeType::PrivateExponent];
        let read = session.get_attributes(keys[0], &wanted);
        assert!(read.is_err() || read.is_ok_and(|attributes| attributes.is_empty()));
    }

    #[test]
    #[ignore = "keys_on_a_token_sign runs it"]
    fn what_cannot_be_used_is_named() {
        let token = open();
        let absent = TokenKeyName::labeled("absent");
        let missing = token.key(&absent).expect_err("no key");
        assert!(matches!(missing, TokenError::NoKey { .. }), "{missing}");
        let (name, _) = made(&token, "stranger", KeyKind::Rsa2048);
        let again = token.generate(&name, KeyKind::Rsa2048).expect_err("exists");
        assert!(matches!(again, TokenError::Exists { .. }), "{again}");
        let key = token.key(&name).expect("key");
        let foreign = TokenSigner::new(key, &BANK.certificate_der()).expect_err("foreign");
        assert!(matches!(foreign, TokenError::NotOfCertificate), "{foreign}");
        let elsewhere = "pkcs11:token=other;object=stranger".parse().expect("name");
        let elsewhere = token.key(&elsewhere).expect_err("other token");
        assert!(
            matches!(elsewhere, TokenError::OtherToken { .. }),
            "{elsewhere}"
        );
        let (name, certificate) = made(&token, "curve", KeyKind::EcP256);
        let key = token.key(&name).expect("key");
        let signer = TokenSigner::new(key, &certificate).expect_err("EC");
        assert!(matches!(signer, TokenError::Unsupported(_)), "{signer}");
        let missing = options(Path::new("/nowhere.so"), PIN).expect_err("no module");
        assert!(matches!(missing, TokenError::Module { .. }), "{missing}");
        assert!(!format!("{token:?}").contains(PIN));
        let unknown = TokenOptions {
            module: &module(),
            label: "unknown",
            serial: None,
            pin: SecretString::from(PIN),
            sessions: 1,
        };
        let unknown = Token::open(unknown).expect_err("no such token");
        assert!(unknown.to_string().contains(LABEL), "{unknown}");
    }

    #[test]
    #[ignore = "keys_on_a_token_sign runs it"]
    fn two_keys_of_one_name_need_an_id() {
        let token = open();
        for id in [1, 2] {
            let name = TokenKeyName {
                id: Some(vec![id]),
                ..TokenKeyName::labeled("twin")
            };
            token.generate(&name, KeyKind::EcP256).expect("key");
            token.key(&name).expect("named by id");
        }
        let twin = TokenKeyName::labeled("twin");
        let error = token.key(&twin).expect_err("two");
        assert!(matches!(error, TokenError::Ambiguous { .. }), "{error}");
        assert!(error.to_string().contains("private"), "{error}");
        let error = token.public_key(&twin).expect_err("two");
        assert!(error.to_string().contains("several public"), "{error}");
    }

    /// The next signature works, without anybody's doing.
    #[tokio::test]
    #[ignore = "keys_on_a_token_sign runs it"]
    async fn a_broken_session_is_replaced() {
        let token = open();
        let (name, certificate) = made(&token, "lasting", KeyKind::Rsa2048);
        let signer = TokenSigner::new(token.key(&name).expect("key"), &certificate);
        let signer = signer.expect("signer");
        let fields = HeaderFields::default();
        assert!(sign(&signer, &fields, b"{}").await.is_ok());
        logged_out();
        assert!(sign(&signer, &fields, b"{}").await.is_ok());
    }

    /// Tokens lock themselves after a few.
    #[tokio::test]
    #[ignore = "keys_on_a_token_sign runs it"]
    async fn wrong_pin_is_not_tried_twice() {
        let token = open();
        let (name, _) = made(&token, "guarded", KeyKind::EcP256);
        let key = token.key(&name).expect("key");
        let sign = || key.sign_blocking(SignatureScheme::EcdsaP256Sha256, b"x".to_vec());
        assert!(sign().is_ok());
        changed_pin(PIN, "5678-rahsia");
        logged_out();
        let refused = options(&module(), PIN).expect_err("old PIN");
        assert!(matches!(refused, TokenError::PinRefused), "{refused}");
        assert!(sign().is_err());
        changed_pin("5678-rahsia", PIN);
        logged_out();
        let refused = sign().expect_err("although the PIN is right now");
        assert_eq!(
            SignError::from(TokenError::PinRefused).to_string(),
            refused.to_string()
        );
        let known_anew = open().key(&name).expect("key");
        let signed = known_anew.sign_blocking(SignatureScheme::EcdsaP256Sha256, b"x".to_vec());
        assert!(signed.is_ok());
    }

    /// While somebody is logged in no PIN is tried: PKCS#11 says yes to any.
    #[test]
    #[ignore = "keys_on_a_token_sign runs it"]
    fn an_untried_pin_is_not_taken() {
        let token = open();
        let (name, _) = made(&token, "steady", KeyKind::EcP256);
        let key = token.key(&name).expect("key");
        open();
        let refused = options(&module(), "0000-wrong").expect_err("wrong PIN");
        assert!(matches!(refused, TokenError::PinUnproven), "{refused}");
        logged_out();
        let signed = key.sign_blocking(SignatureScheme::EcdsaP256Sha256, b"x".to_vec());
        assert!(signed.is_ok(), "{signed:?}");
    }

    #[test]
    #[ignore = "keys_on_a_token_sign runs it"]
    fn a_public_key_that_is_left_over_is_no_key_of_ours() {
        use cryptoki::object::{Attribute, ObjectClass};
        let token = open();
        let (name, _) = made(&token, "half", KeyKind::EcP256);
        let half = |class| [Attribute::Class(class), Attribute::Label(b"half".to_vec())];
        let private = half(ObjectClass::PRIVATE_KEY);
        let session = writing_session();
        let found = session.find_objects(&private).expect("found");
        session.destroy_object(found[0]).expect("destroyed");
        let refused = token.generate(&name, KeyKind::EcP256).expect_err("half");
        assert!(refused.to_string().contains("public key"), "{refused}");
        assert!(session.find_objects(&private).expect("found").is_empty());
    }

    /// Without one, tools cannot tell which halves belong together.
    #[test]
    #[ignore = "keys_on_a_token_sign runs it"]
    fn every_pair_has_an_id_of_its_own() {
        use cryptoki::object::{Attribute, AttributeType};
        let token = open();
        let ids = ["one", "another"].map(|name| {
            made(&token, name, KeyKind::EcP256);
            let session = session();
            let found = session.find_objects(&[Attribute::Label(name.into())]);
            let ids = found.expect("found").into_iter().map(|object| {
                let read = session.get_attributes(object, &[AttributeType::Id]);
                match &read.expect("read")[..] {
                    [Attribute::Id(id)] => id.clone(),
                    other => panic!("{other:?}"),
                }
            });
            ids.collect::<Vec<_>>()
        });
        for pair in &ids {
            assert!(matches!(&pair[..], [one, other] if one == other && one.len() == 20));
        }
        assert_ne!(ids[0], ids[1]);
    }
}
