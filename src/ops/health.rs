//! `GET /health`: the process lives. Restart it when this fails.

use poem::handler;
use poem::web::Json;
use serde_json::{Value, json};

#[handler]
pub fn health() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}
