//! Claims that are not what they should be in form: other types, absurd times, repeated members.

use serde_json::{Value, json};

use super::{
    Bench, Check,
    data_calls::{refused, refused_call},
    finding::{Outcome, Seen},
    refusal::{CLAIM, Refusal},
};
use crate::{
    forge::Rewrite,
    keys::numeric_now,
    scenario::{DataCall, DataTweak},
};

const TIMES: &str = "RFC 7519 §2 and §4.1.4 to §4.1.6";
const FORMS: &str = "RFC 7519 §4.1; RFC 8725 §3.8 and §3.9";
const JSON: &str = "RFC 7519 §4 and §7.2; RFC 8259 §4";
/// Where it stays below the limit for a whole header field.
const DEEP: usize = 2_000;
/// Members that are written twice, by position.
const REPEATED: [&str; 6] = ["iss", "aud", "exp", "jti", "url", "sub"];

pub(super) fn checks() -> Vec<Check> {
    [time_checks(), member_checks(), text_checks()].concat()
}

fn time_checks() -> Vec<Check> {
    vec![
        attack!(
            "claims-times-in-quotes",
            "data call whose iat, nbf or exp is a number in quotes",
            TIMES,
            CLAIM,
            |bench, must| {
                let now = numeric_now();
                each(
                    bench,
                    must,
                    ["iat", "nbf", "exp"].map(|name| (name, json!(format!("{now}")))),
                )
            }
        ),
        attack!(
            "claims-times-no-numbers",
            "data call whose times are true, a list, an object, NaN or Infinity",
            TIMES,
            CLAIM,
            |bench, must| no_numbers(bench, must)
        ),
        attack!(
            "claims-times-huge",
            "data call with times beyond every clock, or in milliseconds",
            TIMES,
            CLAIM,
            |bench, must| {
                let milliseconds = numeric_now() * 1_000.0;
                each(
                    bench,
                    must,
                    [
                        ("exp", json!(1e308)),
                        ("exp", json!(u64::MAX)),
                        ("exp", json!(milliseconds)),
                        ("iat", json!(milliseconds)),
                        ("nbf", json!(1e308)),
                    ],
                )
            }
        ),
        attack!(
            "claims-times-past",
            "data call with times at zero or before",
            TIMES,
            CLAIM,
            |bench, must| {
                each(
                    bench,
                    must,
                    [
                        ("iat", json!(0)),
                        ("iat", json!(-1e308)),
                        ("exp", json!(0)),
                        ("exp", json!(i64::MIN)),
                    ],
                )
            }
        ),
    ]
}

fn member_checks() -> Vec<Check> {
    vec![
        attack!(
            "claims-audience-forms",
            "data call whose aud is nearly this provider, or no text",
            FORMS,
            CLAIM,
            |bench, must| {
                let id = &bench.dp_id;
                let audiences = [
                    json!(format!("{id}.evil.example")),
                    json!(format!("{id} ")),
                    json!(format!("{id},Paynet OFP")),
                    json!(id.to_uppercase()),
                    json!([[id]]),
                    json!({ "0": id }),
                    json!([id, 1]),
                    json!(true),
                ];
                each(bench, must, audiences.map(|audience| ("aud", audience)))
            }
        ),
        attack!(
            "claims-issuer-forms",
            "data call whose iss is nearly the Data Consumer, or no text",
            FORMS,
            CLAIM,
            |bench, must| issuer_forms(bench, must)
        ),
        attack!(
            "claims-jti-forms",
            "data call whose jti is empty, endless, no text or not visible",
            "v1.2.2, Message Signing; RFC 7519 §4.1.7",
            CLAIM,
            |bench, must| {
                each(
                    bench,
                    must,
                    [
                        json!(""),
                        json!("j".repeat(4_096)),
                        json!(7),
                        json!(["j"]),
                        json!({ "j": 1 }),
                        json!("a\u{0}b"),
                        json!("a\r\nb"),
                        json!("a b"),
                        json!("\u{202e}j"),
                    ]
                    .map(|jti| ("jti", jti)),
                )
            }
        ),
        attack!(
            "claims-parameter-types",
            "data call whose qpm is a list, or has numbers where the query has text",
            FORMS,
            CLAIM,
            |bench, must| parameter_types(bench, must)
        ),
    ]
}

