//! A running Izin beside the simulator, and a configuration file of its own for the doctor: what the service runs with and what the
//! doctor is told can part.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use izin::lab::registration;
use izin_simulator::{Provider, Simulator, SimulatorOptions};
use serde_json::Value;

use crate::harness::{Database, Process, pki, serve_file};

pub struct Deployment {
    pub folder: tempfile::TempDir,
    pub simulator: Simulator,
    pub database: Database,
    pub service: Process,
    /// What the service was started with, with its addresses.
    text: String,
}

impl Deployment {
    /// Healthy, with PayNet knowing us.
    pub async fn new(database: Database) -> Self {
        Self::changed(database, |text, _, _| text).await
    }

    /// Started with another configuration, made of the usual one and the public and webhooks address.
    pub async fn changed(
        database: Database,
        change: impl FnOnce(String, SocketAddr, SocketAddr) -> String,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let simulator = Simulator::start(SimulatorOptions::new(pki().clone())).await;
        let simulator = simulator.unwrap();
        let (public, webhooks) = (free_address(), free_address());
        let addresses = Some((public, webhooks));
        let file = serve_file(folder.path(), &database.url, &simulator, addresses);
        let text = change(std::fs::read_to_string(&file).unwrap(), public, webhooks);
        std::fs::write(&file, &text).unwrap();
        let service = Process::serve(&file);
        let deployment = Self {
            folder,
            simulator,
            database,
            service,
            text,
        };
        deployment.is_registered(|provider| provider);
        deployment
    }

    /// PayNet registers us, with something changed.
    pub fn is_registered(&self, change: impl FnOnce(Provider) -> Provider) {
        let url = format!("http://{}", self.service.public);
        let provider = registration(pki(), self.service.webhooks.port(), &url).unwrap();
        self.simulator.register_provider(change(provider)).unwrap();
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What the doctor says of the deployment as it is.
    pub fn examined(&self) -> Examination {
        self.examined_with(&[])
    }

    /// The same with these lines of the configuration in place of those that begin alike, and with further ones at its end.
    pub fn examined_with(&self, lines: &[(&str, &str)]) -> Examination {
        Examination::of(&self.file(lines), &["--json"])
    }

    pub fn table_with(&self, lines: &[(&str, &str)]) -> String {
        let output = doctor(&self.file(lines), &[]);
        String::from_utf8(output.stdout).unwrap()
    }

    pub fn file(&self, changes: &[(&str, &str)]) -> PathBuf {
        let mut lines: Vec<String> = self.text.lines().map(str::to_owned).collect();
        for (begin, line) in changes {
            if begin.is_empty() {
                lines.push((*line).to_owned());
                continue;
            }
            let found = lines.iter_mut().find(|one| one.starts_with(begin));
            let found = found.unwrap_or_else(|| panic!("there is no line {begin}…"));
            (*line).clone_into(found);
        }
        let file = self.path("doctor.toml");
        std::fs::write(&file, lines.join("\n")).unwrap();
        file
    }

    pub async fn stop(self) {
        drop(self.service);
        self.simulator.stop().await;
    }
}

/// What came of one run.
pub struct Examination {
    pub code: i32,
    pub findings: Vec<Value>,
}

impl Examination {
    pub fn of(file: &Path, options: &[&str]) -> Self {
        let output = doctor(file, options);
        let findings: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| {
            panic!("{}", String::from_utf8_lossy(&output.stderr));
        });
        for finding in &findings {
            let needs_advice = matches!(finding["verdict"].as_str(), Some("warning" | "failed"));
            assert!(!needs_advice || finding["advice"].is_string(), "{finding}");
        }
        Self {
            code: output.status.code().unwrap(),
            findings,
        }
    }

    pub fn with_verdict(&self, verdict: &str) -> Vec<&str> {
        let of_it = self.findings.iter().filter(|one| one["verdict"] == verdict);
        of_it.map(|one| one["check"].as_str().unwrap()).collect()
    }

    /// Warnings and failures, without what is this machine's alone.
    pub fn wrong(&self) -> Vec<(&str, &str)> {
        let all = self.findings.iter();
        let all = all.filter_map(|one| Some((one["check"].as_str()?, one["verdict"].as_str()?)));
        all.filter(|(check, verdict)| {
            matches!(*verdict, "warning" | "failed") && *check != "open-files"
        })
        .collect()
    }

    /// What is said of the one finding of this check that is not in order.
    pub fn told(&self, check: &str) -> String {
        let mut all = self.findings.iter();
        let found = all.find(|one| one["check"] == check && one["verdict"] != "ok");
        let found = found.unwrap_or_else(|| panic!("{check} is in order: {:?}", self.findings));
        format!("{} {}", found["seen"], found["advice"])
    }
}

pub fn doctor(file: &Path, options: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_izin"))
        .args(["doctor", "--config"])
        .arg(file)
        .args(options)
        .output()
        .unwrap()
}

/// Free a moment ago.
fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}
