//! `izin jose decrypt`.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use izin_jose::{DecryptError, DecryptionKey};

use super::input::{Input, Message};
use super::keys::PrivateKey;
use super::output::{Outcome, Report};

/// Decrypt compact JWEs: RSA-OAEP-256 with A256GCM
///
/// Prints the plaintext as it is; with --batch `ok` and the plaintext in base64url.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Decrypt {
    #[command(flatten)]
    key: PrivateKey,
    #[command(flatten)]
    input: Input,
}

const EXAMPLES: &str = "Examples:
  izin jose decrypt --key enc.key --certificate enc.pem answer.jwe
  izin jose decrypt --key enc.key --certificate enc.pem --passphrase-file pass --batch < tokens

Exit codes: 0 everything was decrypted, 1 something was refused, 2 wrong usage or a file that cannot be used.";

impl Decrypt {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        self.input.shares_nothing(&self.key.places())?;
        let pair = self.key.load()?;
        let passphrase = pair.passphrase.as_deref();
        let key = DecryptionKey::from_pem(&pair.certificate, &pair.key, passphrase)
            .with_context(|| self.key.name())?;
        let mut messages = self.input.messages()?;
        let mut report = Report::new(self.input.batch);
        while let Some(message) = messages.next()? {
            report.bytes(decrypt(&key, &message))?;
        }
        Ok(report.code())
    }
}

fn decrypt(key: &DecryptionKey, message: &Message) -> Outcome<Vec<u8>> {
    let error = match message {
        Message::TooLong => DecryptError::TooLarge,
        Message::Bytes(bytes) => match std::str::from_utf8(bytes).map(|token| key.decrypt(token)) {
            Ok(Ok(plaintext)) => return Ok(plaintext),
            Ok(Err(error)) => error,
            Err(_) => DecryptError::Malformed,
        },
    };
    Err(error.reason())
}
