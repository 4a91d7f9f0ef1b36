//! Requests that are too much: too large, too many headers, or without end.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::Instant;

use super::{
    Bench, Check,
    finding::{Finding, Outcome, Seen},
    raw_requests::{CLOSED, PATIENCE, lines, listeners, refused, still_there},
    refusal::{Refusal, SLOW},
};
use crate::wire::Wire;

const LIMITS: &str = "RFC 9110 §15.5.15; RFC 6585 §5; OWASP ASVS 15.2.2";
const SLOWNESS: &str = "RFC 9110 §15.5.9; OWASP ASVS 15.2.2";

const MEBIBYTE: usize = 1024 * 1024;

pub(super) fn checks() -> Vec<Check> {
    vec![
        attack!(
            "http-huge-header",
            "a header of 2 MiB",
            LIMITS,
            CLOSED,
            |bench| {
                lines(
                    bench,
                    vec![format!(
                        "GET {{path}} HTTP/1.1\r\nHost: localhost\r\nx-signature: {}\r\n\r\n",
                        "a".repeat(2 * MEBIBYTE)
                    )],
                )
            }
        ),
        attack!(
            "http-many-headers",
            "10,000 headers",
            LIMITS,
            CLOSED,
            |bench| {
                lines(
                    bench,
                    vec![format!(
                        "GET {{path}} HTTP/1.1\r\nHost: localhost\r\n{}\r\n",
                        "a: b\r\n".repeat(10_000)
                    )],
                )
            }
        ),
        attack!(
            "http-huge-address",
            "an address of 2 MiB",
            LIMITS,
            CLOSED,
            |bench| {
                lines(
                    bench,
                    vec![format!(
                        "GET {{path}}?a={} HTTP/1.1\r\nHost: localhost\r\n\r\n",
                        "a".repeat(2 * MEBIBYTE)
                    )],
                )
            }
        ),
        attack!(
            "http-huge-chunks",
            "a body of 2 MiB in chunks, of unknown length beforehand",
            LIMITS,
            CLOSED,
            |bench| {
                let chunk = format!("10000\r\n{}\r\n", "a".repeat(65_536)).repeat(32);
                let request = format!(
                    "POST /v1/consents/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}0\r\n\r\n"
                );
                lines(bench, vec![request])
            }
        ),
        attack!(
            "http-short-body",
            "a body that ends before its length",
            "RFC 9112 §8",
            CLOSED,
            |bench| short_body(bench)
        ),
        attack!(
            "http-slow-header",
            "a header that never ends",
            SLOWNESS,
            "the connection is closed in a while, without data",
            |bench| slow_header(bench)
        )
        .waits(),
        attack!(
            "http-slow-body",
            "a body that does not come",
            SLOWNESS,
            SLOW,
            |bench, must| slow_body(bench, must)
        )
        .waits(),
    ]
}

async fn short_body(bench: &Bench<'_>) -> Outcome<Seen> {
    let mut seen = Seen::default();
    for (mut wire, path) in listeners(bench).await? {
        let request = "POST /v1/consents/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{";
        wire.send(request).await?;
        wire.end().await?;
        let refused = refused(wire).await;
        seen.add(refused.map_err(|finding| finding.about(path))?);
    }
    still_there(bench).await?;
    Ok(seen)
}

/// One byte at a time, until the other side has had enough.
async fn slow_header(bench: &Bench<'_>) -> Outcome<Seen> {
    let listeners = listeners(bench).await?;
    let mut seen = Seen::default();
    for outcome in join_all(listeners.map(|(wire, path)| trickle(wire, path))).await {
        seen.add(outcome?);
    }
    Ok(seen)
}

async fn trickle(mut wire: Wire, path: &str) -> Outcome<Seen> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nx-slow: ");
    wire.send(request).await?;
    let end = Instant::now() + PATIENCE;
    let mut bytes = Vec::new();
    while Instant::now() < end {
        // A connection that was closed takes no more.
        let _ = wire.write("a").await;
        let received = wire.receive(Duration::from_secs(1)).await;
        bytes.extend(received.bytes);
        if received.closed {
            let text = String::from_utf8_lossy(&bytes);
            let refused = text.is_empty() || text.starts_with("HTTP/1.1 4");
            ensure!(refused, "{path}: {text}");
            return Ok(Seen::new("closed"));
        }
    }
    Err(Finding::Wrong(format!("{path}: the connection stays open")))
}

async fn slow_body(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let [(mut wire, _), _] = listeners(bench).await?;
    let request = "POST /v1/consents/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 10000\r\n\r\n{";
    wire.send(request).await?;
    let (answers, closed) = wire.answers(PATIENCE).await;
    ensure!(closed, "the connection stays open");
    let answer = answers.first();
    let answer = answer.ok_or_else(|| Finding::Wrong("no answer".to_owned()))?;
    must.check(answer, None)
}
