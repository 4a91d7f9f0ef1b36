//! A request that a person has put together, and what PayNet and the consumer add to it. What is there already stays: a wrong
//! signature is worth trying too.

use serde_json::{Map, Value, json};
use url::{Url, form_urlencoded};
use uuid::Uuid;

use super::Counterparties;
use crate::{
    forge::Signing,
    keys::{key_id, numeric_now},
    options::Consumer,
    scenario::ScenarioError,
};

const SIGNATURE_SECONDS: f64 = 300.0;
const CONSENT_ID: &str = "consent_id";
const INTERACTION_ID: &str = "x-fapi-interaction-id";

/// How a request proves itself (v1.2.2, Request Signature).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The consumer's claims and PayNet's signature of the hop; the answer comes sealed.
    Consumer,
    /// The client certificate alone.
    Nothing,
    /// PayNet's signature over the body.
    PaynetOverBody,
    /// PayNet's signature over the consent id.
    PaynetOverConsent,
    /// The same in the query, as a browser brings it.
    PaynetInQuery,
}

/// What a person has filled in.
#[derive(Clone, Debug)]
pub struct TestRequest {
    pub method: String,
    /// As in the address: percent-encoded, with the leading slash.
    pub path: String,
    pub query: Vec<(String, String)>,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub proof: Proof,
}

/// Something a counterparty put into the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addition {
    /// Of the header or query parameter, or `body`.
    pub name: String,
    pub value: String,
}

impl TestRequest {
    pub fn query_value(&self, name: &str) -> Option<&str> {
        value_of(&self.query, name)
    }

    fn header(&self, name: &str) -> Option<&str> {
        value_of(&self.headers, name)
    }

    pub(super) fn url(&self, base: &str) -> Result<String, ScenarioError> {
        let mut url = Url::parse(&format!("{base}{}", self.path))?;
        if !self.query.is_empty() {
            let query = form_urlencoded::Serializer::new(String::new())
                .extend_pairs(&self.query)
                .finish();
            url.set_query(Some(&query));
        }
        Ok(url.into())
    }
}

/// What a consumer signs of a data call: `query` without what PayNet adds on the way, `url` at PayNet's.
pub(crate) fn data_call_claims(
    consumer: &Consumer,
    dp_id: &str,
    consent_id: &str,
    jti: &str,
    query: &[(String, String)],
    url: &str,
) -> Map<String, Value> {
    let now = numeric_now();
    let qpm: Map<String, Value> = query
        .iter()
        .map(|(name, value)| (name.clone(), Value::from(value.as_str())))
        .collect();
    let claims = json!({
        "iss": consumer.dc_id,
        "sub": consent_id,
        "aud": [dp_id, "Paynet OFP"],
        "iat": now,
        "nbf": now,
        "exp": now + SIGNATURE_SECONDS,
        "jti": jti,
        "qpm": qpm,
        "url": url,
    });
    claims.as_object().cloned().unwrap_or_default()
}

impl Counterparties {
    pub(super) fn complete(
        &self,
        request: TestRequest,
        consumer: &Consumer,
    ) -> Result<(TestRequest, Vec<Addition>), ScenarioError> {
        let mut draft = Draft {
            request,
            added: Vec::new(),
        };
        draft.header(INTERACTION_ID, || Ok(Uuid::new_v4().to_string()))?;
        let consent_id = draft.request.query_value(CONSENT_ID).unwrap_or_default();
        let consent_id = consent_id.to_owned();
        match draft.request.proof {
            Proof::Nothing => {}
            Proof::PaynetInQuery => {
                draft.query("redirect_uri", || Ok(self.target.redirect_uri.clone()))?;
                draft.query("signature", || self.paynet(consent_id.as_bytes(), false))?;
            }
            Proof::PaynetOverConsent => {
                draft.hop_signature(|| self.paynet(consent_id.as_bytes(), true))?;
            }
            Proof::PaynetOverBody => self.sign_body(&mut draft)?,
            Proof::Consumer => {
                let claims = self.claims(&draft.request, consumer, &consent_id)?;
                draft.header("x-signature", || {
                    Ok(Signing::by(consumer.key("signing")).sign(&self.pki, &claims)?)
                })?;
                draft.hop_signature(|| self.paynet(consent_id.as_bytes(), true))?;
                draft.header("x-enc-kid", || {
                    let certificate = self.pki.certificate(&consumer.key("encryption"))?;
                    Ok(key_id(&certificate)?.to_string())
                })?;
            }
        }
        Ok((draft.request, draft.added))
    }

    fn paynet(&self, payload: &[u8], detached: bool) -> Result<String, ScenarioError> {
        let mut signing = Signing::by("paynet-signing");
        signing.detached = detached;
        Ok(signing.sign(&self.pki, payload)?)
    }

    /// A body of `application/jwt` is the token itself; plain JSON given as such is signed first.
    fn sign_body(&self, draft: &mut Draft) -> Result<(), ScenarioError> {
        let content_type = draft.request.header("content-type").unwrap_or_default();
        if !content_type.starts_with("application/jwt") {
            let body = draft.request.body.clone();
            return draft.hop_signature(|| self.paynet(&body, true));
        }
        if draft.request.body.trim_ascii_start().starts_with(b"{") {
            let token = self.paynet(&draft.request.body, false)?;
            draft.request.body = token.clone().into_bytes();
            draft.note("body", token);
        }
        Ok(())
    }

    fn claims(
        &self,
        request: &TestRequest,
        consumer: &Consumer,
        consent_id: &str,
    ) -> Result<Vec<u8>, ScenarioError> {
        let mut signed = request.query.clone();
        signed.retain(|(name, _)| name != CONSENT_ID);
        let url = format!("{}{}", self.target.resource_server, request.path);
        // Of its own: a repeated interaction id is no replay, a repeated jti is.
        let jti = Uuid::new_v4().to_string();
        let claims = data_call_claims(
            consumer,
            &self.target.dp_id,
            consent_id,
            &jti,
            &signed,
            &url,
        );
        Ok(serde_json::to_vec(&claims)?)
    }
}

/// A request on its way to completion.
struct Draft {
    request: TestRequest,
    added: Vec<Addition>,
}

impl Draft {
    fn header(
        &mut self,
        name: &str,
        value: impl FnOnce() -> Result<String, ScenarioError>,
    ) -> Result<(), ScenarioError> {
        if self.request.header(name).is_none() {
            let value = value()?;
            self.request.headers.push((name.to_owned(), value.clone()));
            self.note(name, value);
        }
        Ok(())
    }

    fn hop_signature(
        &mut self,
        value: impl FnOnce() -> Result<String, ScenarioError>,
    ) -> Result<(), ScenarioError> {
        self.header("x-fapi-signature", value)
    }

    fn query(
        &mut self,
        name: &str,
        value: impl FnOnce() -> Result<String, ScenarioError>,
    ) -> Result<(), ScenarioError> {
        if self.request.query_value(name).is_none() {
            let value = value()?;
            self.request.query.push((name.to_owned(), value.clone()));
            self.note(name, value);
        }
        Ok(())
    }

    fn note(&mut self, name: &str, value: String) {
        self.added.push(Addition {
            name: name.to_owned(),
            value,
        });
    }
}

fn value_of<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = pairs.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value.as_str())
}
