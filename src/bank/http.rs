//! A bank over HTTP: the generated clients with what every call of theirs carries (certificate, token), a bound on the size of
//! what comes back, and repetition where the contract allows it. Whoever asks sets the time.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use progenitor_client::{ClientHooks, Error, OperationInfo};
use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::redirect;
use rustls::ClientConfig;
use secrecy::ExposeSecret;
use zeroize::Zeroizing;

use super::contract;
use crate::config::BankEndpoint;
use crate::generated::calls::MAX_ANSWER;
use crate::generated::core_bank::client::{Client as CoreBankHttp, CoreBankClient};
use crate::generated::sign_in::client::{Client as SignInHttp, SignInClient};
use crate::http::HttpClient;
use crate::keys::{FileProblem, read_secret_text};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a connection is kept for the next call.
const IDLE: Duration = Duration::from_secs(60);
/// Before the second and the third attempt.
const PAUSES: [Duration; 2] = [Duration::from_millis(50), Duration::from_millis(250)];

#[derive(Debug, thiserror::Error)]
pub enum BankSetupError {
    #[error("{0}.url is required")]
    Missing(&'static str),
    #[error("{section}.token_file: {problem}")]
    Token {
        section: &'static str,
        problem: String,
    },
}

/// `[bank.http]`: nothing is sent before it is needed.
pub fn core_bank(
    endpoint: &BankEndpoint,
    http: HttpClient,
) -> Result<CoreBankClient, BankSetupError> {
    let (url, connection) = connect("bank.http", endpoint, http)?;
    Ok(CoreBankClient(CoreBankHttp::new_with_client(
        &url,
        connection.http.current(),
        connection,
    )))
}

/// `[sign_in.http]`: nothing is sent before it is needed.
pub fn sign_in(endpoint: &BankEndpoint, http: HttpClient) -> Result<SignInClient, BankSetupError> {
    let (url, connection) = connect("sign_in.http", endpoint, http)?;
    Ok(SignInClient(SignInHttp::new_with_client(
        &url,
        connection.http.current(),
        connection,
    )))
}

/// What both contracts are asked with.
pub fn http_client(tls: ClientConfig) -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(IDLE)
        .no_proxy()
        .user_agent(concat!("izin/", env!("CARGO_PKG_VERSION")))
        .build()
}

/// The generated clients' inner value.
#[derive(Clone)]
pub struct Connection {
    section: &'static str,
    http: HttpClient,
    /// Read at every call, so that a new token needs no restart.
    token_file: Option<PathBuf>,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}

impl Connection {
    async fn authorization(&self) -> Result<Option<HeaderValue>, String> {
        let Some(path) = self.token_file.clone() else {
            return Ok(None);
        };
        let read = tokio::task::spawn_blocking(move || bearer(&path)).await;
        let read = read.unwrap_or_else(|error| Err(error.to_string()));
        let told = |problem| format!("{}.token_file: {problem}", self.section);
        read.map(Some).map_err(told)
    }
}

/// The header with the file's token.
fn bearer(path: &std::path::Path) -> Result<HeaderValue, String> {
    let token = read_secret_text(path).map_err(|problem: FileProblem| problem.to_string())?;
    let bearer = Zeroizing::new(format!("Bearer {}", token.expose_secret()));
    let bearer = HeaderValue::from_str(&bearer);
    let unusable = |_| format!("{}: it holds no token", path.display());
    let mut bearer = bearer.map_err(unusable)?;
    bearer.set_sensitive(true);
    Ok(bearer)
}

macro_rules! hooks {
    ($($client:ty),*) => { $(
        impl ClientHooks<Connection> for $client {
            async fn pre<E>(
                &self,
                request: &mut reqwest::Request,
                _operation: &OperationInfo,
            ) -> Result<(), Error<E>> {
                let authorization = self.inner.authorization().await.map_err(Error::Custom)?;
                // The generator adds the document's version; the address has it already.
                request.headers_mut().remove("api-version");
                if let Some(authorization) = authorization {
                    request.headers_mut().insert(AUTHORIZATION, authorization);
                }
                Ok(())
            }

            async fn exec(
                &self,
                request: reqwest::Request,
                operation: &OperationInfo,
            ) -> reqwest::Result<reqwest::Response> {
                let is_repeatable = contract::is_repeatable(operation.operation_id);
                let http = self.inner.http.current();
                let answer = exchange(&http, request, is_repeatable).await;
                // The address names the customer: not in a log.
                answer.map_err(reqwest::Error::without_url)
            }
        }
    )* };
}

hooks!(CoreBankHttp, SignInHttp);

/// Sends a request, and again if the answer was lost and it may be. A slow bank is not asked again: that makes it slower.
async fn exchange(
    http: &reqwest::Client,
    request: reqwest::Request,
    is_repeatable: bool,
) -> reqwest::Result<reqwest::Response> {
    if is_repeatable {
        for pause in PAUSES {
            let Some(copy) = request.try_clone() else {
                break;
            };
            match send(http, copy).await {
                Err(error) if !error.is_timeout() => tokio::time::sleep(pause).await,
                settled => return settled,
            }
        }
    }
    send(http, request).await
}

/// The whole answer, so that one cut off in the middle counts as lost.
async fn send(
    http: &reqwest::Client,
    request: reqwest::Request,
) -> reqwest::Result<reqwest::Response> {
    let mut response = http.execute(request).await?;
    let mut body = Vec::new();
    // One byte more than is allowed is enough to see that there is too much.
    while body.len() <= MAX_ANSWER
        && let Some(chunk) = response.chunk().await?
    {
        let room = (MAX_ANSWER + 1).saturating_sub(body.len());
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
    }
    let mut whole = http::Response::new(body);
    *whole.status_mut() = response.status();
    std::mem::swap(whole.headers_mut(), response.headers_mut());
    Ok(whole.into())
}

/// The address without the contract's path, and the inner value. The token is read once, so that what is wrong shows at once.
fn connect(
    section: &'static str,
    endpoint: &BankEndpoint,
    http: HttpClient,
) -> Result<(String, Connection), BankSetupError> {
    let url = endpoint.url.as_deref();
    let url = url.ok_or(BankSetupError::Missing(section))?;
    if let Some(path) = &endpoint.token_file {
        bearer(path).map_err(|problem| BankSetupError::Token { section, problem })?;
    }
    let connection = Connection {
        section,
        http,
        token_file: endpoint.token_file.clone(),
    };
    Ok((url.trim_end_matches('/').to_owned(), connection))
}
