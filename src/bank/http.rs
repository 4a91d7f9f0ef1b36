//! A bank over HTTP: the generated clients with what every call of theirs carries (certificate, token), a bound on the size of
//! what comes back, and repetition where the contract allows it. Whoever asks sets the time.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use progenitor_client::{ClientHooks, Error, OperationInfo};
use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{Certificate, Identity, redirect};

use super::contract;
use crate::config::BankEndpoint;
use crate::generated::calls::MAX_ANSWER;
use crate::generated::core_bank::client::{Client as CoreBankHttp, CoreBankClient};
use crate::generated::sign_in::client::{Client as SignInHttp, SignInClient};
use crate::http::innermost_cause;
use crate::secret::Secret;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a connection is kept for the next call.
const IDLE: Duration = Duration::from_secs(60);
/// Before the second and the third attempt.
const PAUSES: [Duration; 2] = [Duration::from_millis(50), Duration::from_millis(250)];

#[derive(Debug, thiserror::Error)]
pub enum BankSetupError {
    #[error("{path}: {problem}")]
    File {
        path: String,
        problem: std::io::Error,
    },
    #[error("{0}.url is required")]
    Missing(&'static str),
    #[error("{path}: there is no certificate (PEM) in it", path = path.display())]
    NoCertificate { path: PathBuf },
    #[error("{section}.token_file {problem}")]
    Token {
        section: &'static str,
        problem: String,
    },
    #[error("{section}: {what} cannot be used: {cause}")]
    Tls {
        section: &'static str,
        what: &'static str,
        cause: String,
    },
}

/// `[bank.http]`: nothing is sent before it is needed.
pub fn core_bank(endpoint: &BankEndpoint) -> Result<CoreBankClient, BankSetupError> {
    let (url, http, connection) = connect("bank.http", endpoint)?;
    Ok(CoreBankClient(CoreBankHttp::new_with_client(
        &url, http, connection,
    )))
}

/// `[sign_in.http]`: nothing is sent before it is needed.
pub fn sign_in(endpoint: &BankEndpoint) -> Result<SignInClient, BankSetupError> {
    let (url, http, connection) = connect("sign_in.http", endpoint)?;
    Ok(SignInClient(SignInHttp::new_with_client(
        &url, http, connection,
    )))
}

/// The generated clients' inner value.
#[derive(Clone)]
pub struct Connection {
    section: &'static str,
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
        let Some(path) = &self.token_file else {
            return Ok(None);
        };
        let token = tokio::fs::read_to_string(path).await;
        let bearer = Self::bearer(path, token.map(Secret::from));
        bearer
            .map(Some)
            .map_err(|problem| format!("{}.token_file {problem}", self.section))
    }

    /// The header, from what was read of the file.
    fn bearer(path: &Path, token: std::io::Result<Secret>) -> Result<HeaderValue, String> {
        let at = |problem: &str| format!("{}: {problem}", path.display());
        let token = token.map_err(|problem| at(&problem.to_string()))?;
        let token = token.expose().trim();
        if token.is_empty() {
            return Err(at("it is empty"));
        }
        let bearer = Secret::from(format!("Bearer {token}"));
        let bearer = HeaderValue::from_str(bearer.expose());
        let mut bearer = bearer.map_err(|_| at("it holds no token"))?;
        bearer.set_sensitive(true);
        Ok(bearer)
    }
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
                let answer = exchange(&self.client, request, is_repeatable).await;
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

fn connect(
    section: &'static str,
    endpoint: &BankEndpoint,
) -> Result<(String, reqwest::Client, Connection), BankSetupError> {
    let url = endpoint.url.as_deref();
    let url = url.ok_or(BankSetupError::Missing(section))?;
    let mut builder = reqwest::Client::builder()
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(IDLE)
        .no_proxy()
        .user_agent(concat!("izin/", env!("CARGO_PKG_VERSION")));
    let tls = |what| {
        move |problem: reqwest::Error| BankSetupError::Tls {
            section,
            what,
            cause: innermost_cause(&problem).to_string(),
        }
    };
    if let Some(path) = &endpoint.server_ca {
        let authorities = Certificate::from_pem_bundle(&read(path)?);
        let authorities = authorities.map_err(tls("server_ca"))?;
        if authorities.is_empty() {
            return Err(BankSetupError::NoCertificate { path: path.clone() });
        }
        builder = builder.tls_certs_only(authorities);
    }
    let identity = "client_certificate with client_private_key";
    if let (Some(certificate), Some(key)) =
        (&endpoint.client_certificate, &endpoint.client_private_key)
    {
        let pem = [read(certificate)?, read(key)?].concat();
        builder = builder.identity(Identity::from_pem(&pem).map_err(tls(identity))?);
    }
    let http = builder.build().map_err(tls(identity))?;
    let connection = Connection {
        section,
        token_file: endpoint.token_file.clone(),
    };
    if let Some(path) = &endpoint.token_file {
        let token = std::fs::read_to_string(path);
        Connection::bearer(path, token.map(Secret::from))
            .map_err(|problem| BankSetupError::Token { section, problem })?;
    }
    Ok((url.trim_end_matches('/').to_owned(), http, connection))
}

fn read(path: &Path) -> Result<Vec<u8>, BankSetupError> {
    std::fs::read(path).map_err(|problem| BankSetupError::File {
        path: path.display().to_string(),
        problem,
    })
}
