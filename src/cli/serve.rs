//! `izin serve`: the service until it is asked to stop.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;

use crate::app::{Reload, Service};
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
        let mut reloading = JoinSet::new();
        loop {
            tokio::select! {
                () = &mut stop => break,
                // Apart, because a token or a network drive can take its time, and stopping must not wait for that.
                _ = reload.recv() => {
                    let file = self.config.clone();
                    reloading.spawn(reload_keys(file, service.reload.clone(), defaults.clone()));
                }
                Some(_) = reloading.join_next() => {}
            }
        }
        tracing::info!("stopping");
        service.stop().await;
        Ok(())
    }
}

/// On SIGHUP: the configuration is read again for its keys, certificates, authorities and allowed clients.
async fn reload_keys(file: Option<PathBuf>, reload: Reload, defaults: String) {
    let done = match Config::load_checked(file.as_deref(), &defaults) {
        Ok(config) => reload.with(config).await,
        Err(problems) => Err(problems.into()),
    };
    if let Err(error) = done {
        let error = format!("{error:#}");
        tracing::error!(error, "SIGHUP: nothing was changed");
    }
}
