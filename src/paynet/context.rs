//! What every generated call to PayNet carries: the bearer token, an interaction id, and the method that the wire profile
//! says. A call whose token is refused is sent once more with a new one.

use std::fmt;
use std::sync::Arc;

use progenitor_client::{ClientHooks, ClientInfo, Error, OperationInfo};
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::token::TokenSource;
use crate::config::UpdateMethod;
use crate::generated::ofp_dp::client::Client;
use crate::http::HttpClient;

const INTERACTION_ID: HeaderName = HeaderName::from_static("x-fapi-interaction-id");

/// The generated client's inner value.
#[derive(Clone)]
pub struct ClientContext {
    http: HttpClient,
    tokens: Arc<TokenSource>,
    update_method: UpdateMethod,
}

impl ClientContext {
    pub(super) fn new(
        http: HttpClient,
        tokens: Arc<TokenSource>,
        update_method: UpdateMethod,
    ) -> Self {
        Self {
            http,
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
        let token = self.inner().tokens.bearer().await;
        let token = token.map_err(|error| Error::Custom(error.to_string()))?;
        authorize(request, &token).map_err(Error::Custom)?;
        // Update Consent is the one PATCH of the document; PayNet's texts also call it a POST (ADR 0001).
        if self.inner().update_method == UpdateMethod::Post && request.method() == Method::PATCH {
            *request.method_mut() = Method::POST;
        }
        let headers = request.headers_mut();
        // The generator adds the document's version, which PayNet does not know.
        headers.remove("api-version");
        if !headers.contains_key(&INTERACTION_ID)
            && let Ok(value) = HeaderValue::from_str(&Uuid::new_v4().to_string())
        {
            headers.insert(INTERACTION_ID, value);
        }
        Ok(())
    }
    /// The client of the moment, not the one that the generated code was made with.
    async fn exec(
        &self,
        request: reqwest::Request,
        _: &OperationInfo,
    ) -> reqwest::Result<reqwest::Response> {
        let context = self.inner();
        let again = request.try_clone();
        let sent = request.headers().get(AUTHORIZATION).cloned();
        let answer = context.http.current().execute(request).await?;
        let (Some(mut again), Some(sent)) = (again, sent) else {
            return Ok(answer);
        };
        if answer.status() != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        // It has expired early, or it was bound to a client certificate that has been replaced since.
        context.tokens.refused(&sent);
        let Ok(token) = context.tokens.bearer().await else {
            return Ok(answer);
        };
        match authorize(&mut again, &token) {
            Ok(()) => context.http.current().execute(again).await,
            Err(_) => Ok(answer),
        }
    }
}

fn authorize(request: &mut reqwest::Request, token: &SecretString) -> Result<(), String> {
    let bearer = Zeroizing::new(format!("Bearer {}", token.expose_secret()));
    let bearer = HeaderValue::from_str(&bearer);
    let mut bearer = bearer.map_err(|_| "the access token is not a header value".to_owned())?;
    bearer.set_sensitive(true);
    request.headers_mut().insert(AUTHORIZATION, bearer);
    Ok(())
}
