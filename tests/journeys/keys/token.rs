//! All private keys on a token: SoftHSM, a real PKCS#11 module.

use std::path::{Path, PathBuf};
use std::process::Command;

use izin::lab::registration;
use izin_simulator::{
    Customer, DataCall, Leaf, NewConsent, Pki, Simulator, SimulatorOptions, Usage,
};
use serde_json::{Value, json};

use super::command::{done, izin};
use crate::harness::{Database, Process, TOTP_SECRET, pki, serve_file, write_secret};

const VARIABLE: &str = "SOFTHSM2_CONF";
const PIN: &str = "rahsia-4711";

/// A token of its own for one test.
struct SoftToken {
    folder: tempfile::TempDir,
}

impl SoftToken {
    fn new() -> Self {
        let token = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        std::fs::create_dir(token.path("tokens")).unwrap();
        let text = format!(
            "directories.tokendir = {}\n",
            token.path("tokens").display()
        );
        std::fs::write(token.path("softhsm2.conf"), text).unwrap();
        write_secret(&token.path("pin"), PIN);
        let made = Command::new("softhsm2-util")
            .args([
                "--init-token",
                "--free",
                "--label",
                "izin",
                "--pin",
                PIN,
                "--so-pin",
                "0000",
            ])
            .env(VARIABLE, token.path("softhsm2.conf"))
            .output()
            .expect("softhsm2-util (Debian: apt-get install softhsm2)");
        assert!(made.status.success(), "{made:?}");
        token
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Two labels of one length, in the files that SoftHSM does not encrypt: those of public keys. How many it found.
    fn exchange_in_public_objects(&self, one: &str, other: &str) -> usize {
        let token = std::fs::read_dir(self.path("tokens")).unwrap().next();
        let objects = std::fs::read_dir(token.unwrap().unwrap().path()).unwrap();
        let mut found = 0;
        for object in objects {
            let path = object.unwrap().path();
            let mut bytes = std::fs::read(&path).unwrap();
            for (before, after) in [(one, other), (other, one)] {
                let mut parts = bytes.windows(before.len());
                if let Some(place) = parts.position(|part| part == before.as_bytes()) {
                    bytes[place..place + after.len()].copy_from_slice(after.as_bytes());
                    std::fs::write(&path, &bytes).unwrap();
                    found += 1;
                    break;
                }
            }
        }
        found
    }

    /// `[pkcs11]`
    fn settings(&self) -> String {
        let module = std::env::var_os("SOFTHSM2_MODULE").map(PathBuf::from);
        let module = module.unwrap_or_else(|| "/usr/lib/softhsm/libsofthsm2.so".into());
        format!(
            "[pkcs11]\nmodule = {}\ntoken = \"izin\"\npin_file = {}\n",
            json!(module),
            json!(self.path("pin"))
        )
    }
}

/// A key on the token, and a certificate for it from the development authority.
fn made(token: &SoftToken, config: &Path, name: &'static str, usage: Usage, wish: &[&str]) {
    let configuration = token.path("softhsm2.conf");
    let dir = token.folder.path().to_str().unwrap();
    let new = ["keys", "new", name, "--on-token", "--dir", dir, "--config"];
    let config = config.to_str().unwrap();
    let arguments = [
        &new[..],
        &[config, "--subject", "CN=Bank Contoh,C=MY"],
        wish,
    ]
    .concat();
    let told = done(&izin(&arguments, Some((VARIABLE, &configuration))));
    assert!(told.contains("pkcs11:object="), "{told}");
    assert!(!token.path(&format!("{name}.key")).exists());
    let request = std::fs::read(token.path(&format!("{name}.csr"))).unwrap();
    let leaf = Leaf::trusted(name, "Bank Contoh", usage);
    pki().certify(&leaf, &request).unwrap();
}

/// The listener's key, the client key towards PayNet and the signing key are on the token: the whole journey works, no private key is
/// in any file of ours, and every consumer can verify what the token signed.
#[tokio::test(flavor = "multi_thread")]
async fn the_journey_with_every_key_on_a_token() {
    let token = SoftToken::new();
    let simulator = Simulator::start(SimulatorOptions::new(pki().clone()))
        .await
        .unwrap();
    let database = Database::sqlite();
    let config = serve_file(token.folder.path(), &database.url, &simulator, None);
    let with_files = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, format!("{with_files}{}", token.settings())).unwrap();
    made(
        &token,
        &config,
        "token-server",
        Usage::Server,
        &["--purpose", "server", "--dns", "localhost"],
    );
    made(
        &token,
        &config,
        "token-client",
        Usage::Client,
        &["--purpose", "client", "--type", "rsa-2048"],
    );
    made(
        &token,
        &config,
        "token-signing",
        Usage::Signing,
        &["--purpose", "signing"],
    );
    let mut text = std::fs::read_to_string(&config).unwrap();
    for (before, after) in [
        ("dp-server", "token-server"),
        ("dp-client", "token-client"),
        ("dp-signing", "token-signing"),
    ] {
        let certificate = |name: &str| json!(pki().certificate_file(name)).to_string();
        let key = json!(pki().key_file(before)).to_string();
        assert!(text.contains(&key), "{text}");
        text = text
            .replace(&certificate(before), &certificate(after))
            .replace(&key, &format!("\"pkcs11:object={after}\""));
    }
    std::fs::write(&config, text).unwrap();

