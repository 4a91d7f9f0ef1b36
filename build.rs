//! Brings `generated/` up to date with `openapi/`. Without the feature `codegen` the committed code is compiled as it is.

#[cfg(not(feature = "codegen"))]
fn main() {
    println!("cargo::rerun-if-changed=build.rs");
}

#[cfg(feature = "codegen")]
fn main() -> anyhow::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    // Asked at run time: a build folder shared with another checkout may hold that one's build script.
    let package = std::env::var_os("CARGO_MANIFEST_DIR").map(std::path::PathBuf::from);
    let package =
        package.ok_or_else(|| anyhow::anyhow!("cargo did not say where the package is"))?;
    let config = package.join("openapi/codegen.toml");
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
