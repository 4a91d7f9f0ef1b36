//! The resource server towards the consumers: a data call with token, certificate and consumer's signature is passed on to the provider.
//!
//! PayNet cannot read what comes back; it checks the outer signature and forwards the bytes.

use std::{sync::Arc, time::Duration};

use poem::{Endpoint, Request, Response, http::StatusCode};
use uuid::Uuid;

use super::{
    Platform,
    consent::{Consent, ConsentStatus},
    error::ApiError,
    state::{Holder, RegisteredConsumer, RegisteredProvider},
};
use crate::{
    keys::{TokenError, verify, verify_claims},
    provider_client::{Forward, ProviderAnswer},
};

/// PayNet's synchronous time-out.
const PROVIDER_TIMEOUT: Duration = Duration::from_secs(5);

/// `GET /v1/accounts/...` at the resource server.
pub(crate) struct DataEndpoint(pub(crate) Arc<Platform>);

impl Endpoint for DataEndpoint {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        Ok(self.0.forward_data_call(&request).await?)
    }
}

impl Platform {
    async fn forward_data_call(&self, request: &Request) -> Result<Response, ApiError> {
        let Holder::Consumer { dc_id, consent_id } = self.token_holder(request)? else {
            return Err(ApiError::unauthorized_client(
                "only Data Consumers may do this",
            ));
        };
        let consent = self.readable_consent(&consent_id)?;
        let consumer = self.consumer(&dc_id)?;
        let signature = consumer_signature(request, &consumer)?;
        let provider = self.registered(&consent.dp_id)?;
        if !provider.online {
            return Err(ApiError::provider_unavailable(
                "the Data Provider is offline",
            ));
        }
        let forward = Forward {
            path: request.uri().path().to_owned(),
            query: with_consent_id(request.uri().query(), &consent_id),
            consent_id,
            signature,
            signature_header: self.dialect.consumer_header,
            encryption_kid: consumer.encryption_kid.to_string(),
            interaction_id: interaction_id(request),
        };
        let answer = self.ask_provider(&provider, &forward).await?;
        if answer.status == StatusCode::OK {
            self.check_answer(&provider, &answer).await?;
        }
        let mut response = Response::builder().status(answer.status);
        if let Some(content_type) = &answer.content_type {
            response = response.content_type(content_type);
        }
        Ok(response.body(answer.body))
    }

    async fn ask_provider(
        &self,
        provider: &RegisteredProvider,
        forward: &Forward,
    ) -> Result<ProviderAnswer, ApiError> {
        let asked = self.providers.forward(&provider.webhooks_url, forward);
        match tokio::time::timeout(PROVIDER_TIMEOUT, asked).await {
            Err(_) => Err(ApiError::provider_timeout(
                "the Data Provider did not answer in time",
            )),
            Ok(Err(error)) => Err(ApiError::provider_unavailable(error.to_string())),
            Ok(Ok(answer)) => Ok(answer),
        }
    }

    /// The answer must hold a token by the provider; the DP signed it or PayNet does not pass it on.
    async fn check_answer(
        &self,
        provider: &RegisteredProvider,
        answer: &ProviderAnswer,
    ) -> Result<(), ApiError> {
        let content_type = answer.content_type.as_deref();
        let token = self.dialect.answers.token(content_type, &answer.body);
        let token = token.map_err(ApiError::provider_unavailable)?;
        let keys = self.provider_keys(provider, &token).await?;
        verify(&token, &keys)
            .map(|_| ())
            .map_err(|error| ApiError::provider_unavailable(format!("the answer: {error}")))
    }

    fn readable_consent(&self, consent_id: &str) -> Result<Consent, ApiError> {
        self.current_consent(consent_id)
            .filter(|consent| consent.status == ConsentStatus::Authorized)
            .ok_or_else(|| ApiError::consent_invalid("the consent is not authorized"))
    }

    pub(crate) fn consumer(&self, dc_id: &str) -> Result<RegisteredConsumer, ApiError> {
        let consumer = self.state().consumers.get(dc_id).cloned();
        consumer.ok_or_else(|| ApiError::invalid_client("unknown Data Consumer"))
    }
}

/// PayNet refuses calls that the consumer did not sign; what the claims say is for the provider to check.
fn consumer_signature(
    request: &Request,
    consumer: &RegisteredConsumer,
) -> Result<String, ApiError> {
    let signature = request
        .header("x-signature")
        .ok_or_else(|| ApiError::invalid_request("x-signature is missing"))?;
    verify_claims(signature, &consumer.signing_keys)
        .and_then(|claims| claims.must_be("iss", &consumer.dc_id))
        .map_err(|error| match error {
            TokenError::Claim(text) => ApiError::invalid_claim(text),
            other => ApiError::invalid_signature(other.to_string()),
        })?;
    Ok(signature.to_owned())
}

/// The caller's, if it sent one that is a UUID; else a fresh one.
pub(crate) fn interaction_id(request: &Request) -> String {
    request
        .header("x-fapi-interaction-id")
        .and_then(|value| Uuid::parse_str(value).ok())
        .unwrap_or_else(Uuid::new_v4)
        .to_string()
}

/// PayNet adds the consent id to whatever the consumer asked.
fn with_consent_id(query: Option<&str>, consent_id: &str) -> Vec<(String, String)> {
    let asked = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    let mut query: Vec<_> = asked
        .filter(|(name, _)| name != "consent_id")
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    query.push(("consent_id".to_owned(), consent_id.to_owned()));
    query
}
