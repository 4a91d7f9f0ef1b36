//! The guard before every operation: transport, signature, claims and replay first, then the handler, then
//! the seal.

use std::collections::HashSet;
use std::sync::Arc;

use arc_swap::ArcSwap;
use bytes::Bytes;
use izin_jose::{AmbiguousJson, Header, KeyId};
use poem::Request;
use serde_json::Value;

use super::claims::check_issued_at;
use super::context::{AuthorizeCall, EventCall, PublicCall, RequestSignature, UserinfoCall};
use super::request::RequestFacts;
use super::seal::{Recipient, Sealer};
use super::verifier::{SignatureRefusal, SignatureVerifier, Signed};
use crate::config::SignatureHeader;
use crate::generated::runtime::{Guard, Opened, Operation};
use crate::http::{ApiError, ErrorCode, Peer, error_response};
use crate::ids::ConsentId;
use crate::paynet::{KeyDirectory, Party};
use crate::store::{Store, StoreError};

/// What the listener in front of the guard has made sure of.
#[derive(Debug, Clone)]
pub enum Transport {
    /// A client certificate is demanded of every request; with a non-empty list, one of these.
    MutualTls {
        allowed: Arc<ArcSwap<HashSet<KeyId>>>,
    },
    /// The customers' listener: only what a browser may ask for.
    Public,
}

#[derive(Clone)]
pub struct OfpGuard {
    pub keys: Arc<KeyDirectory>,
    pub sealer: Sealer,
    pub store: Store,
    pub transport: Transport,
    pub verifier: SignatureVerifier,
}

impl Guard for OfpGuard {
    /// `None` for operations that are not sealed.
    type Call = Option<Recipient>;

    async fn open(
        &self,
        operation: &'static Operation,
        request: &mut Request,
        body: &Bytes,
    ) -> Result<Opened<Self::Call>, ApiError> {
        self.check_transport(operation.signature, request)?;
        let facts = RequestFacts::of(request)?;
        let mut opened = Opened {
            call: None,
            body: None,
        };
        match operation.signature {
            RequestSignature::Nothing => {
                request.extensions_mut().insert(PublicCall);
            }
            RequestSignature::AuthorizeQuery => {
                let consent_id = self.open_authorize(&facts).await?;
                request
                    .extensions_mut()
                    .insert(AuthorizeCall { consent_id });
            }
            RequestSignature::Userinfo => {
                let consent_id = self.open_userinfo(&facts).await?;
                let interaction_id = facts.interaction_id;
                request.extensions_mut().insert(UserinfoCall {
                    consent_id,
                    interaction_id,
                });
            }
            RequestSignature::Event => {
                let signed_bytes = self.open_event(&facts, body).await?;
                opened.body = facts.is_jwt.then(|| signed_bytes.clone());
                request.extensions_mut().insert(EventCall { signed_bytes });
            }
            RequestSignature::Account => {
                let (call, recipient) = self.open_account(&facts).await?;
                request.extensions_mut().insert(call);
                opened.call = Some(recipient);
            }
        }
        Ok(opened)
    }

    async fn seal(
        &self,
        _operation: &'static Operation,
        call: Self::Call,
        plaintext: Value,
    ) -> Result<poem::Response, ApiError> {
        let recipient = call.ok_or_else(|| ApiError::internal("nobody to seal the answer for"))?;
        self.sealer.seal(&recipient, plaintext).await
    }

    fn refuse(&self, error: poem::Error) -> poem::Response {
        error_response(&error)
    }
}

impl OfpGuard {
    /// For what is served beside the generated operations: only a caller whom they would accept, too.
    pub fn admit(&self, request: &Request) -> Result<(), ApiError> {
        self.check_transport(RequestSignature::Nothing, request)
    }

