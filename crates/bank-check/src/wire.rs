//! The connection to one base address: HTTP/1.1 written as it is meant, and answers read within bounds.
//!
//! Redirects are not followed, no proxy of the environment is asked, paths are not normalised, and nothing is repeated.

mod connection;
mod old_tls;
mod tls;

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, header::HOST};
use http_body_util::Full;
use hyper::body::Incoming;
use secrecy::{ExposeSecret, SecretString};
use tokio::{net::TcpStream, time::timeout};
use url::{Host, Url};

use self::{
    connection::{Connection, Idle, broken},
    tls::{Secured, TlsClients},
};
use crate::{
    call::{Call, Identity, printable},
    target::{Endpoint, SetupError},
};

/// An answer is over after this: the 4 seconds of the contract and one more, in which a late one is still worth reading.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);
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
    idle: Idle,
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
            idle: Idle::default(),
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
        let mut request = self.request(call)?;
        let own = call.identity == Identity::Own;
        if own && let Some(mut connection) = self.idle.take() {
            match connection.sender.try_send_request(request).await {
                Ok(response) => return self.finish(response, connection, own).await,
                // The bank had closed it, and nothing was sent.
                Err(mut error) => match error.take_message() {
                    Some(unsent) => request = unsent,
                    None => return Err(broken(&error.into_error())),
                },
            }
        }
        let mut connection = self.connect(call.identity).await?;
        let response = connection.sender.send_request(request).await;
        let response = response.map_err(|error| broken(&error))?;
        self.finish(response, connection, own).await
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
            (Identity::WrongToken, _) => {
                request.header("authorization", "Bearer izin-bank-check-wrong")
            }
            _ => request,
        };
        request
            .body(Full::new(call.body.clone().unwrap_or_default()))
            .map_err(|error| Failure::Broken(format!("could not be sent: {error}")))
    }

    /// Reads the answer; afterwards the connection may serve another call.
    async fn finish(
        &self,
        response: Response<Incoming>,
        connection: Connection,
        keep: bool,
    ) -> Result<Answer, Failure> {
        let answer = connection::read(response, self.most).await?;
        if keep {
            self.idle.keep(connection);
        }
        Ok(answer)
    }

    async fn connect(&self, identity: Identity) -> Result<Connection, Failure> {
        let stream = self.connect_tcp().await?;
        match &self.tls {
            None => connection::open(stream).await,
            Some(clients) => {
                let stream: Secured = clients.connect(identity, stream).await?;
                connection::open(stream).await
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

fn authority(url: &Url, host: &Host<String>) -> String {
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_string(),
    }
}

fn connect_failure(error: &dyn std::error::Error) -> Failure {
    Failure::Connect(printable(&error.to_string(), SHOWN_ERROR))
}
