//! HTTP/2 as no client speaks it (RFC 9113), frame by frame. What is tried has brought servers down before.

use std::time::Duration;

use super::{
    Bench, Check,
    finding::{Outcome, Seen},
    transport::health,
};
use crate::wire::{HTTP2, Received, Wire};

const FRAMES: &str = "RFC 9113 §4.1 and §5.4";
const MESSAGES: &str = "RFC 9113 §8.1.1, §8.2 and §8.3; OWASP ASVS 4.2.3 and 4.2.4";
const FLOODS: &str = "RFC 9113 §10.5";

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Frame types (RFC 9113 §6).
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// Of the static table (RFC 7541, appendix A): GET, https and the path `/`.
const REQUEST: &[u8] = &[0x82, 0x87, 0x84];
/// Likewise: the beginning of an answer.
const STATUS_200: u8 = 0x88;
const STATUS_500: u8 = 0x8e;

const PATIENCE: Duration = Duration::from_secs(60);
const QUICK: Duration = Duration::from_millis(250);
const RESETS: u32 = 20_000;
const CONTINUATIONS: usize = 2_000;
const PINGS: usize = 100_000;

const ENDED: &str = "the connection is ended, and others are served";
const NOT_SERVED: &str = "the request is not served";

pub(super) fn checks() -> Vec<Check> {
    vec![
        attack!(
            "http2-rapid-reset",
            "20,000 requests, each taken back at once",
            "CVE-2023-44487; RFC 9113 §10.5",
            ENDED,
            |bench| flood(bench, rapid_reset())
        ),
        attack!(
            "http2-continuation-flood",
            "a header that goes on through 2,000 frames",
            "CVE-2024-27316; RFC 9113 §10.5.1",
            ENDED,
            |bench| flood(bench, continuation_flood())
        ),
        attack!(
            "http2-ping-flood",
            "100,000 pings whose answers nobody reads",
            FLOODS,
            "others are served",
            |bench| ping_flood(bench)
        ),
        attack!(
            "http2-frame-forms",
            "frames that are longer than agreed, on stream 0 or out of order",
            FRAMES,
            ENDED,
            |bench| frame_forms(bench)
        ),
        attack!(
            "http2-message-forms",
            "requests with transfer-encoding, with a capital letter, without a path or with two",
            MESSAGES,
            NOT_SERVED,
            |bench| message_forms(bench)
        ),
    ]
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len())
        .unwrap_or(u32::MAX)
        .to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// A header that is in no table (RFC 7541 §6.2.2), for short texts.
fn literal(name: &str, value: &str) -> Vec<u8> {
    let length = |text: &str| u8::try_from(text.len()).unwrap_or_default();
    let mut field = vec![0, length(name)];
    field.extend(name.as_bytes());
    field.push(length(value));
    field.extend(value.as_bytes());
    field
}

fn request(stream: u32, fields: &[u8]) -> Vec<u8> {
    frame(HEADERS, END_HEADERS | END_STREAM, stream, fields)
}

fn rapid_reset() -> Vec<u8> {
    let mut bytes = Vec::new();
    for number in 0..RESETS {
        let stream = 2 * number + 1;
        bytes.extend(request(stream, REQUEST));
        bytes.extend(frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes()));
    }
    bytes
}

fn continuation_flood() -> Vec<u8> {
    let mut bytes = frame(HEADERS, END_STREAM, 1, REQUEST);
    let field = literal("x-signature", &"a".repeat(120)).repeat(100);
    for _ in 0..CONTINUATIONS {
        bytes.extend(frame(CONTINUATION, 0, 1, &field));
    }
    bytes
}

/// A connection at which nothing was said yet but hello.
async fn connected(bench: &Bench<'_>) -> Outcome<Wire> {
    let url = &bench.webhooks_url;
    let wire = bench.simulator.wire(url, Some("paynet-client"), HTTP2);
    let mut wire = wire.await?;
    wire.write(PREFACE).await?;
    wire.write(frame(SETTINGS, 0, 0, &[])).await?;
    Ok(wire)
}

async fn flood(bench: &Bench<'_>, bytes: Vec<u8>) -> Outcome<Seen> {
    let mut wire = connected(bench).await?;
    // It may be closed before everything is written.
    let _ = wire.send(bytes).await;
    let received = wire.receive(PATIENCE).await;
    ensure!(
        received.closed || has(&received, GOAWAY),
        "the connection goes on"
    );
    others_are_served(bench).await?;
    Ok(Seen::new(ended(&received)))
}

async fn ping_flood(bench: &Bench<'_>) -> Outcome<Seen> {
    let mut wire = connected(bench).await?;
    let pings = frame(PING, 0, 0, &[0; 8]).repeat(PINGS);
    let written = tokio::time::timeout(Duration::from_secs(5), wire.send(pings)).await;
    others_are_served(bench).await?;
    drop(wire);
    let told = match written {
        Ok(Ok(())) => "all were taken",
        Ok(Err(_)) => "the connection was ended",
        Err(_) => "no more were taken",
    };
    Ok(Seen::new(told))
}

