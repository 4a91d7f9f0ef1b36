//! Who may connect, and what every answer carries.

use http::Method;

use super::{
    Bench, Check,
    bench::fresh_id,
    finding::{Finding, Outcome, Seen},
    refusal::{NOT_FOUND, Refusal, interaction_id, refused_somehow},
};
use crate::platform::events::EventType;
use crate::scenario::{Answer, DataCall, DataTweak, EventPost, EventTweak, ScenarioError};

const MUTUAL_TLS: &str = "v1.2.2, Mutual TLS; RFC 8705";
const INTERACTION: &str = "v1.2.2, HTTP Headers; FAPI 2.0 §5.2";

/// Members of a JWK that are nobody else's business (RFC 7518 §6).
const PRIVATE_MEMBERS: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "k"];

pub(super) fn checks() -> Vec<Check> {
    vec![
        attack!(
            "transport-rogue-certificate",
            "a client certificate of a foreign authority is refused in the handshake",
            MUTUAL_TLS,
            "no connection",
            |bench| no_connection(bench, Some("rogue-client"))
        ),
        attack!(
            "transport-no-certificate",
            "without a client certificate there is no connection to the webhooks",
            MUTUAL_TLS,
            "no connection",
            |bench| no_connection(bench, None)
        ),
        check!(
            "transport-healthy",
            "the health check answers PayNet",
            "v1.2.2, Health Check",
            |bench| healthy(bench)
        ),
        check!(
            "transport-interaction-echoed",
            "a valid interaction id comes back",
            INTERACTION,
            |bench| interaction_echoed(bench)
        ),
        check!(
            "transport-interaction-replaced",
            "an interaction id that is no UUID is replaced, not reflected",
            INTERACTION,
            |bench| interaction_replaced(bench)
        ),
        attack!(
            "transport-unknown-path",
            "a path that does not exist is a 404 with an error body",
            "v1.2.2, Error Codes",
            NOT_FOUND,
            |bench, must| unknown_path(bench, must)
        ),
        check!(
            "transport-public-keys",
            "the published keys hold nothing private",
            "v1.2.2, JWKS; RFC 7517 §9.2",
            |bench| public_keys(bench)
        ),
        attack!(
            "transport-no-data-on-pages",
            "the customers' listener serves no data and takes no events",
            MUTUAL_TLS,
            "4xx without data",
            |bench| no_data_on_pages(bench)
        ),
        attack!(
            "transport-oversized-header",
            "a header of 100 KB is no server error",
            "RFC 6585 §5",
            "4xx, or the connection is closed",
            |bench| oversized_header(bench)
        ),
    ]
}

pub(super) async fn health(
    bench: &Bench<'_>,
    certificate: Option<&str>,
    id: Option<&str>,
) -> Result<Answer, ScenarioError> {
    let url = format!("{}/v1/health", bench.webhooks_url);
    let mut request = bench.simulator.request(Method::GET, url);
    if let Some(name) = certificate {
        request = request.certificate(name);
    }
    if let Some(id) = id {
        request = request.header("x-fapi-interaction-id", id);
    }
    request.send().await
}

pub(super) async fn no_connection(bench: &Bench<'_>, certificate: Option<&str>) -> Outcome<Seen> {
    let shared = bench.shared().await?;
    let named = certificate.map(str::to_owned);
    let data = DataCall::balances(&shared.consent_id, &shared.account_id)
        .with(DataTweak::ClientCertificate(named.clone()));
    let event = EventPost::new(&shared.consent_id, EventType::ConsentUpdated)
        .with(EventTweak::ClientCertificate(named));
    let answers = [
        bench
            .simulator
            .data_call(data)
            .await
            .map(|answer| answer.answer),
        bench.simulator.post_event(event).await,
        health(bench, certificate, None).await,
    ];
    for answer in answers {
        match answer {
            Err(ScenarioError::Http(_)) => {}
            Err(other) => return Err(other.into()),
            Ok(answer) => {
                return Err(Finding::Wrong(format!(
                    "the connection was taken: {} {}",
                    answer.status,
                    answer.text()
                )));
            }
        }
    }
    Ok(Seen::new("no connection"))
}

