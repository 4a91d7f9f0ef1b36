//! Keys, certificates and authorities: read from the configuration, put into use, and put into use again when they change.
//!
//! A reading is all or nothing. What cannot be used leaves everything as it was, because a service that goes on with its old
//! certificate is better than one that stops in the middle of a renewal.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use arc_swap::ArcSwap;
use chrono::{DateTime, Utc};
use izin_jose::{CryptoPool, KeyId};
use rustls::pki_types::CertificateDer;
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, ServerConfig};

use super::banks::BankClients;
use crate::bank;
use crate::config::{BankEndpoint, BankKind, Config, KeySource};
use crate::database;
use crate::http::{ServerTls, client_config, server_config};
use crate::keys::{CertificateFacts, KeyReader, KeyRing, SigningKeys, Stamp, certificates_of};
use crate::paynet::{self, Paynet};
use crate::store::Tls;

/// One reading of everything.
pub struct KeyMaterial {
    /// Of the files, before they were read.
    pub stamp: Stamp,
    pub ring: KeyRing,
    pub webhooks: ServerConfig,
    /// None: plain HTTP.
    pub public: Option<ServerConfig>,
    pub allowed_clients: HashSet<KeyId>,
    pub paynet: reqwest::Client,
    /// None: not over HTTP.
    pub core_bank: Option<reqwest::Client>,
    pub sign_in: Option<reqwest::Client>,
    /// Of our ends of TLS, with the sections of the configuration that they are from.
    certificates: Vec<(String, CertificateFacts)>,
    /// None: the connection to the database is not encrypted.
    pub database: Option<ClientConfig>,
}

impl KeyMaterial {
    /// Blocks: it reads files and, if there is a token, talks to it.
    pub fn read(
        config: &Config,
        pool: &Arc<CryptoPool>,
        now: DateTime<Utc>,
    ) -> anyhow::Result<Self> {
        let stamp = Stamp::of(&files(config));
        let mut reading = Reading {
            reader: KeyReader::open(config, pool.clone())?,
            certificates: Vec::new(),
        };
        let webhooks = &config.listeners.webhooks;
        let client_ca = webhooks.client_ca.as_deref();
        let client_ca = client_ca.context("listeners.webhooks.client_ca is required")?;
        let server_ca = config.ofp.server_ca.as_deref();
        let server_ca = server_ca.context("ofp.server_ca is required")?;
        let paynet_tls = reading.client_tls("ofp", Some(server_ca), config.ofp.client_key())?;
        let (bank, sign_in) = (&config.bank, &config.sign_in);
        let checked_by = config.sign_in_checked_by();
        Ok(Self {
            stamp,
            ring: KeyRing::read(&reading.reader, &config.signing.keys, now)?,
            webhooks: reading
                .server_tls("listeners.webhooks", webhooks.key(), Some(client_ca))?
                .context("listeners.webhooks.private_key is required")?,
            public: reading.server_tls("listeners.public", config.listeners.public.key(), None)?,
            allowed_clients: allowed_clients(&webhooks.allowed_clients)?,
            paynet: paynet::http_client(paynet_tls)?,
            core_bank: reading.bank_client("bank.http", bank.kind, &bank.http)?,
            sign_in: reading.bank_client("sign_in.http", checked_by, &sign_in.http)?,
            database: database::tls(&reading.reader, &config.database)?,
            certificates: reading.certificates,
        })
    }

    /// Those that nobody will accept at the moment.
    pub fn invalid_certificates(
        &self,
        now: DateTime<Utc>,
    ) -> impl Iterator<Item = (&str, &CertificateFacts)> {
        let all = self.certificates.iter();
        let invalid = all.filter(move |(_, certificate)| !certificate.is_valid_at(now));
        invalid.map(|(section, certificate)| (section.as_str(), certificate))
    }

    pub fn thumbprints(&self) -> HashSet<KeyId> {
        let all = self.certificates.iter();
        all.map(|(_, certificate)| certificate.thumbprint.clone())
            .collect()
    }
}

/// Where the keys of the moment are in use.
#[derive(Clone)]
pub struct LiveKeys {
    pub signing: SigningKeys,
    pub webhooks: ServerTls,
    pub public: Option<ServerTls>,
    pub allowed_clients: Arc<ArcSwap<HashSet<KeyId>>>,
    pub paynet: Paynet,
    pub banks: BankClients,
    /// None: the connection to the database is not encrypted.
    pub database: Option<Tls>,
}