async fn frame_forms(bench: &Bench<'_>) -> Outcome<Seen> {
    let mut seen = Seen::default();
    let oversized = frame(HEADERS, END_HEADERS | END_STREAM, 1, &vec![0; 20_000]);
    let cases = [
        ("longer than agreed", oversized),
        ("headers on stream 0", request(0, REQUEST)),
        ("headers on an even stream", request(2, REQUEST)),
        (
            "continuation of nothing",
            frame(CONTINUATION, END_HEADERS, 1, REQUEST),
        ),
        ("settings of five bytes", frame(SETTINGS, 0, 0, &[0; 5])),
        (
            "a table that is not there",
            request(1, &[0xff, 0xff, 0xff, 0x0f]),
        ),
    ];
    for (case, bytes) in cases {
        let ended = flood(bench, bytes).await;
        seen.add(ended.map_err(|finding| finding.about(case))?);
    }
    Ok(seen)
}

/// The health check, which is served, and something more or less in it.
async fn message_forms(bench: &Bench<'_>) -> Outcome<Seen> {
    let start = [0x82, 0x87];
    let path = literal(":path", "/v1/health");
    let health = [&start[..], &path].concat();
    let with = |field: &[u8]| [&health[..], field].concat();
    let cases = [
        (
            "transfer-encoding",
            with(&literal("transfer-encoding", "chunked")),
        ),
        ("connection", with(&literal("connection", "close"))),
        ("a capital letter", with(&literal("X-Signature", "a"))),
        (
            "a line's end",
            with(&literal("x-signature", "a\r\nx-injected: 1")),
        ),
        ("a null byte", with(&literal("x-signature", "a\0"))),
        ("no path", start.to_vec()),
        ("two paths", with(&path)),
        (
            "an empty path",
            [&start[..], &literal(":path", "")].concat(),
        ),
        ("an invented pseudo-header", with(&literal(":evil", "a"))),
        (
            "the path behind a header",
            [&start[..], &literal("a", "b"), &path].concat(),
        ),
    ];
    let served = answered(bench, &health).await?;
    ensure!(
        begins(&served, STATUS_200),
        "an honest request is not served"
    );
    let mut seen = Seen::default();
    for (case, fields) in cases {
        let received = answered(bench, &fields).await?;
        let wrong = begins(&received, STATUS_200) || begins(&received, STATUS_500);
        ensure!(!wrong, "{case}: {:?}", frames(&received));
        seen.add(Seen::new(ended(&received)));
    }
    others_are_served(bench).await?;
    Ok(seen)
}

async fn answered(bench: &Bench<'_>, fields: &[u8]) -> Outcome<Received> {
    let mut wire = connected(bench).await?;
    wire.send(request(1, fields)).await?;
    Ok(settled(&mut wire).await)
}

/// Until the request or the connection has an end.
async fn settled(wire: &mut Wire) -> Received {
    let mut all = Received {
        bytes: Vec::new(),
        closed: false,
    };
    let end = tokio::time::Instant::now() + PATIENCE;
    while tokio::time::Instant::now() < end {
        let more = wire.receive(QUICK).await;
        all.bytes.extend(more.bytes);
        all.closed = more.closed;
        if all.closed || has(&all, GOAWAY) || has(&all, RST_STREAM) || has(&all, HEADERS) {
            break;
        }
    }
    all
}

/// The types of the frames that came, and the first byte of each payload.
fn frames(received: &Received) -> Vec<(u8, Option<u8>)> {
    let mut rest = &received.bytes[..];
    let mut frames = Vec::new();
    while let [a, b, c, kind, _, _, _, _, _, payload @ ..] = rest {
        let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
        frames.push((*kind, payload.first().copied()));
        rest = payload.get(length..).unwrap_or_default();
    }
    frames
}

fn has(received: &Received, kind: u8) -> bool {
    frames(received).iter().any(|(one, _)| *one == kind)
}

/// An answer's first header is its status.
fn begins(received: &Received, status: u8) -> bool {
    frames(received).contains(&(HEADERS, Some(status)))
}

fn ended(received: &Received) -> &'static str {
    if has(received, GOAWAY) {
        "connection error"
    } else if has(received, RST_STREAM) {
        "stream error"
    } else if has(received, HEADERS) {
        "refused"
    } else {
        "closed"
    }
}

async fn others_are_served(bench: &Bench<'_>) -> Outcome {
    let answer = health(bench, Some("paynet-client"), None).await?;
    ensure!(
        answer.status == 200,
        "afterwards: {} {}",
        answer.status,
        answer.text()
    );
    Ok(())
}
