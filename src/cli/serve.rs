//! `izin serve`: the service until it is asked to stop.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use crate::app::Service;
use crate::clock::SystemClock;
use crate::config::Config;
use crate::institution::Institution;

#[derive(Debug, Args)]
pub struct Serve {
    /// Configuration file (TOML); `izin config schema` lists every key
    #[arg(short, long, env = "IZIN_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Serve {
    pub async fn run(self, institution: Institution) -> anyhow::Result<()> {
        super::logging::start("izin=info,warn");
        let stop = super::StopSignals::listen()?;
        let defaults = institution.defaults();
        let config = Config::load_checked(self.config.as_deref(), &defaults)?;
        let mut reload = signal(SignalKind::hangup())?;
        let service = Service::start(config, Arc::new(SystemClock), institution).await?;
        let mut told = format!(
            "webhooks  https://{}  (mutual TLS)\ncustomers {}\n",
            service.webhooks_address, service.public_url
        );
        if let Some(ops) = &service.ops_url {
            told.push_str("operations ");
            told.push_str(ops);
            told.push('\n');
        }
        super::tell(&told);
        let stop = stop.received();
        tokio::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                _ = reload.recv() => self.reload(&service, &defaults).await,
            }
        }
        tracing::info!("stopping");
        service.stop().await;
        Ok(())
    }

    /// On SIGHUP: the configuration is read again for its keys, certificates, authorities and allowed clients.
    async fn reload(&self, service: &Service, defaults: &str) {
        let read = Config::load_checked(self.config.as_deref(), defaults);
        let done = match read {
            Ok(config) => service.reload.with(config).await,
            Err(problems) => Err(problems.into()),
        };
        if let Err(error) = done {
            let error = format!("{error:#}");
            tracing::error!(error, "SIGHUP: nothing was changed");
        }
    }
}
