//! The fuzz targets on stable: their corpus as it is, and thousands of changes of it, the same in every run.
//!
//! `cargo +nightly fuzz run` looks for new inputs for as long as one lets it (`Cargo.toml`); this keeps what is known.

mod damage;
mod targets;

use std::fs;
use std::path::Path;

use damage::Damage;
use serde_json::Value;

const CHANGES: usize = 4000;

/// Name and content of each file of the corpus, in the order of names.
fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus");
    let files = fs::read_dir(folder.join(target)).expect("corpus");
    let mut inputs: Vec<_> = files
        .map(|file| {
            let file = file.expect("file");
            let name = file.file_name().into_string().expect("name");
            (name, fs::read(file.path()).expect("input"))
        })
        .collect();
    inputs.sort();
    inputs
}

/// What is called `taken…` is taken, and nothing else; of its changes some are and most are not.
fn run(target: &str, is_taken: impl Fn(&[u8]) -> bool) {
    let inputs = corpus(target);
    for (name, input) in &inputs {
        assert_eq!(is_taken(input), name.starts_with("taken"), "{name}");
    }
    let documents: Vec<Value> = inputs
        .iter()
        .filter_map(|(_, input)| serde_json::from_slice(input).ok())
        .collect();
    let mut damage = Damage::new(0x9e37_79b9_7f4a_7c15);
    let mut taken = 0;
    for _ in 0..CHANGES {
        let (_, input) = &inputs[damage.next(inputs.len())];
        let (_, other) = &inputs[damage.next(inputs.len())];
        let changed = match damage.next(4) {
            0 => damage.bytes(input),
            1 => damage.splice(input, other),
            _ => {
                let document = documents[damage.next(documents.len())].clone();
                damage.members(document).to_string().into_bytes()
            }
        };
        taken += usize::from(is_taken(&changed));
    }
    assert!((10..CHANGES / 2).contains(&taken), "{taken} of {CHANGES}");
}

#[test]
fn claims() {
    run("claims", |data| targets::claims(data) > 0);
}

#[test]
fn event() {
    run("event", targets::event);
}
