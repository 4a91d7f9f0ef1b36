//! A bank's trait over HTTP: the demo bank as others would reach it, for trying out clients and the contract kit.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use poem::http::{HeaderName, header};
use poem::{Endpoint, EndpointExt, Error, Request, Response};
use poem_openapi::OpenApiService;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{BankError, DynCoreBank};
use crate::generated::core_bank::server::CoreBankRoutes;
use crate::generated::runtime::{Guard, Opened, Operation};
use crate::http::{ApiError, BoundListener, ErrorCode, Handshake, Traced, error_response};

/// Largest body in bytes, as the contract has it.
const MAX_BODY: usize = 64 * 1024;
const CONNECTIONS: usize = 256;
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A bank that is being served.
pub struct ServedBank {
    pub address: SocketAddr,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl ServedBank {
    /// `token` is the bearer token that callers must present; without one, whoever passes the handshake may call.
    pub async fn start(
        bank: Arc<dyn DynCoreBank>,
        address: SocketAddr,
        handshake: Handshake,
        token: Option<SecretString>,
    ) -> std::io::Result<Self> {
        let listener = BoundListener::bind(address, handshake, CONNECTIONS).await?;
        let address = listener.address();
        let stop = CancellationToken::new();
        let endpoint = Traced::new("bank", routes(bank, token)).boxed();
        let task = tokio::spawn(listener.serve(endpoint, stop.clone()));
        Ok(Self {
            address,
            stop,
            task,
        })
    }

    /// Lets requests under way finish.
    pub async fn stop(self) {
        self.stop.cancel();
        if let Err(error) = self.task.await {
            tracing::warn!(%error, "the served bank did not end cleanly");
        }
    }
}

/// The contract's operations behind a token.
pub(super) fn routes(
    bank: Arc<dyn DynCoreBank>,
    token: Option<SecretString>,
) -> impl Endpoint<Output = Response> {
    let guard = Arc::new(BankGuard { token });
    let routes = CoreBankRoutes::guarded(Arc::new(bank), guard);
    OpenApiService::new(routes, "core bank", "")
        .map_to_response()
        .around(echoing)
}

/// Gives `x-request-id` back, on errors too.
async fn echoing<E: Endpoint<Output = Response>>(
    next: Arc<E>,
    request: Request,
) -> poem::Result<Response> {
    let id = request.headers().get(&REQUEST_ID).cloned();
    let answer = next.call(request).await;
    let mut response = answer.unwrap_or_else(|error| refusal(&error));
    if let Some(id) = id {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    Ok(response)
}

fn refusal(error: &Error) -> Response {
    match error.downcast_ref::<BankError>() {
        Some(own) => poem::error::ResponseError::as_response(own),
        None => error_response(error),
    }
}

struct BankGuard {
    token: Option<SecretString>,
}

impl BankGuard {
    fn admits(&self, request: &Request) -> bool {
        let Some(token) = &self.token else {
            return true;
        };
        let presented = request
            .header(header::AUTHORIZATION)
            .and_then(|value| value.strip_prefix("Bearer "));
        presented.is_some_and(|presented| {
            presented
                .as_bytes()
                .ct_eq(token.expose_secret().as_bytes())
                .into()
        })
    }
}

impl Guard for BankGuard {
    type Call = ();

    async fn open(
        &self,
        _operation: &'static Operation,
        request: &mut Request,
        body: &Bytes,
    ) -> Result<Opened<()>, ApiError> {
        if !self.admits(request) {
            let unknown = "the token is missing or not known";
            return Err(ApiError::new(ErrorCode::InvalidClient, unknown));
        }
        if body.len() > MAX_BODY {
            let large = "the body is larger than 64 KiB";
            return Err(ApiError::new(ErrorCode::PayloadTooLarge, large));
        }
        Ok(Opened {
            call: (),
            body: None,
        })
    }

    async fn seal(
        &self,
        _operation: &'static Operation,
        _call: (),
        _plaintext: serde_json::Value,
    ) -> Result<Response, ApiError> {
        Err(ApiError::internal("nothing is sealed for a bank"))
    }

    fn refuse(&self, error: Error) -> Response {
        refusal(&error)
    }
}
