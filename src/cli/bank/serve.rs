//! `izin bank serve`: a bank's traits over HTTP: those that are linked in, and the demo bank's where none are.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use secrecy::SecretString;

use crate::bank::{DemoBank, ServedBank};
use crate::clock::SystemClock;
use crate::config::{Config, KeyLocation, KeySource};
use crate::http::{Handshake, ServerTls, install_crypto_provider, server_config};
use crate::institution::{Institution, connected};
use crate::keys::{KeyReader, certificates_of};

/// Serve the bank that is linked in, or the demo bank, over HTTP: to check it, and as an example of what a bank answers
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct Serve {
    /// Configuration file (TOML), of which [bank.settings] goes to the bank's own code
    #[arg(short, long, env = "IZIN_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
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
  izin bank serve --token-file bank-token
  curl -H \"Authorization: Bearer $(cat bank-token)\" -H \"x-request-id: $(uuidgen)\" \\
    http://127.0.0.1:7720/core-bank/v1/customers/CIF-1001/accounts";

impl Serve {
    pub async fn run(self, institution: Institution) -> anyhow::Result<()> {
        super::super::logging::start("izin=info,warn");
        install_crypto_provider();
        let stop = super::super::StopSignals::listen()?;
        let config = Config::load(self.config.as_deref(), &institution.defaults())?;
        let Institution { core_bank, sign_in } = institution;
        let settings = &config.bank.settings;
        let demo = Arc::new(DemoBank::new(Arc::new(SystemClock))?);
        let core = match core_bank {
            Some(connect) => connected(connect, settings, "the bank").await?,
            None => demo.clone(),
        };
        let sign_in = match sign_in {
            Some(connect) => connected(connect, settings, "the bank's sign-in").await?,
            None => demo,
        };
        let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), self.port);
        let token = self.token_file.as_deref().map(read_token).transpose()?;
        let handshake = self.handshake()?;
        let scheme = match handshake {
            Handshake::Plain => "http",
            Handshake::Tls(_) => "https",
        };
        let served = ServedBank::start(core, sign_in, address, handshake, token)
            .await
            .with_context(|| format!("{address} cannot be listened on; try another --port"))?;
        super::super::tell(&format!("bank {scheme}://{}\n", served.address));
        stop.received().await;
        served.stop().await;
        Ok(())
    }

    fn handshake(&self) -> anyhow::Result<Handshake> {
        match (&self.certificate, &self.private_key) {
            (Some(certificate), Some(key)) => {
                tls_from_files(certificate, key, self.client_ca.as_deref())
            }
            _ => Ok(Handshake::Plain),
        }
    }
}

/// With `client_ca`, a client certificate from that authority is required.
pub fn tls_from_files(
    certificate: &Path,
    private_key: &Path,
    client_ca: Option<&Path>,
) -> anyhow::Result<Handshake> {
    let source = KeySource {
        certificate: Some(certificate.to_owned()),
        private_key: KeyLocation::File(private_key.to_owned()),
        passphrase_file: None,
    };
    let key = KeyReader::files_only()?.certified(&source)?;
    let authorities = client_ca.map(certificates_of).transpose()?;
    let tls = server_config(key, authorities)?;
    Ok(Handshake::Tls(ServerTls::new(tls)))
}

fn read_token(path: &Path) -> anyhow::Result<SecretString> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("{} cannot be read", path.display()))?;
    anyhow::ensure!(!text.trim().is_empty(), "{} is empty", path.display());
    Ok(text.trim().to_owned().into())
}
