//! The connection to one base address: HTTP/1.1 written as it is meant, and answers read within bounds.
//!
//! Redirects are not followed, no proxy of the environment is asked, paths are not normalised, and nothing is repeated.

mod old_tls;
mod tls;

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Request, header::HOST};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use secrecy::{ExposeSecret, SecretString};
use tokio::{net::TcpStream, task::JoinHandle, time::timeout};
use url::{Host, Url};

use self::tls::{Secured, TlsClients};
use crate::{
    call::{Call, Identity, printable},
    target::{Endpoint, SetupError},
};

/// An answer is over after this: the 4 seconds of the contract and one more, in which a late one is still worth reading.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);
/// Banks close idle connections; one that was idle for longer is not used again.
const MAX_IDLE: Duration = Duration::from_secs(1);
/// What of an error of the network is shown.
const SHOWN_ERROR: usize = 160;

pub(crate) struct Wire {
    host: Host<String>,
    port: u16,
    /// `host:port` of the address, for the header.
    authority: String,
    base_path: String,
    tls: Option<TlsClients>,
    token: Option<SecretString>,
    has_certificate: bool,
    /// Bytes of an answer that are read.
    most: usize,
    idle: Mutex<Vec<(Instant, Connection)>>,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The connection broke off, or what came is not HTTP.
    Broken(String),
    /// No connection: name, network or TLS.
    Connect(String),
    TooLarge {
        status: u16,
        most: usize,
    },
    TooLate,
}

/// What became of a handshake that offers TLS 1.1 at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OldTls {
    Accepted,
    Refused,
    /// Neither was said in time.
    Silent,
}

