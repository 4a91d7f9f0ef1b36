//! Any HTTP request with any client certificate of the PKI, over a connection of its own.

use bytes::Bytes;
use http::{HeaderMap, Method};
use serde_json::Value;

use super::ScenarioError;
use crate::{pki::Pki, simulator::Simulator, tls, traffic::Traffic};

/// A request under construction; nothing is added that was not asked for.
#[derive(Clone, Debug)]
pub struct RawRequest<'a> {
    pki: &'a Pki,
    method: Method,
    url: String,
    certificate: Option<String>,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    traffic: Traffic,
}

/// Whatever came back.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Simulator {
    /// Without a client certificate unless one is named. Redirects are not followed.
    pub fn request(&self, method: Method, url: impl Into<String>) -> RawRequest<'_> {
        RawRequest {
            traffic: self.traffic.clone(),
            ..RawRequest::new(&self.pki, method, url)
        }
    }
}

impl<'a> RawRequest<'a> {
    pub(crate) fn new(pki: &'a Pki, method: Method, url: impl Into<String>) -> Self {
        Self {
            pki,
            method,
            url: url.into(),
            certificate: None,
            headers: Vec::new(),
            body: Vec::new(),
            traffic: Traffic::default(),
        }
    }
}

impl RawRequest<'_> {
    /// Name of a certificate in the PKI, for example `other-client` or `rogue-client`.
    #[must_use]
    pub fn certificate(mut self, name: impl Into<String>) -> Self {
        self.certificate = Some(name.into());
        self
    }

    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    #[must_use]
    pub fn body(self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.content(body.into())
            .header("content-type", content_type)
    }

    /// A body whose type, if any, is among the headers.
    #[must_use]
    pub(crate) fn content(mut self, body: Vec<u8>) -> Self {
        self.body = body;
        self
    }

    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    #[must_use]
    pub fn form<V: AsRef<str>>(self, fields: &[(&str, V)]) -> Self {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields.iter().map(|(name, value)| (name, value.as_ref())))
            .finish();
        self.body("application/x-www-form-urlencoded", body)
    }

    /// An error means that nothing came back.
    pub async fn send(self) -> Result<Answer, ScenarioError> {
        let client = tls::client(self.pki, self.certificate.as_deref())?;
        let mut request = client.request(self.method.clone(), &self.url);
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        self.traffic.sent();
        let answer = request.body(self.body).send().await?;
        let status = answer.status().as_u16();
        self.traffic
            .answered(self.method.as_str(), &self.url, status);
        Ok(Answer {
            status,
            headers: answer.headers().clone(),
            body: answer.bytes().await?,
        })
    }
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Null if the body is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// `error` of the error body.
    pub fn error(&self) -> Option<String> {
        let error = self.json().get("error")?.as_str()?.to_owned();
        Some(error)
    }

    /// The first value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Status and error code, the two things most negative tests assert.
    pub fn refusal(&self) -> (u16, Option<String>) {
        (self.status, self.error())
    }
}
