//! What generation costs beside what nobody can spare: reading the same documents as YAML, and nothing more.
//!
//! `cargo bench -p izin-codegen`. Only the ratio of the two means something on another machine.

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};

use criterion::{Criterion, criterion_group, criterion_main};

fn documents(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("openapi/ is there");
    let paths = entries.map(|entry| entry.expect("a file").path());
    let yaml = paths.filter(|path: &PathBuf| path.extension().is_some_and(|it| it == "yaml"));
    yaml.map(|path| fs::read_to_string(path).expect("UTF-8"))
        .collect()
}

fn generation(criterion: &mut Criterion) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let (config, generated) = (root.join("openapi/codegen.toml"), root.join("generated"));
    let documents = documents(&root.join("openapi"));
    let mut group = criterion.benchmark_group("all documents in openapi/");
    group.sample_size(20);
    group.bench_function("read as YAML", |bencher| {
        bencher.iter(|| {
            for text in &documents {
                let value: serde_yaml_ng::Value = serde_yaml_ng::from_str(text).expect("YAML");
                black_box(value);
            }
        });
    });
    // Everything but writing the files.
    group.bench_function("generated and compared", |bencher| {
        bencher.iter(|| izin_codegen::check(&config, &generated).expect("up to date"));
    });
    group.finish();
}

criterion_group!(benches, generation);
criterion_main!(benches);
