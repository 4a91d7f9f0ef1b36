//! A data call before it is sent: what PayNet and the consumer would put into it, and how deviations change that.

use serde_json::{Map, Value};
use url::Url;
use uuid::Uuid;

use super::{
    ScenarioError,
    data_call::{DataCall, DataTweak, Resource},
};
use crate::{
    counterparty::data_call_claims,
    forge::{Forgery, Rewrite, Signing, overlay},
    keys::key_id,
    options::Consumer,
    platform::state::RegisteredProvider,
    simulator::Simulator,
};

/// A call under construction.
pub(super) struct Draft {
    pub(super) method: String,
    pub(super) url: Url,
    pub(super) claims: Map<String, Value>,
    claims_rewrite: Option<Rewrite>,
    pub(super) signing: Option<Signing>,
    pub(super) signature_header: String,
    pub(super) signature_copies: usize,
    pub(super) hop_header: &'static str,
    pub(super) tampered_payload: bool,
    pub(super) tampered_signature: bool,
    pub(super) consent_parameter: Option<String>,
    pub(super) encryption_kid: Option<String>,
    pub(super) interaction_id: Option<String>,
    pub(super) hop: bool,
    pub(super) certificate: Option<String>,
    pub(super) headers: Vec<(String, String)>,
}

impl Draft {
    /// As PayNet would send it.
    pub(super) fn honest(
        simulator: &Simulator,
        call: &DataCall,
        provider: &RegisteredProvider,
        consumer: &Consumer,
    ) -> Result<Self, ScenarioError> {
        let path = path(call);
        let mut url = Url::parse(&format!("{}{path}", provider.webhooks_url))?;
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        let interaction_id = Uuid::new_v4().to_string();
        let claims = data_call_claims(
            consumer,
            &provider.dp_id,
            &call.consent_id,
            &interaction_id,
            &call.query,
            &format!("{}{path}", simulator.urls().resource_server),
        );
        let encryption = simulator.pki.certificate(&consumer.key("encryption"))?;
        Ok(Self {
            method: "GET".to_owned(),
            url,
            claims,
            claims_rewrite: None,
            signing: Some(simulator.platform.dialect.signs_as(consumer)),
            signature_header: simulator.platform.dialect.consumer_header.to_owned(),
            signature_copies: 1,
            hop_header: simulator.platform.dialect.paynet_header,
            tampered_payload: false,
            tampered_signature: false,
            consent_parameter: Some(call.consent_id.clone()),
            encryption_kid: Some(key_id(&encryption)?.to_string()),
            interaction_id: Some(interaction_id),
            hop: true,
            certificate: Some("paynet-client".to_owned()),
            headers: Vec::new(),
        })
    }

    /// The claims as they are signed.
    pub(super) fn claims_text(&self) -> Result<String, serde_json::Error> {
        let text = serde_json::to_string(&self.claims)?;
        Ok(match self.claims_rewrite {
            Some(rewrite) => rewrite(text),
            None => text,
        })
    }

    pub(super) fn apply(&mut self, tweak: DataTweak) {
        match tweak {
            DataTweak::Aged(seconds) => self.age(seconds),
            DataTweak::Claim(name, value) => {
                overlay(&mut self.claims, &Map::from_iter([(name, value)]));
            }
            DataTweak::ClaimsText(rewrite) => self.claims_rewrite = Some(rewrite),
            DataTweak::ClientCertificate(name) => self.certificate = name,
            DataTweak::ConsentParameter(value) => self.consent_parameter = value,
            DataTweak::EncryptionKid(kid) => self.encryption_kid = kid,
            DataTweak::Header(name, value) => self.headers.push((name, value)),
            DataTweak::InteractionId(id) => self.interaction_id = id,
            DataTweak::Jti(jti) => {
                self.claims.insert("jti".to_owned(), jti.into());
            }
            DataTweak::Method(method) => self.method = method,
            DataTweak::SignatureTwice => self.signature_copies = 2,
            DataTweak::SignatureHeader(name) => self.signature_header = name,
            DataTweak::TamperedPayload => self.tampered_payload = true,
            DataTweak::TamperedSignature => self.tampered_signature = true,
            DataTweak::UnsignedQuery(name, value) => {
                self.url.query_pairs_mut().append_pair(&name, &value);
            }
            DataTweak::WithoutHopSignature => self.hop = false,
            DataTweak::WithoutSignature => self.signing = None,
            DataTweak::Detached => {
                if let Some(signing) = &mut self.signing {
                    signing.detached = true;
                }
            }
            DataTweak::Algorithm(algorithm) => self.forge(Forgery::Algorithm(algorithm)),
            DataTweak::Forged(forgery) => self.forge(forgery),
            DataTweak::Kid(kid) => self.forge(Forgery::Kid(kid)),
            DataTweak::ProtectedHeader(name, value) => self.forge(Forgery::Header(name, value)),
            DataTweak::SignedBy(key) => self.forge(Forgery::SignedBy(key)),
        }
    }

    fn forge(&mut self, forgery: Forgery) {
        self.signing = self.signing.take().map(|signing| signing.forged(forgery));
    }

    fn age(&mut self, seconds: f64) {
        for name in ["iat", "nbf", "exp"] {
            let time = self.claims.get(name).and_then(Value::as_f64);
            if let Some(time) = time {
                self.claims.insert(name.to_owned(), (time - seconds).into());
            }
        }
    }
}

fn path(call: &DataCall) -> String {
    let account_id = &call.account_id;
    match call.resource {
        Resource::Account => format!("/v1/accounts/{account_id}"),
        Resource::Balances => format!("/v1/accounts/{account_id}/balances"),
        Resource::Transactions => format!("/v1/accounts/{account_id}/transactions"),
    }
}
