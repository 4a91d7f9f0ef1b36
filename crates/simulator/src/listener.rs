//! The accept loop: loopback sockets, TLS with the peer's certificate visible to handlers, and answers that never arrive.
//!
//! poem's own listeners hide the client certificate, hence this one. Handlers find [`Peer`] in the request's extensions. A response that
//! carries [`LostAnswer`] is not sent: the connection closes instead, which is how tests play a network that fails after the work was done.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use izin_jose::KeyId;
use poem::{
    Addr, Endpoint, EndpointExt, Request, Response,
    endpoint::BoxEndpoint,
    http::uri::Scheme,
    web::{LocalAddr, RemoteAddr},
};
use rustls::ServerConfig;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
const STOP_TIMEOUT: Duration = Duration::from_secs(2);
/// After a failed accept (no file descriptors left, say) the loop waits instead of spinning.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// Who is at the other end of a connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Peer {
    /// x5t#S256 of the verified client certificate.
    pub(crate) certificate: Option<KeyId>,
}

/// Marker for response extensions: do the work, then close without an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LostAnswer;

/// A socket that has an address but serves nothing yet, so that addresses can go into what will be served.
#[derive(Debug)]
pub(crate) struct Socket {
    listener: TcpListener,
    address: SocketAddr,
}

impl Socket {
    /// Refuses everything but loopback: a simulator with a known PKI has no business on a network.
    pub(crate) async fn bind(address: SocketAddr) -> io::Result<Self> {
        if !address.ip().is_loopback() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("{address} is not a loopback address"),
            ));
        }
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn serve(
        self,
        tls: Option<Arc<ServerConfig>>,
        endpoint: impl Endpoint<Output = Response> + 'static,
        running: &Running,
    ) {
        let server = Server {
            tls: tls.map(TlsAcceptor::from),
            endpoint: Arc::new(endpoint.boxed()),
            local: LocalAddr(Addr::SocketAddr(self.address)),
            running: running.clone(),
        };
        running
            .tasks
            .spawn(accept_loop(self.listener, Arc::new(server)));
    }
}

/// Everything that listeners and their connections run on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Running {
    stopping: CancellationToken,
    tasks: TaskTracker,
}

impl Running {
    /// Work that outlives the request which caused it, but not the simulator.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let stopping = self.stopping.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                () = stopping.cancelled() => {}
                () = work => {}
            }
        });
    }

    pub(crate) async fn stop(&self) {
        self.stopping.cancel();
        self.tasks.close();
        if timeout(STOP_TIMEOUT, self.tasks.wait()).await.is_err() {
            tracing::warn!("connections of the simulator were still open when it stopped");
        }
    }
}

struct Server {
    tls: Option<TlsAcceptor>,
    endpoint: Arc<BoxEndpoint<'static, Response>>,
    local: LocalAddr,
    running: Running,
}

async fn accept_loop(listener: TcpListener, server: Arc<Server>) {
    loop {
        let accepted = tokio::select! {
            () = server.running.stopping.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, remote)) => {
                let connection = Arc::clone(&server).connection(stream, remote);
                server.running.tasks.spawn(connection);
            }
            Err(error) => {
                tracing::warn!(%error, "accept failed");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

impl Server {
    async fn connection(self: Arc<Self>, stream: TcpStream, remote: SocketAddr) {
        let _ = stream.set_nodelay(true);
        let Some(tls) = self.tls.clone() else {
            return self.http(stream, Peer::default(), remote).await;
        };
        match timeout(HANDSHAKE_TIMEOUT, tls.accept(stream)).await {
            Ok(Ok(stream)) => {
                let certificates = stream.get_ref().1.peer_certificates();
                let certificate = certificates
                    .and_then(|chain| chain.first())
                    .map(|leaf| KeyId::of_certificate(leaf));
                self.http(stream, Peer { certificate }, remote).await;
            }
            Ok(Err(error)) => tracing::debug!(%error, "handshake refused"),
            Err(_) => tracing::debug!("handshake timed out"),
        }
    }

    async fn http<S>(self: Arc<Self>, stream: S, peer: Peer, remote: SocketAddr)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let server = Arc::clone(&self);
        let service = hyper::service::service_fn(move |request| {
            Arc::clone(&server).answer(request, peer.clone(), remote)
        });
        let mut builder = auto::Builder::new(TokioExecutor::new()).http1_only();
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_TIMEOUT);
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        tokio::pin!(connection);
        let outcome = tokio::select! {
            outcome = connection.as_mut() => outcome,
            () = self.running.stopping.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = outcome {
            tracing::debug!(%error, "connection ended early");
        }
    }

    async fn answer(
        self: Arc<Self>,
        mut request: http::Request<Incoming>,
        peer: Peer,
        remote: SocketAddr,
    ) -> Result<http::Response<impl hyper::body::Body<Data = bytes::Bytes, Error = io::Error>>, Lost>
    {
        request.extensions_mut().insert(peer);
        let scheme = if self.tls.is_some() {
            Scheme::HTTPS
        } else {
            Scheme::HTTP
        };
        let remote = RemoteAddr(Addr::SocketAddr(remote));
        let request = Request::from((request, self.local.clone(), remote, scheme));
        let response = self.endpoint.get_response(request).await;
        match response.extensions().get::<LostAnswer>() {
            Some(_) => Err(Lost),
            None => Ok(response.into()),
        }
    }
}

/// Makes hyper close the connection without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the answer was lost on purpose")]
struct Lost;
