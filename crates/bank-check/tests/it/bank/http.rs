//! The bank's socket: requests in, answers out, and the fault in between.

use std::{convert::Infallible, io::Write, sync::Arc};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use izin_bank_check::Endpoint;
use serde_json::{Value, json};
use tempfile::NamedTempFile;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_rustls::TlsAcceptor;

use super::{Bank, Quirk, TOKEN};

/// A request as the bank understands it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Empty where no path matches.
    pub operation: &'static str,
    pub contract: &'static str,
    pub method: Method,
    /// Segments of the path behind the version.
    pub segments: Vec<String>,
    pub query: Vec<(String, String)>,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// The how-manieth call of the operation it is, from 1.
    pub number: u32,
}

/// What the bank is about to answer.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub json: Value,
    /// Goes out instead of the JSON.
    pub raw: Option<Vec<u8>>,
    /// Milliseconds before it goes out.
    pub delay: u64,
}

/// Ends with the value.
pub struct Server {
    address: std::net::SocketAddr,
    scheme: &'static str,
    token_file: NamedTempFile,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    pub async fn start(bank: Bank) -> Self {
        Self::start_with(bank, None).await
    }

    pub async fn start_with(bank: Bank, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let bank = Arc::new(bank);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (bank, tls) = (bank.clone(), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, bank).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, bank).await;
                            }
                        }
                    }
                });
            }
        });
        let mut token_file = NamedTempFile::new().unwrap();
        writeln!(token_file, "{TOKEN}").unwrap();
        Self {
            address,
            scheme,
            token_file,
            task,
        }
    }

    /// With the token, under a base path.
    pub fn endpoint(&self) -> Endpoint {
        let url = format!("{}://localhost:{}/bank/", self.scheme, self.address.port());
        let mut endpoint = Endpoint::new(url.parse().unwrap());
        endpoint.token_file = Some(self.token_file.path().to_owned());
        endpoint
    }
}

async fn serve<S>(stream: S, bank: Arc<Bank>)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| {
        let bank = bank.clone();
        async move { Ok::<_, Infallible>(bank.respond(request).await) }
    });
    let mut connection = http1::Builder::new();
    connection.max_buf_size(64 * 1024);
    let _ = connection
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

impl Bank {
    async fn respond(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let mut seen = Seen::new(head.method, &head.uri, head.headers, body);
        seen.number = self.count(seen.operation);
        let mut answer = self.authorized(&seen).unwrap_or_else(|answer| answer);
        let echoed = seen.header("x-request-id").map(str::to_owned);
        let mut headers = vec![
            ("content-type", "application/json".to_owned()),
            ("cache-control", "no-store".to_owned()),
        ];
        headers.extend(echoed.map(|id| ("x-request-id", id)));
        for (name, value) in headers {
            answer.headers.push((name.to_owned(), value));
        }
        (self.tamper)(&seen, &mut answer);
        tokio::time::sleep(std::time::Duration::from_millis(answer.delay)).await;
        let mut response = Response::builder().status(answer.status);
        for (name, value) in &answer.headers {
            response = response.header(name, value);
        }
        let body = answer
            .raw
            .unwrap_or_else(|| answer.json.to_string().into_bytes());
        response.body(Full::new(Bytes::from(body))).unwrap()
    }

    fn authorized(&self, seen: &Seen) -> Result<Answer, Answer> {
        let expected = format!("Bearer {TOKEN}");
        let given = seen.header("authorization");
        let right = given == Some(&expected)
            || self.has(Quirk::AcceptsAnyCaller)
            || (given.is_some() && self.has(Quirk::AcceptsAnyToken));
        if !right {
            return Err(Answer::error(401, "invalid_client"));
        }
        match seen.contract {
            "core-bank" => self.core(seen),
            _ => self.sign_in(seen),
        }
    }

    fn count(&self, operation: &'static str) -> u32 {
        let mut memory = self.memory();
        let count = memory.calls.entry(operation).or_default();
        *count += 1;
        *count
    }
}

impl Answer {
    pub fn ok(json: Value) -> Self {
        Self::with(200, json)
    }

    pub fn with(status: u16, json: Value) -> Self {
        Self {
            status,
            headers: Vec::new(),
            json,
            raw: None,
            delay: 0,
        }
    }

    pub fn error(status: u16, code: &str) -> Self {
        Self::with(
            status,
            json!({"error": code, "error_description": "In words."}),
        )
    }

    /// Replaces status and body, and keeps the headers.
    pub fn become_error(&mut self, status: u16, code: &str) {
        self.status = status;
        self.json = json!({"error": code, "error_description": "In words."});
    }

    pub fn set_header(&mut self, name: &str, value: &str) {
        self.remove_header(name);
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    pub fn remove_header(&mut self, name: &str) {
        self.headers.retain(|(known, _)| known != name);
    }
}

impl Seen {
    fn new(method: Method, uri: &http::Uri, headers: HeaderMap, body: Bytes) -> Self {
        let path = uri.path().strip_prefix("/bank/").unwrap_or_default();
        let mut segments = path.split('/').map(str::to_owned);
        let contract = match segments.next().as_deref() {
            Some("core-bank") => "core-bank",
            _ => "sign-in",
        };
        let segments: Vec<_> = segments.skip(1).collect();
        let query = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
        let mut seen = Self {
            operation: "",
            contract,
            query: query.into_owned().collect(),
            method,
            segments,
            headers,
            body,
            number: 0,
        };
        seen.operation = match contract {
            "core-bank" => super::core::operation(&seen),
            _ => super::sign_in::operation(&seen),
        };
        seen
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub fn parameter(&self, name: &str) -> Option<&str> {
        let mut query = self.query.iter();
        query
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    pub fn is(&self, operation: &str) -> bool {
        self.operation == operation
    }

    pub fn segment(&self, at: usize) -> &str {
        self.segments.get(at).map_or("", String::as_str)
    }
}