    let configuration = token.path("softhsm2.conf");
    let service = Process::serve_with(&config, (VARIABLE, &configuration));
    register(&simulator, pki(), &service);
    for _ in 0..2 {
        let new = NewConsent::new("kira-budget", "bank-contoh").permissions(&["read_balances"]);
        let consent = simulator.create_consent(new).await.unwrap();
        let link = simulator.authorize_url(&consent.consent_id).await.unwrap();
        let mut customer = Customer::new(pki()).unwrap();
        customer.opens(&link).await.unwrap();
        customer
            .signs_in("paynet", "paynet", TOTP_SECRET)
            .await
            .unwrap();
        customer.selects_first().await.unwrap();
        customer.approves().await.unwrap();
        let result = customer.waits_for_result().await.unwrap();
        assert_eq!(
            result.attribute("data-outcome"),
            Some("approved"),
            "{}",
            result.summary()
        );
        let accounts = simulator
            .consent(&consent.consent_id)
            .unwrap()
            .consent
            .accounts;
        let call = DataCall::balances(&consent.consent_id, &accounts[0].account_id);
        let balance = simulator.data_call(call).await.unwrap();
        assert_eq!((balance.status(), &balance.problem), (200, &None));
        assert_eq!(balance.data()["current_balance"]["amount"], "5123.45");
    }
    let arguments = ["doctor", "--json", "--config", config.to_str().unwrap()];
    let doctor = izin(&arguments, Some((VARIABLE, &configuration)));
    let findings: Vec<Value> = serde_json::from_str(&done(&doctor)).unwrap();
    let in_order = |check: &str| {
        let of_it = findings.iter().filter(|one| one["check"] == check);
        of_it.filter(|one| one["verdict"] == "ok").count()
    };
    assert_eq!(in_order("token"), 1, "{findings:#?}");
    assert_eq!(in_order("private-key"), 3, "{findings:#?}");
    assert_eq!(in_order("test-signature"), 1, "{findings:#?}");
    assert_eq!(in_order("paynet-token"), 1, "{findings:#?}");
    // What the service has is certificates, names and a PIN.
    for entry in std::fs::read_dir(token.folder.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            let text = String::from_utf8_lossy(&bytes);
            assert!(!text.contains("PRIVATE KEY"), "{}", path.display());
        }
    }
    drop(service);
    simulator.stop().await;
}

fn register(simulator: &Simulator, keys: &Pki, service: &Process) {
    let public = format!("http://{}", service.public);
    let provider = registration(keys, service.webhooks.port(), &public).unwrap();
    let certificate = keys.certificate("token-client").unwrap();
    simulator
        .register_provider(provider.client_certificate(certificate))
        .unwrap();
}

