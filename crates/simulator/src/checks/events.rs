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
    finding::{Outcome, Seen},
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
        attack!(
            "event-unsigned",
            "an event without a signature is refused",
            SIGNING,
            SIGNATURE,
            |bench, must| refused(bench, [EventTweak::Unsigned], must)
        ),
        attack!(
            "event-bad-signature",
            "an event with a damaged signature is refused",
            SIGNING,
            SIGNATURE,
            |bench, must| refused(bench, [EventTweak::TamperedSignature], must)
        ),
        attack!(
            "event-tampered-body",
            "a body that is not what was signed is refused",
            SIGNING,
            SIGNATURE,
            |bench, must| refused(bench, [EventTweak::TamperedBody], must)
        ),
        attack!(
            "event-unknown-key",
            "a signature with a key that PayNet does not publish is refused",
            SIGNING,
            SIGNATURE,
            |bench, must| refused(bench, [signed_by("rogue-signing")], must)
        ),
        attack!(
            "event-claimed-key",
            "a foreign signature under PayNet's kid is refused",
            SIGNING,
            SIGNATURE,
            |bench, must| claimed_key(bench, must)
        ),
        attack!(
            "event-consumer-key",
            "a Data Consumer cannot sign events",
            SIGNING,
            SIGNATURE,
            |bench, must| consumer_key(bench, must)
        ),
    ]
}

fn algorithm_checks() -> Vec<Check> {
    vec![
        attack!(
            "event-alg-rs256",
            "RS256 is refused",
            ALGORITHMS,
            SIGNATURE,
            |bench, must| refused(bench, [EventTweak::Algorithm(ForgedAlgorithm::Rs256)], must)
        ),
        attack!(
            "event-alg-none",
            "an event with the algorithm none is refused",
            ALGORITHMS,
            SIGNATURE,
            |bench, must| refused(bench, [EventTweak::Algorithm(ForgedAlgorithm::None)], must)
        ),
        attack!(
            "event-alg-hs256",
            "HMAC with the public key as secret is refused",
            ALGORITHMS,
            SIGNATURE,
            |bench, must| refused(bench, [EventTweak::Algorithm(ForgedAlgorithm::Hs256)], must)
        ),
        attack!(
            "event-unknown-critical",
            "a critical header parameter that is not understood is refused",
            "RFC 7515 §4.1.11",
            SIGNATURE,
            |bench, must| refused(bench, unknown_critical(), must)
        ),
        attack!(
            "event-stale-header",
            "a protected iat far from the present is refused",
            "v1.2.2, Message Signing; iat in the header is checked if present",
            CLAIM,
            |bench, must| refused(bench, [stale_header()], must)
        ),
        attack!(
            "event-jwt-unknown-key",
            "an application/jwt event with a foreign key is refused",
            SIGNING,
            SIGNATURE,
            |bench, must| refused(bench, [EventTweak::Jwt, signed_by("rogue-signing")], must)
        ),
        attack!(
            "event-jwt-none",
            "an application/jwt event with the algorithm none is refused",
            ALGORITHMS,
            SIGNATURE,
            |bench, must| refused(
                bench,
                [
                    EventTweak::Jwt,
                    EventTweak::Algorithm(ForgedAlgorithm::None)
                ],
                must
            )
        ),
        attack!(
            "event-one-bad-of-two",
            "of two signatures both must verify",
            SIGNING,
            SIGNATURE,
            |bench, must| bench.repaired(one_bad_of_two(bench, must))
        ),
    ]
}

fn body_checks() -> Vec<Check> {
    vec![
        attack!(
            "event-other-provider",
            "an event for another Data Provider is refused",
            EVENT,
            ACCESS_DENIED,
            |bench, must| refused(bench, [field("/data/dp_id", "another-provider")], must)
        ),
        attack!(
            "event-malformed-json",
            "a body that is not JSON is refused",
            ERRORS,
            REQUEST,
            |bench, must| refused(
                bench,
                [EventTweak::RawBody(b"{\"event_type\":".to_vec())],
                must
            )
        ),
        attack!(
            "event-unknown-status",
            "a status that does not exist is refused",
            EVENT,
            REQUEST,
            |bench, must| refused(bench, [field("/data/status", "exploded")], must)
        ),
        attack!(
            "event-unknown-type",
            "an event type that does not exist is refused",
            EVENT,
            REQUEST,
            |bench, must| refused(bench, [field("/event_type", "consent_exploded")], must)
        ),
        attack!(
            "event-missing-member",
            "an event without its consent's id is refused",
            EVENT,
            REQUEST,
            |bench, must| refused(
                bench,
                [EventTweak::RemovedField("/data/consent_id".to_owned())],
                must
            )
        ),
        attack!(
            "event-oversized",
            "a body over 1 MiB is refused",
            ERRORS,
            TOO_LARGE,
            |bench, must| refused(bench, [EventTweak::RawBody(oversized())], must)
        ),
        attack!(
            "event-content-type",
            "a body that is neither JSON nor a JWT is refused",
            ERRORS,
            MEDIA_TYPE,
            |bench, must| refused(
                bench,
                [EventTweak::ContentType("text/plain".to_owned())],
                must
            )
        ),
        attack!(
            "event-method",
            "another method than POST is refused",
            ERRORS,
            METHOD,
            |bench, must| wrong_method(bench, must)
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
) -> Outcome<Seen> {
    refused_event(bench, tweaks.into(), refusal).await
}

/// The event is refused, and the shared consent is not suspended.
pub(super) async fn refused_event(
    bench: &Bench<'_>,
    tweaks: Vec<EventTweak>,
    refusal: Refusal,
) -> Outcome<Seen> {
    let trial = async {
        let shared = bench.shared().await?;
        let id = fresh_id();
        let post = harmful(&shared.consent_id).with(EventTweak::InteractionId(Some(id.clone())));
        let post = tweaks.into_iter().fold(post, EventPost::with);
        let answer = bench.simulator.post_event(post).await?;
        let seen = refusal.check(&answer, Some(&id))?;
        still_served(bench).await?;
        Ok(seen)
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

async fn claimed_key(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let kid = bench.key_id("paynet-signing")?;
    refused(
        bench,
        [signed_by("rogue-signing"), EventTweak::Kid(kid)],
        must,
    )
    .await
}

async fn consumer_key(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let key = bench.consumer()?.key("signing");
    refused(bench, [signed_by(&key)], must).await
}

async fn wrong_method(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let mut seen = Seen::default();
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let id = fresh_id();
        let url = format!("{}/v1/consents/events", bench.webhooks_url);
        let request = bench
            .simulator
            .request(method, url)
            .certificate("paynet-client");
        let answer = request.header("x-fapi-interaction-id", &id).send().await?;
        seen.add(must.check(&answer, Some(&id))?);
    }
    Ok(seen)
}

async fn one_bad_of_two(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let shared = bench.shared().await?;
    let mut consent = serde_json::to_value(bench.consent(&shared.consent_id)?.consent)?;
    consent["status"] = Value::from("suspended");
    let body = json!({ "event_type": "consent_status_updated", "data": consent }).to_string();
    let good = Signing::by("paynet-signing").detached();
    let good = bench.simulator.sign(&good, body.as_bytes())?;
    let bad = tamper_signature(&good);
    let mut seen = Seen::default();
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
        seen.add(must.check(&answer, Some(&id))?);
    }
    still_served(bench).await?;
    Ok(seen)
}