struct Connection {
    sender: SendRequest<Full<Bytes>>,
    task: JoinHandle<()>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Wire {
    /// `most` is how many bytes of an answer are read.
    pub(crate) fn new(endpoint: &Endpoint, most: usize) -> Result<Self, SetupError> {
        let url = &endpoint.url;
        let wrong = |problem| SetupError::Url {
            url: printable(url.as_str(), SHOWN_ERROR),
            problem,
        };
        let host = url.host().ok_or_else(|| wrong("has no host"))?.to_owned();
        let port = url.port_or_known_default();
        let tls = match url.scheme() {
            "http" => None,
            "https" => Some(TlsClients::new(endpoint, &host)?),
            _ => return Err(wrong("is neither https nor http")),
        };
        let port = port.ok_or_else(|| wrong("has no port"))?;
        Ok(Self {
            authority: authority(url, &host),
            base_path: url.path().trim_end_matches('/').to_owned(),
            host,
            port,
            tls,
            token: tls::token(endpoint)?,
            has_certificate: endpoint.client_certificate.is_some(),
            most,
            idle: Mutex::default(),
        })
    }

    pub(crate) fn has_token(&self) -> bool {
        self.token.is_some()
    }

    pub(crate) fn has_certificate(&self) -> bool {
        self.has_certificate
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        self.tls.is_some()
    }

    /// Credentials and personal data would leave this machine without TLS.
    pub(crate) fn is_open_to_the_network(&self) -> bool {
        let loopback = match &self.host {
            Host::Domain(name) => name == "localhost",
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
        };
        self.tls.is_none() && !loopback
    }

    /// Offers the server TLS 1.1 and nothing newer.
    pub(crate) async fn try_old_tls(&self) -> Result<OldTls, Failure> {
        let name = match &self.host {
            Host::Domain(name) => Some(name.as_str()),
            _ => None,
        };
        let stream = timeout(PATIENCE, self.connect_tcp()).await;
        let stream = stream.map_err(|_| Failure::TooLate)??;
        Ok(old_tls::offer(stream, name).await)
    }

    /// Sends a call and reads the answer; never takes longer than [`PATIENCE`].
    pub(crate) async fn exchange(&self, call: &Call) -> Result<Answer, Failure> {
        match timeout(PATIENCE, self.exchange_unbounded(call)).await {
            Ok(answer) => answer,
            Err(_) => Err(Failure::TooLate),
        }
    }

    async fn exchange_unbounded(&self, call: &Call) -> Result<Answer, Failure> {
        let request = self.request(call)?;
        let own = call.identity == Identity::Own;
        let mut request = Some(request);
        if own && let Some(mut connection) = self.take_idle() {
            let Some(first) = request.take() else {
                return Err(Failure::Broken("no request".to_owned()));
            };
            match connection.sender.try_send_request(first).await {
                Ok(response) => return self.read(response, connection, own).await,
                // The bank had closed it, and nothing was sent.
                Err(mut error) => match error.take_message() {
                    Some(unsent) => request = Some(unsent),
                    None => return Err(broken(&error.into_error())),
                },
            }
        }
        let mut connection = self.connect(call.identity).await?;
        let Some(request) = request else {
            return Err(Failure::Broken("no request".to_owned()));
        };
        let response = connection.sender.send_request(request).await;
        let response = response.map_err(|error| broken(&error))?;
        self.read(response, connection, own).await
    }

    fn request(&self, call: &Call) -> Result<Request<Full<Bytes>>, Failure> {
        let mut request = Request::builder()
            .method(call.method.clone())
            .uri(call.target(&self.base_path))
            .header(HOST, &self.authority)
            .header("accept", "application/json");
        for (name, value) in &call.headers {
            request = request.header(*name, value.as_bytes());
        }
        request = match (call.identity, &self.token) {
            (Identity::Own, Some(token)) => {
                request.header("authorization", format!("Bearer {}", token.expose_secret()))
            }
            (Identity::WrongToken, _) => request.header("authorization", "Bearer izin-bank-check-wrong"),
            _ => request,
        };
        request
            .body(Full::new(call.body.clone().unwrap_or_default()))
            .map_err(|error| Failure::Broken(format!("could not be sent: {error}")))
    }

    async fn read(
        &self,
        response: http::Response<Incoming>,
        connection: Connection,
        keep: bool,
    ) -> Result<Answer, Failure> {
        let (head, mut body) = response.into_parts();
        let status = head.status.as_u16();
        let mut read = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| broken(&error))?;
            let Some(data) = frame.data_ref() else {
                continue;
            };
            if read.len() + data.len() > self.most {
                let most = self.most;
                return Err(Failure::TooLarge { status, most });
            }
            read.extend_from_slice(data);
        }
        if keep {
            self.keep(connection);
        }
        Ok(Answer {
            status,
            headers: head.headers,
            body: read.freeze(),
        })
    }

    fn take_idle(&self) -> Option<Connection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some((since, connection)) = idle.pop() {
            if since.elapsed() < MAX_IDLE && connection.sender.is_ready() {
                return Some(connection);
            }
        }
        None
    }

    fn keep(&self, connection: Connection) {
        if !connection.sender.is_closed() {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            idle.push((Instant::now(), connection));
        }
    }

    async fn connect(&self, identity: Identity) -> Result<Connection, Failure> {
        let stream = self.connect_tcp().await?;
        match &self.tls {
            None => handshake(stream).await,
            Some(clients) => {
                let stream: Secured = clients.connect(identity, stream).await?;
                handshake(stream).await
            }
        }
    }

    async fn connect_tcp(&self) -> Result<TcpStream, Failure> {
        let stream = match &self.host {
            Host::Domain(name) => TcpStream::connect((name.as_str(), self.port)).await,
            Host::Ipv4(address) => TcpStream::connect((*address, self.port)).await,
            Host::Ipv6(address) => TcpStream::connect((*address, self.port)).await,
        };
        let stream = stream.map_err(|error| connect_failure(&error))?;
        // Small requests are to leave at once; where it cannot be set they still leave.
        let _ = stream.set_nodelay(true);
        Ok(stream)
    }
}

async fn handshake<S>(stream: S) -> Result<Connection, Failure>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| broken(&error))?;
    let task = tokio::spawn(async move {
        // What goes wrong is told to whoever waits for the answer.
        let _ = connection.await;
    });
    Ok(Connection { sender, task })
}

fn authority(url: &Url, host: &Host<String>) -> String {
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_string(),
    }
}

fn connect_failure(error: &dyn std::error::Error) -> Failure {
    Failure::Connect(printable(&error.to_string(), SHOWN_ERROR))
}

/// The words of hyper and of its cause; neither holds a part of an answer.
fn broken(error: &dyn std::error::Error) -> Failure {
    let mut text = error.to_string();
    if let Some(cause) = error.source() {
        text.push_str(": ");
        text.push_str(&cause.to_string());
    }
    Failure::Broken(printable(&text, SHOWN_ERROR))
}
