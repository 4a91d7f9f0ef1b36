//! `izin jose`: the signatures and ciphertexts of the service, on files and standard input.
//!
//! Every command goes through `izin_jose`, as messages do: what is refused here is refused there, with the same reason.
//! Nothing prints a private key or any part of one.

mod decrypt;
mod encrypt;
mod input;
mod jwks;
mod keys;
mod output;
mod sign;
mod thumbprint;
mod verify;

use std::process::ExitCode;

use clap::{Args, Subcommand};

/// Sign, verify, encrypt and decrypt with the service's own code
///
/// With --batch, each line of the input is a message of its own and gets one line of output: the result, or
/// `refused: REASON` with the same reason as in the service's log. Without it the whole input is one message.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Jose {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "Examples:
  izin jose thumbprint client.pem
  izin jose sign --key signing.key --certificate signing.pem < claims.json > token
  izin jose verify --certificate signing.pem < token
  izin jose encrypt --jwks consumer.json --kid enc-1 < answer.json | izin jose decrypt --key enc.key --certificate enc.pem

Exit codes: 0 everything was accepted, 1 something was refused, 2 wrong usage or a file that cannot be used.";

#[derive(Debug, Subcommand)]
enum Command {
    Decrypt(decrypt::Decrypt),
    Encrypt(encrypt::Encrypt),
    Jwks(jwks::Jwks),
    Sign(sign::Sign),
    Thumbprint(thumbprint::Thumbprint),
    Verify(verify::Verify),
}

impl Jose {
    pub async fn run(self) -> ExitCode {
        let outcome = match self.command {
            Command::Decrypt(decrypt) => decrypt.run(),
            Command::Encrypt(encrypt) => encrypt.run(),
            Command::Jwks(jwks) => jwks.run(),
            Command::Sign(sign) => sign.run().await,
            Command::Thumbprint(thumbprint) => thumbprint.run(),
            Command::Verify(verify) => verify.run(),
        };
        outcome.unwrap_or_else(|error| super::unusable(format_args!("{error:#}")))
    }
}
