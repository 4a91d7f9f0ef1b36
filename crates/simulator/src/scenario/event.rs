//! A consent event, with anything in it changed.

use http::Method;
use serde_json::Value;
use uuid::Uuid;

use super::{Answer, ScenarioError};
use crate::{
    forge::{ForgedAlgorithm, Forgery, Signing, tamper_signature},
    platform::events::{Event, EventType},
    simulator::Simulator,
};

/// `POST /v1/consents/events` for a consent as PayNet has it.
#[derive(Clone, Debug)]
pub struct EventPost {
    consent_id: String,
    event_type: EventType,
    tweaks: Vec<EventTweak>,
}

/// One deviation from an honest event. They are applied in the order given.
#[derive(Clone, Debug)]
pub enum EventTweak {
    Algorithm(ForgedAlgorithm),
    /// The payload stays in the signature header.
    Attached,
    /// Instead of `paynet-client`; `None` presents no certificate.
    ClientCertificate(Option<String>),
    ContentType(String),
    /// Sets a member of the body by JSON pointer, before signing. The parent must exist; null is set as null.
    Field(String, Value),
    Forged(Forgery),
    /// `None` sends no interaction id.
    InteractionId(Option<String>),
    /// The body is the compact JWS, as `application/jwt`, and there is no signature header.
    Jwt,
    /// The kid that the header claims.
    Kid(String),
    /// A member of the protected header; null removes it.
    ProtectedHeader(String, Value),
    /// These bytes instead of the event; they are what is signed.
    RawBody(Vec<u8>),
    /// Removes a member of the body by JSON pointer, before signing.
    RemovedField(String),
    /// What is sent instead of what was signed.
    SentBody(fn(Vec<u8>) -> Vec<u8>),
    /// The signature is there twice.
    SignatureTwice,
    /// Instead of `x-fapi-signature`.
    SignatureHeader(String),
    /// A key of the PKI instead of `paynet-signing`.
    SignedBy(String),
    /// A space more than what was signed.
    TamperedBody,
    TamperedSignature,
    Unsigned,
}

impl EventPost {
    pub fn new(consent_id: impl Into<String>, event_type: EventType) -> Self {
        Self {
            consent_id: consent_id.into(),
            event_type,
            tweaks: Vec::new(),
        }
    }

    #[must_use]
    pub fn with(mut self, tweak: EventTweak) -> Self {
        self.tweaks.push(tweak);
        self
    }
}

struct Draft {
    event: Value,
    raw_body: Option<Vec<u8>>,
    signing: Option<Signing>,
    signature_header: String,
    signature_copies: usize,
    sent_body: Option<fn(Vec<u8>) -> Vec<u8>>,
    content_type: String,
    certificate: Option<String>,
    interaction_id: Option<String>,
    jwt: bool,
    tampered_signature: bool,
}

impl Simulator {
    pub async fn post_event(&self, post: EventPost) -> Result<Answer, ScenarioError> {
        let consent = self.known(&post.consent_id)?;
        let provider = self.platform.registered(&consent.dp_id)?;
        let event = Event {
            event_type: post.event_type,
            data: consent,
        };
        let mut draft = Draft::honest(serde_json::to_value(event)?);
        for tweak in post.tweaks {
            draft.apply(tweak);
        }
        let url = format!("{}/v1/consents/events", provider.webhooks_url);
        self.send_event(&url, draft).await
    }

    async fn send_event(&self, url: &str, draft: Draft) -> Result<Answer, ScenarioError> {
        let mut request = self.request(Method::POST, url);
        if let Some(name) = &draft.certificate {
            request = request.certificate(name);
        }
        if let Some(id) = &draft.interaction_id {
            request = request.header("x-fapi-interaction-id", id);
        }
        let mut body = match draft.raw_body {
            Some(bytes) => bytes,
            None => serde_json::to_vec(&draft.event)?,
        };
        if let Some(signing) = &draft.signing {
            let mut signature = self.sign(signing, &body)?;
            if draft.tampered_signature {
                signature = tamper_signature(&signature);
            }
            if draft.jwt {
                body = signature.into_bytes();
            } else {
                for _ in 0..draft.signature_copies {
                    request = request.header(&draft.signature_header, &signature);
                }
            }
        }
        if let Some(rewrite) = draft.sent_body {
            body = rewrite(body);
        }
        request.body(&draft.content_type, body).send().await
    }
}

impl Draft {
    fn honest(event: Value) -> Self {
        Self {
            event,
            raw_body: None,
            signing: Some(Signing::by("paynet-signing").detached()),
            signature_header: "x-fapi-signature".to_owned(),
            signature_copies: 1,
            sent_body: None,
            content_type: "application/json".to_owned(),
            certificate: Some("paynet-client".to_owned()),
            interaction_id: Some(Uuid::new_v4().to_string()),
            jwt: false,
            tampered_signature: false,
        }
    }

    fn apply(&mut self, tweak: EventTweak) {
        match tweak {
            EventTweak::ClientCertificate(name) => self.certificate = name,
            EventTweak::ContentType(value) => self.content_type = value,
            EventTweak::Field(pointer, value) => set_field(&mut self.event, &pointer, Some(value)),
            EventTweak::InteractionId(id) => self.interaction_id = id,
            EventTweak::Jwt => {
                self.jwt = true;
                "application/jwt".clone_into(&mut self.content_type);
                self.attach();
            }
            EventTweak::RawBody(bytes) => self.raw_body = Some(bytes),
            EventTweak::RemovedField(pointer) => set_field(&mut self.event, &pointer, None),
            EventTweak::SentBody(rewrite) => self.sent_body = Some(rewrite),
            EventTweak::SignatureTwice => self.signature_copies = 2,
            EventTweak::SignatureHeader(name) => self.signature_header = name,
            EventTweak::TamperedBody => {
                self.sent_body = Some(|body| [&body[..], b" "].concat());
            }
            EventTweak::TamperedSignature => self.tampered_signature = true,
            EventTweak::Unsigned => self.signing = None,
            EventTweak::Attached => self.attach(),
            EventTweak::Algorithm(algorithm) => self.forge(Forgery::Algorithm(algorithm)),
            EventTweak::Forged(forgery) => self.forge(forgery),
            EventTweak::Kid(kid) => self.forge(Forgery::Kid(kid)),
            EventTweak::ProtectedHeader(name, value) => self.forge(Forgery::Header(name, value)),
            EventTweak::SignedBy(key) => self.forge(Forgery::SignedBy(key)),
        }
    }

    fn attach(&mut self) {
        if let Some(signing) = &mut self.signing {
            signing.detached = false;
        }
    }

    fn forge(&mut self, forgery: Forgery) {
        self.signing = self.signing.take().map(|signing| signing.forged(forgery));
    }
}

/// Sets or removes what a JSON pointer names; a pointer without a parent changes nothing.
fn set_field(document: &mut Value, pointer: &str, value: Option<Value>) {
    let Some((parent, name)) = pointer.rsplit_once('/') else {
        return;
    };
    let Some(Value::Object(parent)) = document.pointer_mut(parent) else {
        return;
    };
    match value {
        Some(value) => {
            parent.insert(name.to_owned(), value);
        }
        None => {
            parent.remove(name);
        }
    }
}
