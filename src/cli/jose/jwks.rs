//! `izin jose jwks`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use izin_jose::{JwkSet, KeyUse};

use super::keys::certificate;
use super::output::put;

/// Print certificates as a JWK set, in the form in which the service publishes its keys
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Jwks {
    /// A certificate for signatures (PEM); may be given several times
    #[arg(long, value_name = "FILE", required_unless_present = "encryption")]
    signing: Vec<PathBuf>,
    /// A certificate for encryption (PEM); may be given several times
    #[arg(long, value_name = "FILE")]
    encryption: Vec<PathBuf>,
}

const EXAMPLES: &str = "Examples:
  izin jose jwks --signing signing.pem --signing next-signing.pem
  izin jose jwks --encryption enc.pem > consumer.json";

impl Jwks {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let signing = self.signing.iter().map(|path| (path, KeyUse::Signature));
        let encryption = self
            .encryption
            .iter()
            .map(|path| (path, KeyUse::Encryption));
        let keys = signing
            .chain(encryption)
            .map(|(path, key_use)| certificate(path, key_use))
            .collect::<anyhow::Result<Vec<_>>>()?;
        put(format!("{}\n", serde_json::to_string(&JwkSet::new(keys)?)?).as_bytes())?;
        Ok(ExitCode::SUCCESS)
    }
}
