//! Consent events that must be refused, and have no effect.
//!
//! Refused events all say the same harmful thing, that the shared consent is suspended; data being served afterwards proves that nobody
//! believed it.

use chrono::Utc;
use http::Method;
use serde_json::{Value, json};

use super::{
    Bench, Check,
    bench::fresh_id,
    finding::Outcome,
    refusal::{ACCESS_DENIED, CLAIM, MEDIA_TYPE, METHOD, REQUEST, Refusal, SIGNATURE, TOO_LARGE},
};
use crate::{
    forge::{ForgedAlgorithm, Signing, tamper_signature},
    platform::events::EventType,
    scenario::{DataCall, EventPost, EventTweak},
};

const SIGNING: &str = "v1.2.2, Message Signing";
const ALGORITHMS: &str = "v1.2.2, Message Signing; RFC 8725 §3.1";
const EVENT: &str = "v1.2.2, Consent Event";
const ERRORS: &str = "v1.2.2, Error Codes";

const MEBIBYTE: usize = 1024 * 1024;

pub(super) fn checks() -> Vec<Check> {
    let mut all = signature_checks();
    all.extend(algorithm_checks());
    all.extend(body_checks());
    all
}

fn signature_checks() -> Vec<Check> {
    vec![
        check!(
            "event-unsigned",
            "an event without a signature is refused",
            SIGNING,
            |bench| refused(bench, [EventTweak::Unsigned], SIGNATURE)
        ),
        check!(
            "event-bad-signature",
            "an event with a damaged signature is refused",
            SIGNING,
            |bench| refused(bench, [EventTweak::TamperedSignature], SIGNATURE)
        ),
        check!(
            "event-tampered-body",
            "a body that is not what was signed is refused",
            SIGNING,
            |bench| refused(bench, [EventTweak::TamperedBody], SIGNATURE)
        ),
        check!(
            "event-unknown-key",
            "a signature with a key that PayNet does not publish is refused",
            SIGNING,
            |bench| refused(bench, [signed_by("rogue-signing")], SIGNATURE)
        ),
        check!(
            "event-claimed-key",
            "a foreign signature under PayNet's kid is refused",
            SIGNING,
            |bench| claimed_key(bench)
        ),
        check!(
            "event-consumer-key",
            "a Data Consumer cannot sign events",
            SIGNING,
            |bench| consumer_key(bench)
        ),
    ]
}

fn algorithm_checks() -> Vec<Check> {
    vec![
        check!("event-alg-rs256", "RS256 is refused", ALGORITHMS, |bench| {
            refused(
                bench,
                [EventTweak::Algorithm(ForgedAlgorithm::Rs256)],
                SIGNATURE,
            )
        }),
        check!(
            "event-alg-none",
            "an event with the algorithm none is refused",
            ALGORITHMS,
            |bench| refused(
                bench,
                [EventTweak::Algorithm(ForgedAlgorithm::None)],
                SIGNATURE
            )
        ),
        check!(
            "event-alg-hs256",
            "HMAC with the public key as secret is refused",
            ALGORITHMS,
            |bench| refused(
                bench,
                [EventTweak::Algorithm(ForgedAlgorithm::Hs256)],
                SIGNATURE
            )
        ),
        check!(
            "event-unknown-critical",
            "a critical header parameter that is not understood is refused",
            "RFC 7515 §4.1.11",
            |bench| refused(bench, unknown_critical(), SIGNATURE)
        ),
        check!(
            "event-stale-header",
            "a protected iat far from the present is refused",
            "v1.2.2, Message Signing; iat in the header is checked if present",
            |bench| refused(bench, [stale_header()], CLAIM)
        ),
        check!(
            "event-jwt-unknown-key",
            "an application/jwt event with a foreign key is refused",
            SIGNING,
            |bench| refused(
                bench,
                [EventTweak::Jwt, signed_by("rogue-signing")],
                SIGNATURE
            )
        ),
        check!(
            "event-jwt-none",
            "an application/jwt event with the algorithm none is refused",
            ALGORITHMS,
            |bench| refused(
                bench,
                [
                    EventTweak::Jwt,
                    EventTweak::Algorithm(ForgedAlgorithm::None)
                ],
                SIGNATURE
            )
        ),
        check!(
            "event-one-bad-of-two",
            "of two signatures both must verify",
            SIGNING,
            |bench| bench.repaired(one_bad_of_two(bench))
        ),
    ]
}

