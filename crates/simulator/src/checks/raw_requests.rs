//! Requests that are written byte by byte, as no HTTP client would, to both listeners of a provider. What is ambiguous or endless is
//! refused and the connection closed, because a proxy in front might have read it the other way.

use std::time::Duration;

use super::{
    Bench,
    finding::{Finding, Outcome, Seen},
    refusal::excerpt,
    transport::health,
};
use crate::{
    scenario::Answer,
    wire::{HTTP1, Wire},
};

pub(super) const CLOSED: &str = "at most one answer, of 4xx, and the connection is closed";

/// Longer than any of the limits that a provider may set itself.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// A listener and a path that exists there.
pub(super) async fn listeners(bench: &Bench<'_>) -> Outcome<[(Wire, &'static str); 2]> {
    let webhooks = bench
        .simulator
        .wire(&bench.webhooks_url, Some("paynet-client"), HTTP1)
        .await?;
    let pages = bench.simulator.wire(&bench.pages_url, None, HTTP1).await?;
    Ok([(webhooks, "/v1/health"), (pages, "/consent")])
}

/// At both listeners, these lines after those of a request for an event.
pub(super) async fn everywhere(
    bench: &Bench<'_>,
    headers: &'static [&'static str],
) -> Outcome<Seen> {
    let before = "POST /v1/consents/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    let requests = headers.iter().map(|header| format!("{before}{header}"));
    lines(bench, requests.collect()).await
}

/// These requests, each on a connection of its own at both listeners.
pub(super) async fn lines(bench: &Bench<'_>, requests: Vec<String>) -> Outcome<Seen> {
    let mut seen = Seen::default();
    for request in requests {
        for (mut wire, path) in listeners(bench).await? {
            let request = request.replace("{path}", path);
            // Whoever refuses early may close before everything is written.
            let _ = wire.send(&request).await;
            let refused = refused(wire).await;
            let case = format!("{:?} at {path}", excerpt(&request));
            seen.add(refused.map_err(|finding| finding.about(&case))?);
        }
    }
    still_there(bench).await?;
    Ok(seen)
}

pub(super) async fn refused(mut wire: Wire) -> Outcome<Seen> {
    let (answers, closed) = wire.answers(PATIENCE).await;
    let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    ensure!(closed, "the connection stays open after {statuses:?}");
    match statuses[..] {
        [] => Ok(Seen::new("closed")),
        [status @ 400..=499] => Ok(Seen::new(format!("{status}, closed"))),
        _ => {
            let text = answers.last().map(Answer::text);
            let told = format!("{statuses:?} {}", excerpt(&text.unwrap_or_default()));
            Err(Finding::Wrong(told))
        }
    }
}

pub(super) async fn still_there(bench: &Bench<'_>) -> Outcome {
    let answer = health(bench, Some("paynet-client"), None).await?;
    ensure!(
        answer.status == 200,
        "afterwards: {} {}",
        answer.status,
        answer.text()
    );
    Ok(())
}
