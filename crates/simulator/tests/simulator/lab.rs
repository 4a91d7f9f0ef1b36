//! A started simulator with a tiny provider registered, and the provider's side of PayNet's API.

use std::{
    path::Path,
    sync::LazyLock,
    time::{SystemTime, UNIX_EPOCH},
};

use http::Method;
use izin_simulator::{
    Answer, Consent, NewConsent, Pki, Provider, Signing, Simulator, SimulatorOptions,
};
use serde_json::{Map, Value, json};

use crate::provider::FakeProvider;

pub(crate) const DP_ID: &str = "bank-contoh";
pub(crate) const DC_ID: &str = "kira-budget";
pub(crate) const HASHED_ID: &str = "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=";

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// One PKI for all tests: making keys takes longer than all else.
pub(crate) static PKI: LazyLock<Pki> = LazyLock::new(|| {
    let dir = format!("pki-{}", std::process::id());
    Pki::create(Path::new(env!("CARGO_TARGET_TMPDIR")).join(dir)).expect("a PKI")
});

pub(crate) struct Lab {
    pub(crate) simulator: Simulator,
    pub(crate) provider: FakeProvider,
}

impl Lab {
    pub(crate) async fn start() -> Self {
        let simulator = Simulator::start(SimulatorOptions::new(PKI.clone())).await;
        let simulator = simulator.expect("the simulator starts");
        let provider = FakeProvider::start(&PKI).await;
        let registered = Provider::new(DP_ID, &provider.webhooks_url)
            .named("Bank Contoh")
            .pages_url(&provider.pages_url)
            .client_certificate(PKI.certificate("dp-client").expect("a certificate"));
        simulator
            .register_provider(registered)
            .expect("a registration");
        let offline = Provider::offline("bank-lain", "Bank Lain");
        simulator
            .register_provider(offline)
            .expect("a registration");
        Self {
            simulator,
            provider,
        }
    }

    pub(crate) async fn consent(&self) -> Consent {
        let created = self.simulator.create_consent(NewConsent::new(DC_ID, DP_ID));
        created.await.expect("the provider takes the consent")
    }

    /// A token as an honest provider gets it.
    pub(crate) async fn token(&self) -> String {
        let answer = self.ask_token(&TokenAsk::default()).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["access_token"]
            .as_str()
            .expect("a token")
            .to_owned()
    }

    pub(crate) async fn ask_token(&self, ask: &TokenAsk) -> Answer {
        let issuer = &self.simulator.urls().authorization_server;
        let now = now();
        let mut claims = json!({
            "iss": DP_ID, "sub": DP_ID, "aud": issuer, "iat": now, "exp": now + 300,
            "jti": uuid::Uuid::new_v4().to_string(),
        });
        merge(&mut claims, &ask.claims);
        let payload = claims.to_string();
        let assertion = self.simulator.sign(&ask.signing, payload.as_bytes());
        let mut fields = json!({
            "grant_type": "client_credentials",
            "client_id": DP_ID,
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion.expect("an assertion"),
        });
        merge(&mut fields, &ask.fields);
        let fields: Vec<_> = fields
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
            .collect();
        let mut request = self
            .simulator
            .request(Method::POST, format!("{issuer}/token"))
            .form(&fields);
        if let Some(certificate) = ask.certificate {
            request = request.certificate(certificate);
        }
        request.send().await.expect("an answer")
    }

    /// Update Consent over the provider's certificate.
    pub(crate) async fn update(&self, consent_id: &str, body: &Value) -> Answer {
        let token = self.token().await;
        self.update_as(consent_id, body, &token, "dp-client").await
    }

    pub(crate) async fn update_as(
        &self,
        consent_id: &str,
        body: &Value,
        token: &str,
        certificate: &str,
    ) -> Answer {
        let base = &self.simulator.urls().resource_server;
        self.simulator
            .request(Method::PATCH, format!("{base}/v1/consents/{consent_id}"))
            .certificate(certificate)
            .bearer(token)
            .json(body)
            .send()
            .await
            .expect("an answer")
    }

    pub(crate) async fn retrieve(&self, consent_id: &str) -> Answer {
        let token = self.token().await;
        let base = &self.simulator.urls().resource_server;
        self.simulator
            .request(Method::GET, format!("{base}/v1/consents/{consent_id}"))
            .certificate("dp-client")
            .bearer(&token)
            .send()
            .await
            .expect("an answer")
    }

    /// A complete approval; `claims` go over those of the `id_token`.
    pub(crate) fn approval(&self, consent_id: &str, claims: &Value) -> Value {
        self.approval_signed(consent_id, claims, &Signing::by("dp-signing"))
    }

    pub(crate) fn approval_signed(
        &self,
        consent_id: &str,
        claims: &Value,
        signing: &Signing,
    ) -> Value {
        let now = now();
        let mut id_token = json!({
            "iss": DP_ID, "aud": self.simulator.urls().authorization_server, "sub": "c-1",
            "iat": now, "exp": now + 300, "auth_time": now, "acr": "mfa", "amr": ["pwd", "otp"],
            "consent_id": consent_id, "id_type": "nric", "hashed_id_number": HASHED_ID,
        });
        merge(&mut id_token, claims);
        let id_token = id_token.to_string();
        let id_token = self.simulator.sign(signing, id_token.as_bytes());
        json!({
            "consent_id": consent_id,
            "status": "authorized",
            "id_token": id_token.expect("an id_token"),
            "user_identity": {"id_type": "nric", "hashed_id_number": HASHED_ID},
            "accounts": [{
                "account_id": "acc-1",
                "account_number": "1234567890",
                "account_name": "Simpanan <b>Utama</b>",
            }],
        })
    }
}

/// A token request; everything honest unless changed.
pub(crate) struct TokenAsk {
    pub(crate) certificate: Option<&'static str>,
    pub(crate) signing: Signing,
    pub(crate) claims: Value,
    pub(crate) fields: Value,
}

impl Default for TokenAsk {
    fn default() -> Self {
        Self {
            certificate: Some("dp-client"),
            signing: Signing::by("dp-signing"),
            claims: json!({}),
            fields: json!({}),
        }
    }
}

impl TokenAsk {
    pub(crate) fn over(certificate: Option<&'static str>) -> Self {
        Self {
            certificate,
            ..Self::default()
        }
    }

    pub(crate) fn signed(signing: Signing) -> Self {
        Self {
            signing,
            ..Self::default()
        }
    }

    pub(crate) fn claiming(claims: Value) -> Self {
        Self {
            claims,
            ..Self::default()
        }
    }

    pub(crate) fn with(fields: Value) -> Self {
        Self {
            fields,
            ..Self::default()
        }
    }
}

pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.expect("a time after 1970").as_secs()
}

/// Null removes.
pub(crate) fn merge(target: &mut Value, changes: &Value) {
    let empty = Map::new();
    let target = target.as_object_mut().expect("an object");
    for (name, value) in changes.as_object().unwrap_or(&empty) {
        if value.is_null() {
            target.remove(name);
        } else {
            target.insert(name.clone(), value.clone());
        }
    }
}
