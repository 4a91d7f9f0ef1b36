//! Events that are rightly signed and must not be believed anyhow.

use serde_json::{Value, json};

use super::{
    Bench, Check,
    bench::fresh_id,
    data_calls::refused_call,
    event_bodies::{Change, replaced},
    events::{field, refused_event},
    finding::{Outcome, Seen},
    refusal::{CONSENT, REQUEST, Refusal, excerpt, interaction_id},
};
use crate::scenario::{Answer, DataCall, EventTweak};

const JSON: &str = "v1.2.2, Consent Event; RFC 8259 §4 and §8";

const ORDER: &str = "v1.2.2, Consent Status; ADR 0001, order of events";

const DEEP: usize = 50_000;

pub(super) fn checks() -> Vec<Check> {
    vec![
        attack!(
            "event-repeated-member",
            "event, rightly signed, that states a member twice",
            JSON,
            REQUEST,
            |bench, must| {
                signed(
                    bench,
                    must,
                    [
                        ("status", |body| {
                            replaced(&body, r#""status":"#, r#""status":"authorized","status":"#)
                        }),
                        ("data", |body| {
                            replaced(&body, r#""data":"#, r#""data":{},"data":"#)
                        }),
                        ("escaped", |body| {
                            replaced(
                                &body,
                                r#""status":"#,
                                r#""\u0073tatus":"authorized","status":"#,
                            )
                        }),
                    ],
                )
            }
        ),
        attack!(
            "event-deep",
            "event, rightly signed, with 50,000 lists inside each other",
            JSON,
            REQUEST,
            |bench, must| {
                signed(
                    bench,
                    must,
                    [
                        ("alone", |_| "[".repeat(DEEP).into_bytes()),
                        ("a member", |body| {
                            let deep = format!("{}{}", "[".repeat(DEEP), "]".repeat(DEEP));
                            replaced(&body, r#""data":"#, &format!(r#""deep":{deep},"data":"#))
                        }),
                    ],
                )
            }
        ),
        attack!(
            "event-not-utf-8",
            "event, rightly signed, that is no UTF-8 or has half a character",
            JSON,
            REQUEST,
            |bench, must| {
                signed(
                    bench,
                    must,
                    [
                        ("a stray byte", |body| with_byte(&body, 0xff)),
                        ("UTF-16", |body| {
                            body.iter().flat_map(|byte| [0, *byte]).collect()
                        }),
                        ("half a surrogate pair", |body| {
                            replaced(&body, "suspended", r"\ud800")
                        }),
                    ],
                )
            }
        ),
        attack!(
            "event-null-byte",
            "event, rightly signed, with null bytes in its texts",
            JSON,
            REQUEST,
            |bench, must| null_bytes(bench, must)
        ),
        attack!(
            "event-malformed-consent",
            "event, rightly signed, whose consent id is endless, SQL, a path or no text",
            "v1.2.2, Consent Event",
            REQUEST,
            |bench, must| malformed_consent(bench, must)
        ),
        attack!(
            "event-revives-revoked",
            "event from before a revocation, sent again after it",
            ORDER,
            "200, and data stays refused with 403 Consent.Invalid",
            |bench| revives_revoked(bench)
        ),
    ]
}

/// PayNet signs other bytes.
async fn signed<const N: usize>(
    bench: &Bench<'_>,
    must: Refusal,
    changes: [(&str, Change); N],
) -> Outcome<Seen> {
    let mut seen = Seen::default();
    for (case, change) in changes {
        let body = change(harmful_body(bench).await?);
        let refused = refused_event(bench, vec![EventTweak::RawBody(body)], must).await;
        seen.add(refused.map_err(|finding| finding.about(case))?);
    }
    Ok(seen)
}

/// Says that the shared consent is suspended.
async fn harmful_body(bench: &Bench<'_>) -> Outcome<Vec<u8>> {
    let shared = bench.shared().await?;
    let mut consent = serde_json::to_value(bench.consent(&shared.consent_id)?.consent)?;
    consent["status"] = "suspended".into();
    consent["updated_at"] = chrono::Utc::now().to_rfc3339().into();
    let event = json!({ "event_type": "consent_status_updated", "data": consent });
    Ok(serde_json::to_vec(&event)?)
}

fn with_byte(body: &[u8], byte: u8) -> Vec<u8> {
    let text = String::from_utf8_lossy(body);
    let at = text.find("suspended").unwrap_or_default();
    let (before, after) = body.split_at(at);
    [before, &[byte], after].concat()
}

async fn null_bytes(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let mut seen = Seen::default();
    for pointer in [
        "/data/consent_id",
        "/data/dc_id",
        "/data/consent_type",
        "/data/consent_purpose",
        "/data/updated_by",
        "/event_type",
    ] {
        let refused = refused_event(bench, vec![field(pointer, "a\u{0}b")], must).await;
        seen.add(refused.map_err(|finding| finding.about(pointer))?);
    }
    Ok(seen)
}

async fn malformed_consent(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let mut seen = Seen::default();
    for id in [
        json!(""),
        json!("c".repeat(37)),
        json!("c".repeat(100_000)),
        json!("' OR '1'='1"),
        json!("../../../etc/passwd"),
        json!("a\r\nb"),
        json!(7),
        json!(["c"]),
        Value::Null,
    ] {
        let case = excerpt(&id.to_string());
        let tweak = EventTweak::Field("/data/consent_id".to_owned(), id);
        let refused = refused_event(bench, vec![tweak], must).await;
        seen.add(refused.map_err(|finding| finding.about(&case))?);
    }
    Ok(seen)
}

async fn revives_revoked(bench: &Bench<'_>) -> Outcome<Seen> {
    let revoked = bench.revoked().await?;
    let id = fresh_id();
    let url = format!("{}/v1/consents/events", bench.webhooks_url);
    let request = bench
        .simulator
        .request(http::Method::POST, url)
        .certificate("paynet-client")
        .header("x-fapi-signature", &revoked.signature)
        .header("x-fapi-interaction-id", &id);
    let answer: Answer = request
        .body("application/json", revoked.event.clone())
        .send()
        .await?;
    ensure!(answer.status == 200, "{} {}", answer.status, answer.text());
    interaction_id(&answer, Some(&id))?;
    let call = DataCall::balances(&revoked.consent_id, &revoked.account_id);
    let seen = refused_call(bench, call, CONSENT).await?;
    Ok(Seen::new(format!("200, then {seen}")))
}
