//! Documents of other houses: what can be generated compiles, what cannot is refused by place and operation.
//!
//! Slow, hence ignored: `./test --all` runs it.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;
use tempfile::TempDir;

/// Fixtures of the crate `openapiv3`.
const FIXTURES: [&str; 12] = [
    "adobe_aem.yaml",
    "api-with-examples.yaml",
    "authentiq.yaml",
    "azure_advisor.yaml",
    "docker.yaml",
    "fitbit.json",
    "link-example.yaml",
    "petstore-expanded.yaml",
    "polygon.json",
    "quayio.yaml",
    "slack.json",
    "twilio.json",
];
const OF_3_1: [&str; 2] = ["petstore-3.1.json", "schema-types-3.1.json"];
/// What generated code stands on.
const CRATES: [&str; 10] = [
    "bytes",
    "chrono",
    "poem",
    "poem-openapi",
    "progenitor-client",
    "regex",
    "reqwest",
    "serde",
    "serde_json",
    "uuid",
];

/// How a document is divided between generated code and refusals.
struct Attempt {
    file: PathBuf,
    module: String,
    ids: Vec<String>,
    /// Operation → why it is refused.
    refused: BTreeMap<String, String>,
    /// Why nothing of the document can be generated.
    hopeless: Option<String>,
}

impl Attempt {
    fn new(file: PathBuf) -> Self {
        let text = fs::read_to_string(&file).unwrap();
        let document: Value = serde_yaml_ng::from_str(&text).unwrap();
        let mut ids = Vec::new();
        let mut refused = BTreeMap::new();
        for (path, item) in document["paths"].as_object().into_iter().flatten() {
            for (method, operation) in item.as_object().into_iter().flatten() {
                if operation.get("responses").is_none() {
                    continue;
                }
                let endpoint = format!("{} {path}", method.to_uppercase());
                match operation["operationId"].as_str() {
                    Some(id) => ids.push(id.to_owned()),
                    None => drop(refused.insert(endpoint, "has no operationId".to_owned())),
                }
            }
        }
        let stem = file.file_stem().unwrap().to_string_lossy().to_lowercase();
        Self {
            module: stem.replace(['-', '.'], "_"),
            ids,
            refused,
            hopeless: None,
            file,
        }
    }

    /// Generates until nothing is refused any more; what was is handled elsewhere.
    fn settle(&mut self, folder: &Path) {
        let config = folder.join("codegen.toml");
        loop {
            fs::write(&config, format!("{RUNTIME}{}", self.config())).unwrap();
            let Err(error) = izin_codegen::check(&config, &folder.join("generated")) else {
                return;
            };
            let reason = format!("{error:#}");
            if reason.starts_with("out of date: ") {
                return;
            }
            let name = self.file.file_name().unwrap().to_string_lossy();
            assert!(reason.contains(&format!("{name}: ")), "no file: {reason}");
            assert!(!reason.contains("gave up"), "a panic: {reason}");
            let concerned = self
                .ids
                .iter()
                .find(|id| reason.contains(&format!("({id})")) && !self.refused.contains_key(*id));
            let Some(id) = concerned else {
                self.hopeless = Some(reason);
                return;
            };
            self.refused.insert(id.clone(), reason);
        }
    }

    fn config(&self) -> String {
        let file = self.file.display();
        let module = &self.module;
        let mut text = format!("\n[[document]]\nfile = \"{file}\"\nmodule = \"{module}\"\n");
        let served = || self.ids.iter().filter(|id| !self.refused.contains_key(*id));
        if served().next().is_some() {
            text.push_str("\n[document.serve]\ntrait = \"Api\"\n\n[document.serve.operations]\n");
            for id in served() {
                writeln!(text, "{id:?} = {{ signature = \"Any\" }}").unwrap();
            }
        }
        text.push_str("\n[document.elsewhere]\n");
        for id in self.refused.keys() {
            writeln!(text, "{id:?} = \"refused\"").unwrap();
        }
        text
    }
}

