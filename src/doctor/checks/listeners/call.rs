//! One GET to ourselves.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use izin_jose::KeyId;
use openssl::x509::X509;
use reqwest::header::{ACCEPT, HeaderMap};
use reqwest::{Client, ClientBuilder, Url, redirect};
use rustls::ClientConfig;
use rustls::pki_types::CertificateDer;
use rustls::sign::CertifiedKey;

use super::from_here;
use crate::http::{Pinned, innermost_cause};
use crate::keys::CertificateFacts;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const TIMEOUT: Duration = Duration::from_secs(6);
const MAX_BYTES: usize = 512 * 1024;

/// An answer, whatever its status.
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

/// No answer, in words.
pub struct NoAnswer {
    pub why: String,
    pub is_timeout: bool,
}

/// By which certificate ourselves are known, and what was presented instead.
pub struct Ourselves {
    pinned: Arc<Pinned>,
    expected: CertificateDer<'static>,
}

impl Ourselves {
    pub fn known_by(certificate: &[u8]) -> Self {
        let expected = CertificateDer::from(certificate.to_vec());
        Self {
            pinned: Pinned::new(expected.clone()),
            expected,
        }
    }

    /// With `key` as the client certificate, if there is one. With `at`, the host of `url` is taken to be there.
    pub async fn get(
        &self,
        url: &str,
        at: Option<SocketAddr>,
        key: Option<Arc<CertifiedKey>>,
    ) -> Result<Answer, NoAnswer> {
        let tls = self.pinned.client_config(key);
        let tls = tls.map_err(|problem| no_answer(problem.to_string()))?;
        get(url, at, Some(tls)).await
    }

    /// What was presented in the last handshake, if it was something else.
    pub fn somebody_else(&self) -> Option<String> {
        let presented = self.pinned.presented()?.certificate;
        if presented == self.expected {
            return None;
        }
        let read = X509::from_der(&presented);
        let name = read.map(|other| CertificateFacts::short_name(other.subject_name()));
        let name = name.unwrap_or_else(|_| "unreadable".into());
        Some(format!("{name}, {}", KeyId::of_certificate(&presented)))
    }

    /// Whether our certificate was presented in the last handshake, by somebody who has its key.
    pub fn is_met(&self) -> bool {
        self.was_ours() == Some(true)
    }

    /// Whether our certificate was presented in the last handshake without proof of its key.
    pub fn is_imitated(&self) -> bool {
        self.was_ours() == Some(false)
    }

    /// Of our certificate, whether the key was there.
    fn was_ours(&self) -> Option<bool> {
        let presented = self.pinned.presented()?;
        (presented.certificate == self.expected).then_some(presented.is_proved)
    }

    /// DER.
    pub fn certificate(&self) -> &[u8] {
        &self.expected
    }

    pub fn subject(&self) -> String {
        let read = X509::from_der(&self.expected);
        read.map_or_else(
            |_| "?".into(),
            |own| CertificateFacts::short_name(own.subject_name()),
        )
    }
}

/// With the authorities of this system unless `tls` says otherwise.
pub async fn get(
    url: &str,
    at: Option<SocketAddr>,
    tls: Option<ClientConfig>,
) -> Result<Answer, NoAnswer> {
    let mut builder = Client::builder();
    if let Some(tls) = tls {
        builder = builder.tls_backend_preconfigured(tls);
    }
    let client = located(builder, url, at)
        .redirect(redirect::Policy::none())
        .no_proxy()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(TIMEOUT)
        .user_agent(concat!("izin/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|problem| no_answer(problem.to_string()))?;
    // As a browser: the customers' listener then answers with pages.
    let request = client.get(url).header(ACCEPT, "text/html, */*;q=0.5");
    let mut response = request.send().await.map_err(lost)?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(lost)? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_BYTES {
            return Err(no_answer(format!(
                "the answer is larger than {MAX_BYTES} bytes"
            )));
        }
    }
    Ok(Answer {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        body,
    })
}

fn located(builder: ClientBuilder, url: &str, at: Option<SocketAddr>) -> ClientBuilder {
    let url = Url::parse(url).ok();
    let host = url.as_ref().and_then(Url::domain);
    match (host, at) {
        (Some(host), Some(at)) => builder.resolve(host, from_here(at)),
        _ => builder,
    }
}

fn lost(error: reqwest::Error) -> NoAnswer {
    let is_timeout = error.is_timeout();
    let error = error.without_url();
    NoAnswer {
        why: innermost_cause(&error).to_string(),
        is_timeout,
    }
}

fn no_answer(why: String) -> NoAnswer {
    NoAnswer {
        why,
        is_timeout: false,
    }
}
