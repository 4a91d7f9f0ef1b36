//! The wire profile (docs/decisions/0001-wire-profile.md): for each alternative the journey with a PayNet that plays it; and where
//! the two sides disagree, the step at which it fails, and how.

use std::sync::OnceLock;

use chrono::TimeDelta;
use http::Method;
use izin::Institution;
use izin_simulator::{
    AnswerBody, AnswerForm, AnswerPayload, AuthorizeRoute, ClientAuthentication, DataCall,
    DataTweak, Dialect, ForgedAlgorithm, Leaf, NewConsent, Provider, Resource, SignatureKeys,
    Usage,
};
use serde_json::json;

use crate::harness::{Database, TOTP_SECRET, TestApp, eventually, on_both_databases, pki};

/// One alternative.
struct Alternative {
    /// Our settings for it.
    settings: &'static str,
    /// A PayNet that plays it.
    dialect: Dialect,
    registered: fn(Provider) -> Provider,
    /// How the journey fails with our default and such a PayNet; `None` where the default does, too.
    with_our_default: Option<&'static str>,
    /// How it fails with our settings and PayNet's default.
    with_paynets_default: Option<&'static str>,
}

impl Alternative {
    fn new(settings: &'static str) -> Self {
        Self {
            settings,
            dialect: Dialect::default(),
            registered: |provider| provider,
            with_our_default: None,
            with_paynets_default: None,
        }
    }

    async fn proves_itself(self) {
        let Self {
            settings,
            dialect,
            registered,
            ..
        } = self;
        let agreed = journey(settings, dialect.clone(), registered).await;
        assert_eq!(agreed, Ok(()), "{settings} with such a PayNet");
        let as_if_default = journey("", dialect, registered).await;
        expect(&as_if_default, self.with_our_default, "our default");
        let alone = journey(settings, Dialect::default(), |provider| provider).await;
        expect(&alone, self.with_paynets_default, "PayNet's default");
    }
}

fn expect(outcome: &Result<(), String>, told: Option<&str>, with: &str) {
    match (outcome, told) {
        (Ok(()), None) => {}
        (Err(failure), Some(told)) => {
            assert!(failure.contains(told), "{with}: {failure}, not {told}");
        }
        _ => panic!("{with}: {outcome:?}, not {told:?}"),
    }
}

/// Event, link, approval, Update Consent and a data call that is opened; else the step that failed, and how.
async fn journey(
    settings: &str,
    dialect: Dialect,
    registered: fn(Provider) -> Provider,
) -> Result<(), String> {
    let database = Database::sqlite();
    let institution = Institution::default();
    let app = TestApp::start_speaking(database, settings, institution, dialect).await;
    app.is_registered(registered);
    let outcome = steps(&app).await;
    app.stop().await;
    outcome
}

async fn steps(app: &TestApp) -> Result<(), String> {
    let new = NewConsent::new("kira-budget", "bank-contoh");
    let consent = app.simulator.create_consent(new).await;
    let consent = consent.map_err(|error| format!("event: {error}"))?;
    let consent = app.known(&consent.consent_id);
    let link = app.simulator.authorize_url(&consent.id).await;
    let link = link.map_err(|error| format!("link: {error}"))?;
    let mut customer = app.customer();
    let page = customer
        .opens(&link)
        .await
        .map_err(|error| format!("link: {error}"))?;
    if page.screen() != "username" {
        return Err(format!("link: {}", page.summary()));
    }
    let signed_in = customer.signs_in("paynet", "paynet", TOTP_SECRET);
    signed_in.await.map_err(|error| error.to_string())?;
    customer
        .selects_first()
        .await
        .map_err(|error| error.to_string())?;
    customer
        .approves()
        .await
        .map_err(|error| error.to_string())?;
    delivered(app, &consent).await?;
    let answer = consent.balance().await;
    let (status, error) = answer.answer.refusal();
    match answer.problem {
        Some(problem) => Err(format!("data: {problem}")),
        None if status == 200 => {
            assert_eq!(answer.data()["account_id"], consent.account());
            Ok(())
        }
        None => Err(format!("data: {status} {error:?}")),
    }
}

