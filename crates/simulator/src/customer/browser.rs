//! The browser: requests with cookies, and redirects followed by hand.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::{HeaderMap, Method, header};
use url::{Host, Url};

use super::{CustomerError, cookies::Cookies, page::Page};
use crate::traffic::Traffic;

const MAX_REDIRECTS: usize = 10;

/// Like a real browser's, so that a provider that looks at it answers with a page.
const ACCEPT: &str = "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8";

/// One request and its answer, on the way to a page.
#[derive(Clone, Debug)]
pub struct Hop {
    pub method: Method,
    pub url: Url,
    pub status: u16,
    pub headers: HeaderMap,
    /// Where the answer redirects to, absolute.
    pub location: Option<Url>,
}

/// Clones share cookies and history; every page holds one, so that its forms can be sent.
#[derive(Clone, Debug)]
pub(super) struct Browser {
    http: reqwest::Client,
    language: String,
    memory: Arc<Mutex<Memory>>,
    traffic: Traffic,
}

#[derive(Debug, Default)]
struct Memory {
    cookies: Cookies,
    hops: Vec<Hop>,
    /// Hosts that an address was typed in for; with loopback, all that redirects are followed to.
    hosts: Vec<String>,
}

impl Browser {
    pub(super) fn new(http: reqwest::Client, language: &str) -> Self {
        Self {
            http,
            language: language.to_owned(),
            memory: Arc::default(),
            traffic: Traffic::default(),
        }
    }

    pub(super) fn counted_in(mut self, traffic: &Traffic) -> Self {
        self.traffic = traffic.clone();
        self
    }

    pub(super) fn speaking(mut self, language: &str) -> Self {
        language.clone_into(&mut self.language);
        self
    }

    pub(super) fn hops(&self) -> Vec<Hop> {
        self.memory().hops.clone()
    }

    pub(super) fn cookie(&self, host: &str, name: &str) -> Option<String> {
        self.memory().cookies.get(host, name).map(str::to_owned)
    }

    /// An address the customer was given.
    pub(super) async fn open(&self, url: &str) -> Result<Page, CustomerError> {
        let url = Url::parse(url)?;
        if let Some(host) = url.host_str() {
            self.memory().hosts.push(host.to_owned());
        }
        self.go(Method::GET, url, None).await
    }

    /// A link of a page that is open.
    pub(super) async fn follow(&self, url: Url) -> Result<Page, CustomerError> {
        self.go(Method::GET, url, None).await
    }

    pub(super) async fn post(
        &self,
        url: Url,
        fields: &[(String, String)],
    ) -> Result<Page, CustomerError> {
        self.go(Method::POST, url, Some(fields)).await
    }

    async fn go(
        &self,
        method: Method,
        url: Url,
        fields: Option<&[(String, String)]>,
    ) -> Result<Page, CustomerError> {
        let (mut hop, mut html) = self.request(method, url, fields).await?;
        for _ in 0..MAX_REDIRECTS {
            match self.next_address(&hop) {
                Some(next) => (hop, html) = self.request(Method::GET, next, None).await?,
                None => return Ok(Page::new(self.clone(), hop, html)),
            }
        }
        Err(CustomerError::TooManyRedirects(MAX_REDIRECTS))
    }

    /// A redirect that would repeat a form's fields elsewhere, or leave for a foreign host, is where the customer stays.
    fn next_address(&self, hop: &Hop) -> Option<Url> {
        let becomes_get = match hop.status {
            301..=303 => true,
            307 | 308 => hop.method == Method::GET,
            _ => false,
        };
        let next = hop.location.clone().filter(|_| becomes_get)?;
        let known = |host: &str| self.memory().hosts.iter().any(|one| one == host);
        let may_follow = is_loopback(&next) || next.host_str().is_some_and(known);
        may_follow.then_some(next)
    }

    async fn request(
        &self,
        method: Method,
        url: Url,
        fields: Option<&[(String, String)]>,
    ) -> Result<(Hop, String), CustomerError> {
        let mut request = self
            .http
            .request(method.clone(), url.clone())
            .header(header::ACCEPT, ACCEPT)
            .header(header::ACCEPT_LANGUAGE, &self.language);
        let cookies = self.memory().cookies.header(&url);
        if let Some(cookies) = cookies {
            request = request.header(header::COOKIE, cookies);
        }
        if let Some(fields) = fields {
            request = request.form(fields);
        }
        self.traffic.sent();
        let response = request.send().await?;
        let status = response.status().as_u16();
        self.traffic.answered(method.as_str(), url.as_str(), status);
        let hop = Hop {
            method,
            status,
            headers: response.headers().clone(),
            location: location(&url, response.headers()),
            url,
        };
        self.remember(&hop);
        Ok((hop, response.text().await?))
    }

    fn remember(&self, hop: &Hop) {
        let mut memory = self.memory();
        memory.cookies.store(&hop.url, &hop.headers);
        memory.hops.push(hop.clone());
    }

    /// A test that panicked under the lock has failed already; the others may go on.
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn location(url: &Url, headers: &HeaderMap) -> Option<Url> {
    let location = headers.get(header::LOCATION)?.to_str().ok()?;
    url.join(location).ok()
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
