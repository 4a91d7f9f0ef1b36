//! `izin keys`: private keys and their certificates, from the first to the last day of each.

mod csr;
mod list;
mod new;
mod rotate;
mod wish;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Subcommand};
use izin_jose::Token;

use crate::config::Config;
use crate::institution::Institution;
use crate::keys::open_token;

/// Make, list and rotate the keys that sign and that TLS uses, in files or on a token (HSM)
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Keys {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "A key's life:
  izin keys new signing-2027 --dir /etc/izin --subject 'CN=Bank Contoh OFP signing,O=Bank Contoh Berhad,C=MY'
      makes signing-2027.key and signing-2027.csr; the authority makes signing-2027.crt of the second
  izin keys rotate --config izin.toml --certificate /etc/izin/signing-2027.crt --private-key /etc/izin/signing-2027.key
      publishes it at the next reload, and lets it sign an hour later
  izin keys list --config izin.toml
      what every key is doing, and until when it can

Exit codes: 0 done, 1 a key cannot be used, 2 wrong usage or a file that cannot be used.";

#[derive(Debug, Subcommand)]
enum Command {
    Csr(csr::Csr),
    List(list::List),
    New(new::New),
    Rotate(rotate::Rotate),
}

impl Keys {
    pub fn run(self, institution: &Institution) -> ExitCode {
        let defaults = institution.defaults();
        let outcome = match self.command {
            Command::Csr(csr) => csr.run(&defaults),
            Command::List(list) => list.run(&defaults),
            Command::New(new) => new.run(&defaults),
            Command::Rotate(rotate) => rotate.run(&defaults),
        };
        outcome.unwrap_or_else(|error| super::unusable(format_args!("{error:#}")))
    }
}

/// Whose section `pkcs11` says where the token is.
#[derive(Debug, Args)]
struct ConfigFile {
    /// Configuration file (TOML)
    #[arg(short, long, env = "IZIN_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

impl ConfigFile {
    fn load(&self, defaults: &str) -> anyhow::Result<Config> {
        Ok(Config::load(self.config.as_deref(), defaults)?)
    }

    fn token(&self, defaults: &str) -> anyhow::Result<Arc<Token>> {
        Ok(Arc::new(open_token(&self.load(defaults)?.pkcs11)?))
    }
}

/// Never over a file that is there.
fn write_new(path: &Path, text: &[u8], mode: u32) -> anyhow::Result<()> {
    use anyhow::Context as _;
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = std::fs::OpenOptions::new();
    let file = options.write(true).create_new(true).mode(mode).open(path);
    let mut file = file.with_context(|| format!("{} cannot be made", path.display()))?;
    file.write_all(text)
        .and_then(|()| file.sync_all())
        .with_context(|| format!("{} cannot be written", path.display()))
}