fn text_checks() -> Vec<Check> {
    vec![
        attack!(
            "claims-repeated-member",
            "data call whose claims say one thing twice",
            JSON,
            CLAIM,
            |bench, must| {
                texts(
                    bench,
                    must,
                    [
                        (REPEATED[0], twice::<0>),
                        (REPEATED[1], twice::<1>),
                        (REPEATED[2], twice::<2>),
                        (REPEATED[3], twice::<3>),
                        (REPEATED[4], twice::<4>),
                        (REPEATED[5], twice::<5>),
                    ],
                )
            }
        ),
        attack!(
            "claims-surrounded",
            "data call whose claims have a byte order mark before them or more behind them",
            JSON,
            CLAIM,
            |bench, must| {
                texts(
                    bench,
                    must,
                    [
                        ("byte order mark", |text| format!("\u{feff}{text}")),
                        ("a second object", |text| format!("{text} {{}}")),
                        ("a null byte", |text| format!("{text}\u{0}")),
                        ("cut off", |text| text[..text.len() - 1].to_owned()),
                    ],
                )
            }
        ),
        attack!(
            "claims-deep",
            "data call with 2,000 lists inside each other among its claims",
            JSON,
            CLAIM,
            |bench, must| {
                texts(
                    bench,
                    must,
                    [("deep", |text| {
                        let deep = format!("{}{}", "[".repeat(DEEP), "]".repeat(DEEP));
                        text.replacen('{', &format!("{{\"deep\":{deep},"), 1)
                    })],
                )
            }
        ),
    ]
}

/// An honest call but for this claim, one after the other.
async fn each<const N: usize>(
    bench: &Bench<'_>,
    must: Refusal,
    claims: [(&str, Value); N],
) -> Outcome<Seen> {
    let mut seen = Seen::default();
    for (name, value) in claims {
        let case = format!("{name} {}", super::refusal::excerpt(&value.to_string()));
        let refused = refused(bench, [DataTweak::Claim(name.to_owned(), value)], must).await;
        seen.add(refused.map_err(|finding| finding.about(&case))?);
    }
    Ok(seen)
}

/// An honest call but for the text of its claims.
async fn texts<const N: usize>(
    bench: &Bench<'_>,
    must: Refusal,
    rewrites: [(&str, Rewrite); N],
) -> Outcome<Seen> {
    let mut seen = Seen::default();
    for (case, rewrite) in rewrites {
        let refused = refused(bench, [DataTweak::ClaimsText(rewrite)], must).await;
        seen.add(refused.map_err(|finding| finding.about(case))?);
    }
    Ok(seen)
}

async fn no_numbers(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let types = [
        ("exp", json!(true)),
        ("exp", json!([numeric_now() + 60.0])),
        ("iat", json!({ "$date": 0 })),
        ("nbf", json!("")),
    ];
    let mut seen = each(bench, must, types).await?;
    let words: [(&str, Rewrite); 4] = [
        ("NaN", |text| last(&text, "\"exp\":NaN")),
        ("Infinity", |text| last(&text, "\"exp\":Infinity")),
        ("1e400", |text| last(&text, "\"nbf\":1e400")),
        ("0x10", |text| last(&text, "\"iat\":0x10")),
    ];
    seen.add(texts(bench, must, words).await?);
    Ok(seen)
}

async fn issuer_forms(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let id = &bench.consumer()?.dc_id;
    let issuers = [
        json!(""),
        json!(format!("{id} ")),
        json!(format!("{id}.evil.example")),
        json!(id.to_uppercase()),
        json!([id]),
        json!({ "id": id }),
        json!(0),
    ];
    each(bench, must, issuers.map(|issuer| ("iss", issuer))).await
}

async fn parameter_types(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let shared = bench.shared().await?;
    let mut seen = Seen::default();
    for signed in [
        json!({ "page_size": 10 }),
        json!({ "page_size": ["10"] }),
        json!([["page_size", "10"]]),
        json!("page_size=10"),
    ] {
        let call = DataCall::transactions(&shared.consent_id, &shared.account_id)
            .query("page_size", "10")
            .with(DataTweak::Claim("qpm".to_owned(), signed.clone()));
        let refused = refused_call(bench, call, must).await;
        seen.add(refused.map_err(|finding| finding.about(&signed.to_string()))?);
    }
    Ok(seen)
}

/// A JSON object in which one more member comes last.
fn last(object: &str, member: &str) -> String {
    format!("{},{member}}}", &object[..object.len() - 1])
}

/// The claims with one of them written down a second time, with the same value.
#[expect(clippy::needless_pass_by_value, reason = "a rewrite takes its text")]
fn twice<const WHICH: usize>(text: String) -> String {
    let name = REPEATED[WHICH];
    let claims: Value = serde_json::from_str(&text).unwrap_or_default();
    last(&text, &format!("\"{name}\":{}", claims[name]))
}