/// Until PayNet has accepted, or the first attempt has failed.
async fn delivered(
    app: &TestApp,
    consent: &crate::harness::ConsentStory<'_>,
) -> Result<(), String> {
    let failure = || async {
        let waiting = app.store.deliveries(&consent.key()).await.unwrap();
        waiting.into_iter().find_map(|one| one.last_error)
    };
    let settled =
        || async { consent.last_entry().await == "accepted" || failure().await.is_some() };
    eventually(settled, "PayNet was told").await;
    match failure().await {
        Some(failure) => Err(format!("update: {failure}")),
        None => Ok(()),
    }
}

/// A test for each alternative, so that they run side by side.
macro_rules! alternatives {
    ($($name:ident: $alternative:expr;)+) => { $(
        #[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            $alternative.proves_itself().await;
        }
    )+ };
}

alternatives! {
    update_by_post: Alternative {
        dialect: Dialect { update_by_post: true, ..Dialect::default() },
        with_our_default: Some("update: status 405"),
        with_paynets_default: Some("update: status 405"),
        ..Alternative::new("ofp.profile.update_method = \"POST\"")
    };
    answers_as_jwt: Alternative {
        dialect: answers(AnswerBody::Jwt, AnswerPayload::Claims),
        with_our_default: Some("data: the answer is \"application/json\" and not application/jwt"),
        with_paynets_default: Some("data: the answer is \"application/jwt\" and not application/json"),
        ..Alternative::new("ofp.profile.response_body = \"application/jwt\"")
    };
    answers_as_jose_with_the_bare_jwe: Alternative {
        dialect: answers(AnswerBody::Jose, AnswerPayload::Jwe),
        with_our_default: Some("data: the answer is \"application/json\" and not application/jose"),
        with_paynets_default: Some("data: the answer is \"application/jose\" and not application/json"),
        ..Alternative::new(
            "[ofp.profile]\nresponse_body = \"application/jose\"\nresponse_payload = \"jwe\"",
        )
    };
    a_bare_jwe_in_the_envelope: Alternative {
        dialect: answers(AnswerBody::Envelope, AnswerPayload::Jwe),
        with_our_default: Some("data: "),
        with_paynets_default: Some("data: the payload is not a claims set"),
        ..Alternative::new("ofp.profile.response_payload = \"jwe\"")
    };
    signatures_by_es384: Alternative {
        dialect: signed_by(ForgedAlgorithm::Es384),
        with_our_default: Some("event: the provider did not take the event"),
        with_paynets_default: Some("event: the provider did not take the event"),
        ..Alternative::new("ofp.profile.signature_algorithms = [\"ES384\"]")
    };
    signatures_by_es512_beside_ps256: Alternative {
        dialect: signed_by(ForgedAlgorithm::Es512),
        with_our_default: Some("event: the provider did not take the event"),
        with_paynets_default: None,
        ..Alternative::new("ofp.profile.signature_algorithms = [\"PS256\", \"ES512\"]")
    };
    one_header_only: Alternative {
        dialect: Dialect { consumer_header: "x-fapi-signature", ..Dialect::default() },
        // The default reads both headers.
        with_our_default: None,
        with_paynets_default: Some("data: 400 Some(\"JWS.InvalidClaim\")"),
        ..Alternative::new("ofp.profile.signature_headers = [\"x-fapi-signature\"]")
    };
    keys_at_another_path: Alternative {
        dialect: Dialect { keys_at_root: true, ..Dialect::default() },
        with_our_default: Some("event: the provider did not take the event"),
        // Discovery says where they are, and goes before the setting.
        with_paynets_default: None,
        ..Alternative::new("ofp.profile.paynet_jwks_path = \"/v1/oauth/jwks\"")
    };
    headers_change_parties: Alternative {
        dialect: Dialect {
            consumer_header: "x-fapi-signature",
            paynet_header: "x-signature",
            ..Dialect::default()
        },
        with_our_default: Some("data: 400 Some(\"JWS.InvalidSignature\")"),
        with_paynets_default: Some("data: 400 Some(\"JWS.InvalidSignature\")"),
        ..Alternative::new(
            "[ofp.profile]\nx_signature_party = \"paynet\"\nx_fapi_signature_party = \"consumer\"",
        )
    };
    nested_amounts: Alternative {
        dialect: Dialect { nested_amounts: true, ..Dialect::default() },
        with_our_default: Some("data: the balance's amounts have another form"),
        with_paynets_default: Some("data: the balance's amounts have another form"),
        ..Alternative::new("ofp.profile.balance_amount = \"nested\"")
    };
    authorize_over_mutual_tls_only: Alternative {
        dialect: Dialect { authorize: AuthorizeRoute::Relayed, ..Dialect::default() },
        // The default serves both listeners.
        with_our_default: None,
        with_paynets_default: Some("link: "),
        ..Alternative::new("ofp.profile.authorize_listeners = [\"webhooks\"]")
    };
    authentication_by_certificate_alone: Alternative {
        registered: |provider| {
            provider.client_authentication(ClientAuthentication::TlsClientAuth)
        },
        // Whom the certificate is enough for does not look at an assertion.
        with_our_default: None,
        with_paynets_default: Some("no access token: the token endpoint refused"),
        ..Alternative::new("ofp.client_auth = \"tls_client_auth\"")
    };
}

