//! The token endpoint: who gets a token, and who can use it.

use http::Method;
use izin_jose::KeyId;
use izin_simulator::{
    ClientAuthentication, Fault, ForgedAlgorithm, KeySource, Operation, Provider, Signing,
};
use serde_json::json;

use crate::lab::{DP_ID, Lab, PKI, TokenAsk, now};

#[tokio::test]
async fn an_honest_provider_gets_a_token_with_discovery_and_keys_beside_it() {
    let lab = Lab::start().await;
    let issuer = lab.simulator.urls().authorization_server.clone();
    let get = |path: &str| {
        let request = lab
            .simulator
            .request(Method::GET, format!("{issuer}{path}"));
        async move { request.send().await.expect("an answer") }
    };
    let discovery = get("/.well-known/openid-configuration").await.json();
    assert_eq!(discovery["issuer"], issuer);
    assert_eq!(discovery["token_endpoint"], format!("{issuer}/token"));
    let paynet = get("/v1/oauth/jwks/paynet").await.json();
    assert_eq!(paynet["keys"][0]["use"], "sig");
    let consumer = get("/v1/oauth/jwks/kira-budget").await.json();
    let uses = consumer["keys"].as_array().expect("keys").iter();
    let uses: Vec<_> = uses.map(|key| key["use"].as_str()).collect();
    assert_eq!(uses, [Some("sig"), Some("enc")]);
    assert_eq!(get("/v1/oauth/jwks/nobody").await.status, 404);

    let answer = lab.ask_token(&TokenAsk::default()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["token_type"], "Bearer");
    assert_eq!(answer.json()["expires_in"], 600);
    assert_eq!(lab.simulator.calls(Operation::Token), 1);
}

async fn assert_refused(lab: &Lab, case: &str, ask: TokenAsk) {
    let answer = lab.ask_token(&ask).await;
    let expected = (401, Some("invalid_client".to_owned()));
    assert_eq!(answer.refusal(), expected, "{case}: {}", answer.text());
}

#[tokio::test]
async fn a_client_needs_its_own_certificate_and_key() {
    let lab = Lab::start().await;
    assert_refused(&lab, "no certificate", TokenAsk::over(None)).await;
    let other = TokenAsk::over(Some("other-client"));
    assert_refused(&lab, "another organisation's certificate", other).await;

    let algorithm = |algorithm| Signing {
        algorithm,
        ..Signing::by("dp-signing")
    };
    let certificate = PKI.certificate_der("dp-signing").expect("a certificate");
    let stolen_kid = Signing {
        kid: Some(KeyId::of_certificate(&certificate).to_string()),
        ..Signing::by("rogue-signing")
    };
    let cases = [
        ("another key", Signing::by("dc-signing")),
        ("another key under our kid", stolen_kid),
        ("RS256", algorithm(ForgedAlgorithm::Rs256)),
        ("none", algorithm(ForgedAlgorithm::None)),
        ("HS256", algorithm(ForgedAlgorithm::Hs256)),
    ];
    for (case, signing) in cases {
        assert_refused(&lab, case, TokenAsk::signed(signing)).await;
    }
}

#[tokio::test]
async fn every_claim_of_an_assertion_is_checked() {
    let lab = Lab::start().await;
    let now = now();
    let cases = [
        json!({"aud": "https://elsewhere.example"}),
        json!({"iss": "bank-lain"}),
        json!({"sub": "bank-lain"}),
        json!({"jti": null}),
        json!({"exp": null}),
        json!({"exp": now + 700}),
        json!({"iat": now - 400, "exp": now - 100}),
        json!({"iat": now + 100}),
        json!({"nbf": now + 100}),
    ];
    for claims in cases {
        assert_refused(&lab, &claims.to_string(), TokenAsk::claiming(claims)).await;
    }
    let unknown = TokenAsk::with(json!({"client_id": "nobody"}));
    assert_refused(&lab, "unknown client", unknown).await;
    let kind = TokenAsk::with(json!({"client_assertion_type": "jwt"}));
    assert_refused(&lab, "assertion type", kind).await;
}

#[tokio::test]
async fn an_assertion_works_once() {
    let lab = Lab::start().await;
    let ask = TokenAsk::claiming(json!({"jti": "once"}));
    assert_eq!(lab.ask_token(&ask).await.status, 200);
    assert_eq!(lab.ask_token(&ask).await.status, 401);
}

#[tokio::test]
async fn grant_and_scope_are_checked() {
    let lab = Lab::start().await;
    let cases = [
        (json!({"grant_type": "password"}), "unsupported_grant_type"),
        (json!({"scope": "payments"}), "invalid_scope"),
        (json!({"client_assertion": null}), "invalid_request"),
    ];
    for (fields, error) in cases {
        let ask = TokenAsk::with(fields);
        let expected = (400, Some(error.to_owned()));
        assert_eq!(lab.ask_token(&ask).await.refusal(), expected);
    }
}

