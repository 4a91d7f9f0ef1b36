//! Puts the pieces together: starts PayNet and the consumers, and stops them.

use std::{io, net::SocketAddr, sync::Arc};

use izin_jose::{CryptoPool, FileSigner, JwkSetError, KeyFileError, KeyUse, Signer};

use crate::{
    addresses::{Sockets, Urls, http_url},
    consumer::{ConsumerApp, ConsumerError},
    dialect::Dialect,
    forge::{ForgeError, ForgedAlgorithm},
    keys::KeysError,
    listener::Running,
    options::{Consumer, SimulatorOptions},
    pages,
    pki::{Pki, PkiError},
    platform::{Addresses, Platform, routes},
    provider_client::ProviderClient,
    registration::{published, registered_consumer},
    signer::PkiSigner,
    tls::{self, ClientCertificate, Connections, TlsError},
    traffic::Traffic,
};

const SIGNING_THREADS: usize = 2;
const SIGNING_QUEUE: usize = 256;

/// The running counterparties.
#[derive(Debug)]
pub struct Simulator {
    pub(crate) platform: Arc<Platform>,
    pub(crate) pki: Pki,
    pub(crate) consumers: Vec<Consumer>,
    pub(crate) traffic: Traffic,
    urls: Urls,
    authorization_server: SocketAddr,
    running: Running,
}

impl Simulator {
    /// Starts everything; the sockets accept when this returns.
    pub async fn start(options: SimulatorOptions) -> Result<Self, SimulatorError> {
        tls::install_crypto_provider();
        let sockets = Sockets::bind(&options).await?;
        let mut urls = sockets.urls(&options.consumers);
        if let Some(url) = &options.authorization_server_url {
            urls.authorization_server.clone_from(url);
        }
        let running = Running::default();
        let pool = Arc::new(CryptoPool::start(SIGNING_THREADS, SIGNING_QUEUE)?);
        let connections = if options.reconnects {
            Connections::OfOneRequest
        } else {
            Connections::Kept
        };
        let http = tls::client_with(&options.pki, Some("paynet-client"), connections)?;
        let platform = platform(&options.pki, &urls, &running, options.dialect, &pool, http)?;
        let simulator = Self {
            platform,
            pki: options.pki,
            consumers: options.consumers,
            traffic: Traffic::default(),
            urls,
            authorization_server: sockets.authorization_server.address(),
            running,
        };
        simulator.serve(sockets, &pool)?;
        Ok(simulator)
    }

    pub fn urls(&self) -> &Urls {
        &self.urls
    }

    /// Where the authorization server listens, whatever its address is.
    pub fn authorization_server(&self) -> SocketAddr {
        self.authorization_server
    }

    pub fn pki(&self) -> &Pki {
        &self.pki
    }

    /// What scripts have asked of providers so far.
    pub fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    /// Closes the sockets and waits for what is under way.
    pub async fn stop(self) {
        self.running.stop().await;
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
            platform.register_consumer(registered_consumer(
                &self.pki,
                consumer,
                &base_url,
                &platform.dialect.consumer_key(consumer),
            )?);
            let app = ConsumerApp::new(&self.pki, consumer, &base_url, &self.urls, pool)?;
            socket.serve(None, app.routes(), &self.running);
        }
        Ok(())
    }
}

fn platform(
    pki: &Pki,
    urls: &Urls,
    running: &Running,
    dialect: Dialect,
    pool: &Arc<CryptoPool>,
    http: reqwest::Client,
) -> Result<Arc<Platform>, SimulatorError> {
    let name = &dialect.signatures.paynet;
    let certificate = pki.certificate(name)?;
    let signer: Arc<dyn Signer> = match dialect.signatures.algorithm {
        ForgedAlgorithm::Ps256 => {
            let key = pki.key(name)?;
            let signer = FileSigner::from_pem(&certificate, &key, None, Arc::clone(pool))?;
            Arc::new(signer)
        }
        _ => Arc::new(PkiSigner::new(pki, dialect.signs_as_paynet())?),
    };
    let header = dialect.paynet_header;
    let addresses = Addresses {
        authorization_server: urls.authorization_server.clone(),
        resource_server: urls.resource_server.clone(),
        pages: urls.pages.clone(),
    };
    Ok(Arc::new(Platform::new(
        addresses,
        ProviderClient::new(http, signer, header),
        running.clone(),
        dialect,
        published(&[(&certificate, KeyUse::Signature)])?,
    )))
}

#[derive(Debug, thiserror::Error)]
pub enum SimulatorError {
    #[error(transparent)]
    Consumer(#[from] ConsumerError),
    #[error(transparent)]
    Forge(#[from] ForgeError),
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    JwkSet(#[from] JwkSetError),
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
    #[error(transparent)]
    Keys(#[from] KeysError),
    #[error(transparent)]
    Pki(#[from] PkiError),
    #[error(transparent)]
    Tls(#[from] TlsError),
}
