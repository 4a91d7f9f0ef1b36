//! Brings `generated/` up to date with the documents. Without the feature `codegen` the committed code is compiled as it is.

#[cfg(not(feature = "codegen"))]
fn main() {
    println!("cargo::rerun-if-changed=build.rs");
}

#[cfg(feature = "codegen")]
fn main() -> anyhow::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    let package = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = package.join("codegen.toml");
    let generated = package.join("generated");
    println!("cargo::rerun-if-env-changed=CODEGEN_CHECK");
    for path in izin_codegen::watched(&config, &generated) {
        println!("cargo::rerun-if-changed={}", path.display());
    }
    // Not as a warning: cargo would repeat it with every later build. `cargo build -vv` shows it.
    for path in izin_codegen::generate(&config, &generated)? {
        eprintln!("regenerated {}", path.display());
    }
    Ok(())
}
