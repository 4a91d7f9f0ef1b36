//! `izin keys csr`: the request for a certificate of a key that exists.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr as _;

use anyhow::Context as _;
use clap::Args;
use izin_jose::TokenKeyName;
use openssl::x509::X509Req;
use secrecy::ExposeSecret;

use super::wish::WishOptions;
use super::{ConfigFile, write_new};
use crate::keys::{RequestKey, Wish, read_secret_text};

/// Request a certificate for a key that exists, in a PEM file or on the token that the configuration names
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Csr {
    /// A PEM file, or pkcs11:object=LABEL
    #[arg(long, value_name = "KEY")]
    key: String,
    /// A file with the key file's passphrase
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    #[command(flatten)]
    wish: WishOptions,
    /// Write it here and not to standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigFile,
}

const EXAMPLES: &str = "Examples:
  izin keys csr --key signing.key --subject 'CN=Bank Contoh OFP signing,C=MY' > signing.csr
  izin keys csr --key pkcs11:object=signing --config izin.toml --subject 'CN=Bank Contoh OFP signing,C=MY' --out signing.csr";

impl Csr {
    pub(super) fn run(self, defaults: &str) -> anyhow::Result<ExitCode> {
        let wish = self.wish.wish()?;
        let key = if self.key.starts_with(TokenKeyName::SCHEME) {
            let name = TokenKeyName::from_str(&self.key)?;
            RequestKey::on_token(&self.config.token(defaults)?, &name)?
        } else {
            let passphrase = self.passphrase_file.as_deref().map(read_secret_text);
            let passphrase = passphrase.transpose()?;
            let passphrase = passphrase.as_ref().map(ExposeSecret::expose_secret);
            RequestKey::read(Path::new(&self.key), passphrase)?
        };
        let request = verified_request(&key, &wish)?;
        match &self.out {
            Some(path) => write_new(path, request.as_bytes(), 0o644)?,
            None => crate::cli::tell(&request),
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// A token finds public and private key by name each, and they may be of two pairs. No authority takes such a request.
pub(super) fn verified_request(key: &RequestKey, wish: &Wish) -> anyhow::Result<String> {
    let request = key.request(wish)?;
    let read = X509Req::from_pem(request.as_bytes())?;
    let verifies = read.verify(&*read.public_key()?);
    anyhow::ensure!(
        verifies.context("the request cannot be verified")?,
        "the public key of that name is not the private key's; name the pair with id=, or delete the public key that is left over"
    );
    Ok(request)
}
