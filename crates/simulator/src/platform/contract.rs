//! The document enforced: for every operation that Data Providers call, requests made from the document itself. What is as
//! documented reaches the handler; whatever breaks one constraint does not, and no status leaves that the document does not name.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use izin_codegen::probes::{Probe, misjudged};
use poem::{Endpoint, EndpointExt, Request, Response, http::StatusCode};
use poem_openapi::OpenApiService;
use serde_json::Value;

use super::{
    error::{ApiError, refuse},
    form::parse_form,
    guard::{ProviderCall, PublicCall, TokenCall},
};
use crate::{
    generated::{
        ofp_dp::{
            DOCUMENT,
            server::{
                GetConsumerJwksParams, IssueTokenParams, OPERATIONS, OfpPlatform,
                OfpPlatformRoutes, RetrieveConsentParams, RevokeConsentParams, UpdateConsentParams,
            },
            types,
        },
        runtime::{Guard, Opened, Operation},
    },
    listener::Peer,
};

/// What every handler here answers, so that a request which reached one can be told from one that was refused before.
const REACHED: StatusCode = StatusCode::SERVICE_UNAVAILABLE;

struct Reached;

fn reached<T>() -> Result<T, ApiError> {
    Err(ApiError::provider_unavailable("the handler was reached"))
}

impl OfpPlatform for Reached {
    async fn get_openid_configuration(
        &self,
        _: PublicCall,
    ) -> Result<types::OpenidConfiguration, ApiError> {
        reached()
    }

    async fn get_paynet_jwks(&self, _: PublicCall) -> Result<types::JwkSet, ApiError> {
        reached()
    }

    async fn get_consumer_jwks(
        &self,
        _: PublicCall,
        _: GetConsumerJwksParams,
    ) -> Result<types::JwkSet, ApiError> {
        reached()
    }

    async fn issue_token(
        &self,
        _: TokenCall,
        _: IssueTokenParams,
        _: types::TokenRequest,
    ) -> Result<types::TokenResponse, ApiError> {
        reached()
    }

    async fn update_consent(
        &self,
        _: ProviderCall,
        _: UpdateConsentParams,
        _: types::ConsentUpdate,
    ) -> Result<types::Empty, ApiError> {
        reached()
    }

    async fn retrieve_consent(
        &self,
        _: ProviderCall,
        _: RetrieveConsentParams,
    ) -> Result<types::Consent, ApiError> {
        reached()
    }

    async fn revoke_consent(
        &self,
        _: ProviderCall,
        _: RevokeConsentParams,
        _: types::ConsentRevocation,
    ) -> Result<types::Consent, ApiError> {
        reached()
    }
}

/// Trusts everybody: only the document is tested here.
struct OpenDoor;

impl Guard for OpenDoor {
    type Call = ();

    async fn open(
        &self,
        _: &'static Operation,
        request: &mut Request,
        _: &Bytes,
    ) -> Result<Opened<()>, ApiError> {
        let extensions = request.extensions_mut();
        extensions.insert(PublicCall);
        extensions.insert(TokenCall {
            form: parse_form(b"")?,
            peer: Peer { certificate: None },
        });
        extensions.insert(ProviderCall {
            dp_id: "bank-contoh".to_owned(),
            interaction_id: None,
            body: Value::Null,
        });
        Ok(Opened {
            call: (),
            body: None,
        })
    }

    async fn seal(&self, _: &'static Operation, (): (), _: Value) -> Result<Response, ApiError> {
        reached()
    }

    fn refuse(&self, error: poem::Error) -> Response {
        refuse(error)
    }
}

fn request(probe: &Probe) -> Request {
    let mut request = Request::builder()
        .method(probe.method.parse().unwrap())
        .uri_str(&probe.uri);
    for (name, value) in &probe.headers {
        request = request.header(name, value);
    }
    match &probe.body {
        None => request.finish(),
        Some((media, content)) => request.content_type(media).body(content.clone()),
    }
}

#[tokio::test]
async fn every_documented_constraint_is_enforced() {
    let routes = OfpPlatformRoutes::guarded(Arc::new(Reached), Arc::new(OpenDoor));
    let service = OpenApiService::new(routes, "", "").map_to_response();
    let ids: Vec<&str> = OPERATIONS.iter().map(|operation| operation.id).collect();
    let operation = |id: &str| OPERATIONS.iter().find(|it| it.id == id).unwrap();
    let asked = AtomicUsize::new(0);
    let serve = async |probe: &Probe| {
        asked.fetch_add(1, Ordering::Relaxed);
        let response = service.get_response(request(probe)).await;
        response.status().as_u16()
    };
    let documents = |id: &str, status| operation(id).documents(status);
    let wrong = misjudged(DOCUMENT, &ids, REACHED.as_u16(), serve, documents);
    let (wrong, asked) = (wrong.await.unwrap(), asked.into_inner());
    assert!(wrong.is_empty(), "{} of {asked}: {wrong:#?}", wrong.len());
    assert!(asked > 50, "only {asked} requests were made");
}
