//! A connection on which anything can be written, also what no HTTP client would.

use std::{io, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, timeout_at},
};
use url::{Host, Url};

use crate::{
    scenario::{Answer, ScenarioError},
    simulator::Simulator,
    tls,
    traffic::Traffic,
};

/// As application protocols of a TLS handshake (RFC 7301).
pub(crate) const HTTP1: &[u8] = b"http/1.1";
pub(crate) const HTTP2: &[u8] = b"h2";

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

pub(crate) struct Wire {
    stream: Box<dyn Stream>,
    address: String,
    traffic: Traffic,
}

/// What came back before the end, or before patience ran out.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) bytes: Vec<u8>,
    /// The other side closed the connection.
    pub(crate) closed: bool,
}

impl Simulator {
    /// Connects to the host of `url`, over TLS if that is https, with a client certificate of the PKI if one is named.
    pub(crate) async fn wire(
        &self,
        url: &str,
        certificate: Option<&str>,
        protocol: &[u8],
    ) -> Result<Wire, ScenarioError> {
        let parsed = Url::parse(url)?;
        let tcp = connect(&parsed).await?;
        let stream: Box<dyn Stream> = if parsed.scheme() == "https" {
            let config = tls::raw_client(&self.pki, certificate, protocol)?;
            let name = tls::server_name(&parsed)?;
            Box::new(config.connect(name, tcp).await?)
        } else {
            Box::new(tcp)
        };
        Ok(Wire {
            stream,
            address: url.to_owned(),
            traffic: self.traffic.clone(),
        })
    }
}

/// To the host and port of an address.
pub(crate) async fn connect(url: &Url) -> Result<TcpStream, ScenarioError> {
    let host = match url.host() {
        Some(Host::Ipv6(address)) => address.to_string(),
        other => other.map(|host| host.to_string()).unwrap_or_default(),
    };
    let port = url.port_or_known_default().unwrap_or_default();
    Ok(TcpStream::connect((host.as_str(), port)).await?)
}

impl Wire {
    /// One request, however it is made.
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.traffic.sent();
        self.write(bytes).await
    }

    /// A piece of one.
    pub(crate) async fn write(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.stream.write_all(bytes.as_ref()).await?;
        self.stream.flush().await
    }

    /// Says that nothing more comes; the other direction stays open.
    pub(crate) async fn end(&mut self) -> io::Result<()> {
        self.stream.shutdown().await
    }

    /// Everything until the other side closes, for at most this long.
    pub(crate) async fn receive(&mut self, patience: Duration) -> Received {
        let end = Instant::now() + patience;
        let mut bytes = Vec::new();
        let closed = loop {
            let mut buffer = [0; 8192];
            match timeout_at(end, self.stream.read(&mut buffer)).await {
                // A connection that is reset is closed as well.
                Ok(Ok(0) | Err(_)) => break true,
                Ok(Ok(read)) => bytes.extend_from_slice(&buffer[..read]),
                Err(_) => break false,
            }
        };
        Received { bytes, closed }
    }

    /// The answers of HTTP/1.1 until the other side closes.
    pub(crate) async fn answers(&mut self, patience: Duration) -> (Vec<Answer>, bool) {
        let received = self.receive(patience).await;
        let answers = read_answers(&received.bytes);
        for answer in &answers {
            self.traffic.answered("RAW", &self.address, answer.status);
        }
        (answers, received.closed)
    }
}

/// Complete answers with a length, one after the other.
fn read_answers(mut bytes: &[u8]) -> Vec<Answer> {
    let mut answers = Vec::new();
    while let Some((answer, rest)) = read_answer(bytes) {
        answers.push(answer);
        bytes = rest;
    }
    answers
}

fn read_answer(bytes: &[u8]) -> Option<(Answer, &[u8])> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.strip_prefix("HTTP/1.")?.split(' ').nth(1)?;
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(':')?;
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        headers.append(name, HeaderValue::from_str(value.trim()).ok()?);
    }
    let length = headers
        .get("content-length")
        .and_then(|value| value.to_str().ok());
    let length: usize = length
        .and_then(|text| text.parse().ok())
        .unwrap_or_default();
    let rest = &bytes[end + 4..];
    let (body, rest) = rest.split_at_checked(length)?;
    let answer = Answer {
        status: status.parse().ok()?,
        headers,
        body: Bytes::copy_from_slice(body),
    };
    Some((answer, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_apart() {
        let bytes = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nnoHTTP/1.1 200 OK\r\n\r\nHTTP/1.1 20";
        let answers = read_answers(bytes);
        let told: Vec<_> = answers
            .iter()
            .map(|answer| (answer.status, answer.text()))
            .collect();
        assert_eq!(told, [(400, "no".to_owned()), (200, String::new())]);
    }
}
