//! Two editions in one process. The drill builds and runs this in a copy of the package.

#[path = "../generated/mod.rs"]
mod generated;

use std::sync::Arc;

use bytes::Bytes;
use generated::runtime::{Guard, Opened, Operation};
use generated::{ofp_1_2_2 as old, ofp_1_3_0 as new};
use poem::error::ResponseError;
use poem::http::StatusCode;
use poem::{Endpoint, EndpointExt, Request, Response, Route};
use poem_openapi::OpenApiService;

/// How the operations of both editions are signed: not at all.
#[derive(Debug)]
pub enum Signature {
    Nothing,
}

#[derive(Clone)]
pub struct Call;

/// Inner type of both clients.
#[derive(Clone, Debug)]
pub struct Context;

impl progenitor_client::ClientHooks<Context> for old::client::Client {}
impl progenitor_client::ClientHooks<Context> for new::client::Client {}

#[derive(Debug, thiserror::Error)]
#[error("refused")]
pub struct Refusal;

impl ResponseError for Refusal {
    fn status(&self) -> StatusCode {
        StatusCode::FORBIDDEN
    }
}

struct Bank;

impl old::server::OfpWebhooks for Bank {
    async fn get_health(
        &self,
        _call: Call,
        _params: old::server::GetHealthParams,
    ) -> Result<old::types::Health, Refusal> {
        Ok(old::types::Health {
            status: Some("ok".into()),
        })
    }
}

impl new::server::OfpWebhooks for Bank {
    async fn get_health(
        &self,
        _call: Call,
        _params: new::server::GetHealthParams,
    ) -> Result<new::types::Health, Refusal> {
        Ok(new::types::Health {
            status: Some("ok".into()),
        })
    }

    async fn get_account_statement(
        &self,
        _call: Call,
        _params: new::server::GetAccountStatementParams,
    ) -> Result<new::types::BalanceData, Refusal> {
        let amount = serde_json::json!({
            "amount": "1.00", "currency": "MYR", "credit_debit_indicator": "credit"
        });
        let balance = serde_json::json!({
            "account_id": "a", "credit_lines_included": false, "current_balance": amount
        });
        serde_json::from_value(serde_json::json!({ "data": balance })).map_err(|_| Refusal)
    }
}

/// Lets everybody in and seals nothing.
struct Open;

impl Guard for Open {
    type Call = ();

    async fn open(
        &self,
        _operation: &'static Operation,
        request: &mut Request,
        _body: &Bytes,
    ) -> Result<Opened<()>, Refusal> {
        request.extensions_mut().insert(Call);
        Ok(Opened {
            call: (),
            body: None,
        })
    }

    async fn seal(
        &self,
        _operation: &'static Operation,
        _call: (),
        plaintext: serde_json::Value,
    ) -> Result<Response, Refusal> {
        Ok(plaintext.to_string().into())
    }

    fn refuse(&self, error: poem::Error) -> Response {
        error.into_response()
    }
}

#[tokio::main]
async fn main() {
    let (bank, guard) = (Arc::new(Bank), Arc::new(Open));
    let before = old::server::OfpWebhooksRoutes::guarded(bank.clone(), guard.clone());
    let now = new::server::OfpWebhooksRoutes::guarded(bank, guard);
    let app = Route::new()
        .nest("/1.2.2", OpenApiService::new(before, "OFP", old::VERSION))
        .nest("/1.3.0", OpenApiService::new(now, "OFP", new::VERSION))
        .map_to_response();
    for (name, path) in [
        ("health", "/v1/health"),
        ("statement", "/v1/accounts/a/statement"),
    ] {
        for edition in [old::VERSION, new::VERSION] {
            let address = format!("/{edition}{path}").parse().expect("an address");
            let request = Request::builder().uri(address).finish();
            let status = app.get_response(request).await.status();
            println!("{edition} {name} {}", status.as_u16());
        }
    }
}
