//! What a certificate is to say, from the command line.

use clap::{Args, ValueEnum};

use crate::keys;

#[derive(Debug, Args)]
pub(super) struct WishOptions {
    /// What the certificate is for
    #[arg(long, value_enum, default_value_t = Purpose::Signing)]
    pub(super) purpose: Purpose,
    /// For whom, for example 'CN=Bank Contoh OFP,O=Bank Contoh Berhad,C=MY'
    #[arg(long, value_name = "NAME")]
    subject: String,
    /// A host name of the server; may be given several times
    #[arg(long = "dns", value_name = "HOST")]
    dns_names: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Purpose {
    /// TLS towards PayNet or the bank
    Client,
    /// TLS on a listener
    Server,
    /// JWS: data responses, id tokens, client assertions
    Signing,
}

impl WishOptions {
    pub(super) fn wish(&self) -> anyhow::Result<keys::Wish> {
        let purpose = match self.purpose {
            Purpose::Client => keys::Purpose::Client,
            Purpose::Server => keys::Purpose::Server,
            Purpose::Signing => keys::Purpose::Signing,
        };
        anyhow::ensure!(
            purpose != keys::Purpose::Server || !self.dns_names.is_empty(),
            "a server's certificate needs --dns: TLS clients look at no other name"
        );
        let dns_names = self.dns_names.clone();
        Ok(keys::Wish::new(purpose, &self.subject, dns_names)?)
    }
}
