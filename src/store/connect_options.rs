//! How the database is reached: its address, TLS, and how long it is waited for.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use rustls::ClientConfig;
use secrecy::SecretString;

/// Everything that a connection needs.
#[derive(Clone)]
pub struct ConnectOptions {
    /// `sqlite:PATH` or `postgres://…`, with the password.
    pub url: SecretString,
    /// None: not encrypted. PostgreSQL only.
    pub tls: Option<Tls>,
    pub patience: Patience,
}

/// How long is waited for what. The last three are for PostgreSQL only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For a connection out of the pool.
    pub checkout: Duration,
    /// For a new connection, TLS included.
    pub connect: Duration,
    /// PostgreSQL ends a transaction in which nothing happens.
    pub idle_in_transaction: Duration,
    /// For a row that somebody else changes.
    pub lock: Duration,
    pub statement: Duration,
}

/// As the defaults of the configuration are.
#[cfg(any(test, feature = "lab"))]
impl Default for Patience {
    fn default() -> Self {
        Self {
            checkout: Duration::from_secs(3),
            connect: Duration::from_secs(3),
            idle_in_transaction: Duration::from_secs(10),
            lock: Duration::from_secs(3),
            statement: Duration::from_secs(4),
        }
    }
}

/// Whom we trust as the database, and what we show it. Cheap to clone; all clones see a replacement, which is for the connections
/// that are made from then on.
#[derive(Clone)]
pub struct Tls(Arc<ArcSwap<ClientConfig>>);

impl Tls {
    pub fn new(config: ClientConfig) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(config)))
    }

    pub fn replace(&self, config: ClientConfig) {
        self.0.store(Arc::new(config));
    }

    pub(super) fn current(&self) -> Arc<ClientConfig> {
        self.0.load_full()
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}
