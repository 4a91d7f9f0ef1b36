//! Izin as processes, with a proxy on every way in and out: customers' browsers and PayNet come through one each, and what PayNet is
//! asked goes through one for either of its servers. The certificates' names stay right, because only ports differ.

use std::path::PathBuf;

use izin::lab::{DemoSettings, registration};
use izin_simulator::{Simulator, SimulatorOptions};
use tempfile::TempDir;
use url::Url;

use super::app::{pki, settings};
use super::{Process, Proxy, Upstream};

pub struct Deployment {
    pub simulator: Simulator,
    pub customers: Proxy,
    pub webhooks: Proxy,
    pub authorization_server: Proxy,
    pub resource_server: Proxy,
    /// The configuration of every process here: each listens on free ports of its own.
    pub config: PathBuf,
    /// What the processes said.
    pub log: PathBuf,
    _folder: TempDir,
}

impl Deployment {
    /// No process runs yet. `extra` is TOML at the end of the configuration.
    pub async fn around(database: &str, extra: &str, reconnects: bool) -> Self {
        let pki = tokio::task::spawn_blocking(pki).await.unwrap();
        let (customers, webhooks) = (Proxy::before([]).await, Proxy::before([]).await);
        let authorization_server = Proxy::before([]).await;
        let options = SimulatorOptions {
            authorization_server_url: Some(localhost(&authorization_server)),
            reconnects,
            ..SimulatorOptions::new(pki.clone())
        };
        let simulator = Simulator::start(options).await.unwrap();
        authorization_server.leads_to([Upstream::Tcp(simulator.authorization_server())]);
        let behind = Url::parse(&simulator.urls().resource_server).unwrap();
        let behind = ([127, 0, 0, 1], behind.port().unwrap()).into();
        let resource_server = Proxy::before([Upstream::Tcp(behind)]).await;

        let pages = format!("http://{}", customers.address);
        let provider = registration(pki, webhooks.address.port(), &pages).unwrap();
        simulator.register_provider(provider).unwrap();

        let mut urls = simulator.urls().clone();
        urls.resource_server = localhost(&resource_server);
        let settings = DemoSettings {
            urls: &urls,
            ..settings(database, &simulator)
        };
        let public = "[listeners.public]\n";
        let with_address = format!("{public}base_url = \"{pages}\"\n");
        let file = settings.to_file().unwrap().replace(public, &with_address);
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("izin.toml");
        std::fs::write(&config, file + extra).unwrap();
        Self {
            log: folder.path().join("log"),
            config,
            simulator,
            customers,
            webhooks,
            authorization_server,
            resource_server,
            _folder: folder,
        }
    }

    /// One more process, to which nothing leads yet.
    pub fn process(&self) -> Process {
        tokio::task::block_in_place(|| Process::serve_behind(&self.config, &self.log))
    }

    /// Customers and PayNet reach these from now on, by turns.
    pub fn leads_to(&self, processes: &[&Process]) {
        let public = processes.iter().map(|one| Upstream::Tcp(one.public));
        self.customers.leads_to(public);
        let webhooks = processes.iter().map(|one| Upstream::Tcp(one.webhooks));
        self.webhooks.leads_to(webhooks);
    }
}

/// The certificates say localhost.
fn localhost(proxy: &Proxy) -> String {
    format!("https://localhost:{}", proxy.address.port())
}
