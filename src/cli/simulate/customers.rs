//! Who signs in at the target.

use std::path::{Path, PathBuf};

use clap::Args;
use izin_simulator::checks::Credentials;
use secrecy::ExposeSecret;

use super::super::read_secret;

/// Of the demo's customers: the second factor; their password is the user name.
const DEMO_SECRET: &str = "JBSWY3DPEHPK3PXP";

/// Two test customers, each with an account that can be shared.
#[derive(Debug, Args)]
pub struct Customers {
    /// A test customer with an account that can be shared
    #[arg(long, value_name = "NAME", default_value = "paynet")]
    username: String,
    /// A file with the customer's password; without it the user name is tried, as in the demo
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// A file with the authenticator's secret in Base32; without it the demo's
    #[arg(long, value_name = "FILE")]
    totp_secret_file: Option<PathBuf>,
    /// Another test customer with an account that can be shared
    #[arg(long, value_name = "NAME", default_value = "weiming")]
    other_username: String,
    /// A file with the other customer's password
    #[arg(long, value_name = "FILE")]
    other_password_file: Option<PathBuf>,
    /// A file with the other customer's authenticator secret
    #[arg(long, value_name = "FILE")]
    other_totp_secret_file: Option<PathBuf>,
}

impl Customers {
    /// The customer and the other one.
    pub fn credentials(&self) -> anyhow::Result<(Credentials, Credentials)> {
        let customer = credentials(
            &self.username,
            self.password_file.as_deref(),
            self.totp_secret_file.as_deref(),
        )?;
        let other = credentials(
            &self.other_username,
            self.other_password_file.as_deref(),
            self.other_totp_secret_file.as_deref(),
        )?;
        Ok((customer, other))
    }
}

fn credentials(
    username: &str,
    password: Option<&Path>,
    secret: Option<&Path>,
) -> anyhow::Result<Credentials> {
    let read = |path: Option<&Path>, or: &str| match path {
        Some(path) => Ok(read_secret(path)?.expose_secret().to_owned()),
        None => anyhow::Ok(or.to_owned()),
    };
    Ok(Credentials {
        username: username.to_owned(),
        password: read(password, username)?,
        secret: read(secret, DEMO_SECRET)?,
    })
}
