//! PayNet and the Data Consumers as senders, without their servers: what they would add to a request that a person has put together,
//! and how they open the answer. For trying a provider's operations out by hand.

mod open;
mod request;

use http::{HeaderMap, Method};
use serde_json::Value;

pub use self::request::{Addition, Proof, TestRequest};
pub(crate) use self::{
    open::{open, token_of},
    request::data_call_claims,
};
use crate::{
    dialect::AnswerForm,
    options::Consumer,
    pki::Pki,
    scenario::{Answer, DataAnswer, RawRequest, ScenarioError},
};

/// The client certificate that calls are made with.
pub const CLIENT_CERTIFICATE: &str = "paynet-client";

/// The keys of PayNet and the consumers, aimed at one Data Provider.
#[derive(Clone, Debug)]
pub struct Counterparties {
    pki: Pki,
    target: Target,
    consumers: Vec<Consumer>,
}

/// Who is called, and what the calls say of PayNet. Base URLs without a slash at the end.
#[derive(Clone, Debug)]
pub struct Target {
    pub dp_id: String,
    /// The provider's mutual TLS listener.
    pub webhooks_url: String,
    /// PayNet's, which the consumers' signatures name.
    pub resource_server: String,
    /// Where PayNet wants browsers back.
    pub redirect_uri: String,
}

/// A request as it was sent, and what came of it.
#[derive(Clone, Debug)]
pub struct Exchange {
    pub url: String,
    /// What the request did not have of its own.
    pub added: Vec<Addition>,
    /// With the data, if it was sealed and could be opened.
    pub answer: DataAnswer,
}

impl Counterparties {
    /// With the two demonstration consumers.
    pub fn new(pki: Pki, target: Target) -> Self {
        // Nothing listens at these consumers' addresses; only their names and keys are used.
        let nowhere = ([127, 0, 0, 1], 0).into();
        Self {
            pki,
            target,
            consumers: vec![
                Consumer::kira_budget(nowhere),
                Consumer::pinjam_pantas(nowhere),
            ],
        }
    }

    /// Completes the request and sends it. `dc_id` says which consumer asks; an unknown one is played by the first.
    pub async fn send(
        &self,
        request: TestRequest,
        dc_id: Option<&str>,
    ) -> Result<Exchange, ScenarioError> {
        let named = self.consumers.iter().find(|one| Some(&*one.dc_id) == dc_id);
        let Some(consumer) = named.or(self.consumers.first()) else {
            return Err(ScenarioError::UnknownConsumer(
                dc_id.unwrap_or_default().to_owned(),
            ));
        };
        let proof = request.proof;
        let (request, added) = self.complete(request, consumer)?;
        let url = request.url(&self.target.webhooks_url)?;
        let answer = self.transmit(request, &url).await?;
        let sealed = answer.status == 200 && proof == Proof::Consumer;
        let answer = if sealed {
            let keys = self.provider_keys().await?;
            open(answer, &keys, &self.pki, consumer, AnswerForm::default())?
        } else {
            DataAnswer::unsealed(answer)
        };
        Ok(Exchange { url, added, answer })
    }

    async fn transmit(&self, request: TestRequest, url: &str) -> Result<Answer, ScenarioError> {
        let method = Method::from_bytes(request.method.as_bytes()).unwrap_or(Method::GET);
        let mut raw = RawRequest::new(&self.pki, method, url).certificate(CLIENT_CERTIFICATE);
        for (name, value) in request.headers {
            raw = raw.header(name, value);
        }
        raw.content(request.body).send().await
    }

    /// As the provider publishes them.
    async fn provider_keys(&self) -> Result<izin_jose::JwkSet, ScenarioError> {
        let url = format!("{}/v1/oauth/jwks", self.target.webhooks_url);
        let answer = RawRequest::new(&self.pki, Method::GET, url).certificate(CLIENT_CERTIFICATE);
        Ok(crate::keys::parse_set(&answer.send().await?.body)?)
    }
}

impl Exchange {
    pub fn headers(&self) -> &HeaderMap {
        &self.answer.answer.headers
    }

    /// What came back, as JSON if it is JSON.
    pub fn body(&self) -> Value {
        let answer = &self.answer.answer;
        serde_json::from_slice(&answer.body).unwrap_or_else(|_| answer.text().into())
    }
}
