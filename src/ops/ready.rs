//! `GET /ready`: the database answers, so requests can be served. Send no traffic while this fails.

use std::sync::Arc;
use std::time::Duration;

use poem::handler;
use poem::web::{Data, Json};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::Ops;
use crate::http::ApiError;

/// Load balancers do not wait long, and a database this slow serves nobody.
const PATIENCE: Duration = Duration::from_secs(2);

#[handler]
pub async fn ready(ops: Data<&Arc<Ops>>) -> poem::Result<Json<Value>> {
    match timeout(PATIENCE, ops.store.ping()).await {
        Ok(Ok(())) => Ok(Json(json!({ "status": "ready" }))),
        Ok(Err(error)) => Err(ApiError::unavailable(error).into()),
        Err(_) => Err(ApiError::unavailable("the database takes too long").into()),
    }
}
