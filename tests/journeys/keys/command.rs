//! `izin keys`: a key's life as an operator leads it, from the command line, with the service running.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use http::Method;
use izin_simulator::{Leaf, Simulator, SimulatorOptions, Usage};
use serde_json::{Value, json};

use super::key_id;
use crate::harness::{Database, Process, eventually, pki, serve_file};

pub fn izin(arguments: &[&str], variable: Option<(&str, &Path)>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_izin"));
    if let Some((name, value)) = variable {
        command.env(name, value);
    }
    command.args(arguments).output().unwrap()
}

/// Standard output of a command that must succeed.
pub fn done(output: &Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A service beside the simulator, and its configuration file, which can be changed.
pub struct Place {
    folder: tempfile::TempDir,
    simulator: Simulator,
    _database: Database,
    pub config: PathBuf,
}

impl Place {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let simulator = Simulator::start(SimulatorOptions::new(pki().clone())).await;
        let (simulator, database) = (simulator.unwrap(), Database::sqlite());
        let config = serve_file(folder.path(), &database.url, &simulator, None);
        Self {
            folder,
            simulator,
            _database: database,
            config,
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn list(&self) -> Value {
        let arguments = ["keys", "list", "--json", "--config", text(&self.config)];
        serde_json::from_str(&done(&izin(&arguments, None))).unwrap()
    }

    pub async fn closes(self) {
        self.simulator.stop().await;
    }

    /// State and key id of each signing key.
    pub fn signing(&self) -> Vec<(String, String)> {
        let list = self.list();
        let keys = list.as_array().unwrap().iter();
        let keys = keys.filter(|key| key["setting"].as_str().unwrap().starts_with("signing"));
        let word = |value: &Value| value.as_str().unwrap().to_owned();
        keys.map(|key| (word(&key["state"]), word(&key["kid"])))
            .collect()
    }
}

/// New key, request, certificate, rotation, SIGHUP: the running service publishes both.
#[tokio::test(flavor = "multi_thread")]
async fn from_the_first_day_to_the_handover() {
    let place = Place::new().await;
    let service = Process::serve(&place.config);
    let subject = "CN=Bank Contoh OFP signing,O=Bank Contoh\\, Berhad,C=MY";
    let dir = place.folder.path();
    let new = [
        "keys",
        "new",
        "signing-2027",
        "--dir",
        text(dir),
        "--subject",
        subject,
    ];
    let told = done(&izin(&new, None));
    assert!(told.contains("izin keys rotate"), "{told}");
    let (key, request) = (
        place.path("signing-2027.key"),
        place.path("signing-2027.csr"),
    );
    assert_eq!(mode(&key), 0o600);
    let again = izin(&new, None);
    assert_eq!(again.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&again.stderr).contains("is there already"));

    let leaf = Leaf::trusted("dp-signing-2027", "Bank Contoh", Usage::Signing);
    pki()
        .certify(&leaf, &std::fs::read(&request).unwrap())
        .unwrap();
    let certificate = pki().certificate_file("dp-signing-2027");
    let before = std::fs::read_to_string(&place.config).unwrap();
    let rotate = [
        "keys",
        "rotate",
        "--config",
        text(&place.config),
        "--certificate",
        text(&certificate),
        "--private-key",
        text(&key),
    ];
    let dry = done(&izin(&[&rotate[..], &["--dry-run"]].concat(), None));
    assert_eq!(std::fs::read_to_string(&place.config).unwrap(), before);
    let told = done(&izin(&rotate, None));
    assert!(told.contains(&key_id("dp-signing-2027")), "{told}");
    let after = std::fs::read_to_string(&place.config).unwrap();
    assert!(after.contains(dry.trim()), "{dry}");
    assert!(!dry.contains("[database]"), "passwords may be there: {dry}");
    // Everything else is as it was.
    let kept = before.lines().filter(|line| !line.starts_with("keys = ["));
    assert!(kept.clone().all(|line| after.contains(line)), "{after}");

    let states = place.signing();
    let expected = [("signs", "dp-signing"), ("published", "dp-signing-2027")];
    let expected = expected.map(|(state, name)| (state.to_owned(), key_id(name)));
    assert_eq!(states, expected);
    let url = format!("http://{}/v1/oauth/jwks", service.public);
    let published = || async {
        let answer = place.simulator.request(Method::GET, &url).send().await;
        answer.unwrap().json()["keys"].as_array().unwrap().len()
    };
    assert_eq!(published().await, 1, "not before it is told");
    service.reload();
    eventually(|| async { published().await == 2 }, "both are published").await;

    let twice = izin(&rotate, None);
    assert_eq!(twice.status.code(), Some(2));
    let told = String::from_utf8_lossy(&twice.stderr);
    assert!(told.contains("is one of signing.keys already"), "{told}");
    place.simulator.stop().await;
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// The other form of a TOML list, and an entry whose time is over.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_tables_and_a_finished_key() {
    let place = Place::new().await;
    let file = |name: &str| json!(pki().certificate_file(name));
    let key = |name: &str| json!(pki().key_file(name));
    pki()
        .issue(&Leaf::trusted(
            "dp-signing-old",
            "Bank Contoh",
            Usage::Signing,
        ))
        .unwrap();
    pki()
        .issue(&Leaf::trusted(
            "dp-signing-newer",
            "Bank Contoh",
            Usage::Signing,
        ))
        .unwrap();
    let text_before = std::fs::read_to_string(&place.config).unwrap();
    let signing = text_before.find("[signing]").unwrap();
    let ops = text_before.find("[ops]").unwrap();
    let tables = format!(
        "# Ours.\n[[signing.keys]]\ncertificate = {}\nprivate_key = {}\nuntil = \"2026-01-01T00:00:00Z\"\n\n\
         [[signing.keys]] # the one\ncertificate = {}\nprivate_key = {}\n\n",
        file("dp-signing-old"),
        key("dp-signing-old"),
        file("dp-signing"),
        key("dp-signing"),
    );
    let changed = format!("{}{tables}{}", &text_before[..signing], &text_before[ops..]);
    std::fs::write(&place.config, changed).unwrap();
    assert_eq!(place.signing()[0].0, "retired");
    let (certificate, private) = (
        pki().certificate_file("dp-signing-newer"),
        pki().key_file("dp-signing-newer"),
    );
    let rotate = [
        "keys",
        "rotate",
        "--config",
        text(&place.config),
        "--certificate",
        text(&certificate),
        "--private-key",
        text(&private),
    ];
    let told = done(&izin(&rotate, None));
    assert!(told.contains("was taken out"), "{told}");
    let states = place.signing();
    let expected = [("signs", "dp-signing"), ("published", "dp-signing-newer")];
    assert_eq!(
        states,
        expected.map(|(state, name)| (state.to_owned(), key_id(name)))
    );
    let after = std::fs::read_to_string(&place.config).unwrap();
    assert!(after.contains("# the one"), "{after}");
    place.simulator.stop().await;
}

/// Requests that openssl reads, for every purpose and kind of key, and wishes that make none.
#[test]
fn requests_are_read_by_openssl() {
    let folder = tempfile::tempdir().unwrap();
    let dir = text(folder.path());
    let passphrase = folder.path().join("passphrase");
    crate::harness::write_secret(&passphrase, "rahsia\n");
    let cases = [
        ("server", "ec-p256", "DNS:ofp.bank.example"),
        ("server", "rsa-3072", "DNS:ofp.bank.example"),
        ("client", "ec-p384", "TLS Web Client Authentication"),
        ("client", "rsa-2048", "TLS Web Client Authentication"),
        ("signing", "rsa-2048", "Non Repudiation"),
    ];
    for (purpose, kind, expected) in cases {
        let name = format!("{purpose}-{kind}");
        let mut arguments = vec![
            "keys",
            "new",
            &name,
            "--dir",
            dir,
            "--purpose",
            purpose,
            "--type",
            kind,
            "--subject",
            "CN=ofp.bank.example,O=Bank Contoh,C=MY",
            "--passphrase-file",
            text(&passphrase),
        ];
        if purpose == "server" {
            arguments.extend(["--dns", "ofp.bank.example"]);
        }
        done(&izin(&arguments, None));
        let read = Command::new("openssl")
            .args(["req", "-verify", "-noout", "-text", "-in"])
            .arg(folder.path().join(format!("{name}.csr")))
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&read.stdout).into_owned();
        assert!(
            read.status.success(),
            "{name}: {}",
            String::from_utf8_lossy(&read.stderr)
        );
        assert!(told.contains(expected), "{name}: {told}");
        assert!(told.contains("Bank Contoh"), "{name}: {told}");
        let key = folder.path().join(format!("{name}.key"));
        assert!(std::fs::read_to_string(&key).unwrap().contains("ENCRYPTED"));
        // The same key once more, read from its file.
        let csr = [
            "keys",
            "csr",
            "--key",
            text(&key),
            "--passphrase-file",
            text(&passphrase),
            "--subject",
            "CN=again,C=MY",
        ];
        assert!(done(&izin(&csr, None)).contains("BEGIN CERTIFICATE REQUEST"));
    }
    let bad: [(&[&str], &str); 6] = [
        (&["new", "x", "--subject", "Bank"], "CN=name"),
        (&["new", "x", "--subject", "CN=a,C=MYS"], "two letters"),
        (&["new", "x", "--subject", "CN=a,CN=b"], "twice"),
        (
            &["new", "x", "--subject", "CN=a", "--purpose", "server"],
            "--dns",
        ),
        (
            &["new", "x", "--subject", "CN=a", "--type", "ec-p256"],
            "RSA",
        ),
        (&["new", "../x", "--subject", "CN=a"], "letters"),
    ];
    for (arguments, expected) in bad {
        let refused = izin(&[&["keys"], arguments, &["--dir", dir]].concat(), None);
        let told = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(2), "{told}");
        assert!(told.contains(expected), "{arguments:?}: {told}");
    }
}