/// A wrong PIN, no token of that name, a key that is not there: `serve` says which, and what to do.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_token_is_told_at_the_start() {
    let token = SoftToken::new();
    let simulator = Simulator::start(SimulatorOptions::new(pki().clone()))
        .await
        .unwrap();
    let database = Database::sqlite();
    let config = serve_file(token.folder.path(), &database.url, &simulator, None);
    let text = std::fs::read_to_string(&config).unwrap();
    let key = json!(pki().key_file("dp-signing")).to_string();
    let text = text.replace(&key, "\"pkcs11:object=absent\"") + &token.settings();
    let configuration = token.path("softhsm2.conf");
    let starts = |text: &str| {
        std::fs::write(&config, text).unwrap();
        let arguments = ["serve", "--config", config.to_str().unwrap()];
        let output = izin(&arguments, Some((VARIABLE, &configuration)));
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let doctor = |text: &str, check: &str| {
        std::fs::write(&config, text).unwrap();
        let arguments = ["doctor", "--json", "--offline", "--config"];
        let arguments = [&arguments[..], &[config.to_str().unwrap()]].concat();
        let output = izin(&arguments, Some((VARIABLE, &configuration)));
        assert_eq!(output.status.code(), Some(1));
        let findings: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
        let failed = findings.iter().filter(|one| one["verdict"] == "failed");
        let failed: Vec<&Value> = failed.collect();
        // The keys that are in files are looked at all the same.
        assert!(
            matches!(&failed[..], [one] if one["check"] == check),
            "{failed:#?}"
        );
        assert!(!failed[0].to_string().contains("0815"), "{failed:#?}");
        format!("{} {}", failed[0]["seen"], failed[0]["advice"])
    };
    let told = doctor(&text, "private-key");
    assert!(told.contains("pkcs11-tool --list-objects"), "{told}");
    let other = text.replace("token = \"izin\"", "token = \"other\"");
    assert!(doctor(&other, "token").contains("pkcs11.token"));
    let told = starts(&text);
    assert!(
        told.contains("no private key called pkcs11:object=absent"),
        "{told}"
    );
    assert!(told.contains("signing.keys[0]"), "{told}");
    let told = starts(&text.replace("token = \"izin\"", "token = \"other\""));
    assert!(
        told.contains("no token with the label \"other\"; it has izin"),
        "{told}"
    );
    write_secret(&token.path("pin"), "0815-wrong");
    let told = starts(&text);
    assert!(told.contains("refuses the PIN"), "{told}");
    assert!(!told.contains("0815"), "{told}");
    let told = doctor(&text, "token");
    assert!(told.contains("lock themselves"), "{told}");
    let told = starts(&text.replace("pin_file", "# pin_file"));
    assert!(told.contains("pkcs11.pin_file is required"), "{told}");
    simulator.stop().await;
}

/// Private and public halves of two pairs under one label, as an import that went wrong leaves them: no authority would take that
/// request, so that none is written.
#[test]
fn a_request_that_does_not_verify_is_not_written() {
    let token = SoftToken::new();
    let database = Database::sqlite();
    let config = token.path("izin.toml");
    let database = json!(database.url);
    let text = format!("[database]\nurl = {database}\n{}", token.settings());
    std::fs::write(&config, text).unwrap();
    let configuration = token.path("softhsm2.conf");
    let [folder, config] = [token.folder.path(), &config].map(|path| path.to_str().unwrap());
    let subject = ["--subject", "CN=Bank Contoh,C=MY", "--config", config];
    for name in ["pair-1", "pair-2"] {
        let new = ["keys", "new", name, "--on-token", "--dir", folder];
        done(&izin(
            &[&new[..], &subject].concat(),
            Some((VARIABLE, &configuration)),
        ));
    }
    assert_eq!(token.exchange_in_public_objects("pair-1", "pair-2"), 2);

    let request = token.path("wrong.csr");
    let out = request.to_str().unwrap();
    let csr = ["keys", "csr", "--key", "pkcs11:object=pair-1", "--out", out];
    let output = izin(
        &[&csr[..], &subject].concat(),
        Some((VARIABLE, &configuration)),
    );
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("is not the private key's"), "{told}");
    assert!(!request.exists());
}
