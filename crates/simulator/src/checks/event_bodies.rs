//! Events whose body is not what PayNet signed, byte by byte, and signatures that belong to something else.

use serde_json::{Value, json};

use super::{
    Bench, Check,
    events::refused_event,
    finding::{Outcome, Seen},
    refusal::{REQUEST, Refusal, SIGNATURE},
};
use crate::{
    forge::{Forgery, Signing},
    scenario::EventTweak,
};

const DETACHED: &str = "v1.2.2, Message Signing; RFC 7515 appendix F";
pub(super) fn checks() -> Vec<Check> {
    [other_bytes(), signatures()].concat()
}

pub(super) type Change = fn(Vec<u8>) -> Vec<u8>;

fn other_bytes() -> Vec<Check> {
    vec![
        attack!(
            "event-body-one-byte",
            "event with one byte of its body changed",
            DETACHED,
            SIGNATURE,
            |bench, must| {
                sent(
                    bench,
                    must,
                    [
                        ("a letter's case", |body| {
                            replaced(&body, "suspended", "Suspended")
                        }),
                        ("a quote escaped", |body| {
                            replaced(&body, "suspended", r"\u0073uspended")
                        }),
                    ],
                )
            }
        ),
        attack!(
            "event-body-order-mark",
            "event with a byte order mark before its body",
            DETACHED,
            SIGNATURE,
            |bench, must| {
                sent(
                    bench,
                    must,
                    [("byte order mark", |body| {
                        [b"\xef\xbb\xbf", &body[..]].concat()
                    })],
                )
            }
        ),
        attack!(
            "event-body-newline",
            "event with a line's end behind its body",
            DETACHED,
            SIGNATURE,
            |bench, must| {
                sent(
                    bench,
                    must,
                    [
                        ("LF", |body| [&body[..], b"\n"].concat()),
                        ("CR LF", |body| [&body[..], b"\r\n"].concat()),
                        ("a null byte", |body| [&body[..], b"\0"].concat()),
                    ],
                )
            }
        ),
        attack!(
            "event-body-rewritten",
            "event whose body is the same JSON with other white space or another order",
            DETACHED,
            SIGNATURE,
            |bench, must| {
                sent(
                    bench,
                    must,
                    [("white space", indented), ("order", reordered)],
                )
            }
        ),
        attack!(
            "event-body-cut",
            "event whose body is empty, cut short or there twice",
            DETACHED,
            SIGNATURE,
            |bench, must| {
                sent(
                    bench,
                    must,
                    [
                        ("empty", |_| Vec::new()),
                        ("cut short", |body| body[..body.len() / 2].to_vec()),
                        ("twice", |body| [&body[..], &body[..]].concat()),
                    ],
                )
            }
        ),
    ]
}

fn signatures() -> Vec<Check> {
    vec![
        attack!(
            "event-signature-twice",
            "event with its signature header twice",
            "v1.2.2, Message Signing; RFC 9110 §5.3",
            REQUEST,
            |bench, must| refused_event(bench, vec![EventTweak::SignatureTwice], must)
        ),
        attack!(
            "event-signature-of-another",
            "event with the signature of another consent's event",
            DETACHED,
            SIGNATURE,
            |bench, must| of_another(bench, must)
        ),
        attack!(
            "event-signature-of-consent-id",
            "event with PayNet's signature of the consent id",
            "v1.2.2, Message Signing; ADR 0001, what keeps a link's signature from being used elsewhere",
            SIGNATURE,
            |bench, must| of_consent_id(bench, must)
        ),
        attack!(
            "event-no-kid",
            "event whose signature names no key",
            DETACHED,
            SIGNATURE,
            |bench, must| {
                let none = Forgery::Header("kid".to_owned(), Value::Null);
                refused_event(bench, vec![EventTweak::Forged(none)], must)
            }
        ),
        attack!(
            "event-unknown-kid",
            "event whose signature names a key that nobody has",
            DETACHED,
            SIGNATURE,
            |bench, must| {
                refused_event(bench, vec![EventTweak::Kid("nobody".to_owned())], must)
            }
        ),
    ]
}

/// PayNet's event arrives with other bytes.
async fn sent<const N: usize>(
    bench: &Bench<'_>,
    must: Refusal,
    changes: [(&str, Change); N],
) -> Outcome<Seen> {
    let mut seen = Seen::default();
    for (case, change) in changes {
        let refused = refused_event(bench, vec![EventTweak::SentBody(change)], must).await;
        seen.add(refused.map_err(|finding| finding.about(case))?);
    }
    Ok(seen)
}

pub(super) fn replaced(body: &[u8], from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8_lossy(body);
    text.replacen(from, to, 1).into_bytes()
}

fn indented(body: Vec<u8>) -> Vec<u8> {
    let value: Value = serde_json::from_slice(&body).unwrap_or_default();
    serde_json::to_vec_pretty(&value).unwrap_or(body)
}

/// The same members, the last one first.
fn reordered(body: Vec<u8>) -> Vec<u8> {
    let value: Value = serde_json::from_slice(&body).unwrap_or_default();
    let members = value.as_object().into_iter().flatten();
    let turned: serde_json::Map<_, _> = members
        .map(|(name, value)| (name.clone(), value.clone()))
        .rev()
        .collect();
    serde_json::to_vec(&turned).unwrap_or(body)
}

async fn of_another(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let other = bench.awaiting().await?;
    let event = json!({ "event_type": "consent_created", "data": other });
    let signature = bench.simulator.sign(
        &Signing::by("paynet-signing").detached(),
        event.to_string().as_bytes(),
    )?;
    let instead = EventTweak::Forged(Forgery::Instead(signature));
    refused_event(bench, vec![instead], must).await
}

/// The link in the customer's browser has such a signature.
async fn of_consent_id(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let shared = bench.shared().await?;
    let content = shared.consent_id.as_bytes();
    let mut seen = Seen::default();
    for signing in [
        Signing::by("paynet-signing"),
        Signing::by("paynet-signing").detached(),
    ] {
        let signature = bench.simulator.sign(&signing, content)?;
        let instead = EventTweak::Forged(Forgery::Instead(signature));
        seen.add(refused_event(bench, vec![instead], must).await?);
    }
    Ok(seen)
}
