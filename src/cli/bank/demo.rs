//! `izin bank demo`: the demo bank over HTTP, as an example of what a bank answers.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use secrecy::SecretString;

use crate::bank::{DemoBank, ServedBank};
use crate::clock::SystemClock;
use crate::http::{Handshake, install_crypto_provider, server_config};

/// Serve the demo bank over HTTP: an example of what a bank answers, to try clients and `izin bank check` with
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct Demo {
    /// Port on 127.0.0.1; 0 takes any free one
    #[arg(long, default_value_t = 7720)]
    port: u16,
    /// A file with the bearer token that callers must present
    #[arg(long, value_name = "FILE", required_unless_present = "client_ca")]
    token_file: Option<PathBuf>,
    /// Serve TLS with this certificate (PEM, with its chain)
    #[arg(long, value_name = "FILE", requires = "private_key")]
    certificate: Option<PathBuf>,
    /// The certificate's private key (PEM)
    #[arg(long, value_name = "FILE", requires = "certificate")]
    private_key: Option<PathBuf>,
    /// Require a client certificate from this authority (PEM)
    #[arg(long, value_name = "FILE", requires = "certificate")]
    client_ca: Option<PathBuf>,
}

const EXAMPLE: &str = "Example:
  openssl rand -hex 32 > bank-token
  izin bank demo --token-file bank-token
  curl -H \"Authorization: Bearer $(cat bank-token)\" -H \"x-request-id: $(uuidgen)\" \\
    http://127.0.0.1:7720/core-bank/v1/customers/CIF-1001/accounts";

impl Demo {
    pub async fn run(self) -> anyhow::Result<()> {
        super::super::start_logging("izin=info,warn");
        install_crypto_provider();
        let stop = super::super::StopSignals::listen()?;
        let bank = Arc::new(DemoBank::new(Arc::new(SystemClock))?);
        let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), self.port);
        let token = self.token_file.as_deref().map(read_token).transpose()?;
        let handshake = self.handshake()?;
        let scheme = match handshake {
            Handshake::Plain => "http",
            Handshake::Tls(_) => "https",
        };
        let served = ServedBank::start(bank.clone(), bank, address, handshake, token)
            .await
            .with_context(|| format!("{address} cannot be listened on; try another --port"))?;
        super::super::tell(&format!("bank {scheme}://{}\n", served.address));
        stop.received().await;
        served.stop().await;
        Ok(())
    }

    fn handshake(&self) -> anyhow::Result<Handshake> {
        let (Some(certificate), Some(key)) = (&self.certificate, &self.private_key) else {
            return Ok(Handshake::Plain);
        };
        let tls = server_config(certificate, key, self.client_ca.as_deref())?;
        Ok(Handshake::Tls(Arc::new(tls)))
    }
}

fn read_token(path: &Path) -> anyhow::Result<SecretString> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("{} cannot be read", path.display()))?;
    anyhow::ensure!(!text.trim().is_empty(), "{} is empty", path.display());
    Ok(text.trim().to_owned().into())
}
