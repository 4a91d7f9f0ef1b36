//! The HTTP client towards PayNet and a reader that never takes more than it was told to.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::{CONTENT_TYPE, DATE};
use reqwest::{Client, redirect};
use rustls::ClientConfig;

use crate::http::{HttpClient, innermost_cause};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// PayNet's own bound on synchronous calls is five seconds (ADR 0001); ours is a little longer, so that
/// its late answer is still heard.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(8);

/// A key set may be wanted while PayNet waits for our answer to a data call, so a source that does not answer must not take all of
/// its five seconds.
const DOCUMENT_TIMEOUT: Duration = Duration::from_secs(3);

/// Redirects are never followed, and nothing goes out in plain text.
pub fn http_client(tls: ClientConfig) -> reqwest::Result<Client> {
    Client::builder()
        .tls_backend_preconfigured(tls)
        .https_only(true)
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(REQUEST_TIMEOUT)
        .user_agent(concat!("izin/", env!("CARGO_PKG_VERSION")))
        .build()
}

#[derive(Debug, Clone, thiserror::Error)]
pub enum FetchError {
    #[error("{0}")]
    Transport(String),
    #[error("the answer is {0:?} and not JSON")]
    MediaType(String),
    #[error("status {0}")]
    Status(u16),
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
}

/// A public document, and what its sender's clock said.
pub struct Document {
    pub body: Vec<u8>,
    pub date: StatedDate,
}

/// What the header `Date` of an answer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatedDate {
    /// Whole seconds.
    At(DateTime<Utc>),
    Missing,
    Unreadable,
}

/// Reads public documents (discovery, key sets).
#[derive(Clone)]
pub struct Fetcher {
    http: HttpClient,
}

impl Fetcher {
    pub fn new(http: HttpClient) -> Self {
        Self { http }
    }

    /// The JSON of a 200, at most `limit` bytes.
    pub async fn get(&self, url: &str, limit: usize) -> Result<Vec<u8>, FetchError> {
        Ok(self.get_dated(url, limit).await?.body)
    }

    /// The same with the time of the answer.
    pub async fn get_dated(&self, url: &str, limit: usize) -> Result<Document, FetchError> {
        let request = self.http.current().get(url).timeout(DOCUMENT_TIMEOUT);
        let response = request.send().await.map_err(transport)?;
        if response.status() != reqwest::StatusCode::OK {
            return Err(FetchError::Status(response.status().as_u16()));
        }
        check_media_type(&response)?;
        let date = date(&response);
        let body = read_bounded(response, limit).await?;
        Ok(Document { body, date })
    }
}

fn date(response: &reqwest::Response) -> StatedDate {
    let Some(stated) = response.headers().get(DATE) else {
        return StatedDate::Missing;
    };
    let date = stated.to_str().ok().map(DateTime::parse_from_rfc2822);
    match date {
        Some(Ok(date)) => StatedDate::At(date.to_utc()),
        _ => StatedDate::Unreadable,
    }
}

/// JSON of whatever kind (`application/json`, `application/jwk-set+json`), or nothing said.
fn check_media_type(response: &reqwest::Response) -> Result<(), FetchError> {
    let Some(stated) = response.headers().get(CONTENT_TYPE) else {
        return Ok(());
    };
    let stated = stated.to_str().unwrap_or_default().to_ascii_lowercase();
    let media_type = stated.split(';').next().unwrap_or_default().trim();
    if media_type == "application/json" || media_type.ends_with("+json") {
        Ok(())
    } else {
        Err(FetchError::MediaType(media_type.chars().take(80).collect()))
    }
}

/// Stops at `limit` bytes, whatever the length the other side announced.
pub async fn read_bounded(
    mut response: reqwest::Response,
    limit: usize,
) -> Result<Vec<u8>, FetchError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(transport)? {
        if body.len() + chunk.len() > limit {
            return Err(FetchError::TooLarge(limit));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// An error code for log and outbox: a short word, as codes are, or nothing of it.
pub fn loggable_code(code: Option<&str>) -> &str {
    const LONGEST: usize = 64;
    let is_word = |code: &&str| {
        (1..=LONGEST).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_graphic())
    };
    match code {
        None => "no error code",
        Some(code) => Some(code)
            .filter(is_word)
            .unwrap_or("an unreadable error code"),
    }
}

/// With the innermost cause, which is the one that helps; without the address's query.
pub fn transport(error: reqwest::Error) -> FetchError {
    let error = error.without_url();
    let cause = innermost_cause(&error);
    FetchError::Transport(format!("{error}: {cause}"))
}
