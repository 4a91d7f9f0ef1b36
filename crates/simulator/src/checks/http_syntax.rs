//! HTTP/1.1 messages that break its grammar, and methods that nobody serves.

use super::{
    Bench, Check,
    data_calls::{balances, refused_call},
    finding::{Finding, Outcome, Seen},
    raw_requests::{CLOSED, PATIENCE, everywhere, lines, listeners},
    refusal::{METHOD, REQUEST, Refusal, excerpt},
};
use crate::scenario::{DataCall, DataTweak};

const SYNTAX: &str = "RFC 9112 §2.2, §3 and §5; RFC 9110 §5.5";

pub(super) fn checks() -> Vec<Check> {
    vec![
        attack!(
            "http-header-injection",
            "header values with a bare carriage return, a null byte or a folded line, and names with a space",
            SYNTAX,
            CLOSED,
            |bench| {
                everywhere(
                    bench,
                    &[
                        "x-fapi-interaction-id: a\rx-injected: 1\r\n\r\n",
                        "x-fapi-interaction-id: a\0b\r\n\r\n",
                        "x-fapi-interaction-id: a\r\n x-injected: 1\r\n\r\n",
                        "x-fapi-interaction-id : a\r\n\r\n",
                        "x fapi: a\r\n\r\n",
                        ": a\r\n\r\n",
                        "no colon\r\n\r\n",
                    ],
                )
            }
        ),
        attack!(
            "http-host",
            "a request without a host, and with two",
            "RFC 9112 §3.2",
            REQUEST,
            |bench, must| hosts(bench, must)
        ),
        attack!(
            "http-request-line",
            "request lines with a null byte, another version, a missing part or no HTTP at all",
            SYNTAX,
            CLOSED,
            |bench| {
                lines(
                    bench,
                    [
                        "GET {path}\0 HTTP/1.1\r\nHost: localhost\r\n\r\n",
                        "GET {path} HTTP/9.9\r\nHost: localhost\r\n\r\n",
                        "GET {path}\r\n\r\n",
                        "GET\r\n\r\n",
                        "G\0T {path} HTTP/1.1\r\nHost: localhost\r\n\r\n",
                        "GET {path} HTTP/1.1 HTTP/1.1\r\nHost: localhost\r\n\r\n",
                        "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\u{fc}\u{3}\u{3}\r\n\r\n",
                        "SSH-2.0-OpenSSH_9.6\r\n\r\n",
                    ]
                    .map(str::to_owned)
                    .into(),
                )
            }
        ),
        attack!(
            "http-upgrade",
            "an upgrade to HTTP/2 without TLS, to WebSocket and to TLS",
            "RFC 9113 §3.1; RFC 9110 §7.8",
            "the connection stays HTTP/1.1",
            |bench| upgrade(bench)
        ),
        attack!(
            "http-method-override",
            "a data call by POST whose headers say that it is a GET",
            "v1.2.2, Error Codes; OWASP ASVS 4.1.4",
            METHOD,
            |bench, must| {
                let mut tweaks = vec![DataTweak::Method("POST".to_owned())];
                for name in [
                    "x-http-method-override",
                    "x-http-method",
                    "x-method-override",
                ] {
                    tweaks.push(DataTweak::Header(name.to_owned(), "GET".to_owned()));
                }
                overridden(bench, must, tweaks)
            }
        ),
        attack!(
            "http-trace",
            "TRACE, CONNECT and an invented method",
            "RFC 9110 §9.3.6 and §9.3.8",
            "4xx, and nothing of the request comes back",
            |bench| trace(bench)
        ),
    ]
}

async fn hosts(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let mut seen = Seen::default();
    for hosts in ["", "Host: localhost\r\nHost: evil.example\r\n"] {
        for (mut wire, path) in listeners(bench).await? {
            let request = format!("GET {path} HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n");
            wire.send(request).await?;
            let (answers, _) = wire.answers(PATIENCE).await;
            let case = format!("{hosts:?} at {path}");
            let [answer] = &answers[..] else {
                let told = format!("{case}: {} answers", answers.len());
                return Err(Finding::Wrong(told));
            };
            let refused = must.check(answer, None);
            seen.add(refused.map_err(|finding| finding.about(&case))?);
        }
    }
    Ok(seen)
}

async fn upgrade(bench: &Bench<'_>) -> Outcome<Seen> {
    let mut seen = Seen::default();
    for upgrade in [
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__",
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13",
        "Connection: Upgrade\r\nUpgrade: TLS/1.0",
    ] {
        for (mut wire, path) in listeners(bench).await? {
            let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{upgrade}\r\n\r\n");
            wire.send(request).await?;
            wire.write(format!(
                "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            ))
            .await?;
            let (answers, _) = wire.answers(PATIENCE).await;
            let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
            ensure!(
                statuses.len() == 2 && statuses.iter().all(|status| (200..500).contains(status)),
                "{path} {upgrade:?}: {statuses:?}"
            );
            seen.add(Seen::new(format!("{} twice", statuses[0])));
        }
    }
    Ok(seen)
}

async fn overridden(bench: &Bench<'_>, must: Refusal, tweaks: Vec<DataTweak>) -> Outcome<Seen> {
    let call = balances(bench).await?;
    let call = tweaks.into_iter().fold(call, DataCall::with);
    refused_call(bench, call, must).await
}

async fn trace(bench: &Bench<'_>) -> Outcome<Seen> {
    const MARK: &str = "only-in-the-request";
    let mut seen = Seen::default();
    for method in ["TRACE", "CONNECT", "ATTACK"] {
        for (mut wire, path) in listeners(bench).await? {
            let target = if method == "CONNECT" {
                "evil.example:443"
            } else {
                path
            };
            let request = format!(
                "{method} {target} HTTP/1.1\r\nHost: localhost\r\nx-mark: {MARK}\r\nConnection: close\r\n\r\n"
            );
            wire.send(request).await?;
            let (answers, _) = wire.answers(PATIENCE).await;
            for answer in &answers {
                ensure!(
                    (400..500).contains(&answer.status) && !answer.text().contains(MARK),
                    "{method} at {path}: {} {}",
                    answer.status,
                    excerpt(&answer.text())
                );
                seen.add(Seen::new(answer.status.to_string()));
            }
        }
    }
    Ok(seen)
}
