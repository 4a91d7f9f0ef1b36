//! Our own accept loop with poem as the endpoint. poem's listeners hide the peer certificate and have no
//! limits on handshakes (docs/decisions/0003-tls-and-jose-stack.md).

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use poem::endpoint::BoxEndpoint;
use poem::http::uri::Scheme;
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Addr, Endpoint, Request, Response};
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::peer::{Peer, PeerCertificate};

const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// A connection on which nothing comes for so long is closed: before its first request, within a body, or
/// between requests. Longer than any answer takes us.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(30);
/// HTTP/2 peers that are there answer this in time, so their connections stay.
const PING_INTERVAL: Duration = Duration::from_secs(20);
/// How long requests under way may take to end after a stop was asked for.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);
/// After a failed accept (say, no file descriptor left), so that the loop does not spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
const MAX_HEADER_BYTES: usize = 64 * 1024;

/// How a connection begins.
#[derive(Clone)]
pub enum Handshake {
    Plain,
    Tls(ServerTls),
}

/// The configuration of TLS that new connections get. Cheap to clone; all clones see a replacement, and open connections stay as they
/// began.
#[derive(Clone)]
pub struct ServerTls(Arc<ArcSwap<ServerConfig>>);

impl ServerTls {
    pub fn new(config: ServerConfig) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(config)))
    }

    pub fn replace(&self, config: ServerConfig) {
        self.0.store(Arc::new(config));
    }
}

/// A listener that has its port.
pub struct BoundListener {
    listener: TcpListener,
    address: SocketAddr,
    handshake: Handshake,
    connections: Arc<Semaphore>,
}

impl BoundListener {
    /// At most `connections` at a time; further ones wait in the operating system's queue.
    pub async fn bind(
        address: SocketAddr,
        handshake: Handshake,
        connections: usize,
    ) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Self {
            listener,
            address,
            handshake,
            connections: Arc::new(Semaphore::new(connections)),
        })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop`, then lets requests under way finish.
    pub async fn serve(self, endpoint: BoxEndpoint<'static, Response>, stop: CancellationToken) {
        let endpoint: Arc<BoxEndpoint<'static, Response>> = Arc::new(endpoint);
        let tasks = TaskTracker::new();
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => break,
                accepted = self.accept() => accepted,
            };
            let (stream, address, permit) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let connection = Connection {
                endpoint: endpoint.clone(),
                local: LocalAddr(Addr::SocketAddr(self.address)),
                stop: stop.clone(),
            };
            let handshake = self.handshake.clone();
            tasks.spawn(async move {
                connection.run(stream, address, handshake).await;
                drop(permit);
            });
        }
        tasks.close();
        if timeout(DRAIN_TIMEOUT, tasks.wait()).await.is_err() {
            tracing::warn!(address = %self.address, "some connections did not end in time");
        }
    }

    async fn accept(
        &self,
    ) -> std::io::Result<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
        let permit = self
            .connections
            .clone()
            .acquire_owned()
            .await
            .map_err(std::io::Error::other)?;
        let (stream, address) = self.listener.accept().await?;
        stream.set_nodelay(true)?;
        Ok((stream, address, permit))
    }
}

struct Connection {
    endpoint: Arc<BoxEndpoint<'static, Response>>,
    local: LocalAddr,
    stop: CancellationToken,
}

impl Connection {
    async fn run(self, stream: TcpStream, address: SocketAddr, handshake: Handshake) {
        match handshake {
            Handshake::Plain => {
                self.requests(
                    stream,
                    Peer {
                        address,
                        certificate: None,
                    },
                    Scheme::HTTP,
                )
                .await;
            }
            Handshake::Tls(tls) => {
                let accepting = TlsAcceptor::from(tls.0.load_full()).accept(stream);
                match timeout(HANDSHAKE_TIMEOUT, accepting).await {
                    Ok(Ok(stream)) => {
                        let presented = stream.get_ref().1.peer_certificates();
                        let certificate = presented
                            .and_then(<[_]>::first)
                            .map(|der| PeerCertificate::from_der(der));
                        self.requests(
                            stream,
                            Peer {
                                address,
                                certificate,
                            },
                            Scheme::HTTPS,
                        )
                        .await;
                    }
                    Ok(Err(error)) => tracing::info!(%address, %error, "TLS handshake refused"),
                    Err(_) => tracing::info!(%address, "TLS handshake took too long"),
                }
            }
        }
    }

    async fn requests(
        self,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        peer: Peer,
        scheme: Scheme,
    ) {
        let (endpoint, local) = (self.endpoint, self.local);
        let peer = Arc::new(peer);
        let service = hyper::service::service_fn(move |mut request: hyper::Request<_>| {
            let (endpoint, local, peer) = (endpoint.clone(), local.clone(), peer.clone());
            let scheme = scheme.clone();
            async move {
                let remote = RemoteAddr(Addr::SocketAddr(peer.address));
                request.extensions_mut().insert(peer);
                let request = Request::from((request, local, remote, scheme));
                let response = endpoint.get_response(request).await;
                Ok::<hyper::Response<_>, Infallible>(response.into())
            }
        });
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_TIMEOUT)
            .max_buf_size(MAX_HEADER_BYTES);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(64)
            .max_header_list_size(64 * 1024)
            .keep_alive_interval(PING_INTERVAL);
        let mut stream = TimeoutStream::new(stream);
        stream.set_read_timeout(Some(SILENCE_TIMEOUT));
        stream.set_write_timeout(Some(SILENCE_TIMEOUT));
        let stream = TokioIo::new(Box::pin(stream));
        let connection = builder.serve_connection(stream, service);
        tokio::pin!(connection);
        let outcome = tokio::select! {
            outcome = connection.as_mut() => outcome,
            () = self.stop.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = outcome {
            tracing::debug!(%error, "connection ended");
        }
    }
}
