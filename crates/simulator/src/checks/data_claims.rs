//! Claims of a data call: for whom, when, about which resource, and only once.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Bench, Check,
    data_calls::{balances, opened, refused, refused_call},
    finding::{Outcome, Seen},
    refusal::{CLAIM, Refusal},
};
use crate::{
    keys::numeric_now,
    scenario::{DataCall, DataTweak},
};

const CLAIMS: &str = "v1.2.2, Message Signing; sandbox guide, x-signature";
const REPLAY: &str = "v1.2.2, Message Signing: jti is sensitive to replay";

/// Longer than any provider may tolerate.
const QUARTER_HOUR: f64 = 900.0;

pub(super) fn checks() -> Vec<Check> {
    let mut all = time_checks();
    all.extend(content_checks());
    all
}

fn time_checks() -> Vec<Check> {
    vec![
        attack!(
            "claims-expired",
            "a signature that has run out is refused",
            CLAIMS,
            CLAIM,
            |bench, must| refused(bench, [DataTweak::Aged(QUARTER_HOUR)], must)
        ),
        attack!(
            "claims-future",
            "a signature from the future is refused",
            CLAIMS,
            CLAIM,
            |bench, must| refused(bench, [DataTweak::Aged(-QUARTER_HOUR)], must)
        ),
        attack!(
            "claims-not-yet",
            "a signature that is not valid yet is refused",
            CLAIMS,
            CLAIM,
            |bench, must| refused(bench, [claim("nbf", json!(numeric_now() + 120.0))], must)
        ),
        attack!(
            "claims-exp-past",
            "an exp in the past is refused, however fresh iat is",
            CLAIMS,
            CLAIM,
            |bench, must| refused(bench, [claim("exp", json!(numeric_now() - 30.0))], must)
        ),
        attack!(
            "claims-long-life",
            "a signature made to last a day is refused",
            CLAIMS,
            CLAIM,
            |bench, must| refused(bench, [claim("exp", json!(numeric_now() + 86_400.0))], must)
        ),
        attack!(
            "claims-time-as-text",
            "a time that is not a number is refused",
            "RFC 7519 §2",
            CLAIM,
            |bench, must| refused(bench, [claim("iat", json!("now"))], must)
        ),
        check!(
            "claims-fractional",
            "fractions of a second are understood",
            CLAIMS,
            |bench| fractional(bench)
        ),
    ]
}

fn content_checks() -> Vec<Check> {
    vec![
        attack!(
            "claims-missing",
            "a missing claim is refused, whichever",
            CLAIMS,
            CLAIM,
            |bench, must| missing(bench, must)
        ),
        attack!(
            "claims-wrong-issuer",
            "claims of another issuer are refused",
            CLAIMS,
            CLAIM,
            |bench, must| refused(bench, [claim("iss", json!("somebody-else"))], must)
        ),
        attack!(
            "claims-wrong-audience",
            "claims for another provider are refused",
            CLAIMS,
            CLAIM,
            |bench, must| wrong_audience(bench, must)
        ),
        attack!(
            "claims-wrong-url",
            "claims about another resource are refused",
            CLAIMS,
            CLAIM,
            |bench, must| wrong_url(bench, must)
        ),
        attack!(
            "claims-unsigned-parameter",
            "a query parameter that was not signed is refused",
            CLAIMS,
            CLAIM,
            |bench, must| unsigned_parameter(bench, must)
        ),
        attack!(
            "claims-changed-parameter",
            "a query parameter that was signed otherwise is refused",
            CLAIMS,
            CLAIM,
            |bench, must| changed_parameter(bench, must)
        ),
        attack!(
            "claims-dropped-parameter",
            "a signed query parameter that is gone is refused",
            CLAIMS,
            CLAIM,
            |bench, must| refused(bench, [claim("qpm", json!({ "page_size": "10" }))], must)
        ),
        attack!(
            "claims-replay",
            "the same jti does not work twice",
            REPLAY,
            CLAIM,
            |bench, must| replay(bench, must)
        ),
        attack!(
            "claims-not-an-object",
            "claims that are no object are refused",
            "RFC 7519 §3",
            CLAIM,
            |bench, must| refused(bench, [DataTweak::ClaimsText(|_| "[]".to_owned())], must)
        ),
    ]
}

fn claim(name: &str, value: Value) -> DataTweak {
    DataTweak::Claim(name.to_owned(), value)
}

async fn fractional(bench: &Bench<'_>) -> Outcome {
    let now = numeric_now().floor() + 0.772;
    let call = balances(bench).await?.with(claim("iat", json!(now)));
    opened(&bench.simulator.data_call(call).await?)
}

async fn missing(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let mut seen = Seen::default();
    for name in ["iss", "aud", "iat", "exp", "jti", "url"] {
        let refused = refused(bench, [claim(name, Value::Null)], must).await;
        seen.add(refused.map_err(|finding| finding.about(name))?);
    }
    Ok(seen)
}

async fn wrong_audience(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let mut seen = Seen::default();
    for audience in [
        json!(["another-provider", "Paynet OFP"]),
        json!("Paynet OFP"),
        json!([]),
    ] {
        seen.add(refused(bench, [claim("aud", audience)], must).await?);
    }
    Ok(seen)
}

async fn wrong_url(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let shared = bench.shared().await?;
    let host = &bench.simulator.urls().resource_server;
    let account = &shared.account_id;
    let urls = [
        format!("{host}/v1/accounts/{account}/transactions"),
        format!("{host}/v1/accounts/{}/balances", Uuid::new_v4()),
        format!("{host}/v1/accounts/{account}"),
        format!("{host}/?to=/v1/accounts/{account}/balances"),
        format!("{host}/#/v1/accounts/{account}/balances"),
    ];
    let mut seen = Seen::default();
    for url in urls {
        let refused = refused(bench, [claim("url", json!(url))], must).await;
        seen.add(refused.map_err(|finding| finding.about(&url))?);
    }
    Ok(seen)
}

async fn unsigned_parameter(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let tweak = DataTweak::UnsignedQuery("page_size".to_owned(), "100".to_owned());
    refused_call(bench, transactions(bench).await?.with(tweak), must).await
}

async fn changed_parameter(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let call = transactions(bench).await?.query("page_size", "100");
    refused_call(
        bench,
        call.with(claim("qpm", json!({ "page_size": "10" }))),
        must,
    )
    .await
}

async fn transactions(bench: &Bench<'_>) -> Outcome<DataCall> {
    let shared = bench.shared().await?;
    Ok(DataCall::transactions(
        &shared.consent_id,
        &shared.account_id,
    ))
}

async fn replay(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let jti = DataTweak::Jti(Uuid::new_v4().to_string());
    let first = balances(bench).await?.with(jti.clone());
    opened(&bench.simulator.data_call(first).await?)?;
    refused(bench, [jti], must).await
}
