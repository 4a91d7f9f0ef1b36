//! A consumer's data call as PayNet passes it on, with anything in it changed.

use http::Method;
use serde_json::Value;

use super::{Answer, ScenarioError, data_draft::Draft};
use crate::{
    counterparty::{open, token_of},
    forge::{ForgedAlgorithm, Forgery, Rewrite, replace_payload, tamper_signature},
    simulator::Simulator,
};

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    Account,
    Balances,
    Transactions,
}

/// A data call under one consent. Unless told otherwise, everything in it is as PayNet would send it.
#[derive(Clone, Debug)]
pub struct DataCall {
    pub(super) consent_id: String,
    pub(super) account_id: String,
    pub(super) resource: Resource,
    pub(super) dc_id: Option<String>,
    pub(super) query: Vec<(String, String)>,
    pub(super) tweaks: Vec<DataTweak>,
}

/// One deviation from an honest call. They are applied in the order given.
#[derive(Clone, Debug)]
pub enum DataTweak {
    Algorithm(ForgedAlgorithm),
    /// The text of the claims before they are signed.
    ClaimsText(Rewrite),
    /// A claim of the consumer's signature; null removes it.
    Claim(String, Value),
    /// Instead of `paynet-client`; `None` presents no certificate.
    ClientCertificate(Option<String>),
    /// The query parameter `consent_id` that PayNet adds; `None` leaves it out.
    ConsentParameter(Option<String>),
    /// The consumer's signature is detached, over the consent id.
    Detached,
    /// `x-enc-kid`; `None` leaves it out.
    EncryptionKid(Option<String>),
    Forged(Forgery),
    /// One more header.
    Header(String, String),
    /// The signature was made so many seconds ago, and has run out if that is long.
    Aged(f64),
    /// `None` sends no interaction id; the jti stays.
    InteractionId(Option<String>),
    /// The jti, for a replay.
    Jti(String),
    /// The kid that the header claims.
    Kid(String),
    Method(String),
    /// A member of the protected header; null removes it.
    ProtectedHeader(String, Value),
    /// The consumer's signature is there twice.
    SignatureTwice,
    /// Instead of `x-signature`.
    SignatureHeader(String),
    /// A key of the PKI instead of the consumer's own.
    SignedBy(String),
    /// The claims are others than those that were signed.
    TamperedPayload,
    TamperedSignature,
    /// A query parameter that the signature does not know of.
    UnsignedQuery(String, String),
    /// Without PayNet's signature of the hop.
    WithoutHopSignature,
    /// Without the consumer's signature; the hop's is still there unless left out as well.
    WithoutSignature,
}

/// The answer, and the data if it could be opened with the consumer's key.
#[derive(Clone, Debug)]
pub struct DataAnswer {
    pub answer: Answer,
    /// Claims of the provider's signature, which was verified with its registered keys.
    pub claims: Option<Value>,
    /// `{"data": …}`.
    pub plaintext: Option<Value>,
    /// Why a 200 could not be opened.
    pub problem: Option<String>,
}

impl DataCall {
    pub fn new(
        resource: Resource,
        consent_id: impl Into<String>,
        account_id: impl Into<String>,
    ) -> Self {
        Self {
            consent_id: consent_id.into(),
            account_id: account_id.into(),
            resource,
            dc_id: None,
            query: Vec::new(),
            tweaks: Vec::new(),
        }
    }

    pub fn balances(consent_id: impl Into<String>, account_id: impl Into<String>) -> Self {
        Self::new(Resource::Balances, consent_id, account_id)
    }

    pub fn account(consent_id: impl Into<String>, account_id: impl Into<String>) -> Self {
        Self::new(Resource::Account, consent_id, account_id)
    }

    pub fn transactions(consent_id: impl Into<String>, account_id: impl Into<String>) -> Self {
        Self::new(Resource::Transactions, consent_id, account_id)
    }

    /// Another consumer than the consent's makes the call, with its own keys.
    #[must_use]
    pub fn by(mut self, dc_id: impl Into<String>) -> Self {
        self.dc_id = Some(dc_id.into());
        self
    }

