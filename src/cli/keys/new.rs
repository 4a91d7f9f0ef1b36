//! `izin keys new`: a private key and the request for its certificate.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use izin_jose::{KeyKind, TokenKeyName};
use secrecy::ExposeSecret;

use super::csr::verified_request;
use super::wish::{Purpose, WishOptions};
use super::{ConfigFile, write_new};
use crate::keys::{RequestKey, read_secret_text};

/// Make a private key and the request for its certificate
///
/// Writes NAME.key (only its owner can read it) and NAME.csr, never over files that are there. With --on-token the key is made on the
/// token that the configuration names, from which it cannot be read, under the label NAME; only NAME.csr is written.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct New {
    /// Names the files, or the key on the token
    #[arg(value_name = "NAME", value_parser = plain_name)]
    name: String,
    /// Where to write
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// Left out: rsa-2048 for signing, ec-p256 for TLS
    #[arg(long = "type", value_enum, value_name = "TYPE")]
    kind: Option<Kind>,
    #[command(flatten)]
    wish: WishOptions,
    /// Encrypt the key file with the passphrase in this file
    #[arg(long, value_name = "FILE", conflicts_with = "on_token")]
    passphrase_file: Option<PathBuf>,
    /// Make it on the token that the configuration names
    #[arg(long)]
    on_token: bool,
    #[command(flatten)]
    config: ConfigFile,
}

const EXAMPLES: &str = "Examples:
  izin keys new signing-2027 --subject 'CN=Bank Contoh OFP signing,O=Bank Contoh Berhad,C=MY'
  izin keys new paynet-client --purpose client --type rsa-2048 --subject 'CN=Bank Contoh OFP client,C=MY'
  izin keys new webhooks --purpose server --dns ofp.bank.example --subject 'CN=ofp.bank.example,C=MY'
  izin keys new signing-2027 --on-token --config izin.toml --subject 'CN=Bank Contoh OFP signing,C=MY'";

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    #[value(name = "ec-p256")]
    EcP256,
    #[value(name = "ec-p384")]
    EcP384,
    #[value(name = "rsa-2048")]
    Rsa2048,
    #[value(name = "rsa-3072")]
    Rsa3072,
    #[value(name = "rsa-4096")]
    Rsa4096,
}

impl New {
    pub(super) fn run(self, defaults: &str) -> anyhow::Result<ExitCode> {
        let kind = self.kind()?;
        let wish = self.wish.wish()?;
        let file = |extension: &str| self.dir.join(format!("{}.{extension}", self.name));
        let (key_file, request_file) = (file("key"), file("csr"));
        for path in [&key_file, &request_file] {
            anyhow::ensure!(
                !path.exists(),
                "{} is there already; choose another name",
                path.display()
            );
        }
        let (key, location) = if self.on_token {
            let token = self.config.token(defaults)?;
            let name = TokenKeyName::labeled(&self.name);
            token.generate(&name, kind)?;
            (RequestKey::on_token(&token, &name)?, name.to_string())
        } else {
            let key = RequestKey::generate(kind)?;
            (key, key_file.display().to_string())
        };
        let request = verified_request(&key, &wish);
        if let Some(pem) = self.pem(&key)? {
            write_new(&key_file, &pem, 0o600)?;
        }
        write_new(&request_file, request?.as_bytes(), 0o644)?;
        crate::cli::tell(&self.told(kind, &location, &request_file));
        Ok(ExitCode::SUCCESS)
    }

    fn kind(&self) -> anyhow::Result<KeyKind> {
        let is_signing = self.wish.purpose == Purpose::Signing;
        let kind = match self.kind {
            Some(Kind::EcP256) => KeyKind::EcP256,
            Some(Kind::EcP384) => KeyKind::EcP384,
            None if !is_signing => KeyKind::EcP256,
            None | Some(Kind::Rsa2048) => KeyKind::Rsa2048,
            Some(Kind::Rsa3072) => KeyKind::Rsa3072,
            Some(Kind::Rsa4096) => KeyKind::Rsa4096,
        };
        anyhow::ensure!(
            !is_signing || !matches!(kind, KeyKind::EcP256 | KeyKind::EcP384),
            "Izin signs with PS256, which needs an RSA key"
        );
        Ok(kind)
    }

    fn pem(&self, key: &RequestKey) -> anyhow::Result<Option<zeroize::Zeroizing<Vec<u8>>>> {
        let passphrase = self.passphrase_file.as_deref().map(read_secret_text);
        let passphrase = passphrase.transpose()?;
        let passphrase = passphrase.as_ref().map(ExposeSecret::expose_secret);
        key.to_pem(passphrase).context("the key cannot be written")
    }

    fn told(&self, kind: KeyKind, location: &str, request: &Path) -> String {
        let certificate = self.dir.join(format!("{}.crt", self.name));
        let certificate = certificate.display();
        let passphrase = self.passphrase_file.as_ref().map(|path| {
            let option = match self.wish.purpose {
                Purpose::Signing => "--passphrase-file ",
                Purpose::Client | Purpose::Server => "passphrase_file ",
            };
            format!(" {option}{}", path.display())
        });
        let passphrase = passphrase.unwrap_or_default();
        let next = match self.wish.purpose {
            Purpose::Signing => format!(
                "izin keys rotate --config FILE --certificate {certificate} --private-key {location}{passphrase}"
            ),
            Purpose::Client => format!(
                "ofp.client_certificate = \"{certificate}\", ofp.client_private_key = \"{location}\"{passphrase}"
            ),
            Purpose::Server => format!(
                "certificate = \"{certificate}\", private_key = \"{location}\"{passphrase} under the listener"
            ),
        };
        format!(
            "private key ({kind})  {location}\nrequest  {}\n\n\
             Next: have the authority make {certificate} of the request, then:\n  {next}\n",
            request.display()
        )
    }
}

/// It becomes part of a file name and of a PKCS#11 URI.
fn plain_name(text: &str) -> Result<String, String> {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    if text.is_empty() || text.len() > 60 || text.starts_with('.') || !text.chars().all(is_plain) {
        return Err("1 to 60 letters, digits, hyphens, underscores and dots".into());
    }
    Ok(text.to_owned())
}
