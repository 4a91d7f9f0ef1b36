//! `izin simulate attacks` as a command, and what attacks leave behind in a service that stands them.

use std::net::SocketAddr;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU16, Ordering};

use izin::lab::registration;
use izin_simulator::checks::{Bench, Check, Pace, Verdict, attacks, run};
use izin_simulator::{Pki, Simulator, SimulatorOptions};
use serde_json::Value;

use crate::checks::credentials;
use crate::harness::{Database, Process, on_both_databases, pki, serve_file};

on_both_databases!(a_few_hundred_attacks_leave_no_memory_behind);

/// More than a page cache here and a pool of connections there.
const GROWTH_KIB: u64 = 16 * 1024;

async fn a_few_hundred_attacks_leave_no_memory_behind(database: Database) {
    attacked(&database, 100, 300).await;
}

mod ten_thousand_attacks_leave_no_memory_behind {
    use crate::harness::Database;

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "takes minutes: ./test --all"]
    async fn sqlite() {
        super::attacked(&Database::sqlite(), 1_000, 10_000).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "takes minutes: ./test --all"]
    async fn postgres() {
        super::attacked(&Database::postgres().await, 1_000, 10_000).await;
    }
}

/// Attacks a process until it got so many requests, round after round. Nothing is accepted, nothing answered with 5xx, honest calls are
/// served as before, and from the end of the warm-up the process has hardly grown.
async fn attacked(database: &Database, warm_up: u64, requests: u64) {
    let simulator = Simulator::start(SimulatorOptions::new(pki().clone()))
        .await
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let process = Process::serve(&serve_file(folder.path(), &database.url, &simulator, None));
    let pages = format!("http://{}", process.public);
    let provider = registration(pki(), process.webhooks.port(), &pages).unwrap();
    simulator.register_provider(provider).unwrap();
    let bench = Bench::new(&simulator, "bank-contoh", credentials("paynet"))
        .unwrap()
        .with_other_customer(credentials("weiming"));
    bench.control().await.unwrap();
    let repeatable: Vec<Check> = attacks()
        .into_iter()
        .filter(|check| check.pace == Pace::Any)
        .collect();
    let mut warm = None;
    for check in repeatable.iter().cycle() {
        let verdict = run(check, &bench).await;
        let refused = matches!(verdict, Verdict::Passed(_));
        assert!(refused, "{}: {verdict:?}", check.id);
        let sent = simulator.traffic().requests();
        if warm.is_none() && sent >= warm_up {
            warm = Some(process.resident_kib());
        }
        if sent >= requests {
            break;
        }
    }
    bench.control().await.unwrap();
    assert_eq!(simulator.traffic().failures(), Vec::<String>::new());
    let (warm, now) = (warm.unwrap(), process.resident_kib());
    let grown = now.saturating_sub(warm);
    assert!(
        grown < GROWTH_KIB,
        "{grown} KiB more than the {warm} KiB after {warm_up} of {requests} requests"
    );
    simulator.stop().await;
}

/// A provider in a process of its own, and where it looks for PayNet.
struct Deployment {
    process: Process,
    _database: Database,
    _folder: tempfile::TempDir,
    paynet: [SocketAddr; 3],
}

impl Deployment {
    /// `change` is made to its configuration.
    async fn start(change: impl FnOnce(String) -> String) -> Self {
        let simulator = simulator_at_ports_of_its_own().await;
        let (database, folder) = (Database::sqlite(), tempfile::tempdir().unwrap());
        let file = serve_file(folder.path(), &database.url, &simulator, None);
        let changed = change(std::fs::read_to_string(&file).unwrap());
        std::fs::write(&file, changed).unwrap();
        let urls = simulator.urls().clone();
        let paynet = [
            &urls.authorization_server,
            &urls.resource_server,
            &urls.pages,
        ]
        .map(|url| {
            let (_, port) = url.rsplit_once(':').unwrap();
            SocketAddr::from(([127, 0, 0, 1], port.parse().unwrap()))
        });
        // The command has a simulator of its own at the same addresses.
        simulator.stop().await;
        Self {
            process: Process::serve(&file),
            _database: database,
            _folder: folder,
            paynet,
        }
    }

