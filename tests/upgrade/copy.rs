//! A copy of this package in which an upgrade is tried.
//!
//! It has its own name, so that its artifacts do not replace ours, but the same target folder, lock file, features and
//! profile, so that what it depends on is built already.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use toml::{Table, Value};

const PACKAGE_VARIABLES: [&str; 5] = [
    "CARGO_BIN_",
    "CARGO_CRATE_",
    "CARGO_MANIFEST_",
    "CARGO_PKG_",
    "OUT_DIR",
];

pub struct Copy {
    root: PathBuf,
}

impl Copy {
    pub fn of_this_package(name: &str) -> Self {
        let copy = Self::without_sources(name);
        for folder in ["src", "config", "migrations", "generated"] {
            copy_folder(&package().join(folder), &copy.path(folder));
        }
        copy
    }

    /// Only what generates: the documents, `build.rs` and the dependencies.
    pub fn without_sources(name: &str) -> Self {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("upgrade")
            .join(name);
        match fs::remove_dir_all(&root) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => panic!("{error}"),
            _ => {}
        }
        let copy = Self { root };
        copy_folder(&package().join("openapi"), &copy.path("openapi"));
        for file in ["Cargo.lock", "build.rs"] {
            fs::copy(package().join(file), copy.path(file)).expect("copied");
        }
        copy.add("Cargo.toml", &manifest(name));
        copy
    }

    pub fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    pub fn add(&self, relative: &str, text: &str) {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    }

    pub fn edit(&self, relative: &str, change: impl Fn(&str) -> String) {
        let path = self.path(relative);
        let text = fs::read_to_string(&path).expect("read");
        fs::write(path, change(&text)).expect("written");
    }

    pub fn cargo(&self, arguments: &[&str]) -> Output {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .parent()
            .expect("the target folder");
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .current_dir(&self.root)
            .args(arguments)
            .arg("--offline")
            .env("CARGO_TARGET_DIR", target)
            // A submission builds with it; the copy has to be written.
            .env_remove("CODEGEN_CHECK");
        // What cargo tells a test about its package would make build scripts run again that look at it.
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            if PACKAGE_VARIABLES.iter().any(|it| name.starts_with(it)) {
                cargo.env_remove(&*name);
            }
        }
        cargo.output().expect("cargo runs")
    }
}

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Ours without tests, under another name, with the crates beside us where they are.
fn manifest(name: &str) -> String {
    let text = fs::read_to_string(package().join("Cargo.toml")).expect("Cargo.toml");
    let mut manifest: Table = text.parse().expect("TOML");
    for section in ["test", "bench", "example", "dev-dependencies"] {
        manifest.remove(section);
    }
    let about = manifest["package"].as_table_mut().expect("[package]");
    about.insert("name".into(), format!("izin-upgrade-{name}").into());
    about.remove("default-run");
    let workspace = manifest["workspace"].as_table_mut().expect("[workspace]");
    workspace.remove("members");
    let dependencies = workspace["dependencies"]
        .as_table_mut()
        .expect("dependencies");
    for (_, dependency) in dependencies.iter_mut() {
        if let Some(Value::String(path)) = dependency.get_mut("path") {
            *path = package().join(&*path).display().to_string();
        }
    }
    manifest.to_string()
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("made");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("copied");
        }
    }
}
