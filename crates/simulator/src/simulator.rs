//! Puts the pieces together: binds the sockets, starts PayNet and the consumers, and takes registrations.

use std::{io, net::SocketAddr, sync::Arc};

use izin_jose::{CryptoPool, FileSigner, Jwk, JwkSet, JwkSetError, KeyFileError, KeyUse};
use serde_json::Value;

use crate::{
    consumer::{ConsumerApp, ConsumerError},
    keys::{self, KeysError},
    listener::{Running, Socket},
    pages,
    pki::{Pki, PkiError},
    platform::{
        Addresses, Platform, routes,
        state::{ClientAuthentication, ProviderKeys, RegisteredConsumer, RegisteredProvider},
    },
    provider_client::ProviderClient,
    tls::{self, ClientCertificate, TlsError},
};

const SIGNING_THREADS: usize = 2;
const SIGNING_QUEUE: usize = 256;

/// What to start, and where.
#[derive(Clone, Debug)]
pub struct SimulatorOptions {
    pub pki: Pki,
    /// Loopback; port 0 takes any free port.
    pub authorization_server: SocketAddr,
    pub resource_server: SocketAddr,
    pub pages: SocketAddr,
    pub consumers: Vec<Consumer>,
}

/// A Data Consumer and its app.
#[derive(Clone, Debug)]
pub struct Consumer {
    pub dc_id: String,
    pub name: String,
    /// `pfm` or `credit_underwriting`.
    pub purpose: String,
    /// Where its app listens.
    pub address: SocketAddr,
    /// Its keys in the PKI are `{key_prefix}-client`, `-signing` and `-encryption`.
    pub key_prefix: String,
}

impl SimulatorOptions {
    /// Everything on free loopback ports, with the two demonstration consumers.
    pub fn new(pki: Pki) -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        Self {
            pki,
            authorization_server: any,
            resource_server: any,
            pages: any,
            consumers: vec![Consumer::kira_budget(any), Consumer::pinjam_pantas(any)],
        }
    }
}

impl Consumer {
    /// A budgeting app.
    pub fn kira_budget(address: SocketAddr) -> Self {
        Self {
            dc_id: "kira-budget".to_owned(),
            name: "Kira Budget".to_owned(),
            purpose: "pfm".to_owned(),
            address,
            key_prefix: "dc".to_owned(),
        }
    }

    /// A lender that looks at accounts before it lends.
    pub fn pinjam_pantas(address: SocketAddr) -> Self {
        Self {
            dc_id: "pinjam-pantas".to_owned(),
            name: "Pinjam Pantas".to_owned(),
            purpose: "credit_underwriting".to_owned(),
            address,
            key_prefix: "dc2".to_owned(),
        }
    }

    pub(crate) fn key(&self, purpose: &str) -> String {
        format!("{}-{purpose}", self.key_prefix)
    }
}

/// A Data Provider to register.
#[derive(Clone, Debug)]
pub struct Provider {
    pub dp_id: String,
    pub client_id: String,
    pub name: String,
    /// Base URL of its mutual TLS listener.
    pub webhooks_url: String,
    /// Base URL of its customers' listener.
    pub pages_url: String,
    pub keys: KeySource,
    /// The registered mutual TLS certificate, as PEM; without one no token is issued.
    pub client_certificate: Option<Vec<u8>>,
    pub client_authentication: ClientAuthentication,
    /// Offline providers are listed and cannot be chosen.
    pub online: bool,
}

/// Where PayNet takes a provider's signing keys from.
#[derive(Clone, Debug)]
pub enum KeySource {
    /// Registered certificates, as PEM.
    Certificates(Vec<Vec<u8>>),
    /// `GET {webhooks_url}/v1/oauth/jwks`, fetched when first needed and again for an unknown kid.
    Jwks,
}

impl Provider {
    /// An online provider whose keys are fetched and whose client id is its `dp_id`.
    pub fn new(dp_id: impl Into<String>, webhooks_url: impl Into<String>) -> Self {
        let dp_id = dp_id.into();
        let webhooks_url = webhooks_url.into();
        Self {
            client_id: dp_id.clone(),
            name: dp_id.clone(),
            pages_url: webhooks_url.clone(),
            dp_id,
            webhooks_url,
            keys: KeySource::Jwks,
            client_certificate: None,
            client_authentication: ClientAuthentication::PrivateKeyJwt,
            online: true,
        }
    }

    /// As consumers list it.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    #[must_use]
    pub fn pages_url(mut self, pages_url: impl Into<String>) -> Self {
        self.pages_url = pages_url.into();
        self
    }

