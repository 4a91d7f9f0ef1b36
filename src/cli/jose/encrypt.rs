//! `izin jose encrypt`.

use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;
use izin_jose::{DecryptError, DecryptionKey, EncryptError, EncryptionKey, JwkSet, KeyId, KeyUse};

use super::input::{Input, Message};
use super::keys::PublicKeys;
use super::output::{Outcome, Report};

/// Encrypt to another party: a compact JWE with RSA-OAEP-256 and A256GCM
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Encrypt {
    #[command(flatten)]
    keys: PublicKeys,
    /// The key of the set; may be left out if only one of it is for encryption
    #[arg(long, value_name = "KID")]
    kid: Option<KeyId>,
    /// The header's cty
    #[arg(long)]
    cty: Option<String>,
    #[command(flatten)]
    input: Input,
}

const EXAMPLES: &str = "Examples:
  izin jose encrypt --jwks consumer.json --kid enc-1 --cty JWT < answer.json > answer.jwe
  izin jose encrypt --certificate enc.pem --batch < lines";

impl Encrypt {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        self.input.shares_nothing(&self.keys.places())?;
        let set = self.keys.load(KeyUse::Encryption)?;
        let key = self.key(&set)?;
        let mut messages = self.input.messages()?;
        let mut report = Report::new(self.input.batch);
        while let Some(message) = messages.next()? {
            report.text(encrypt(key, self.cty.as_deref(), &message))?;
        }
        Ok(report.code())
    }

    fn key<'a>(&self, set: &'a JwkSet) -> anyhow::Result<&'a EncryptionKey> {
        if let Some(kid) = &self.kid {
            return set.encryption_key(kid).context(kid.to_string());
        }
        let keys = set.keys().iter();
        let mut keys = keys.filter_map(|key| key.encryption_key().ok());
        match (keys.next(), keys.next()) {
            (Some(key), None) => Ok(key),
            (None, _) => bail!("the set has no key for encryption"),
            (Some(_), Some(_)) => {
                bail!("the set has several keys for encryption: choose with --kid")
            }
        }
    }
}

/// Nothing is made that our own reader would refuse.
fn encrypt(key: &EncryptionKey, cty: Option<&str>, message: &Message) -> Outcome<String> {
    let Message::Bytes(plaintext) = message else {
        return Err(DecryptError::TooLarge.reason());
    };
    let token = key.encrypt(cty, plaintext).map_err(EncryptError::reason)?;
    if token.len() > DecryptionKey::MAX_BYTES {
        return Err(DecryptError::TooLarge.reason());
    }
    Ok(token)
}