fn answers(body: AnswerBody, payload: AnswerPayload) -> Dialect {
    Dialect {
        answers: AnswerForm { body, payload },
        ..Dialect::default()
    }
}

/// PayNet and the consumers sign with elliptic curves.
fn signed_by(algorithm: ForgedAlgorithm) -> Dialect {
    const KEYS: [(&str, Usage); 4] = [
        ("paynet-p384", Usage::SigningP384),
        ("consumer-p384", Usage::SigningP384),
        ("paynet-p521", Usage::SigningP521),
        ("consumer-p521", Usage::SigningP521),
    ];
    static ISSUED: OnceLock<()> = OnceLock::new();
    ISSUED.get_or_init(|| {
        for (name, usage) in KEYS {
            let leaf = Leaf::trusted(name, "Elliptic curves", usage);
            pki().issue(&leaf).unwrap();
        }
    });
    let curve = match algorithm {
        ForgedAlgorithm::Es384 => "p384",
        _ => "p521",
    };
    Dialect {
        signatures: SignatureKeys {
            algorithm,
            paynet: format!("paynet-{curve}"),
            consumers: Some(format!("consumer-{curve}")),
        },
        ..Dialect::default()
    }
}

/// PayNet relays, but only browsers are served.
#[tokio::test(flavor = "multi_thread")]
async fn authorize_for_browsers_only() {
    let settings = "ofp.profile.authorize_listeners = [\"public\"]";
    let relayed = Dialect {
        authorize: AuthorizeRoute::Relayed,
        ..Dialect::default()
    };
    let outcome = journey(settings, relayed, |provider| provider).await;
    expect(&outcome, Some("link: "), "a PayNet that relays");
    let outcome = journey(settings, Dialect::default(), |provider| provider).await;
    expect(&outcome, None, "PayNet's default");
}

on_both_databases!(
    what_a_danger_lets_pass,
    a_clock_that_nobody_is_told_of,
    the_envelope_says_what_it_is_told,
    names_and_codes_are_settings,
);

async fn what_a_danger_lets_pass(database: Database) {
    const DANGERS: &str = "[ofp.profile]\ndanger_skip_qpm = true\ndanger_skip_url = true\n\
                           danger_skip_replay = true";
    let app = TestApp::start_with(database, DANGERS).await;
    let consent = app.approved_consent(&["read_balances"]).await;
    let call = || DataCall::new(Resource::Balances, &consent.id, consent.account());
    let jti = || DataTweak::Jti("the same again".to_owned());
    for (tweak, status) in [
        (DataTweak::Claim("qpm".to_owned(), json!({"a": "b"})), 200),
        (DataTweak::Claim("url".to_owned(), json!(null)), 200),
        (jti(), 200),
        (jti(), 200),
        // Everything else is still checked.
        (DataTweak::Claim("aud".to_owned(), json!("other")), 400),
        (DataTweak::Aged(3600.0), 400),
        (DataTweak::TamperedSignature, 400),
    ] {
        let told = format!("{tweak:?}");
        let answer = app.simulator.data_call(call().with(tweak)).await.unwrap();
        assert_eq!(answer.status(), status, "{told}");
    }
    app.stop().await;
}

