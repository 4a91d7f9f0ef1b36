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
        let reader = KeyReader::open(config, pool.clone())?;
        let webhooks = &config.listeners.webhooks;
        let client_ca = webhooks.client_ca.as_deref();
        let client_ca = client_ca.context("listeners.webhooks.client_ca is required")?;
        let server_ca = config.ofp.server_ca.as_deref();
        let server_ca = server_ca.context("ofp.server_ca is required")?;
        let paynet_tls = client_tls(&reader, "ofp", Some(server_ca), config.ofp.client_key())?;
        let checked_by = config.sign_in_checked_by();
        Ok(Self {
            stamp,
            ring: KeyRing::read(&reader, &config.signing.keys, now)?,
            webhooks: server_tls(
                &reader,
                "listeners.webhooks",
                webhooks.key(),
                Some(client_ca),
            )?
            .context("listeners.webhooks.private_key is required")?,
            public: server_tls(
                &reader,
                "listeners.public",
                config.listeners.public.key(),
                None,
            )?,
            allowed_clients: allowed_clients(&webhooks.allowed_clients)?,
            paynet: paynet::http_client(paynet_tls)?,
            core_bank: bank_client(&reader, "bank.http", config.bank.kind, &config.bank.http)?,
            sign_in: bank_client(&reader, "sign_in.http", checked_by, &config.sign_in.http)?,
            database: database::tls(&reader, &config.database)?,
        })
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
        if let (Some(live), Some(new)) = (&self.public, material.public) {
            live.replace(new);
        }
        let clients = [
            (&self.banks.core, material.core_bank),
            (&self.banks.sign_in, material.sign_in),
        ];
        for (live, new) in clients {
            if let (Some(live), Some(new)) = (live, new) {
                live.replace(new);
            }
        }
    }
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

fn server_tls(
    reader: &KeyReader,
    section: &str,
    source: Option<KeySource>,
    client_ca: Option<&Path>,
) -> anyhow::Result<Option<ServerConfig>> {
    let Some(source) = source else {
        return Ok(None);
    };
    let key = certified(reader, section, &source)?;
    let authorities = authorities(section, "client_ca", client_ca)?;
    let tls = server_config(key, authorities).with_context(|| section.to_owned())?;
    Ok(Some(tls))
}

fn client_tls(
    reader: &KeyReader,
    section: &str,
    server_ca: Option<&Path>,
    source: Option<KeySource>,
) -> anyhow::Result<ClientConfig> {
    let key = source.map(|source| certified(reader, section, &source));
    let authorities = authorities(section, "server_ca", server_ca)?;
    client_config(authorities, key.transpose()?).with_context(|| section.to_owned())
}

fn bank_client(
    reader: &KeyReader,
    section: &str,
    kind: BankKind,
    endpoint: &BankEndpoint,
) -> anyhow::Result<Option<reqwest::Client>> {
    if kind != BankKind::Http {
        return Ok(None);
    }
    let server_ca = endpoint.server_ca.as_deref();
    let tls = client_tls(reader, section, server_ca, endpoint.client_key())?;
    Ok(Some(bank::http::http_client(tls)?))
}

fn certified(
    reader: &KeyReader,
    section: &str,
    source: &KeySource,
) -> anyhow::Result<Arc<CertifiedKey>> {
    let key = reader.certified(source);
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
    }
    Ok(key)
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
