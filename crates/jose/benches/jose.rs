//! What this crate adds to the primitives: each operation beside the same one of aws-lc-rs alone, in one run.
//!
//! `cargo bench -p izin-jose`. Only the ratio of two neighbours means something on another machine.

#[path = "../tests/jose/parties.rs"]
#[expect(dead_code, reason = "made for the tests, which need more of it")]
mod parties;

use std::hint::black_box;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::rand::{self, SystemRandom};
use aws_lc_rs::rsa::{
    KeyPair, OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, OaepPublicEncryptingKey,
    PrivateDecryptingKey,
};
use aws_lc_rs::signature::{
    KeyPair as _, ParsedPublicKey, RSA_PSS_2048_8192_SHA256, RSA_PSS_SHA256,
};
use criterion::{Criterion, criterion_group, criterion_main};
use izin_jose::{Algorithm, HeaderFields, KeyUse, UnverifiedJws, sign};
use tokio::runtime::Runtime;

use crate::parties::{BANK, POLICY};

/// As long as a page of balances.
const CONTENT: [u8; 2048] = [b'x'; 2048];

/// The keys as aws-lc-rs takes them.
struct Primitives {
    signing: KeyPair,
    verifying: ParsedPublicKey,
    encrypting: OaepPublicEncryptingKey,
    decrypting: OaepPrivateDecryptingKey,
}

impl Primitives {
    fn of_bank() -> Self {
        let pkcs8 = BANK.key.private_key_to_pkcs8().expect("PKCS#8");
        let signing = KeyPair::from_pkcs8(&pkcs8).expect("key");
        let public = signing.public_key().as_ref();
        let private = PrivateDecryptingKey::from_pkcs8(&pkcs8).expect("key");
        Self {
            verifying: ParsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, public).expect("key"),
            encrypting: OaepPublicEncryptingKey::new(private.public_key()).expect("key"),
            decrypting: OaepPrivateDecryptingKey::new(private).expect("key"),
            signing,
        }
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.signing.public_modulus_len()];
        let random = SystemRandom::new();
        self.signing
            .sign(&RSA_PSS_SHA256, &random, message, &mut signature)
            .expect("signature");
        signature
    }

    /// Encrypted key, content, tag.
    fn encrypt(&self, plaintext: &[u8]) -> (Vec<u8>, Vec<u8>, Vec<u8>) {
        let mut key = [0; 32];
        rand::fill(&mut key).expect("random");
        let mut encrypted = vec![0; self.encrypting.ciphertext_size()];
        self.encrypting
            .encrypt(&OAEP_SHA256_MGF1SHA256, &key, &mut encrypted, None)
            .expect("encrypted");
        let mut content = plaintext.to_vec();
        let tag = cipher(&key)
            .seal_in_place_separate_tag(nonce(), Aad::from(b"header"), &mut content)
            .expect("sealed");
        (encrypted, content, tag.as_ref().to_vec())
    }

    fn decrypt(&self, encrypted: &[u8], content: &[u8], tag: &[u8]) -> Vec<u8> {
        let mut space = vec![0; self.decrypting.min_output_size()];
        let key = self
            .decrypting
            .decrypt(&OAEP_SHA256_MGF1SHA256, encrypted, &mut space, None)
            .expect("key");
        let mut content = [content, tag].concat();
        cipher(key)
            .open_in_place(nonce(), Aad::from(b"header"), &mut content)
            .expect("opened")
            .to_vec()
    }
}

fn cipher(key: &[u8]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("key"))
}

/// Always the same: only the cost counts here.
fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([7; 12])
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("runtime")
}

fn signatures(criterion: &mut Criterion) {
    let primitives = Primitives::of_bank();
    let (runtime, signer) = (runtime(), BANK.signer());
    let fields = HeaderFields::default();
    let mut group = criterion.benchmark_group("sign");
    group.bench_function("aws-lc-rs", |bencher| {
        bencher.iter(|| primitives.sign(black_box(&CONTENT)));
    });
    group.bench_function("izin-jose", |bencher| {
        bencher.iter(|| runtime.block_on(sign(&signer, &fields, black_box(&CONTENT))));
    });
    group.finish();

    let token = runtime
        .block_on(sign(&signer, &fields, &CONTENT))
        .expect("token");
    let (input, _) = token.rsplit_once('.').expect("parts");
    let signature = primitives.sign(input.as_bytes());
    let jwk = BANK.jwk(KeyUse::Signature);
    let key = jwk.verifying_key(Algorithm::Ps256).expect("key");
    let mut group = criterion.benchmark_group("verify");
    group.bench_function("aws-lc-rs", |bencher| {
        bencher.iter(|| {
            let verifying = &primitives.verifying;
            verifying
                .verify_sig(black_box(input.as_bytes()), &signature)
                .expect("verified");
        });
    });
    group.bench_function("izin-jose", |bencher| {
        bencher.iter(|| {
            let jws = UnverifiedJws::parse(black_box(&token)).expect("readable");
            jws.verify(key, &POLICY).expect("verified")
        });
    });
    group.finish();
}

fn ciphertexts(criterion: &mut Criterion) {
    let primitives = Primitives::of_bank();
    let jwk = BANK.jwk(KeyUse::Encryption);
    let key = jwk.encryption_key().expect("key");
    let mut group = criterion.benchmark_group("encrypt");
    group.bench_function("aws-lc-rs", |bencher| {
        bencher.iter(|| primitives.encrypt(black_box(&CONTENT)));
    });
    group.bench_function("izin-jose", |bencher| {
        bencher.iter(|| key.encrypt(Some("JWT"), black_box(&CONTENT)));
    });
    group.finish();

    let (encrypted, content, tag) = primitives.encrypt(&CONTENT);
    let token = key.encrypt(Some("JWT"), &CONTENT).expect("token");
    let own = BANK.decryption_key();
    let mut group = criterion.benchmark_group("decrypt");
    group.bench_function("aws-lc-rs", |bencher| {
        bencher.iter(|| primitives.decrypt(black_box(&encrypted), &content, &tag));
    });
    group.bench_function("izin-jose", |bencher| {
        bencher.iter(|| own.decrypt(black_box(&token)).expect("decrypted"));
    });
    group.finish();
}

/// Encrypted and then signed, as every answer with data is.
fn seal(criterion: &mut Criterion) {
    let primitives = Primitives::of_bank();
    let (runtime, signer) = (runtime(), BANK.signer());
    let fields = HeaderFields::default();
    let jwk = BANK.jwk(KeyUse::Encryption);
    let key = jwk.encryption_key().expect("key");
    let mut group = criterion.benchmark_group("seal");
    group.bench_function("aws-lc-rs", |bencher| {
        bencher.iter(|| {
            let (_, content, _) = primitives.encrypt(black_box(&CONTENT));
            primitives.sign(&content)
        });
    });
    group.bench_function("izin-jose", |bencher| {
        bencher.iter(|| {
            let token = key
                .encrypt(Some("JWT"), black_box(&CONTENT))
                .expect("token");
            runtime.block_on(sign(&signer, &fields, token.as_bytes()))
        });
    });
    group.finish();
}

criterion_group!(benches, signatures, ciphertexts, seal);
criterion_main!(benches);
