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
    forge::{Signing, overlay},
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
    pub(super) signing: Option<Signing>,
    pub(super) signature_header: String,
    pub(super) hop_header: &'static str,
    pub(super) tampered_payload: bool,
    pub(super) tampered_signature: bool,
    pub(super) consent_parameter: Option<String>,
    pub(super) encryption_kid: Option<String>,
    pub(super) interaction_id: Option<String>,
    pub(super) hop: bool,
    pub(super) certificate: Option<String>,
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
            signing: Some(simulator.platform.dialect.signs_as(consumer)),
            signature_header: simulator.platform.dialect.consumer_header.to_owned(),
            hop_header: simulator.platform.dialect.paynet_header,
            tampered_payload: false,
            tampered_signature: false,
            consent_parameter: Some(call.consent_id.clone()),
            encryption_kid: Some(key_id(&encryption)?.to_string()),
            interaction_id: Some(interaction_id),
            hop: true,
            certificate: Some("paynet-client".to_owned()),
        })
    }

    pub(super) fn apply(&mut self, tweak: DataTweak) {
        match tweak {
            DataTweak::Aged(seconds) => self.age(seconds),
            DataTweak::Claim(name, value) => {
                overlay(&mut self.claims, &Map::from_iter([(name, value)]));
            }
            DataTweak::ClientCertificate(name) => self.certificate = name,
            DataTweak::ConsentParameter(value) => self.consent_parameter = value,
            DataTweak::EncryptionKid(kid) => self.encryption_kid = kid,
            DataTweak::InteractionId(id) => self.interaction_id = id,
            DataTweak::Jti(jti) => {
                self.claims.insert("jti".to_owned(), jti.into());
            }
            DataTweak::Method(method) => self.method = method,
            DataTweak::SignatureHeader(name) => self.signature_header = name,
            DataTweak::TamperedPayload => self.tampered_payload = true,
            DataTweak::TamperedSignature => self.tampered_signature = true,
            DataTweak::UnsignedQuery(name, value) => {
                self.url.query_pairs_mut().append_pair(&name, &value);
            }
            DataTweak::WithoutHopSignature => self.hop = false,
            DataTweak::WithoutSignature => self.signing = None,
            DataTweak::Algorithm(algorithm) => {
                self.sign_otherwise(|signing| signing.algorithm = algorithm);
            }
            DataTweak::Detached => self.sign_otherwise(|signing| signing.detached = true),
            DataTweak::Kid(kid) => self.sign_otherwise(|signing| signing.kid = Some(kid)),
            DataTweak::ProtectedHeader(name, value) => {
                self.sign_otherwise(|signing| {
                    signing.header.insert(name, value);
                });
            }
            DataTweak::SignedBy(key) => self.sign_otherwise(|signing| signing.key = key),
        }
    }

    fn sign_otherwise(&mut self, change: impl FnOnce(&mut Signing)) {
        if let Some(signing) = &mut self.signing {
            change(signing);
        }
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
