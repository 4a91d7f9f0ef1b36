//! Claims of a data call: for whom, when, about which resource, and only once.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Bench, Check,
    data_calls::{balances, opened, refused, refused_call},
    finding::Outcome,
    refusal::CLAIM,
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
        check!(
            "claims-expired",
            "a signature that has run out is refused",
            CLAIMS,
            |bench| refused(bench, [DataTweak::Aged(QUARTER_HOUR)], CLAIM)
        ),
        check!(
            "claims-future",
            "a signature from the future is refused",
            CLAIMS,
            |bench| refused(bench, [DataTweak::Aged(-QUARTER_HOUR)], CLAIM)
        ),
        check!(
            "claims-not-yet",
            "a signature that is not valid yet is refused",
            CLAIMS,
            |bench| refused(bench, [claim("nbf", json!(numeric_now() + 120.0))], CLAIM)
        ),
        check!(
            "claims-exp-past",
            "an exp in the past is refused, however fresh iat is",
            CLAIMS,
            |bench| refused(bench, [claim("exp", json!(numeric_now() - 30.0))], CLAIM)
        ),
        check!(
            "claims-long-life",
            "a signature made to last a day is refused",
            CLAIMS,
            |bench| refused(
                bench,
                [claim("exp", json!(numeric_now() + 86_400.0))],
                CLAIM
            )
        ),
        check!(
            "claims-time-as-text",
            "a time that is not a number is refused",
            "RFC 7519 §2",
            |bench| refused(bench, [claim("iat", json!("now"))], CLAIM)
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
        check!(
            "claims-missing",
            "a missing claim is refused, whichever",
            CLAIMS,
            |bench| missing(bench)
        ),
        check!(
            "claims-wrong-issuer",
            "claims of another issuer are refused",
            CLAIMS,
            |bench| refused(bench, [claim("iss", json!("somebody-else"))], CLAIM)
        ),
        check!(
            "claims-wrong-audience",
            "claims for another provider are refused",
            CLAIMS,
            |bench| wrong_audience(bench)
        ),
        check!(
            "claims-wrong-url",
            "claims about another resource are refused",
            CLAIMS,
            |bench| wrong_url(bench)
        ),
        check!(
            "claims-unsigned-parameter",
            "a query parameter that was not signed is refused",
            CLAIMS,
            |bench| unsigned_parameter(bench)
        ),
        check!(
            "claims-changed-parameter",
            "a query parameter that was signed otherwise is refused",
            CLAIMS,
            |bench| changed_parameter(bench)
        ),
        check!(
            "claims-dropped-parameter",
            "a signed query parameter that is gone is refused",
            CLAIMS,
            |bench| refused(bench, [claim("qpm", json!({ "page_size": "10" }))], CLAIM)
        ),
        check!(
            "claims-replay",
            "the same jti does not work twice",
            REPLAY,
            |bench| replay(bench)
        ),
        check!(
            "claims-not-an-object",
            "claims that are no object are refused",
            "RFC 7519 §3",
            |bench| refused(bench, [claim("aud", json!({ "a": 1 }))], CLAIM)
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

async fn missing(bench: &Bench<'_>) -> Outcome {
    for name in ["iss", "aud", "iat", "exp", "jti", "url"] {
        let refused = refused(bench, [claim(name, Value::Null)], CLAIM).await;
        refused.map_err(|finding| finding.about(name))?;
    }
    Ok(())
}

async fn wrong_audience(bench: &Bench<'_>) -> Outcome {
    for audience in [
        json!(["another-provider", "Paynet OFP"]),
        json!("Paynet OFP"),
        json!([]),
    ] {
        refused(bench, [claim("aud", audience)], CLAIM).await?;
    }
    Ok(())
}

async fn wrong_url(bench: &Bench<'_>) -> Outcome {
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
    for url in urls {
        let refused = refused(bench, [claim("url", json!(url))], CLAIM).await;
        refused.map_err(|finding| finding.about(&url))?;
    }
    Ok(())
}

async fn unsigned_parameter(bench: &Bench<'_>) -> Outcome {
    let tweak = DataTweak::UnsignedQuery("page_size".to_owned(), "100".to_owned());
    refused_call(bench, transactions(bench).await?.with(tweak), CLAIM).await
}

async fn changed_parameter(bench: &Bench<'_>) -> Outcome {
    let call = transactions(bench).await?.query("page_size", "100");
    refused_call(
        bench,
        call.with(claim("qpm", json!({ "page_size": "10" }))),
        CLAIM,
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

async fn replay(bench: &Bench<'_>) -> Outcome {
    let jti = DataTweak::Jti(Uuid::new_v4().to_string());
    let first = balances(bench).await?.with(jti.clone());
    opened(&bench.simulator.data_call(first).await?)?;
    refused(bench, [jti], CLAIM).await
}
