//! A Data Provider of a few lines: takes events, publishes its key, answers balances, and remembers what it saw.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use izin_jose::{Jwk, JwkSet, KeyUse};
use izin_simulator::{Pki, Signing};
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::WebPkiClientVerifier,
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

use crate::lab::now;

pub(crate) struct FakeProvider {
    pub(crate) webhooks_url: String,
    pub(crate) pages_url: String,
    shared: Arc<Shared>,
}

struct Shared {
    pki: Pki,
    seen: Mutex<Vec<Seen>>,
    refuse_events: Mutex<bool>,
}

/// A request that arrived.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).and_then(|v| v.to_str().ok());
        value.unwrap_or_default()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

impl FakeProvider {
    pub(crate) async fn start(pki: &Pki) -> Self {
        let shared = Arc::new(Shared {
            pki: pki.clone(),
            seen: Mutex::default(),
            refuse_events: Mutex::new(false),
        });
        let webhooks = TcpListener::bind("127.0.0.1:0").await.expect("a socket");
        let pages = TcpListener::bind("127.0.0.1:0").await.expect("a socket");
        let port = webhooks.local_addr().expect("an address").port();
        let provider = Self {
            webhooks_url: format!("https://localhost:{port}"),
            pages_url: format!("http://{}", pages.local_addr().expect("an address")),
            shared: Arc::clone(&shared),
        };
        let tls = TlsAcceptor::from(Arc::new(server_config(pki)));
        tokio::spawn(accept(webhooks, Some(tls), Arc::clone(&shared)));
        tokio::spawn(accept(pages, None, shared));
        provider
    }

    pub(crate) fn seen(&self, path: &str) -> Vec<Seen> {
        let seen = self.shared.seen.lock().expect("no panic under the lock");
        let of_path = seen.iter().filter(|one| one.path == path);
        of_path.cloned().collect()
    }

    pub(crate) fn refuse_events(&self) {
        *self.shared.refuse_events.lock().expect("no panic") = true;
    }
}

fn server_config(pki: &Pki) -> ServerConfig {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(pki, "ca") {
        roots.add(certificate).expect("an authority");
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let key = PrivateKeyDer::from_pem_slice(&pki.key("dp-server").expect("a key"));
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_client_cert_verifier(verifier.build().expect("a verifier"))
        .with_single_cert(certificates(pki, "dp-server"), key.expect("a key"))
        .expect("a configuration")
}

fn certificates(pki: &Pki, name: &str) -> Vec<CertificateDer<'static>> {
    let pem = pki.certificate(name).expect("a certificate");
    CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<_, _>>()
        .expect("PEM")
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        let (tls, shared) = (tls.clone(), Arc::clone(&shared));
        tokio::spawn(async move {
            match tls {
                None => serve(stream, shared).await,
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        serve(stream, shared).await;
                    }
                }
            }
        });
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static, shared: Arc<Shared>) {
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        let shared = Arc::clone(&shared);
        async move { Ok::<_, Infallible>(shared.answer(request).await) }
    });
    let builder = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
    // A client that hangs up is no concern of a test.
    let _ = builder
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

impl Shared {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.expect("a body").to_bytes();
        let seen = Seen {
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            headers: parts.headers,
            body,
        };
        let (status, body) = self.respond(&seen);
        self.seen.lock().expect("no panic").push(seen);
        let body = Full::new(Bytes::from(body.to_string()));
        let response = Response::builder()
            .status(status)
            .header("content-type", "application/json");
        response.body(body).expect("a response")
    }

    fn respond(&self, seen: &Seen) -> (u16, Value) {
        match seen.path.as_str() {
            "/v1/consents/events" if *self.refuse_events.lock().expect("no panic") => {
                (403, json!({"error": "Consent.Invalid"}))
            }
            "/v1/consents/events" => (200, json!({})),
            "/v1/health" => (200, json!({"status": "ok"})),
            "/v1/oauth/jwks" => (200, self.jwks()),
            "/v1/oauth/userinfo" => (200, json!({"sub": "c-1", "name": "Aminah"})),
            path if path.ends_with("/balances") => (200, self.balance(seen)),
            _ => (404, json!({"error": "invalid_request"})),
        }
    }

    fn jwks(&self) -> Value {
        let certificate = self.pki.certificate("dp-signing").expect("a certificate");
        let key = Jwk::from_certificate_pem(&certificate, KeyUse::Signature).expect("a key");
        serde_json::to_value(JwkSet::new([key]).expect("a set")).expect("JSON")
    }

    /// Encrypted for whoever the header says, signed for the first consumer.
    fn balance(&self, seen: &Seen) -> Value {
        let plaintext = json!({"data": {
            "account_id": "acc-1",
            "credit_lines_included": false,
            "current_balance": {
                "credit_debit_indicator": "credit", "amount": "12345.60", "currency": "MYR",
            },
        }});
        let certificate = self
            .pki
            .certificate("dc-encryption")
            .expect("a certificate");
        let key = Jwk::from_certificate_pem(&certificate, KeyUse::Encryption).expect("a key");
        let key = key.encryption_key().expect("an encryption key");
        assert_eq!(seen.header("x-enc-kid"), key.key_id().to_string());
        let sealed = key.encrypt(Some("JWT"), plaintext.to_string().as_bytes());
        let now = now();
        let claims = json!({
            "iss": "bank-contoh", "aud": ["Paynet OFP", "kira-budget"], "iat": now, "nbf": now,
            "exp": now + 300, "jti": uuid::Uuid::new_v4().to_string(),
            "data": sealed.expect("a JWE"),
        });
        let signed = Signing::by("dp-signing").sign(&self.pki, claims.to_string().as_bytes());
        json!({"status": "success", "error_message": "", "data": signed.expect("a JWS")})
    }
}