    #[must_use]
    pub fn client_id(mut self, client_id: impl Into<String>) -> Self {
        self.client_id = client_id.into();
        self
    }

    /// PEM.
    #[must_use]
    pub fn client_certificate(mut self, certificate: impl Into<Vec<u8>>) -> Self {
        self.client_certificate = Some(certificate.into());
        self
    }

    #[must_use]
    pub fn keys(mut self, keys: KeySource) -> Self {
        self.keys = keys;
        self
    }

    #[must_use]
    pub fn client_authentication(mut self, how: ClientAuthentication) -> Self {
        self.client_authentication = how;
        self
    }

    /// A provider that is only there to be listed as unavailable.
    pub fn offline(dp_id: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            online: false,
            ..Self::new(dp_id, "https://localhost:1")
        }
    }
}

/// Base URLs, without a slash at the end.
#[derive(Clone, Debug)]
pub struct Urls {
    /// `https://localhost:PORT`; also the issuer.
    pub authorization_server: String,
    /// `https://localhost:PORT`; demands a client certificate.
    pub resource_server: String,
    /// `http://127.0.0.1:PORT`; the browser-facing part of the authorization server.
    pub pages: String,
    /// Where providers must send browsers back to.
    pub callback: String,
    /// `http://127.0.0.1:PORT` of the first consumer's app.
    pub consumer: String,
    /// Of every consumer's app, by `dc_id`.
    pub consumers: Vec<(String, String)>,
}

/// The running counterparties.
#[derive(Debug)]
pub struct Simulator {
    pub(crate) platform: Arc<Platform>,
    pub(crate) pki: Pki,
    pub(crate) consumers: Vec<Consumer>,
    urls: Urls,
    running: Running,
}

impl Simulator {
    /// Starts everything; the sockets accept when this returns.
    pub async fn start(options: SimulatorOptions) -> Result<Self, SimulatorError> {
        tls::install_crypto_provider();
        let sockets = Sockets::bind(&options).await?;
        let urls = sockets.urls(&options.consumers);
        let running = Running::default();
        let pool = Arc::new(CryptoPool::start(SIGNING_THREADS, SIGNING_QUEUE)?);
        let platform = platform(&options.pki, &urls, &running, &pool)?;
        let simulator = Self {
            platform,
            pki: options.pki,
            consumers: options.consumers,
            urls,
            running,
        };
        simulator.serve(sockets, &pool)?;
        Ok(simulator)
    }

    pub fn urls(&self) -> &Urls {
        &self.urls
    }

    pub fn pki(&self) -> &Pki {
        &self.pki
    }

    /// Closes the sockets and waits for what is under way.
    pub async fn stop(self) {
        self.running.stop().await;
    }

    /// Registers a provider, or replaces what was registered under its `dp_id`.
    pub fn register_provider(&self, provider: Provider) -> Result<(), SimulatorError> {
        let keys = match &provider.keys {
            KeySource::Jwks => ProviderKeys::Fetched(None),
            KeySource::Certificates(certificates) => {
                ProviderKeys::Registered(signing_keys(certificates)?)
            }
        };
        let certificate = provider.client_certificate.as_deref().map(keys::key_id);
        self.platform.register_provider(RegisteredProvider {
            dp_id: provider.dp_id,
            client_id: provider.client_id,
            name: provider.name,
            webhooks_url: provider.webhooks_url.trim_end_matches('/').to_owned(),
            pages_url: provider.pages_url.trim_end_matches('/').to_owned(),
            keys,
            client_certificate: certificate.transpose()?,
            client_authentication: provider.client_authentication,
            online: provider.online,
        });
        Ok(())
    }

    fn serve(&self, sockets: Sockets, pool: &Arc<CryptoPool>) -> Result<(), SimulatorError> {
        let optional = tls::server_config(&self.pki, "paynet-server", ClientCertificate::Optional)?;
        let required = tls::server_config(&self.pki, "paynet-server", ClientCertificate::Required)?;
        let platform = &self.platform;
        sockets.authorization_server.serve(
            Some(optional),
            routes::authorization_server(platform),
            &self.running,
        );
        sockets.resource_server.serve(
            Some(required),
            routes::resource_server(platform),
            &self.running,
        );
        sockets
            .pages
            .serve(None, pages::routes(platform), &self.running);
        for (consumer, socket) in self.consumers.iter().zip(sockets.consumers) {
            let base_url = http_url(&socket);
            platform.register_consumer(registered_consumer(&self.pki, consumer, &base_url)?);
            let app = ConsumerApp::new(&self.pki, consumer, &base_url, &self.urls, pool)?;
            socket.serve(None, app.routes(), &self.running);
        }
        Ok(())
    }
}