    fn attack(&self, keys: &Pki, arguments: &[&str]) -> Output {
        let [authorization_server, resource_server, pages] = self.paynet;
        Command::new(env!("CARGO_BIN_EXE_izin"))
            .args(["simulate", "attacks", "--json"])
            .arg(format!(
                "--target=https://localhost:{}",
                self.process.webhooks.port()
            ))
            .arg(format!("--pages-url=http://{}", self.process.public))
            .arg("--pki")
            .arg(keys.dir())
            .arg(format!("--authorization-server={authorization_server}"))
            .arg(format!("--resource-server={resource_server}"))
            .arg(format!("--paynet-pages={pages}"))
            .args(arguments)
            .output()
            .unwrap()
    }
}

/// At ports that can be taken again afterwards: below those that the system gives to whoever asks for any.
async fn simulator_at_ports_of_its_own() -> Simulator {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let keys = tokio::task::spawn_blocking(pki).await.unwrap();
    let start = 21_000 + u16::try_from(std::process::id() % 3_000).unwrap() * 3;
    loop {
        let first = start + 3 * NEXT.fetch_add(1, Ordering::Relaxed);
        let at = |offset| SocketAddr::from(([127, 0, 0, 1], first + offset));
        let options = SimulatorOptions {
            authorization_server: at(0),
            resource_server: at(1),
            pages: at(2),
            ..SimulatorOptions::new(keys.clone())
        };
        match Simulator::start(options).await {
            Ok(simulator) => return simulator,
            // Somebody has one of them.
            Err(_) => assert!(first < 32_000, "no ports are left"),
        }
    }
}

/// An attack in a report.
fn row<'a>(report: &'a Value, name: &str) -> &'a Value {
    let attacks = report["attacks"].as_array().unwrap();
    let one = attacks.iter().find(|attack| attack["name"] == name);
    one.unwrap_or_else(|| panic!("{name} is missing"))
}

/// A check that somebody switched off is found, and nothing else is blamed.
#[tokio::test(flavor = "multi_thread")]
async fn a_check_that_is_left_out_is_found() {
    let careless = "\n[ofp.profile]\ndanger_skip_replay = true\n";
    let deployment = Deployment::start(|file| file + careless).await;
    let only = [
        "--only",
        "claims-replay",
        "--only",
        "data-jku",
        "--repeat",
        "2",
    ];
    let output = deployment.attack(pki(), &only);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let replay = row(&report, "claims-replay");
    assert_eq!(replay["verdict"], "not_refused");
    assert_eq!(row(&report, "data-jku")["verdict"], "refused");
    assert_eq!(report["server_errors"], serde_json::json!([]));
    let seen = replay["seen"].as_str().unwrap();
    assert!(seen.starts_with("200 "), "{seen}");
}

/// Who refuses everybody has refused no attack.
#[tokio::test(flavor = "multi_thread")]
async fn refusals_count_only_beside_honest_calls_that_are_served() {
    let stranger = "a".repeat(43);
    let clients = |file: String| {
        let lines = file.lines().map(|line| match line.split_once(" = ") {
            Some(("allowed_clients", _)) => format!("allowed_clients = [\"{stranger}\"]\n"),
            _ => format!("{line}\n"),
        });
        lines.collect()
    };
    let deployment = Deployment::start(clients).await;
    let output = deployment.attack(pki(), &["--only", "event-unsigned"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    let told = String::from_utf8(output.stderr).unwrap();
    let paynet = izin_jose::KeyId::of_certificate(&pki().certificate_der("paynet-client").unwrap());
    for needed in ["nothing was attacked", "allowed_clients", paynet.as_str()] {
        assert!(told.contains(needed), "{needed:?} is missing in: {told}");
    }
}
