//! PayNet as the caller of a Data Provider's webhooks: mutual TLS, signed, and patient for no longer than PayNet is.

mod hooks;

use std::{fmt, sync::Arc};

use bytes::Bytes;
use http::StatusCode;
use izin_jose::{HeaderFields, SignError, Signer, sign, sign_detached};
use uuid::Uuid;

pub(crate) use self::hooks::ClientContext;
use self::hooks::Signed;
use crate::{generated::ofp_dp::client::Client, platform::events::Event};

/// Calls any provider's webhooks as PayNet.
#[derive(Clone)]
pub(crate) struct ProviderClient {
    http: reqwest::Client,
    signer: Arc<dyn Signer>,
    /// Where PayNet's signature is.
    header: &'static str,
}

/// A consumer's data call on its way to the provider.
#[derive(Clone, Debug)]
pub(crate) struct Forward {
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) consent_id: String,
    /// The consumer's, passed on unchanged.
    pub(crate) signature: String,
    pub(crate) signature_header: &'static str,
    pub(crate) encryption_kid: String,
    pub(crate) interaction_id: String,
}

/// What the provider said, unread.
#[derive(Clone, Debug)]
pub(crate) struct ProviderAnswer {
    pub(crate) status: StatusCode,
    pub(crate) content_type: Option<String>,
    pub(crate) body: Bytes,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum ProviderError {
    #[error("the Data Provider did not answer as documented: {}", causes(.0))]
    Call(#[from] progenitor_client::Error),
    #[error("the Data Provider cannot be reached: {}", causes(.0))]
    Http(#[from] reqwest::Error),
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    #[error("signing: {0}")]
    Sign(#[from] SignError),
}

impl ProviderClient {
    pub(crate) fn new(
        http: reqwest::Client,
        signer: Arc<dyn Signer>,
        header: &'static str,
    ) -> Self {
        Self {
            http,
            signer,
            header,
        }
    }

    /// The answer's status, whatever it is.
    pub(crate) async fn post_event(
        &self,
        base_url: &str,
        event: &Event,
    ) -> Result<u16, ProviderError> {
        let event = serde_json::from_value(serde_json::to_value(event)?)?;
        let client = self.client(base_url, Signed::Body);
        let answer = client
            .receive_consent_event(Some(&Uuid::new_v4()), None, None, &event)
            .await;
        match answer {
            Ok(accepted) => Ok(accepted.status().as_u16()),
            Err(error) => match error.status() {
                Some(status) => Ok(status.as_u16()),
                None => Err(error.into()),
            },
        }
    }

    pub(crate) async fn userinfo(
        &self,
        base_url: &str,
        consent_id: &str,
    ) -> Result<serde_json::Value, ProviderError> {
        let client = self.client(base_url, Signed::Text(consent_id.to_owned()));
        let answer = client
            .get_userinfo(consent_id, &Uuid::new_v4(), None, None)
            .await?;
        Ok(serde_json::to_value(answer.into_inner())?)
    }

    /// The provider's JWK set as bytes, because keys are parsed one by one.
    pub(crate) async fn jwks(&self, base_url: &str) -> Result<Vec<u8>, ProviderError> {
        let client = self.client(base_url, Signed::Nothing);
        let answer = client.get_provider_jwks().await?;
        Ok(serde_json::to_vec(&answer.into_inner())?)
    }

    /// The status of the provider's health check.
    pub(crate) async fn health(&self, base_url: &str) -> Result<u16, ProviderError> {
        let client = self.client(base_url, Signed::Nothing);
        match client.get_health(Some(&Uuid::new_v4())).await {
            Ok(healthy) => Ok(healthy.status().as_u16()),
            Err(error) => match error.status() {
                Some(status) => Ok(status.as_u16()),
                None => Err(error.into()),
            },
        }
    }

    fn client(&self, base_url: &str, signed: Signed) -> Client {
        let context = ClientContext {
            header: self.header,
            signer: Arc::clone(&self.signer),
            signed,
        };
        Client::new_with_client(base_url, self.http.clone(), context)
    }

    /// Passes a data call on, with PayNet's own signature of this hop beside the consumer's.
    pub(crate) async fn forward(
        &self,
        base_url: &str,
        call: &Forward,
    ) -> Result<ProviderAnswer, ProviderError> {
        let mut request = self
            .http
            .get(format!("{base_url}{}", call.path))
            .query(&call.query)
            .header("accept", "application/json")
            .header(call.signature_header, &call.signature);
        if call.signature_header != self.header {
            let hop = self.detached(call.consent_id.as_bytes()).await?;
            request = request.header(self.header, hop);
        }
        let answer = request
            .header("x-enc-kid", &call.encryption_kid)
            .header("x-fapi-interaction-id", &call.interaction_id)
            .send()
            .await?;
        let content_type = answer
            .headers()
            .get("content-type")
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned);
        Ok(ProviderAnswer {
            status: answer.status(),
            content_type,
            body: answer.bytes().await?,
        })
    }

    /// The attached signature of an authorize redirect; the payload is the bare consent id.
    pub(crate) async fn authorize_signature(&self, consent_id: &str) -> Result<String, SignError> {
        sign(
            self.signer.as_ref(),
            &HeaderFields::default(),
            consent_id.as_bytes(),
        )
        .await
    }

    /// Opens the customer's link in the browser's place; answers where the provider wants the browser.
    pub(crate) async fn relayed(&self, link: &str) -> Result<Option<String>, ProviderError> {
        let answer = self.http.get(link).send().await?;
        let location = answer.headers().get("location");
        Ok(location
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned))
    }

    async fn detached(&self, payload: &[u8]) -> Result<String, SignError> {
        sign_detached(self.signer.as_ref(), &HeaderFields::default(), payload).await
    }
}

impl fmt::Debug for ProviderClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProviderClient")
            .field("signer", &self.signer)
            .finish_non_exhaustive()
    }
}

/// reqwest says "error sending request"; the cause that helps is further down.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
