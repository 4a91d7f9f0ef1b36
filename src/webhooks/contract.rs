//! The document enforced: for every operation that PayNet calls, requests made from the document itself. What is as documented
//! reaches the handler; whatever breaks one constraint does not, and no status leaves that the document does not name.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use izin_codegen::probes::{Probe, misjudged};
use poem::http::StatusCode;
use poem::{Endpoint, EndpointExt, Request, Response};
use poem_openapi::OpenApiService;
use serde_json::Value;

use crate::generated::ofp_dp::server::{
    AuthorizeOutput, AuthorizeParams, GetAccountBalancesParams, GetAccountParams,
    GetAccountTransactionsParams, GetHealthParams, GetUserinfoParams, OPERATIONS, OfpWebhooks,
    OfpWebhooksRoutes, ReceiveConsentEventParams,
};
use crate::generated::ofp_dp::{DOCUMENT, types};
use crate::generated::runtime::{Guard, Opened, Operation};
use crate::http::{ApiError, InteractionId, error_response};
use crate::ids::{ConsentId, DcId};
use crate::trust::{AccountCall, AuthorizeCall, EventCall, PublicCall, UserinfoCall};

/// What every handler here answers, so that a request which reached one can be told from one that was refused before.
const REACHED: StatusCode = StatusCode::SERVICE_UNAVAILABLE;

struct Reached;

fn reached<T>() -> Result<T, ApiError> {
    Err(ApiError::unavailable("the handler was reached"))
}

impl OfpWebhooks for Reached {
    async fn authorize(
        &self,
        _: AuthorizeCall,
        _: AuthorizeParams,
    ) -> Result<AuthorizeOutput, ApiError> {
        reached()
    }

    async fn get_userinfo(
        &self,
        _: UserinfoCall,
        _: GetUserinfoParams,
    ) -> Result<types::UserInfo, ApiError> {
        reached()
    }

    async fn get_provider_jwks(&self, _: PublicCall) -> Result<types::JwkSet, ApiError> {
        reached()
    }

    async fn get_health(
        &self,
        _: PublicCall,
        _: GetHealthParams,
    ) -> Result<types::Health, ApiError> {
        reached()
    }

    async fn receive_consent_event(
        &self,
        _: EventCall,
        _: ReceiveConsentEventParams,
        _: types::ConsentEvent,
    ) -> Result<types::Empty, ApiError> {
        reached()
    }

    async fn get_account(
        &self,
        _: AccountCall,
        _: GetAccountParams,
    ) -> Result<types::AccountData, ApiError> {
        reached()
    }

    async fn get_account_balances(
        &self,
        _: AccountCall,
        _: GetAccountBalancesParams,
    ) -> Result<types::BalanceData, ApiError> {
        reached()
    }

    async fn get_account_transactions(
        &self,
        _: AccountCall,
        _: GetAccountTransactionsParams,
    ) -> Result<types::TransactionsData, ApiError> {
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
        body: &Bytes,
    ) -> Result<Opened<()>, ApiError> {
        let invalid = |_| ApiError::internal("a test's own id");
        let consent_id = ConsentId::parse("consent").map_err(invalid)?;
        let extensions = request.extensions_mut();
        extensions.insert(PublicCall);
        extensions.insert(AuthorizeCall {
            consent_id: consent_id.clone(),
        });
        extensions.insert(UserinfoCall {
            consent_id: consent_id.clone(),
            interaction_id: InteractionId::fresh(),
        });
        extensions.insert(EventCall {
            signed_bytes: body.clone(),
        });
        extensions.insert(AccountCall {
            consent_id,
            dc_id: DcId::parse("kira-budget").map_err(invalid)?,
            interaction_id: InteractionId::fresh(),
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
        error_response(&error)
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
    let routes = OfpWebhooksRoutes::guarded(Arc::new(Reached), Arc::new(OpenDoor));
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
    assert!(asked > 100, "only {asked} requests were made");
}