const RUNTIME: &str = "[runtime]\nsignature = \"crate::Signature\"\nerror = \"poem::Error\"\n";

#[test]
#[ignore = "slow: compiles code for several large documents"]
fn documents_of_other_houses_compile_or_are_refused() {
    let folder = TempDir::new().unwrap();
    let mut attempts: Vec<Attempt> = documents().into_iter().map(Attempt::new).collect();
    let mut report = String::new();
    for attempt in &mut attempts {
        attempt.settle(folder.path());
        let name = &attempt.module;
        let served = |id: &&String| !attempt.refused.contains_key(*id);
        let (all, generated) = (attempt.ids.len(), attempt.ids.iter().filter(served).count());
        match &attempt.hopeless {
            Some(reason) => writeln!(report, "{name}: refused: {reason}").unwrap(),
            None => writeln!(report, "{name}: {generated} of {all} operations").unwrap(),
        }
        // Three of each document are enough to judge by.
        for reason in attempt.refused.values().take(3) {
            writeln!(report, "    {reason}").unwrap();
        }
    }
    println!("{report}");
    attempts.retain(|attempt| {
        let served = |id: &String| !attempt.refused.contains_key(id);
        attempt.hopeless.is_none() && attempt.ids.iter().any(served)
    });
    assert!(attempts.len() >= 5, "too few are generated:\n{report}");
    compile(folder.path(), &attempts);
}

fn documents() -> Vec<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let fixtures = source_of("openapiv3").join("fixtures");
    let ours = OF_3_1
        .iter()
        .map(|name| here.join("tests/foreign").join(name));
    FIXTURES
        .iter()
        .map(|name| fixtures.join(name))
        .chain(ours)
        .collect()
}

/// Where cargo keeps the source of a dependency.
fn source_of(name: &str) -> PathBuf {
    // Otherwise it asks for packages of other platforms, which nobody has downloaded.
    let version = Command::new("rustc").arg("-vV").output().unwrap();
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    let host = version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .unwrap();
    let output = cargo()
        .args([
            "metadata",
            "--format-version",
            "1",
            "--offline",
            "--filter-platform",
            host,
        ])
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let package = packages
        .iter()
        .find(|package| package["name"] == name)
        .unwrap();
    let manifest = Path::new(package["manifest_path"].as_str().unwrap());
    manifest.parent().unwrap().to_owned()
}

fn cargo() -> Command {
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command
}

/// Everything that was generated, as one package with the dependencies of this workspace.
fn compile(folder: &Path, attempts: &[Attempt]) {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let root: toml::Table = fs::read_to_string(workspace.join("Cargo.toml"))
        .unwrap()
        .parse()
        .unwrap();
    let mut manifest =
        "[package]\nname = \"foreign\"\nedition = \"2024\"\n\n[workspace]\n".to_owned();
    for name in CRATES {
        let dependency = &root["workspace"]["dependencies"][name];
        let table = match dependency {
            toml::Value::String(version) => format!("version = {version:?}"),
            table => table.as_table().unwrap().to_string(),
        };
        write!(manifest, "\n[dependencies.{name}]\n{table}\n").unwrap();
    }
    let mut config = RUNTIME.to_owned();
    for attempt in attempts {
        config.push_str(&attempt.config());
    }
    fs::create_dir_all(folder.join("src")).unwrap();
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    fs::copy(workspace.join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    fs::write(folder.join("codegen.toml"), config).unwrap();
    let main = "#[derive(Debug)]\npub enum Signature { Any }\n#[path = \"../generated/mod.rs\"]\npub mod generated;\n";
    fs::write(folder.join("src/lib.rs"), main).unwrap();
    izin_codegen::write(&folder.join("codegen.toml"), &folder.join("generated")).unwrap();
    let output = cargo()
        .current_dir(folder)
        .args(["check", "--offline", "--quiet"])
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
}
