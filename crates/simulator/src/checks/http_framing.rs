//! HTTP/1.1 messages whose end can be read in two ways.

use std::time::Duration;

use super::{
    Bench, Check,
    finding::{Outcome, Seen},
    raw_requests::{CLOSED, everywhere, listeners},
};
use crate::wire::Wire;

const FRAMING: &str = "RFC 9112 §6.1, §6.3 and §11.2; OWASP ASVS 4.2.1";

/// For what is answered at once; a connection that stays open for so long stays open.
const SHORT_PATIENCE: Duration = Duration::from_secs(5);

pub(super) fn checks() -> Vec<Check> {
    vec![
        attack!(
            "http-two-lengths",
            "two content lengths that differ",
            FRAMING,
            CLOSED,
            |bench| {
                everywhere(
                    bench,
                    &["Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde"],
                )
            }
        ),
        attack!(
            "http-length-forms",
            "content lengths with a sign, in hexadecimal, as a list or beyond 64 bits",
            FRAMING,
            CLOSED,
            |bench| {
                everywhere(
                    bench,
                    &[
                        "Content-Length: -1\r\n\r\n",
                        "Content-Length: +4\r\n\r\nabcd",
                        "Content-Length: 0x4\r\n\r\nabcd",
                        "Content-Length: 4,5\r\n\r\nabcd",
                        "Content-Length: 4 4\r\n\r\nabcd",
                        "Content-Length: \r\n\r\n",
                        "Content-Length: 99999999999999999999\r\n\r\nabcd",
                    ],
                )
            }
        ),
        attack!(
            "http-smuggled-by-length",
            "a content length and chunks at once, with a second request behind the last chunk",
            FRAMING,
            CLOSED,
            |bench| {
                everywhere(
                    bench,
                    &[
                        "Content-Length: 52\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n",
                        "Transfer-Encoding: chunked\r\nContent-Length: 52\r\n\r\n0\r\n\r\nGET /v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n",
                    ],
                )
            }
        ),
        attack!(
            "http-smuggled-behind-success",
            "both at once in a request that is answered with success",
            FRAMING,
            "one answer, and the connection is closed",
            |bench| behind_success(bench)
        ),
        attack!(
            "http-smuggled-by-coding",
            "transfer codings that not everybody reads as chunked, with a second request behind",
            FRAMING,
            CLOSED,
            |bench| {
                everywhere(
                    bench,
                    &[
                        "Transfer-Encoding: xchunked\r\nContent-Length: 3\r\n\r\nabcGET /v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n",
                        "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\nGET /v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n",
                        "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\nGET /v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n",
                        "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\nGET /v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n",
                        "Transfer-Encoding: \u{b}chunked\r\n\r\n0\r\n\r\nGET /v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n",
                    ],
                )
            }
        ),
        attack!(
            "http-chunk-forms",
            "chunks whose size overflows, is negative, no number or not what comes",
            "RFC 9112 §7.1",
            CLOSED,
            |bench| {
                everywhere(
                    bench,
                    &[
                        "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nabc\r\n0\r\n\r\n",
                        "Transfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n0\r\n\r\n",
                        "Transfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n",
                        "Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
                        "Transfer-Encoding: chunked\r\n\r\n2\r\nabcd\r\n0\r\n\r\n",
                    ],
                )
            }
        ),
    ]
}

/// RFC 9112 §6.1 leaves whether such a request is served, and demands that its connection ends.
async fn behind_success(bench: &Bench<'_>) -> Outcome<Seen> {
    const BEHIND: &str = "0\r\n\r\nGET /v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut seen = Seen::default();
    for headers in [
        "Content-Length: 52\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 52",
    ] {
        for (mut wire, path) in successes(bench).await? {
            let request =
                format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n\r\n{BEHIND}");
            wire.send(request).await?;
            let (answers, closed) = wire.answers(SHORT_PATIENCE).await;
            let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
            ensure!(
                closed && statuses.len() == 1,
                "{path}: {statuses:?}, closed: {closed}"
            );
            seen.add(Seen::new(format!("{}, closed", statuses[0])));
        }
    }
    Ok(seen)
}

/// A path at each listener that is answered with success.
async fn successes(bench: &Bench<'_>) -> Outcome<[(Wire, &'static str); 2]> {
    let [(webhooks, health), (pages, _)] = listeners(bench).await?;
    Ok([(webhooks, health), (pages, "/v1/oauth/jwks")])
}
