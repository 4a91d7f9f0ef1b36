//! `izin bank check`: the contract kit.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use izin_bank_check::{Documents, Endpoint, Options, Target, run};
use url::Url;

use super::super::{read_secret, unusable};
use crate::generated::{core_bank, sign_in};
use crate::http::install_crypto_provider;

/// Drive a bank's implementation over HTTP and report each requirement of the contracts as met or not
///
/// The same token, certificate and authority are used for both addresses; check two banks' systems that differ in two runs.
/// Exit codes: 0 everything that was tried is met, 1 something is not, 2 wrong usage, also a file that cannot be used.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "switches of a command line")]
#[command(after_help = EXAMPLES)]
pub struct Check {
    /// Where openapi/core-bank-1.yaml is answered, without its path
    #[arg(
        long,
        value_name = "URL",
        required_unless_present = "sign_in_url",
        requires = "customer"
    )]
    url: Option<Url>,
    /// Where openapi/sign-in-1.yaml is answered, without its path
    #[arg(long, value_name = "URL")]
    sign_in_url: Option<Url>,
    /// A file with the bearer token
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// The authority (PEM) of the bank's server certificate; without it those of this system
    #[arg(long, value_name = "FILE")]
    server_ca: Option<PathBuf>,
    /// The client certificate to present (PEM)
    #[arg(long, value_name = "FILE", requires = "client_private_key")]
    client_certificate: Option<PathBuf>,
    /// The client certificate's private key (PEM)
    #[arg(long, value_name = "FILE", requires = "client_certificate")]
    client_private_key: Option<PathBuf>,
    /// A test customer with an account that can be shared
    #[arg(long, value_name = "ID")]
    customer: Option<String>,
    /// The account to look at closely; without it the one with most transactions
    #[arg(long, value_name = "REFERENCE")]
    account: Option<String>,
    /// Another test customer, whose accounts must stay out of reach
    #[arg(long, value_name = "ID")]
    other_customer: Option<String>,
    /// Send notices to the test customer, too
    #[arg(long)]
    notices: bool,
    /// A user name at the sign-in
    #[arg(long, value_name = "NAME", requires = "sign_in_url")]
    username: Option<String>,
    /// A file with the password
    #[arg(long, value_name = "FILE", requires = "username")]
    password_file: Option<PathBuf>,
    /// A file with the authenticator's secret in Base32
    #[arg(long, value_name = "FILE", requires = "username")]
    totp_secret_file: Option<PathBuf>,
    /// Lock the test customer with wrong passwords, too
    #[arg(long)]
    may_lock: bool,
    /// Somebody stands by to approve in the bank's app
    #[arg(long)]
    interactive: bool,
    /// Wait for what takes up to an hour
    #[arg(long)]
    patient: bool,
    /// The fingerprint of the accounts that an earlier run printed
    #[arg(long, value_name = "FINGERPRINT")]
    expect: Option<String>,
    /// The report as JSON
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "Examples:
  izin bank check --url https://core.bank.internal --token-file token --customer CIF-1001
  izin bank check --url http://127.0.0.1:7720 --token-file token --customer CIF-1001 \\
    --other-customer CIF-1004 --notices --json > report.json";

impl Check {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        install_crypto_provider();
        let target = Target {
            core_bank: self.url.clone().map(|url| self.endpoint(url)),
            sign_in: self.sign_in_url.clone().map(|url| self.endpoint(url)),
        };
        let options = match self.options() {
            Ok(options) => options,
            Err(error) => return Ok(unusable(format_args!("{error:#}"))),
        };
        let documents = Documents {
            core_bank: core_bank::DOCUMENT,
            sign_in: sign_in::DOCUMENT,
        };
        let progress = progress()?;
        let report = run(&target, &options, documents, |step| {
            progress.set_message(step.to_owned());
        })
        .await;
        progress.finish_and_clear();
        let report = match report {
            Ok(report) => report,
            Err(error) => return Ok(unusable(format_args!("{:#}", anyhow::Error::from(error)))),
        };
        let told = if self.json {
            format!("{}\n", serde_json::to_string_pretty(&report)?)
        } else {
            report.to_text()
        };
        let code = ExitCode::from(u8::from(!report.passed()));
        Ok(super::super::report(&told, code))
    }

    fn endpoint(&self, url: Url) -> Endpoint {
        Endpoint {
            url,
            server_ca: self.server_ca.clone(),
            client_certificate: self.client_certificate.clone(),
            client_private_key: self.client_private_key.clone(),
            token_file: self.token_file.clone(),
        }
    }

    fn options(&self) -> anyhow::Result<Options> {
        let secret = |path: &Option<PathBuf>| path.as_deref().map(read_secret).transpose();
        Ok(Options {
            customer: self.customer.clone(),
            account: self.account.clone(),
            other_customer: self.other_customer.clone(),
            notices: self.notices,
            patient: self.patient,
            interactive: self.interactive,
            username: self.username.clone(),
            password: secret(&self.password_file)?,
            totp_secret: secret(&self.totp_secret_file)?,
            may_lock: self.may_lock,
            expect: self.expect.clone(),
            ..Options::default()
        })
    }
}

/// Shown on a terminal only, and on standard error, so that the report can be sent elsewhere.
fn progress() -> anyhow::Result<ProgressBar> {
    let bar = ProgressBar::new_spinner();
    bar.set_style(ProgressStyle::with_template("{spinner} {elapsed} {msg}")?);
    bar.enable_steady_tick(Duration::from_millis(100));
    Ok(bar)
}
