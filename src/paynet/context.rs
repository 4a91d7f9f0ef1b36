//! What every generated call to PayNet carries: the bearer token and an interaction id.

use std::fmt;
use std::sync::Arc;

use progenitor_client::{ClientHooks, ClientInfo, Error, OperationInfo};
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use secrecy::ExposeSecret;
use uuid::Uuid;

use super::token::TokenSource;
use crate::generated::ofp_dp::client::Client;

const INTERACTION_ID: HeaderName = HeaderName::from_static("x-fapi-interaction-id");

/// The generated client's inner value.
#[derive(Clone)]
pub struct ClientContext {
    tokens: Arc<TokenSource>,
}

impl ClientContext {
    pub(super) fn new(tokens: Arc<TokenSource>) -> Self {
        Self { tokens }
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
        _operation: &OperationInfo,
    ) -> Result<(), Error<E>> {
        let custom = |problem: String| Error::Custom(problem);
        let token = self
            .inner()
            .tokens
            .bearer()
            .await
            .map_err(|error| custom(error.to_string()))?;
        let bearer = format!("Bearer {}", token.expose_secret());
        let mut bearer = HeaderValue::from_str(&bearer)
            .map_err(|_| custom("the access token is not a header value".to_owned()))?;
        bearer.set_sensitive(true);
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