struct Sockets {
    authorization_server: Socket,
    resource_server: Socket,
    pages: Socket,
    consumers: Vec<Socket>,
}

impl Sockets {
    async fn bind(options: &SimulatorOptions) -> io::Result<Self> {
        let mut consumers = Vec::new();
        for consumer in &options.consumers {
            consumers.push(Socket::bind(consumer.address).await?);
        }
        Ok(Self {
            authorization_server: Socket::bind(options.authorization_server).await?,
            resource_server: Socket::bind(options.resource_server).await?,
            pages: Socket::bind(options.pages).await?,
            consumers,
        })
    }

    fn urls(&self, consumers: &[Consumer]) -> Urls {
        let pages = http_url(&self.pages);
        let consumers: Vec<_> = consumers
            .iter()
            .zip(&self.consumers)
            .map(|(consumer, socket)| (consumer.dc_id.clone(), http_url(socket)))
            .collect();
        Urls {
            authorization_server: https_url(&self.authorization_server),
            resource_server: https_url(&self.resource_server),
            callback: format!("{pages}/callback"),
            pages,
            consumer: consumers
                .first()
                .map(|(_, url)| url.clone())
                .unwrap_or_default(),
            consumers,
        }
    }
}

/// The certificate says localhost.
fn https_url(socket: &Socket) -> String {
    format!("https://localhost:{}", socket.port())
}

fn http_url(socket: &Socket) -> String {
    format!("http://{}", socket.address())
}

fn platform(
    pki: &Pki,
    urls: &Urls,
    running: &Running,
    pool: &Arc<CryptoPool>,
) -> Result<Arc<Platform>, SimulatorError> {
    let certificate = pki.certificate("paynet-signing")?;
    let key = pki.key("paynet-signing")?;
    let signer = FileSigner::from_pem(&certificate, &key, None, Arc::clone(pool))?;
    let http = tls::client(pki, Some("paynet-client"))?;
    let addresses = Addresses {
        authorization_server: urls.authorization_server.clone(),
        resource_server: urls.resource_server.clone(),
        pages: urls.pages.clone(),
    };
    Ok(Arc::new(Platform::new(
        addresses,
        ProviderClient::new(http, Arc::new(signer)),
        running.clone(),
        published(&[(&certificate, KeyUse::Signature)])?,
    )))
}

fn registered_consumer(
    pki: &Pki,
    consumer: &Consumer,
    base_url: &str,
) -> Result<RegisteredConsumer, SimulatorError> {
    let signing = pki.certificate(&consumer.key("signing"))?;
    let encryption = pki.certificate(&consumer.key("encryption"))?;
    Ok(RegisteredConsumer {
        dc_id: consumer.dc_id.clone(),
        client_certificate: keys::key_id(&pki.certificate(&consumer.key("client"))?)?,
        signing_keys: signing_keys(std::slice::from_ref(&signing))?,
        encryption_kid: keys::key_id(&encryption)?,
        published: published(&[
            (&signing, KeyUse::Signature),
            (&encryption, KeyUse::Encryption),
        ])?,
        callback_urls: vec![format!("{base_url}/callback")],
    })
}

pub(crate) fn signing_keys(certificates: &[Vec<u8>]) -> Result<JwkSet, SimulatorError> {
    let keys: Result<Vec<Jwk>, _> = certificates
        .iter()
        .map(|pem| keys::public_jwk(pem, KeyUse::Signature))
        .collect();
    Ok(JwkSet::new(keys?)?)
}

/// A JWK set as JSON.
pub(crate) fn published(certificates: &[(&[u8], KeyUse)]) -> Result<Value, SimulatorError> {
    let keys: Result<Vec<Jwk>, _> = certificates
        .iter()
        .map(|(pem, key_use)| keys::public_jwk(pem, *key_use))
        .collect();
    Ok(serde_json::to_value(JwkSet::new(keys?)?)?)
}

#[derive(Debug, thiserror::Error)]
pub enum SimulatorError {
    #[error(transparent)]
    Consumer(#[from] ConsumerError),
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("{0}")]
    JwkSet(#[from] JwkSetError),
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    #[error("{0}")]
    KeyFile(#[from] KeyFileError),
    #[error(transparent)]
    Keys(#[from] KeysError),
    #[error(transparent)]
    Pki(#[from] PkiError),
    #[error(transparent)]
    Tls(#[from] TlsError),
}