fn body_checks() -> Vec<Check> {
    vec![
        check!(
            "event-other-provider",
            "an event for another Data Provider is refused",
            EVENT,
            |bench| refused(
                bench,
                [field("/data/dp_id", "another-provider")],
                ACCESS_DENIED
            )
        ),
        check!(
            "event-malformed-json",
            "a body that is not JSON is refused",
            ERRORS,
            |bench| refused(
                bench,
                [EventTweak::RawBody(b"{\"event_type\":".to_vec())],
                REQUEST
            )
        ),
        check!(
            "event-unknown-status",
            "a status that does not exist is refused",
            EVENT,
            |bench| refused(bench, [field("/data/status", "exploded")], REQUEST)
        ),
        check!(
            "event-unknown-type",
            "an event type that does not exist is refused",
            EVENT,
            |bench| refused(bench, [field("/event_type", "consent_exploded")], REQUEST)
        ),
        check!(
            "event-missing-member",
            "an event without its consent's id is refused",
            EVENT,
            |bench| refused(
                bench,
                [EventTweak::RemovedField("/data/consent_id".to_owned())],
                REQUEST
            )
        ),
        check!(
            "event-oversized",
            "a body over 1 MiB is refused",
            ERRORS,
            |bench| refused(bench, [EventTweak::RawBody(oversized())], TOO_LARGE)
        ),
        check!(
            "event-content-type",
            "a body that is neither JSON nor a JWT is refused",
            ERRORS,
            |bench| refused(
                bench,
                [EventTweak::ContentType("text/plain".to_owned())],
                MEDIA_TYPE
            )
        ),
        check!(
            "event-method",
            "another method than POST is refused",
            ERRORS,
            |bench| wrong_method(bench)
        ),
    ]
}

fn signed_by(key: &str) -> EventTweak {
    EventTweak::SignedBy(key.to_owned())
}

pub(super) fn field(pointer: &str, value: &str) -> EventTweak {
    EventTweak::Field(pointer.to_owned(), value.into())
}

/// The parameter is there, so that its being unknown is the only reason.
fn unknown_critical() -> [EventTweak; 2] {
    [
        EventTweak::ProtectedHeader("crit".to_owned(), json!(["weather"])),
        EventTweak::ProtectedHeader("weather".to_owned(), json!("fine")),
    ]
}

fn stale_header() -> EventTweak {
    let yesterday = Utc::now().timestamp() - 86_400;
    EventTweak::ProtectedHeader("iat".to_owned(), yesterday.into())
}

/// Well-formed otherwise, so that only its size can be the reason.
fn oversized() -> Vec<u8> {
    json!({ "padding": "a".repeat(MEBIBYTE) })
        .to_string()
        .into_bytes()
}

/// Says that a consent is suspended.
fn harmful(consent_id: &str) -> EventPost {
    EventPost::new(consent_id, EventType::ConsentStatusUpdated)
        .with(field("/data/status", "suspended"))
        .with(field("/data/updated_by", "data_consumer_user"))
        .with(field("/data/updated_at", &Utc::now().to_rfc3339()))
}

async fn refused<const N: usize>(
    bench: &Bench<'_>,
    tweaks: [EventTweak; N],
    refusal: Refusal,
) -> Outcome {
    let trial = async {
        let shared = bench.shared().await?;
        let id = fresh_id();
        let post = harmful(&shared.consent_id).with(EventTweak::InteractionId(Some(id.clone())));
        let post = tweaks.into_iter().fold(post, EventPost::with);
        let answer = bench.simulator.post_event(post).await?;
        refusal.check(&answer, Some(&id))?;
        still_served(bench).await
    };
    bench.repaired(trial).await
}

pub(super) async fn still_served(bench: &Bench<'_>) -> Outcome {
    let shared = bench.shared().await?;
    let call = DataCall::balances(&shared.consent_id, &shared.account_id);
    let answer = bench.simulator.data_call(call).await?;
    ensure!(
        answer.status() == 200 && answer.problem.is_none(),
        "the event had an effect; the next data call got {} {}",
        answer.status(),
        answer.answer.text()
    );
    Ok(())
}

async fn claimed_key(bench: &Bench<'_>) -> Outcome {
    let kid = bench.key_id("paynet-signing")?;
    refused(
        bench,
        [signed_by("rogue-signing"), EventTweak::Kid(kid)],
        SIGNATURE,
    )
    .await
}

async fn consumer_key(bench: &Bench<'_>) -> Outcome {
    let key = bench.consumer()?.key("signing");
    refused(bench, [signed_by(&key)], SIGNATURE).await
}

async fn wrong_method(bench: &Bench<'_>) -> Outcome {
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let id = fresh_id();
        let url = format!("{}/v1/consents/events", bench.webhooks_url);
        let request = bench
            .simulator
            .request(method, url)
            .certificate("paynet-client");
        let answer = request.header("x-fapi-interaction-id", &id).send().await?;
        METHOD.check(&answer, Some(&id))?;
    }
    Ok(())
}

async fn one_bad_of_two(bench: &Bench<'_>) -> Outcome {
    let shared = bench.shared().await?;
    let mut consent = serde_json::to_value(bench.consent(&shared.consent_id)?.consent)?;
    consent["status"] = Value::from("suspended");
    let body = json!({ "event_type": "consent_status_updated", "data": consent }).to_string();
    let good = Signing::by("paynet-signing").detached();
    let good = bench.simulator.sign(&good, body.as_bytes())?;
    let bad = tamper_signature(&good);
    for (first, second) in [(&good, &bad), (&bad, &good)] {
        let id = fresh_id();
        let url = format!("{}/v1/consents/events", bench.webhooks_url);
        let request = bench
            .simulator
            .request(Method::POST, url)
            .certificate("paynet-client");
        let answer = request
            .header("x-fapi-signature", first)
            .header("x-signature", second)
            .header("x-fapi-interaction-id", &id)
            .body("application/json", body.clone())
            .send()
            .await?;
        SIGNATURE.check(&answer, Some(&id))?;
    }
    still_served(bench).await
}
