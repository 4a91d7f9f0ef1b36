//! Consent events that must be taken, in every form that the documents allow, and again without effect.

use super::{
    Bench, Check,
    bench::fresh_id,
    events::{field, still_served},
    finding::{Outcome, Seen},
    refusal::interaction_id,
};
use crate::{
    platform::events::EventType,
    scenario::{Answer, EventPost, EventTweak},
};

const SIGNING: &str = "v1.2.2, Message Signing";
const EVENT: &str = "v1.2.2, Consent Event";

pub(super) fn checks() -> Vec<Check> {
    vec![
        attack!(
            "event-again",
            "the same event again is a success without effect",
            EVENT,
            "200, and nothing changes",
            |bench| again(bench)
        ),
        attack!(
            "event-late",
            "an old event that arrives late undoes nothing",
            EVENT,
            "200, and nothing changes",
            |bench| bench.repaired(late(bench))
        ),
        check!(
            "event-jwt",
            "an event as application/jwt is accepted",
            SIGNING,
            |bench| accepted(bench, [EventTweak::Jwt])
        ),
        check!(
            "event-attached",
            "an attached signature in the header is accepted",
            SIGNING,
            |bench| accepted(bench, [EventTweak::Attached])
        ),
        check!(
            "event-x-signature",
            "a signature in x-signature is accepted",
            SIGNING,
            |bench| accepted(
                bench,
                [EventTweak::SignatureHeader("x-signature".to_owned())]
            )
        ),
        check!(
            "event-any-case",
            "a status in capital letters is understood",
            "v1.2.2, Consent Status",
            |bench| accepted(bench, [field("/data/status", "AWAITING_AUTHORIZATION")])
        ),
    ]
}

async fn accepted<const N: usize>(bench: &Bench<'_>, tweaks: [EventTweak; N]) -> Outcome {
    let consent = bench.awaiting().await?;
    let id = fresh_id();
    let post = EventPost::new(&consent.consent_id, EventType::ConsentUpdated)
        .with(EventTweak::InteractionId(Some(id.clone())));
    let post = tweaks.into_iter().fold(post, EventPost::with);
    taken(&bench.simulator.post_event(post).await?, Some(&id))
}

fn taken(answer: &Answer, id: Option<&str>) -> Outcome {
    ensure!(answer.status == 200, "{} {}", answer.status, answer.text());
    interaction_id(answer, id)
}

/// Twice the same bytes: the consent's own announcement came first, so this is the second and third time.
async fn again(bench: &Bench<'_>) -> Outcome<Seen> {
    let consent = bench.awaiting().await?;
    for _ in 0..2 {
        let post = EventPost::new(&consent.consent_id, EventType::ConsentCreated);
        taken(&bench.simulator.post_event(post).await?, None)?;
    }
    bench.still_awaits(&consent.consent_id)?;
    Ok(Seen::new("200, and nothing changed"))
}

async fn late(bench: &Bench<'_>) -> Outcome<Seen> {
    let shared = bench.shared().await?;
    let post = EventPost::new(&shared.consent_id, EventType::ConsentCreated)
        .with(field("/data/status", "awaiting_authorization"))
        .with(EventTweak::RemovedField("/data/updated_at".to_owned()))
        .with(EventTweak::RemovedField("/data/updated_by".to_owned()))
        .with(EventTweak::RemovedField("/data/accounts".to_owned()));
    taken(&bench.simulator.post_event(post).await?, None)?;
    still_served(bench).await?;
    Ok(Seen::new("200, and nothing changed"))
}
