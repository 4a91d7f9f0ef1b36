//! The fuzz targets on stable: their corpus as it is, and thousands of changes of it, the same in every run.
//!
//! `cargo +nightly fuzz run` looks for new inputs for as long as one lets it (`fuzz/Cargo.toml`); this keeps what is known.

use std::fs;
use std::path::Path;

use izin_jose::base64url;

use crate::damage::Damage;
use crate::parties::BANK;

#[path = "../../fuzz/targets.rs"]
mod targets;

const CHANGES: usize = 3000;

/// Contents of the corpus folder, in the order of names.
fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let mut paths: Vec<_> = fs::read_dir(&folder)
        .expect("corpus")
        .map(|entry| entry.expect("entry").path())
        .collect();
    paths.sort();
    let inputs: Vec<_> = paths
        .iter()
        .map(|path| fs::read(path).expect("input"))
        .collect();
    assert!(inputs.len() >= 2, "{target}");
    inputs
}

fn run(target: &str, check: impl Fn(&[u8])) {
    let inputs = corpus(target);
    for input in &inputs {
        check(input);
    }
    let mut damage = Damage::new(0x9e37_79b9_7f4a_7c15);
    for _ in 0..CHANGES {
        let input = &inputs[damage.next(inputs.len())];
        let other = &inputs[damage.next(inputs.len())];
        let changed = match damage.next(3) {
            0 => damage.apply(input),
            1 => splice(&mut damage, input, other),
            _ => inside_a_part(&mut damage, input),
        };
        check(&changed);
    }
}

/// The beginning of one and the end of another.
fn splice(damage: &mut Damage, input: &[u8], other: &[u8]) -> Vec<u8> {
    let (head, _) = input.split_at(damage.next(input.len()));
    let (_, tail) = other.split_at(damage.next(other.len()));
    [head, tail].concat()
}

/// A change beneath the base64url of one part, which chance would hardly find from outside.
fn inside_a_part(damage: &mut Damage, input: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(input);
    let mut parts: Vec<String> = text.split('.').map(str::to_owned).collect();
    let chosen = damage.next(parts.len());
    if let Ok(bytes) = base64url::decode(&parts[chosen]) {
        parts[chosen] = base64url::encode(&damage.apply(&bytes));
    }
    parts.join(".").into_bytes()
}

#[test]
fn jws() {
    run("jws", targets::jws);
}

#[test]
fn jwe() {
    let key = BANK.decryption_key();
    run("jwe", |data| targets::jwe(&key, data));
}

#[test]
fn jwk() {
    run("jwk", targets::jwk);
}

#[test]
fn jwk_set() {
    run("jwk_set", targets::jwk_set);
}

#[test]
fn certificate() {
    run("certificate", targets::certificate);
}
