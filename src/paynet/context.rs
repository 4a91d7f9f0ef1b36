//! What every generated call to PayNet carries: the bearer token, an interaction id, and the method that the wire profile
//! says.

use std::fmt;
use std::sync::Arc;

use progenitor_client::{ClientHooks, ClientInfo, Error, OperationInfo};
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use secrecy::ExposeSecret;
use uuid::Uuid;

use super::token::TokenSource;
use crate::config::UpdateMethod;
use crate::generated::ofp_dp::client::Client;
use crate::secret::Secret;

const INTERACTION_ID: HeaderName = HeaderName::from_static("x-fapi-interaction-id");

/// The generated client's inner value.
#[derive(Clone)]
pub struct ClientContext {
    tokens: Arc<TokenSource>,
    update_method: UpdateMethod,
}

impl ClientContext {
    pub(super) fn new(tokens: Arc<TokenSource>, update_method: UpdateMethod) -> Self {
        Self {
            tokens,
            update_method,
        }
    }
}

impl fmt::Debug for ClientContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientContext").finish_non_exhaustive()
    }
}

impl ClientHooks<ClientContext> for Client {
    async fn pre<E>(
        &self,
        request: &mut reqwest::Request,
        _: &OperationInfo,
    ) -> Result<(), Error<E>> {
        let custom = |problem: String| Error::Custom(problem);
        let token = self
            .inner()
            .tokens
            .bearer()
            .await
            .map_err(|error| custom(error.to_string()))?;
        let bearer = Secret::from(format!("Bearer {}", token.expose_secret()));
        let mut bearer = HeaderValue::from_str(bearer.expose())
            .map_err(|_| custom("the access token is not a header value".to_owned()))?;
        bearer.set_sensitive(true);
        // Update Consent is the one PATCH of the document; PayNet's texts also call it a POST (ADR 0001).
        if self.inner().update_method == UpdateMethod::Post && request.method() == Method::PATCH {
            *request.method_mut() = Method::POST;
        }
        let headers = request.headers_mut();
        // The generator adds the document's version, which PayNet does not know.
        headers.remove("api-version");
        headers.insert(AUTHORIZATION, bearer);
        if !headers.contains_key(&INTERACTION_ID)
            && let Ok(value) = HeaderValue::from_str(&Uuid::new_v4().to_string())
        {
            headers.insert(INTERACTION_ID, value);
        }
        Ok(())
    }
}