    /// A query parameter, signed.
    #[must_use]
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    #[must_use]
    pub fn with(mut self, tweak: DataTweak) -> Self {
        self.tweaks.push(tweak);
        self
    }
}

impl DataAnswer {
    /// There is nothing to open in it.
    pub(crate) fn unsealed(answer: Answer) -> Self {
        Self {
            answer,
            claims: None,
            plaintext: None,
            problem: None,
        }
    }

    pub fn status(&self) -> u16 {
        self.answer.status
    }

    /// A balance whose amounts have the other form is one that consumers cannot read.
    fn read_by_a_consumer(mut self, nested: bool) -> Self {
        let amount = self
            .plaintext
            .as_ref()
            .and_then(|all| all.pointer("/data/current_balance/amount"));
        if amount.is_some_and(|amount| amount.is_object() != nested) {
            self.problem = Some("the balance's amounts have another form".to_owned());
        }
        self
    }

    /// `data` of the plaintext; null if there is none.
    pub fn data(&self) -> Value {
        let data = self.plaintext.as_ref().and_then(|all| all.get("data"));
        data.cloned().unwrap_or_default()
    }
}

impl Simulator {
    pub async fn data_call(&self, call: DataCall) -> Result<DataAnswer, ScenarioError> {
        let consent = self.known(&call.consent_id)?;
        let provider = self.platform.registered(&consent.dp_id)?;
        let dc_id = call.dc_id.clone().unwrap_or(consent.dc_id);
        let consumer = self.consumer(&dc_id)?;
        let mut draft = Draft::honest(self, &call, &provider, consumer)?;
        for tweak in call.tweaks {
            draft.apply(tweak);
        }
        let answer = self.send_call(&call.consent_id, draft).await?;
        if answer.status != 200 {
            return Ok(DataAnswer::unsealed(answer));
        }
        let dialect = &self.platform.dialect;
        let token = token_of(&answer, dialect.answers).unwrap_or_default();
        let keys = self.platform.provider_keys(&provider, &token).await?;
        let opened = open(answer, &keys, &self.pki, consumer, dialect.answers)?;
        Ok(opened.read_by_a_consumer(dialect.nested_amounts))
    }

    async fn send_call(&self, consent_id: &str, mut draft: Draft) -> Result<Answer, ScenarioError> {
        if let Some(consent_id) = &draft.consent_parameter {
            draft
                .url
                .query_pairs_mut()
                .append_pair("consent_id", consent_id);
        }
        let claims = draft.claims_text()?;
        let method = Method::from_bytes(draft.method.as_bytes()).unwrap_or(Method::GET);
        let mut request = self
            .request(method, draft.url)
            .header("accept", "application/json");
        if let Some(name) = draft.certificate {
            request = request.certificate(name);
        }
        if let Some(kid) = draft.encryption_kid {
            request = request.header("x-enc-kid", kid);
        }
        if let Some(id) = draft.interaction_id {
            request = request.header("x-fapi-interaction-id", id);
        }
        let hop_is_replaced = draft.signing.is_some() && draft.signature_header == draft.hop_header;
        if draft.hop && !hop_is_replaced {
            let hop = self.platform.dialect.signs_as_paynet().detached();
            let signature = self.sign(&hop, consent_id.as_bytes())?;
            request = request.header(draft.hop_header, signature);
        }
        if let Some(signing) = &draft.signing {
            let payload = if signing.detached {
                consent_id.to_owned()
            } else {
                claims
            };
            let mut signature = self.sign(signing, payload.as_bytes())?;
            if draft.tampered_payload {
                signature = replace_payload(&signature, b"{}");
            }
            if draft.tampered_signature {
                signature = tamper_signature(&signature);
            }
            for _ in 0..draft.signature_copies {
                request = request.header(&draft.signature_header, &signature);
            }
        }
        for (name, value) in draft.headers {
            request = request.header(name, value);
        }
        request.send().await
    }
}
