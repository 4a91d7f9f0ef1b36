//! Who stands against whom: the simulator and a Data Provider, which this process starts, or which runs already and has been set up to
//! take the simulator for PayNet.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use izin_jose::KeyId;
use izin_simulator::checks::ControlFailed;
use izin_simulator::{Pki, Provider, Simulator, SimulatorOptions};
use tempfile::TempDir;

use super::super::demo::{DP_ID, DemoSettings, registration};
use crate::app::Service;
use crate::clock::SystemClock;
use crate::config::{Config, DEMO};
use crate::institution::Institution;

/// A Data Provider that is running.
#[derive(Debug, Clone)]
pub struct Target {
    pub dp_id: String,
    pub client_id: String,
    /// Base URLs without a slash at the end.
    pub webhooks_url: String,
    pub pages_url: String,
    pub pki: PathBuf,
    pub authorization_server: SocketAddr,
    pub resource_server: SocketAddr,
    pub paynet_pages: SocketAddr,
}

pub struct Arrangement {
    pub simulator: Simulator,
    pub dp_id: String,
    webhooks_url: String,
    pages_url: String,
    /// Started here, with the folder that it lives in.
    ours: Option<(Service, TempDir)>,
}

impl Arrangement {
    /// The demo's Data Provider in this process, as `izin serve` would run it.
    pub async fn of_our_own(
        institution: Institution,
        database: Option<&str>,
    ) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("izin-attacks-").tempdir()?;
        let keys = folder.path().join("pki");
        let pki = tokio::task::spawn_blocking(move || Pki::create(keys)).await??;
        let simulator = Simulator::start(SimulatorOptions::new(pki)).await?;
        let file = format!("sqlite:{}", folder.path().join("izin.db").display());
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let settings = DemoSettings {
            database: database.map_or(file, str::to_owned),
            public: any,
            webhooks: any,
            ops: any,
            pki: simulator.pki(),
            urls: simulator.urls(),
        };
        let config = Config::from_layers(&[DEMO, &institution.defaults(), &settings.to_toml()?])?;
        let service = Service::start(config, Arc::new(SystemClock), institution).await?;
        let port = service.webhooks_address.port();
        simulator.register_provider(registration(simulator.pki(), port, &service.public_url)?)?;
        Ok(Self {
            simulator,
            dp_id: DP_ID.to_owned(),
            webhooks_url: format!("https://localhost:{port}"),
            pages_url: service.public_url.clone(),
            ours: Some((service, folder)),
        })
    }

    /// The simulator alone, where a running Data Provider looks for PayNet.
    pub async fn around(target: Target) -> anyhow::Result<Self> {
        let pki = Pki::open(&target.pki)
            .context("--pki is no folder of test keys; `izin simulate setup` makes one")?;
        let client_certificate = pki.certificate("dp-client")?;
        let options = SimulatorOptions {
            authorization_server: target.authorization_server,
            resource_server: target.resource_server,
            pages: target.paynet_pages,
            ..SimulatorOptions::new(pki)
        };
        let simulator = Simulator::start(options).await.with_context(|| {
            format!(
                "the simulator cannot listen on {}, {} and {}; is `izin demo` running? It has a simulator of its own",
                target.authorization_server, target.resource_server, target.paynet_pages
            )
        })?;
        let provider = Provider::new(&target.dp_id, &target.webhooks_url)
            .client_id(target.client_id)
            .pages_url(&target.pages_url)
            .client_certificate(client_certificate);
        simulator.register_provider(provider)?;
        Ok(Self {
            simulator,
            dp_id: target.dp_id,
            webhooks_url: target.webhooks_url,
            pages_url: target.pages_url,
            ours: None,
        })
    }

    /// What was attacked, for the report.
    pub fn name(&self) -> String {
        match self.ours {
            Some(_) => "the demo's Data Provider in this process".to_owned(),
            None => self.webhooks_url.clone(),
        }
    }

    /// What a target needs so that this honest step succeeds.
    pub fn advice(&self, failed: &ControlFailed) -> String {
        let urls = self.simulator.urls();
        let pki = self.simulator.pki();
        let file = |name: &str| pki.certificate_file(name).display().to_string();
        let (webhooks, pages, dp_id) = (&self.webhooks_url, &self.pages_url, &self.dp_id);
        let needs = match failed {
            ControlFailed::Connection(_) => format!(
                "The target must answer at {webhooks} with a certificate of the authority {ca} for that host \
                 (listeners.webhooks.certificate), and take client certificates of the same authority (client_ca).",
                ca = file("ca")
            ),
            ControlFailed::Client(_) => format!(
                "The target's listeners.webhooks.allowed_clients must have {}, which is {}.",
                self.paynet_client(),
                file("paynet-client")
            ),
            ControlFailed::Event(_) => format!(
                "The target does not know the simulator's keys, or is somebody else. It must fetch PayNet's from \
                 {issuer} (ofp.authorization_server), trust {ca} there (ofp.server_ca), and have ofp.dp_id = \"{dp_id}\".",
                issuer = urls.authorization_server,
                ca = file("ca")
            ),
            ControlFailed::Journey(_) => format!(
                "The customer of --username must get through the sign-in at {pages} and have an account that can be shared. \
                 The target must then tell PayNet at {resources} (ofp.resource_server) with the client id of --client-id, \
                 the certificate {client} (ofp.client_certificate) and a key of its own key set, and its \
                 ofp.redirect_uris must have {callback}.",
                resources = urls.resource_server,
                client = file("dp-client"),
                callback = urls.callback
            ),
            ControlFailed::Data(_) => format!(
                "The target must fetch the Data Consumers' keys from {issuer}/v1/oauth/jwks/{{dc_id}}, verify with them, \
                 encrypt to them, and sign with a key of its own key set.",
                issuer = urls.authorization_server
            ),
        };
        format!(
            "{needs}\nizin simulate setup DIR makes keys and a configuration in which all of this is so."
        )
    }

    fn paynet_client(&self) -> String {
        let certificate = self.simulator.pki().certificate_der("paynet-client");
        let thumbprint = certificate.map(|der| KeyId::of_certificate(&der).to_string());
        thumbprint.unwrap_or_else(|error| error.to_string())
    }

    pub async fn stop(self) {
        if let Some((service, _folder)) = self.ours {
            service.stop().await;
        }
        self.simulator.stop().await;
    }
}
