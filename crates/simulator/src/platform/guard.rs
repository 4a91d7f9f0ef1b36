//! Who may call the platform's operations: everybody, a client with a certificate, or a provider with a token bound to one.

use std::sync::Arc;

use bytes::Bytes;
use poem::{Request, Response, http::StatusCode};
use serde_json::Value;

use super::{
    Platform,
    error::{ApiError, refuse},
    form::{Form, parse_form, peer},
    state::Holder,
};
use crate::{
    generated::runtime::{Guard, Opened, Operation},
    listener::Peer,
};

/// What an operation demands of its caller; named per operation in `codegen.toml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RequestProof {
    /// A bearer token over the certificate it was issued to.
    AccessToken,
    /// A client certificate and client authentication in the form.
    ClientCertificate,
    Public,
}

/// Context of operations that anybody may call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PublicCall;

/// Context of the token endpoint. The form is read here, because a repeated field must be refused and a parsed body cannot show one.
#[derive(Clone, Debug)]
pub(crate) struct TokenCall {
    pub(crate) form: Form,
    pub(crate) peer: Peer,
}

/// Context of a provider whose token and certificate were checked.
#[derive(Clone, Debug)]
pub(crate) struct ProviderCall {
    pub(crate) dp_id: String,
    pub(crate) interaction_id: Option<String>,
    /// The body as it came, for the record.
    pub(crate) body: Value,
}

pub(crate) struct PlatformGuard(pub(crate) Arc<Platform>);

impl Guard for PlatformGuard {
    type Call = ();

    async fn open(
        &self,
        operation: &'static Operation,
        request: &mut Request,
        body: &Bytes,
    ) -> Result<Opened<()>, ApiError> {
        match operation.signature {
            RequestProof::Public => {
                request.extensions_mut().insert(PublicCall);
            }
            RequestProof::ClientCertificate => {
                let call = TokenCall {
                    form: parse_form(body)?,
                    peer: peer(request),
                };
                request.extensions_mut().insert(call);
            }
            RequestProof::AccessToken => {
                let call = self.provider_call(request, body)?;
                request.extensions_mut().insert(call);
            }
        }
        Ok(Opened {
            call: (),
            body: None,
        })
    }

    async fn seal(
        &self,
        operation: &'static Operation,
        _call: (),
        _plaintext: Value,
    ) -> Result<Response, ApiError> {
        // Nothing the platform answers is declared as sealed.
        Err(ApiError::server_error(format!(
            "{} is not to be sealed",
            operation.id
        )))
    }

    fn refuse(&self, error: poem::Error) -> Response {
        refuse(error)
    }
}

impl PlatformGuard {
    fn provider_call(&self, request: &Request, body: &Bytes) -> Result<ProviderCall, ApiError> {
        let Holder::Provider { dp_id } = self.0.token_holder(request)? else {
            return Err(ApiError::new(
                StatusCode::FORBIDDEN,
                "access_denied",
                "only Data Providers may do this",
            ));
        };
        let interaction_id = request.header("x-fapi-interaction-id").map(str::to_owned);
        let body = if body.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(body)
                .map_err(|_| ApiError::invalid_request("the body is not JSON"))?
        };
        Ok(ProviderCall {
            dp_id,
            interaction_id,
            body,
        })
    }
}
