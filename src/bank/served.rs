//! A bank's traits over HTTP: the demo bank as others would reach it, for trying out clients and the contract kit.

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
use crate::generated::sign_in::server::{DynSignIn, SignInRoutes};
use crate::http::{ApiError, BoundListener, ErrorCode, Handshake, Traced, error_response};

/// Largest body in bytes, as the contracts have it.
const MAX_CORE_BODY: usize = 64 * 1024;
const MAX_SIGN_IN_BODY: usize = 16 * 1024;
const SIGN_IN_PATH: &str = "/sign-in/";
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
        core: Arc<dyn DynCoreBank>,
        sign_in: Arc<dyn DynSignIn>,
        address: SocketAddr,
        handshake: Handshake,
        token: Option<SecretString>,
    ) -> std::io::Result<Self> {
        let listener = BoundListener::bind(address, handshake, CONNECTIONS).await?;
        let address = listener.address();
        let stop = CancellationToken::new();
        let endpoint = Traced::new("bank", routes(core, sign_in, token)).boxed();
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

/// The operations of both contracts behind a token.
pub(super) fn routes(
    core: Arc<dyn DynCoreBank>,
    sign_in: Arc<dyn DynSignIn>,
    token: Option<SecretString>,
) -> impl Endpoint<Output = Response> {
    let guard = Arc::new(BankGuard { token });
    let core = CoreBankRoutes::guarded(Arc::new(core), guard.clone());
    let sign_in = SignInRoutes::guarded(Arc::new(sign_in), guard);
    // One service each: both have an operation of the same id.
    let core = OpenApiService::new(core, "core bank", "").map_to_response();
    let sign_in = OpenApiService::new(sign_in, "sign-in", "").map_to_response();
    let (core, sign_in) = (Arc::new(core), Arc::new(sign_in));
    let both = move |request: Request| {
        let (core, sign_in) = (core.clone(), sign_in.clone());
        async move {
            if request.uri().path().starts_with(SIGN_IN_PATH) {
                sign_in.call(request).await
            } else {
                core.call(request).await
            }
        }
    };
    poem::endpoint::make(both).around(echoing)
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
        operation: &'static Operation,
        request: &mut Request,
        body: &Bytes,
    ) -> Result<Opened<()>, ApiError> {
        if !self.admits(request) {
            let unknown = "the token is missing or not known";
            return Err(ApiError::new(ErrorCode::InvalidClient, unknown));
        }
        let limit = if operation.path.starts_with(SIGN_IN_PATH) {
            MAX_SIGN_IN_BODY
        } else {
            MAX_CORE_BODY
        };
        if body.len() > limit {
            let large = format!("the body is larger than {} KiB", limit / 1024);
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
