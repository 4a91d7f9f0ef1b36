//! The database that a configuration names: its address with the password of its file, and what is needed for TLS.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use izin_jose::CryptoPool;
use rustls::ClientConfig;
use secrecy::SecretString;

use crate::config::{Config, Database, DatabaseTls, KeyLocation};
use crate::http::client_config;
use crate::keys::{KeyReader, certificates_of, read_secret_text};
use crate::store::{self, ConnectOptions, Inspection, Patience, Store, Tls};

/// PostgreSQL's name for its protocol (RFC 7301), which a server of version 17 compares.
const ALPN: &[u8] = b"postgresql";

/// Connects lazily, as [`Store::connect`] does; password and certificates are read now.
pub fn open(config: &Config, connections: usize) -> anyhow::Result<Store> {
    Ok(Store::connect(options(config)?, connections)?)
}

/// As it is, without changing it.
pub async fn look(config: &Config) -> anyhow::Result<Inspection> {
    let found = store::inspect(options(config)?).await;
    found.context("the database cannot be used")
}

/// As the service reaches it. Blocks: it reads files and, if the client key is there, talks to the token.
pub fn options(config: &Config) -> anyhow::Result<ConnectOptions> {
    let password = config
        .database
        .password_file
        .as_deref()
        .map(read_secret_text);
    let password = password.transpose().context("database.password_file")?;
    let url = config.database.url_with(password.as_ref());
    reached(config, url)
}

/// As its owner reaches it, if that is another user than the service's. Blocks, too.
pub fn owner_options(config: &Config) -> anyhow::Result<Option<ConnectOptions>> {
    let password = config.database.owner_password_file.as_deref();
    let password = password.map(read_secret_text).transpose();
    let password = password.context("database.owner_password_file")?;
    let url = config.database.owner_url_with(password.as_ref());
    url.map(|url| reached(config, url)).transpose()
}

fn reached(config: &Config, url: SecretString) -> anyhow::Result<ConnectOptions> {
    let mut problems = Vec::new();
    config.database.check(config.environment(), &mut problems);
    ensure!(problems.is_empty(), "{}", problems.join("; "));
    let tls = match config.database.tls_to(&url) {
        DatabaseTls::Disable => None,
        DatabaseTls::VerifyFull => Some(verifying(&reader(config)?, &config.database)?),
    };
    Ok(ConnectOptions {
        url,
        tls: tls.map(Tls::new),
        patience: patience(&config.database),
    })
}

/// Before the service uses it: its schema is this release's, or of a newer one that leaves this one working.
pub async fn ready(store: &Store, config: &Config) -> anyhow::Result<()> {
    let schema = store.migrations().await?;
    ensure!(
        !schema.is_too_new(),
        "it is of a newer release of izin, which this one cannot work with any more: run that release"
    );
    if !schema.unknown.is_empty() {
        let newer = schema.unknown.join(", ");
        tracing::info!(
            newer,
            "the database is of a newer release; this one can work with it"
        );
    }
    if schema.pending.is_empty() {
        return Ok(());
    }
    ensure!(
        config.migrates_at_start(),
        "it lacks the migrations {}: run izin migrate with this configuration, and start again",
        schema.pending.join(", ")
    );
    let applied = store.migrate().await.context(
        "a start applies migrations (database.migrate = \"auto\") as the user of database.url; \
         izin migrate does it as that of database.owner_url",
    )?;
    tracing::info!(applied = applied.join(", "), "the schema is up to date");
    Ok(())
}

/// Whom we trust and what we show. None: the service's connection is not encrypted.
pub fn tls(reader: &KeyReader, database: &Database) -> anyhow::Result<Option<ClientConfig>> {
    match database.tls() {
        DatabaseTls::Disable => Ok(None),
        DatabaseTls::VerifyFull => verifying(reader, database).map(Some),
    }
}

fn verifying(reader: &KeyReader, database: &Database) -> anyhow::Result<ClientConfig> {
    let authorities = database.ca.as_deref().map(certificates_of);
    let authorities = authorities.transpose().context("database.ca")?;
    let key = database
        .client_key()
        .map(|source| reader.certified(&source));
    let key = key.transpose().context("database.private_key")?;
    let mut tls = client_config(authorities, key).context("database")?;
    tls.alpn_protocols = vec![ALPN.to_vec()];
    Ok(tls)
}

/// Logs in to the token only if it has the key that the database is shown.
fn reader(config: &Config) -> anyhow::Result<KeyReader> {
    let key = config.database.client_key();
    let is_on_token = key.is_some_and(|key| matches!(key.private_key, KeyLocation::Token(_)));
    if is_on_token {
        let pool = Arc::new(CryptoPool::for_this_machine()?);
        Ok(KeyReader::open(config, pool)?)
    } else {
        Ok(KeyReader::files_only()?)
    }
}

fn patience(database: &Database) -> Patience {
    Patience {
        checkout: Duration::from_millis(database.checkout_timeout_ms),
        connect: Duration::from_millis(database.connect_timeout_ms),
        idle_in_transaction: Duration::from_millis(database.idle_in_transaction_timeout_ms),
        lock: Duration::from_millis(database.lock_timeout_ms),
        statement: Duration::from_millis(database.statement_timeout_ms),
    }
}