/// `timeout_update = "none"`: PayNet's own clock has to do.
async fn a_clock_that_nobody_is_told_of(database: Database) {
    let settings = "ofp.profile.timeout_update = \"none\"";
    let app = TestApp::start_with(database, settings).await;
    let consent = app.consent(&["read_balances"]).await;
    app.clock.advance(TimeDelta::minutes(6));
    consent.reaches("timed_out").await;
    let waiting = app.store.deliveries(&consent.key()).await.unwrap();
    assert!(waiting.is_empty(), "{waiting:?}");
    assert!(consent.at_paynet().updates.is_empty());
    app.stop().await;
}

async fn the_envelope_says_what_it_is_told(database: Database) {
    let settings = "[ofp.profile]\nenvelope_status = \"OK\"\nenvelope_error_message = \"none\"";
    let app = TestApp::start_with(database, settings).await;
    let consent = app.approved_consent(&["read_balances"]).await;
    let envelope = consent.balance().await.answer.json();
    assert_eq!(envelope["status"], "OK");
    assert_eq!(envelope["error_message"], "none");
    app.stop().await;
}

async fn names_and_codes_are_settings(database: Database) {
    let settings = "[ofp.profile]\ndeclined_reason = \"provider_error\"\n\
                    redirect_consent_id = \"consent\"\nredirect_error = \"fault\"";
    let app = TestApp::start_with(database, settings).await;
    let consent = app.consent(&["read_balances"]).await;
    let mut customer = app.reviewing(&consent).await;
    customer.rejects().await.unwrap();
    let told = || async { consent.at_paynet().consent.status_reason.is_some() };
    eventually(told, "PayNet was told").await;
    let reason = consent.at_paynet().consent.status_reason.unwrap();
    assert_eq!(reason.reason_code, "provider_error");
    // PayNet, which knows nothing of these names, has no use for them.
    let _ = customer.goes_back().await;
    let asked: Vec<String> = customer
        .hops()
        .into_iter()
        .map(|hop| hop.url.into())
        .collect();
    let back = format!("consent={}&fault=access_denied&", consent.id);
    assert!(asked.iter().any(|url| url.contains(&back)), "{asked:?}");
    app.stop().await;
}

/// Both sets at our own address, for whom the webhooks are; or not at all.
#[tokio::test(flavor = "multi_thread")]
async fn the_mirror_of_key_sets() {
    for (settings, mirrored) in [("", true), ("ofp.profile.jwks_mirror = false", false)] {
        let app = TestApp::start_with(Database::sqlite(), settings).await;
        let base = format!("https://localhost:{}", app.service.webhooks_address.port());
        let cases = [
            ("paynet", "paynet-client", 200, 1),
            ("kira-budget", "paynet-client", 200, 2),
            ("nobody", "paynet-client", 404, 0),
            ("not%20an%20id", "paynet-client", 404, 0),
            ("paynet", "other-client", 401, 0),
        ];
        for (name, certificate, status, keys) in cases {
            let url = format!("{base}/v1/oauth/jwks/{name}");
            let request = app.simulator.request(Method::GET, url);
            let answer = request.certificate(certificate).send().await.unwrap();
            let found = answer.json()["keys"].as_array().map_or(0, Vec::len);
            let expected = if mirrored { (status, keys) } else { (404, 0) };
            assert_eq!((answer.status, found), expected, "{name} as {certificate}");
            assert!(answer.header("x-fapi-interaction-id").is_some());
        }
        let public = format!("{}/v1/oauth/jwks/paynet", app.service.public_url);
        let answer = app.simulator.request(Method::GET, public).send().await;
        assert_eq!(answer.unwrap().status, 404, "customers' listener");
        app.stop().await;
    }
}