#[tokio::test]
async fn a_token_is_worth_nothing_over_another_certificate() {
    let lab = Lab::start().await;
    let consent = lab.consent().await;
    let token = lab.token().await;
    let body = json!({"status": "rejected", "status_reason": {"reason_code": "not_allowed"}});
    let stolen = lab
        .update_as(&consent.consent_id, &body, &token, "other-client")
        .await;
    assert_eq!(stolen.refusal(), (401, Some("invalid_client".to_owned())));
    let unknown = lab
        .update_as(&consent.consent_id, &body, "nonsense", "dp-client")
        .await;
    assert_eq!(unknown.status, 401);
    let snapshot = lab.simulator.consent(&consent.consent_id);
    assert!(snapshot.expect("the consent").updates.is_empty());
}

#[tokio::test]
async fn a_token_runs_out() {
    let lab = Lab::start().await;
    let consent = lab.consent().await;
    let token = lab.token().await;
    lab.simulator.advance(std::time::Duration::from_secs(601));
    let body = json!({"status": "rejected", "status_reason": {"reason_code": "not_allowed"}});
    let late = lab
        .update_as(&consent.consent_id, &body, &token, "dp-client")
        .await;
    assert_eq!(late.status, 401);
}

#[tokio::test]
async fn the_resource_server_talks_to_nobody_without_a_trusted_certificate() {
    let lab = Lab::start().await;
    let url = format!("{}/v1/consents/x", lab.simulator.urls().resource_server);
    let without = lab.simulator.request(Method::GET, &url);
    assert!(without.send().await.is_err());
    let rogue = lab.simulator.request(Method::GET, &url);
    assert!(rogue.certificate("rogue-client").send().await.is_err());
}

#[tokio::test]
async fn ordered_faults_happen_in_order_and_then_stop() {
    let lab = Lab::start().await;
    lab.simulator
        .order_faults(Operation::Token, [Fault::Status(503), Fault::Status(429)]);
    let ask = TokenAsk::default();
    let first = lab.ask_token(&ask).await;
    assert_eq!(
        first.refusal(),
        (503, Some("temporarily_unavailable".to_owned()))
    );
    assert_eq!(first.header("retry-after"), Some("1"));
    assert_eq!(lab.ask_token(&ask).await.status, 429);
    assert_eq!(lab.ask_token(&ask).await.status, 200);
    assert_eq!(lab.simulator.calls(Operation::Token), 3);
}

#[tokio::test]
async fn a_provider_may_be_registered_for_its_certificate_alone() {
    let lab = Lab::start().await;
    let by_certificate = Provider::new(DP_ID, &lab.provider.webhooks_url)
        .client_certificate(PKI.certificate("dp-client").expect("a certificate"))
        .client_authentication(ClientAuthentication::TlsClientAuth);
    let registered = lab.simulator.register_provider(by_certificate);
    registered.expect("a registration");
    let bare = json!({"client_assertion": null, "client_assertion_type": null});
    assert_eq!(lab.ask_token(&TokenAsk::with(bare)).await.status, 200);
    let other = TokenAsk::over(Some("other-client"));
    assert_refused(&lab, "another certificate", other).await;
}

#[tokio::test]
async fn registered_keys_are_the_only_ones() {
    let lab = Lab::start().await;
    let keys = KeySource::Certificates(vec![PKI.certificate("dc-signing").expect("PEM")]);
    let provider = Provider::new(DP_ID, &lab.provider.webhooks_url)
        .client_certificate(PKI.certificate("dp-client").expect("a certificate"))
        .keys(keys);
    lab.simulator
        .register_provider(provider)
        .expect("a registration");
    assert_refused(&lab, "the published key", TokenAsk::default()).await;
    let registered = TokenAsk::signed(Signing::by("dc-signing"));
    assert_eq!(lab.ask_token(&registered).await.status, 200);
    assert!(lab.provider.seen("/v1/oauth/jwks").is_empty());
}

#[tokio::test]
async fn answers_echo_the_interaction_id() {
    let lab = Lab::start().await;
    let issuer = &lab.simulator.urls().authorization_server;
    let id = uuid::Uuid::new_v4().to_string();
    let url = format!("{issuer}/.well-known/openid-configuration");
    let request = lab.simulator.request(Method::GET, &url);
    let answer = request.header("x-fapi-interaction-id", &id).send().await;
    let answer = answer.expect("an answer");
    assert_eq!(answer.header("x-fapi-interaction-id"), Some(id.as_str()));
    let fresh = lab.simulator.request(Method::GET, &url).send().await;
    let fresh = fresh.expect("an answer");
    let fresh = fresh.header("x-fapi-interaction-id").expect("an id");
    assert!(uuid::Uuid::parse_str(fresh).is_ok());
}
