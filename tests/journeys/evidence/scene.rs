//! A service with some history, its checkpoints in files, and the command that verifies it all.

use std::path::PathBuf;

use izin_simulator::NewConsent;
use serde_json::Value;

use super::Attacker;
use crate::harness::{Database, TestApp, eventually, serve_file};
use crate::keys::command::{done, izin};

pub struct Scene {
    pub app: TestApp,
    pub folder: tempfile::TempDir,
    pub config: PathBuf,
    /// Both approved.
    pub consents: Vec<String>,
}

impl Scene {
    /// Nothing has happened, and the first checkpoint says so.
    pub async fn empty(database: Database) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let files = folder.path().join("checkpoints");
        std::fs::create_dir(&files).unwrap();
        let settings = format!(
            "[evidence]\ncheckpoint_dir = {}\n",
            serde_json::json!(files)
        );
        let app = TestApp::start_with(database, &settings).await;
        let config = serve_file(folder.path(), app.database_url(), &app.simulator, None);
        let scene = Self {
            app,
            folder,
            config,
            consents: Vec::new(),
        };
        scene.checkpoint().await;
        scene
    }

    /// Two approvals, three data calls under the first, and a checkpoint over all of it.
    pub async fn new(database: Database) -> Self {
        let mut scene = Self::empty(database).await;
        for (consumer, calls) in [("kira-budget", 3), ("pinjam-pantas", 0)] {
            let new = NewConsent::new(consumer, "bank-contoh").permissions(&["read_balances"]);
            let new = scene.app.simulator.create_consent(new).await.unwrap();
            let consent = scene.app.known(&new.consent_id);
            scene.app.approves(&consent).await;
            for _ in 0..calls {
                assert_eq!(consent.balance().await.status(), 200);
            }
            scene.consents.push(new.consent_id);
        }
        scene.checkpoint().await;
        scene
    }

    /// A consent that PayNet announces: one more entry.
    pub async fn something_happens(&self) {
        self.app.consent(&["read_balances"]).await;
    }

    /// Covers everything; answers the file of the last checkpoint.
    pub async fn checkpoint(&self) -> PathBuf {
        self.app.service.checkpoints.write().await.unwrap();
        // The job of the service may be at it, too.
        let is_written = || async {
            let last = self.app.store.last_checkpoint().await.unwrap().unwrap();
            self.newest_file().is_some_and(|(_, jws)| jws == last.jws)
        };
        eventually(is_written, "the checkpoint is written as a file").await;
        self.newest_file().unwrap().0
    }

    /// With its content.
    pub fn newest_file(&self) -> Option<(PathBuf, String)> {
        let files = std::fs::read_dir(self.folder.path().join("checkpoints")).unwrap();
        let files = files.map(|file| file.unwrap().path());
        let finished = |path: &PathBuf| path.extension().is_some_and(|it| it == "jws");
        let newest = files.filter(finished).max()?;
        let jws = std::fs::read_to_string(&newest).unwrap();
        Some((newest, jws.trim().to_owned()))
    }

    pub fn held(&self) -> PathBuf {
        self.newest_file().unwrap().0
    }

    pub async fn attacker(&self) -> Attacker {
        Attacker::at(self.app.database_url()).await
    }

    fn command(&self, arguments: &[&str]) -> Vec<String> {
        let config = self.config.to_str().unwrap();
        let mut command: Vec<_> = ["ledger", "verify", "--json", "--config", config]
            .map(str::to_owned)
            .to_vec();
        command.extend(arguments.iter().map(|one| (*one).to_owned()));
        command
    }

    /// `izin ledger verify` with these arguments: exit code and report.
    pub fn verify_with(&self, arguments: &[&str]) -> (i32, Value) {
        let command = self.command(arguments);
        let command: Vec<_> = command.iter().map(String::as_str).collect();
        let output = izin(&command, None);
        let code = output.status.code().unwrap();
        let report = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("no report: {}", String::from_utf8_lossy(&output.stderr)));
        (code, report)
    }

    /// What it finds, as `word: place`.
    pub fn finds_with(&self, arguments: &[&str]) -> Vec<String> {
        let (code, report) = self.verify_with(arguments);
        let findings = report["findings"].as_array().unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let found: Vec<_> = findings
            .iter()
            .map(|one| format!("{}: {}", text(&one["what"]), text(&one["place"])))
            .collect();
        assert_eq!(code, i32::from(!found.is_empty()), "{report:#}");
        assert_eq!(report["intact"], found.is_empty(), "{report:#}");
        found
    }

    pub fn finds(&self) -> Vec<String> {
        self.finds_with(&[])
    }

    /// Holding the checkpoint that was made last.
    pub fn finds_holding(&self, file: &std::path::Path) -> Vec<String> {
        self.finds_with(&["--checkpoint", file.to_str().unwrap()])
    }

    /// Standard output of another command that must succeed.
    pub fn runs(&self, arguments: &[&str]) -> String {
        let config = ["--config", self.config.to_str().unwrap()];
        done(&izin(&[arguments, &config[..]].concat(), None))
    }
}

/// That something was found, of this kind and there.
pub fn assert_found(found: &[String], what: &str, place: &str) {
    assert!(
        found
            .iter()
            .any(|one| one.starts_with(what) && one.contains(place)),
        "expected {what} at {place}, found {found:#?}"
    );
}