async fn healthy(bench: &Bench<'_>) -> Outcome {
    let answer = health(bench, Some("paynet-client"), None).await?;
    ensure!(answer.status == 200, "{} {}", answer.status, answer.text());
    interaction_id(&answer, None)
}

async fn interaction_echoed(bench: &Bench<'_>) -> Outcome {
    let sent = fresh_id();
    let answer = health(bench, Some("paynet-client"), Some(&sent)).await?;
    interaction_id(&answer, Some(&sent))
}

async fn interaction_replaced(bench: &Bench<'_>) -> Outcome {
    let answer = health(bench, Some("paynet-client"), Some("not-a-uuid")).await?;
    ensure!(answer.status < 500, "{} {}", answer.status, answer.text());
    interaction_id(&answer, None)
}

async fn unknown_path(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let id = fresh_id();
    let url = format!("{}/v1/no-such-thing", bench.webhooks_url);
    let request = bench
        .simulator
        .request(Method::GET, url)
        .certificate("paynet-client");
    let answer = request.header("x-fapi-interaction-id", &id).send().await?;
    must.check(&answer, Some(&id))
}

async fn public_keys(bench: &Bench<'_>) -> Outcome {
    for base in [&bench.webhooks_url, &bench.pages_url] {
        let url = format!("{base}/v1/oauth/jwks");
        let request = bench
            .simulator
            .request(Method::GET, url)
            .certificate("paynet-client");
        let answer = request.send().await?;
        ensure!(
            answer.status == 200,
            "{base}: {} {}",
            answer.status,
            answer.text()
        );
        let set = answer.json();
        let keys = set["keys"].as_array().cloned().unwrap_or_default();
        ensure!(!keys.is_empty(), "{base}: no keys in {}", answer.text());
        for key in keys {
            let private = PRIVATE_MEMBERS
                .iter()
                .find(|name| key.get(**name).is_some());
            ensure!(
                private.is_none(),
                "{base}: a key has the private member {private:?}"
            );
            ensure!(
                key["kid"].as_str().is_some_and(|kid| kid.len() == 43),
                "{base}: kid is no x5t#S256: {}",
                key["kid"]
            );
        }
    }
    Ok(())
}

async fn no_data_on_pages(bench: &Bench<'_>) -> Outcome<Seen> {
    let shared = bench.shared().await?;
    let paths = [
        (
            Method::GET,
            format!(
                "/v1/accounts/{}/balances?consent_id={}",
                shared.account_id, shared.consent_id
            ),
        ),
        (
            Method::GET,
            format!("/v1/oauth/userinfo?consent_id={}", shared.consent_id),
        ),
        (Method::POST, "/v1/consents/events".to_owned()),
    ];
    let mut seen = Seen::default();
    for (method, path) in paths {
        let url = format!("{}{path}", bench.pages_url);
        let request = bench
            .simulator
            .request(method, url)
            .header("accept", "application/json");
        let answer = request.body("application/json", "{}").send().await?;
        ensure!(
            (400..500).contains(&answer.status),
            "{path}: {} {}",
            answer.status,
            answer.text()
        );
        ensure!(
            answer.json().get("data").is_none(),
            "{path}: {}",
            answer.text()
        );
        seen.add(Seen::new(answer.status.to_string()));
    }
    Ok(seen)
}

async fn oversized_header(bench: &Bench<'_>) -> Outcome<Seen> {
    let huge = "a".repeat(100 * 1024);
    let seen = refused_somehow(health(bench, Some("paynet-client"), Some(&huge)).await)?;
    let answer = health(bench, Some("paynet-client"), None).await?;
    ensure!(
        answer.status == 200,
        "afterwards: {} {}",
        answer.status,
        answer.text()
    );
    Ok(seen)
}