    /// Asked for every request, because a resumed or long-lived connection outlives changes of the list.
    fn check_transport(
        &self,
        signature: RequestSignature,
        request: &Request,
    ) -> Result<(), ApiError> {
        let denied = |reason: &'static str| {
            ApiError::new(
                ErrorCode::InvalidClient,
                "this client certificate is not accepted",
            )
            .because(reason)
        };
        match &self.transport {
            Transport::MutualTls { allowed } => {
                let peer = request.extensions().get::<Arc<Peer>>();
                let certificate = peer
                    .and_then(|peer| peer.certificate.as_ref())
                    .ok_or_else(|| denied("tls.no_client_certificate"))?;
                let allowed = allowed.load();
                if !allowed.is_empty() && !allowed.contains(&certificate.thumbprint) {
                    return Err(denied("tls.client_not_allowed"));
                }
                Ok(())
            }
            Transport::Public => match signature {
                RequestSignature::AuthorizeQuery | RequestSignature::Nothing => Ok(()),
                _ => Err(denied("tls.not_on_this_listener")),
            },
        }
    }

    /// `signature` is an attached JWS whose payload is the bare consent id; a JSON object with `consent_id`
    /// is accepted too (ADR 0001).
    async fn open_authorize(&self, facts: &RequestFacts) -> Result<ConsentId, ApiError> {
        let consent_id = consent_id_of(facts)?;
        let signature = facts
            .query
            .get("signature")
            .ok_or(SignatureRefusal::Missing)?;
        let content = consent_id.as_str().as_bytes();
        let signed = self
            .verifier
            .verify(signature, &Party::Paynet, content)
            .await?;
        self.check_age(signed.header())?;
        let Signed::Attached(jws) = signed else {
            return Ok(consent_id);
        };
        let named = serde_json::from_slice::<Value>(jws.payload()).ok();
        let in_object = named
            .as_ref()
            .and_then(|value| value["consent_id"].as_str());
        if jws.payload() == content || in_object == Some(consent_id.as_str()) {
            Ok(consent_id)
        } else {
            Err(SignatureRefusal::OtherContent.into())
        }
    }

    async fn open_userinfo(&self, facts: &RequestFacts) -> Result<ConsentId, ApiError> {
        let consent_id = consent_id_of(facts)?;
        let signatures = self.signatures(facts)?;
        for (_, signature) in signatures {
            let content = consent_id.as_str().as_bytes();
            let verified = self
                .verifier
                .verify_content(signature, &Party::Paynet, content)
                .await?;
            self.check_age(verified.header())?;
        }
        Ok(consent_id)
    }

    /// The event as PayNet signed it: the body, or the payload of a body that is itself a JWS.
    async fn open_event(&self, facts: &RequestFacts, body: &Bytes) -> Result<Bytes, ApiError> {
        if facts.is_jwt {
            let compact = std::str::from_utf8(body).map_err(|_| {
                ApiError::invalid_request("the body is not a JWS").because("jws.malformed")
            })?;
            let signed = self
                .verifier
                .verify(compact.trim(), &Party::Paynet, b"")
                .await?;
            self.check_age(signed.header())?;
            return match signed {
                Signed::Attached(jws) => unambiguous(Bytes::from(jws.into_payload())),
                Signed::Detached(_) => Err(SignatureRefusal::OtherContent.into()),
            };
        }
        for (_, signature) in self.signatures(facts)? {
            let verified = self
                .verifier
                .verify_content(signature, &Party::Paynet, body)
                .await?;
            self.check_age(verified.header())?;
        }
        unambiguous(body.clone())
    }

    /// Authorize, userinfo and events carry no claims; if PayNet says in the protected header when it signed,
    /// that must be recent.
    pub(super) fn check_age(&self, header: &Header) -> Result<(), ApiError> {
        let now = self.sealer.clock.now();
        header.iat.map_or(Ok(()), |iat| {
            check_issued_at(iat, now, &self.sealer.profile)
        })
    }

    pub(super) fn signatures<'a>(
        &self,
        facts: &'a RequestFacts,
    ) -> Result<Vec<(SignatureHeader, &'a str)>, ApiError> {
        let found = facts.signatures(&self.sealer.profile.signature_headers)?;
        if found.is_empty() {
            Err(SignatureRefusal::Missing.into())
        } else {
            Ok(found)
        }
    }
}

/// Of two members of one name, readers keep one or the other, so nobody knows what such an event says. What is no JSON at all is
/// told by whoever reads the body.
fn unambiguous(event: Bytes) -> Result<Bytes, ApiError> {
    match izin_jose::read_unambiguous(&event) {
        Err(AmbiguousJson::RepeatedMember(_)) => {
            let told = "the body names a member twice";
            Err(ApiError::invalid_request(told).because("request.repeated_member"))
        }
        _ => Ok(event),
    }
}

pub(super) fn consent_id_of(facts: &RequestFacts) -> Result<ConsentId, ApiError> {
    let text = facts
        .query
        .get("consent_id")
        .ok_or_else(consent_id_missing)?;
    ConsentId::parse(text).map_err(|error| {
        ApiError::invalid_request(error.to_string()).because("request.consent_id_malformed")
    })
}

pub(super) fn consent_id_missing() -> ApiError {
    ApiError::invalid_request("the parameter consent_id is required")
        .because("request.consent_id_missing")
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) | StoreError::Unlogged(_) | StoreError::Stale => {
                Self::unavailable(error).because("store.unavailable")
            }
            other => Self::internal(other).because("store.failed"),
        }
    }
}
