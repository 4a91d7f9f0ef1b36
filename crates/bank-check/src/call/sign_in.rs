//! Honest calls of the contract `sign-in`.

use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Call, Contract, IDEMPOTENCY_KEY};

impl Call {
    pub(crate) fn sign_in_capabilities() -> Self {
        Self::sign_in("getCapabilities", Method::GET, "/capabilities")
    }

    pub(crate) fn phrase(username: &str) -> Self {
        Self::sign_in("lookUpPhrase", Method::POST, "/phrases").json(&json!({"username": username}))
    }

    pub(crate) fn password(username: &str, password: &str) -> Self {
        let body = json!({"username": username, "password": password});
        Self::sign_in("checkPassword", Method::POST, "/password-checks").json(&body)
    }

    /// Asks for a second factor of this method, for looking after consents.
    pub(crate) fn start(key: Uuid, sign_in_id: &str, method: &str) -> Self {
        let body = json!({
            "sign_in_id": sign_in_id,
            "method": method,
            "reason": "manage_consents",
            "language": "en",
        });
        Self::start_with(key, &body)
    }

    pub(crate) fn start_with(key: Uuid, body: &Value) -> Self {
        Self::sign_in("startSecondFactor", Method::POST, "/second-factors")
            .json(body)
            .header(IDEMPOTENCY_KEY, key.to_string())
    }

    pub(crate) fn challenge(challenge_id: &str, sign_in_id: &str) -> Self {
        let path = format!("/second-factors/{challenge_id}");
        Self::sign_in("getSecondFactor", Method::GET, &path).header("x-sign-in-id", sign_in_id)
    }

    pub(crate) fn code(body: &Value) -> Self {
        Self::sign_in("checkSecondFactor", Method::POST, "/second-factor-checks").json(body)
    }

    fn sign_in(operation: &'static str, method: Method, path: &str) -> Self {
        let path = format!("/sign-in/v1{path}");
        Self::new(Contract::SignIn, operation, method, path)
    }
}
