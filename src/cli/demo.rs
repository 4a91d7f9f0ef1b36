//! `izin demo`: the whole journey on this machine. Makes its keys, starts PayNet and two consumer apps from
//! the simulator, and beside them the Data Provider exactly as `izin serve` would run it.

mod settings;
mod start_page;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use izin_simulator::{Consumer, Pki, Provider, Simulator, SimulatorOptions};
use tokio_util::sync::CancellationToken;

use crate::app::Service;
use crate::bank::DemoBank;
use crate::clock::SystemClock;
use crate::config::{Config, DEMO};
use crate::institution::Institution;
pub use settings::{CLIENT_ID, DP_ID, DemoSettings, registration};
use start_page::StartPage;

#[derive(Debug, Args)]
pub struct Demo {
    /// The first of nine ports on 127.0.0.1; 0 takes any free ones
    #[arg(long, default_value_t = 7700)]
    port: u16,
    /// Keep keys and database in this folder; without it they are in a temporary one and go away
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Ask this bank for accounts instead of the demo bank; it answers openapi/core-bank-1.yaml there
    #[arg(long, value_name = "URL")]
    bank_url: Option<String>,
    /// A file with the bearer token for --bank-url
    #[arg(long, value_name = "FILE", requires = "bank_url")]
    bank_token_file: Option<PathBuf>,
    /// Print the addresses as one line of JSON
    #[arg(long)]
    json: bool,
}

/// Everything that runs, in the order in which it must stop.
struct Running {
    service: Service,
    simulator: Simulator,
    start_page: StartPage,
}

impl Demo {
    pub async fn run(self, institution: Institution) -> anyhow::Result<()> {
        super::logging::start("izin=warn,izin_simulator=warn,error");
        let stop = super::StopSignals::listen()?;
        let temporary = tempfile::Builder::new().prefix("izin-demo-").tempdir()?;
        let folder = self.data.as_deref().unwrap_or(temporary.path());
        std::fs::create_dir_all(folder)
            .with_context(|| format!("{} cannot be created", folder.display()))?;
        let running = self.start(folder, institution).await?;
        self.announce(&running);
        stop.received().await;
        super::complain("stopping");
        running.start_page.stop().await;
        running.service.stop().await;
        running.simulator.stop().await;
        Ok(())
    }

    async fn start(&self, folder: &Path, institution: Institution) -> anyhow::Result<Running> {
        let pki_folder = folder.join("pki");
        let pki = tokio::task::spawn_blocking(move || open_pki(&pki_folder)).await??;
        let simulator = Simulator::start(self.simulator_options(pki))
            .await
            .with_context(|| {
                format!(
                    "the simulator cannot start; is another demo running on port {}? Try --port 0",
                    self.port
                )
            })?;
        let own_defaults = institution.defaults();
        let config = self.config(folder, &simulator, &own_defaults)?;
        let clock = Arc::new(SystemClock);
        let service = Service::start(config, clock.clone(), institution).await?;
        let provider = registration(
            simulator.pki(),
            service.webhooks_address.port(),
            &service.public_url,
        )?;
        simulator.register_provider(provider)?;
        simulator.register_provider(Provider::offline("bank-lain", "Bank Lain"))?;
        let bank = DemoBank::new(clock)?;
        let start_page = StartPage::start(
            self.address(0),
            bank,
            simulator.urls(),
            service.ops_url.clone(),
            CancellationToken::new(),
        )
        .await?;
        Ok(Running {
            service,
            simulator,
            start_page,
        })
    }

    fn address(&self, offset: u16) -> SocketAddr {
        let port = if self.port == 0 {
            0
        } else {
            self.port.saturating_add(offset)
        };
        SocketAddr::from((Ipv4Addr::LOCALHOST, port))
    }

    fn simulator_options(&self, pki: Pki) -> SimulatorOptions {
        SimulatorOptions {
            authorization_server: self.address(3),
            resource_server: self.address(4),
            pages: self.address(5),
            consumers: vec![
                Consumer::kira_budget(self.address(6)),
                Consumer::pinjam_pantas(self.address(7)),
            ],
            ..SimulatorOptions::new(pki)
        }
    }

    fn config(
        &self,
        folder: &Path,
        simulator: &Simulator,
        own_defaults: &str,
    ) -> anyhow::Result<Config> {
        let settings = DemoSettings {
            database: format!("sqlite:{}", folder.join("izin.db").display()),
            public: self.address(1),
            webhooks: self.address(2),
            ops: self.address(8),
            pki: simulator.pki(),
            urls: simulator.urls(),
        };
        let layers = [DEMO, own_defaults, &settings.to_toml()?, &self.bank()];
        Ok(Config::from_layers(&layers)?)
    }

    /// The bank's accounts; its customers sign in at the demo bank.
    fn bank(&self) -> String {
        let Some(url) = &self.bank_url else {
            return String::new();
        };
        let token = self.bank_token_file.as_ref();
        let token = token.map(|path| format!("token_file = {}\n", serde_json::json!(path)));
        format!(
            "[bank]\nkind = \"http\"\n[bank.http]\nurl = {}\n{}",
            serde_json::json!(url),
            token.unwrap_or_default()
        )
    }

    fn announce(&self, running: &Running) {
        let urls = running.simulator.urls();
        let start = running.start_page.url();
        if self.json {
            let addresses = serde_json::json!({
                "start": start,
                "bank": running.service.public_url,
                "webhooks": format!("https://{}", running.service.webhooks_address),
                "ops": running.service.ops_url,
                "paynet": urls.pages,
                "consumers": urls.consumers.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
            });
            super::tell(&format!("{addresses}\n"));
            return;
        }
        let mut told = format!(
            "The demo is running. Open in a browser:\n\n    {start}\n\n\
             It shows where to click, the user names, and the code of the second factor.\n\
             User name paynet, password paynet. Press Ctrl-C to stop.\n\n    \
             Kira Budget (consumer)  {}\n    \
             Bank Contoh (us)        {}\n    \
             PayNet (simulated)      {}\n",
            urls.consumer, running.service.public_url, urls.pages
        );
        if let Some(ops) = &running.service.ops_url {
            told.push_str("    Swagger UI              ");
            told.push_str(ops);
            told.push_str("/docs\n");
        }
        super::tell(&told);
    }
}

/// The keys of an earlier run in the same folder, or new ones.
pub(super) fn open_pki(folder: &Path) -> Result<Pki, izin_simulator::PkiError> {
    if folder.is_dir() {
        Pki::open(folder)
    } else {
        Pki::create(folder)
    }
}
