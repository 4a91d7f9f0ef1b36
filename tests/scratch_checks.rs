use izin::lab::{Config, Service, SystemClock};
use izin_simulator::*;
use std::sync::Arc;

pub struct Lab {
    pub simulator: Simulator,
    pub service: Service,
    _dir: tempfile::TempDir,
}

pub async fn lab() -> Lab {
    let dir = tempfile::tempdir().unwrap();
    let shared = std::path::PathBuf::from("/tmp/scratch-pki");
    let pki = if shared.is_dir() {
        Pki::open(&shared).unwrap()
    } else {
        Pki::create(&shared).unwrap()
    };
    let simulator = Simulator::start(SimulatorOptions::new(pki)).await.unwrap();
    let pki = simulator.pki();
    let urls = simulator.urls();
    let c = |n: &str| pki.certificate_file(n).display().to_string();
    let k = |n: &str| pki.key_file(n).display().to_string();
    let made = format!(
        r#"
environment = "demo"
[database]
url = "sqlite:{db}"
[listeners.public]
address = "127.0.0.1:0"
[listeners.webhooks]
address = "127.0.0.1:0"
certificate = "{}"
private_key = "{}"
client_ca = "{ca}"
[ofp]
dp_id = "bank-contoh"
client_id = "bank-contoh-client"
authorization_server = "{}"
resource_server = "{}"
server_ca = "{ca}"
client_certificate = "{}"
client_private_key = "{}"
redirect_uris = ["{}"]
[ofp.consumers]
kira-budget = "Kira Budget"
pinjam-pantas = "Pinjam Pantas"
[ui]
name = "Bank Contoh"
[signing]
keys = [{{ certificate = "{}", private_key = "{}" }}]
"#,
        c("dp-server"),
        k("dp-server"),
        urls.authorization_server,
        urls.resource_server,
        c("dp-client"),
        k("dp-client"),
        urls.callback,
        c("dp-signing"),
        k("dp-signing"),
        ca = c("ca"),
        db = dir.path().join("izin.db").display()
    );
    let config = Config::from_layers(&[&made]).unwrap();
    let service = Service::start(config, Arc::new(SystemClock)).await.unwrap();
    let provider = Provider::new(
        "bank-contoh",
        format!("https://localhost:{}", service.webhooks_address.port()),
    )
    .client_id("bank-contoh-client")
    .pages_url(&service.public_url)
    .client_certificate(simulator.pki().certificate("dp-client").unwrap());
    simulator.register_provider(provider).unwrap();
    Lab {
        simulator,
        service,
        _dir: dir,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn story() {
    let lab = lab().await;
    let consent = lab
        .simulator
        .create_consent(NewConsent::new("kira-budget", "bank-contoh"))
        .await
        .unwrap();
    let url = lab
        .simulator
        .authorize_url(&consent.consent_id)
        .await
        .unwrap();
    let mut c = Customer::new(lab.simulator.pki()).unwrap();
    println!("{}", c.opens(&url).await.unwrap().summary());
    println!(
        "{}",
        c.signs_in("paynet", "paynet", "JBSWY3DPEHPK3PXP")
            .await
            .unwrap()
            .summary()
    );
    println!("{:#?}", c.page().unwrap().choices());
    println!("{}", c.selects_first().await.unwrap().summary());
    println!("{}", c.approves().await.unwrap().summary());
    println!("{}", c.waits_for_result().await.unwrap().summary());
    println!("{}", c.goes_back().await.unwrap().summary());
    for h in c.hops() {
        println!(
            "{} {} {} {:?}",
            h.method,
            h.url,
            h.status,
            h.location.map(|l| l.to_string())
        );
    }
    println!("{:?}", lab.simulator.consent(&consent.consent_id).unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn catalogue() {
    use izin_simulator::checks::*;
    let lab = lab().await;
    let c = |n: &str| Credentials {
        username: n.into(),
        password: n.into(),
        secret: "JBSWY3DPEHPK3PXP".into(),
    };
    let bench = Bench::new(&lab.simulator, "bank-contoh", c("paynet"))
        .unwrap()
        .with_other_customer(c("weiming"));
    let mut bad = 0;
    let only = std::env::var("ONLY").unwrap_or_default();
    for check in izin_simulator::checks::catalogue() {
        if !check.id.contains(&only) {
            continue;
        }
        let t = std::time::Instant::now();
        let v = run(&check, &bench).await;
        if v != Verdict::Passed {
            bad += 1;
            println!("{:32} {v:?}", check.id);
        }
        if t.elapsed().as_millis() > 500 {
            println!("{:32} {:?}", check.id, t.elapsed());
        }
    }
    println!("{bad} not passed");
}
