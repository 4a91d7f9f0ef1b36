//! PayNet's key set and the Data Consumers', answered from our own copies (ADR 0001, row "key sets"): a help for test suites that
//! look for them at the Data Provider. Written by hand, because in PayNet's document both operations are PayNet's; what is
//! generated for us is what we are responsible for.

use std::sync::Arc;

use poem::http::{Method, header};
use poem::{Endpoint, IntoResponse, Request, Response};

use crate::http::{ApiError, ErrorCode};
use crate::ids::DcId;
use crate::paynet::{KeyDirectory, Party};
use crate::trust::OfpGuard;

const PATH: &str = "/v1/oauth/jwks/";
const PAYNET: &str = "paynet";

/// Answers `GET /v1/oauth/jwks/paynet` and `/v1/oauth/jwks/{dc_id}`, and leaves everything else to `inner`.
pub struct Mirror<E> {
    pub guard: OfpGuard,
    pub inner: E,
    pub keys: Arc<KeyDirectory>,
}

impl<E: Endpoint<Output = Response>> Endpoint for Mirror<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let name = match request.uri().path().strip_prefix(PATH) {
            Some(name) if !name.contains('/') => name.to_owned(),
            _ => return self.inner.call(request).await,
        };
        let answer = self.answer(&request, &name).await;
        Ok(answer.unwrap_or_else(IntoResponse::into_response))
    }
}

impl<E> Mirror<E> {
    async fn answer(&self, request: &Request, name: &str) -> Result<Response, ApiError> {
        if request.method() != Method::GET {
            let told = "this method is not supported here";
            return Err(ApiError::new(ErrorCode::MethodNotAllowed, told));
        }
        self.guard.admit(request)?;
        let unknown = || ApiError::new(ErrorCode::NotFound, "nobody of this name has keys");
        let party = if name == PAYNET {
            Party::Paynet
        } else {
            Party::Consumer(DcId::parse(name).map_err(|_| unknown())?)
        };
        let set = self.keys.copy(&party).await;
        let set = set.map_err(|error| ApiError::unavailable(error).because("keys.unavailable"))?;
        if set.is_empty() {
            return Err(unknown());
        }
        Ok(Response::builder()
            .header(header::CONTENT_TYPE, "application/json")
            .body(serde_json::json!(*set).to_string()))
    }
}