impl LiveKeys {
    /// From now on. Connections, signatures and calls under way end with what they began with.
    pub fn replace(&self, material: KeyMaterial) {
        self.signing.replace(material.ring);
        self.webhooks.replace(material.webhooks);
        self.allowed_clients
            .store(Arc::new(material.allowed_clients));
        self.paynet.renew(material.paynet);
        if let (Some(live), Some(new)) = (&self.database, material.database) {
            live.replace(new);
        }
        match (&self.public, material.public) {
            (Some(live), Some(new)) => live.replace(new),
            (None, None) => {}
            _ => at_next_start("listeners.public"),
        }
        let clients = [
            ("bank.http", &self.banks.core, material.core_bank),
            ("sign_in.http", &self.banks.sign_in, material.sign_in),
        ];
        for (section, live, new) in clients {
            match (live, new) {
                (Some(live), Some(new)) => live.replace(new),
                (None, None) => {}
                _ => at_next_start(section),
            }
        }
    }
}

fn at_next_start(section: &str) {
    tracing::warn!(
        section,
        "whether there is TLS here changes at the next start only; until then it stays as it was"
    );
}

/// Every file that a reading looks at, for seeing whether one has changed.
pub fn files(config: &Config) -> Vec<PathBuf> {
    let keys = config.configured_keys();
    let sources = keys.iter().filter_map(|key| key.source.as_ref());
    let mut files: Vec<_> = sources
        .flat_map(KeySource::files)
        .map(Path::to_owned)
        .collect();
    let others = [
        &config.listeners.webhooks.client_ca,
        &config.ofp.server_ca,
        &config.bank.http.server_ca,
        &config.sign_in.http.server_ca,
        &config.database.ca,
    ];
    files.extend(others.into_iter().flatten().cloned());
    if config.uses_token() {
        files.extend(config.pkcs11.pin_file.clone());
    }
    files
}

/// What is read on the way.
struct Reading {
    reader: KeyReader,
    certificates: Vec<(String, CertificateFacts)>,
}

impl Reading {
    fn server_tls(
        &mut self,
        section: &str,
        source: Option<KeySource>,
        client_ca: Option<&Path>,
    ) -> anyhow::Result<Option<ServerConfig>> {
        let Some(source) = source else {
            return Ok(None);
        };
        let key = self.certified(section, &source)?;
        let authorities = authorities(section, "client_ca", client_ca)?;
        let tls = server_config(key, authorities).with_context(|| section.to_owned())?;
        Ok(Some(tls))
    }

    fn client_tls(
        &mut self,
        section: &str,
        server_ca: Option<&Path>,
        source: Option<KeySource>,
    ) -> anyhow::Result<ClientConfig> {
        let key = source.map(|source| self.certified(section, &source));
        let authorities = authorities(section, "server_ca", server_ca)?;
        client_config(authorities, key.transpose()?).with_context(|| section.to_owned())
    }

    fn bank_client(
        &mut self,
        section: &str,
        kind: BankKind,
        endpoint: &BankEndpoint,
    ) -> anyhow::Result<Option<reqwest::Client>> {
        if kind != BankKind::Http {
            return Ok(None);
        }
        let server_ca = endpoint.server_ca.as_deref();
        let tls = self.client_tls(section, server_ca, endpoint.client_key())?;
        Ok(Some(bank::http::http_client(tls)?))
    }

    fn certified(
        &mut self,
        section: &str,
        source: &KeySource,
    ) -> anyhow::Result<Arc<CertifiedKey>> {
        let key = self.reader.certified(source);
        let key = key.with_context(|| section.to_owned())?;
        if let Some(own) = key.cert.first()
            && let Ok(facts) = CertificateFacts::of(own)
        {
            tracing::info!(
                section,
                thumbprint = %facts.thumbprint,
                not_after = %facts.not_after,
                "certificate read"
            );
            self.certificates.push((section.to_owned(), facts));
        }
        Ok(key)
    }
}

fn authorities(
    section: &str,
    name: &str,
    path: Option<&Path>,
) -> anyhow::Result<Option<Vec<CertificateDer<'static>>>> {
    let read = path.map(certificates_of).transpose();
    read.with_context(|| format!("{section}.{name}"))
}

fn allowed_clients(listed: &[String]) -> anyhow::Result<HashSet<KeyId>> {
    let parsed = listed.iter().map(|text| {
        text.parse().with_context(|| {
            format!("listeners.webhooks.allowed_clients: {text:?} is not an x5t#S256")
        })
    });
    parsed.collect()
}
