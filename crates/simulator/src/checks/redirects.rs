//! `redirect_uri` stands outside PayNet's signature, so anybody can write one into a link. Only the registered address may be believed,
//! by origin and path, however the others are dressed up.

use url::Url;

use super::{Bench, Check, authorize::leads_nowhere, finding::Outcome, refusal::REQUEST};
use crate::scenario::AuthorizeRequest;

const REDIRECT: &str = "v1.2.2, Authorize; RFC 9700 §4.1";

pub(super) fn checks() -> Vec<Check> {
    vec![
        check!(
            "redirect-missing",
            "a link without redirect_uri is refused",
            REDIRECT,
            |bench| missing(bench)
        ),
        check!(
            "redirect-other-host",
            "a redirect_uri at another host is refused",
            REDIRECT,
            |bench| refused(bench, |_| vec!["https://evil.example/callback".to_owned()])
        ),
        check!(
            "redirect-other-port",
            "a redirect_uri at another port is refused",
            REDIRECT,
            |bench| refused(bench, other_port)
        ),
        check!(
            "redirect-other-scheme",
            "a redirect_uri with another scheme is refused",
            REDIRECT,
            |bench| refused(bench, other_scheme)
        ),
        check!(
            "redirect-host-prefix",
            "a host that begins like the registered one is refused",
            REDIRECT,
            |bench| refused(bench, host_prefix)
        ),
        check!(
            "redirect-path-prefix",
            "a path that begins like the registered one is refused",
            REDIRECT,
            |bench| refused(bench, path_prefix)
        ),
        check!(
            "redirect-userinfo",
            "user information in a redirect_uri is refused",
            REDIRECT,
            |bench| refused(bench, userinfo)
        ),
        check!(
            "redirect-fragment",
            "a fragment in a redirect_uri is refused",
            "RFC 6749 §3.1.2",
            |bench| refused(bench, |callback| vec![format!("{callback}#somewhere")])
        ),
        check!(
            "redirect-traversal",
            "a path that climbs out of the registered one is refused",
            REDIRECT,
            |bench| refused(bench, traversal)
        ),
        check!(
            "redirect-script",
            "addresses that are code or content are refused",
            REDIRECT,
            |bench| refused(bench, |_| code_and_content())
        ),
        check!(
            "redirect-relative",
            "a redirect_uri that is no absolute address is refused",
            REDIRECT,
            |bench| refused(bench, |_| relative())
        ),
    ]
}

async fn missing(bench: &Bench<'_>) -> Outcome {
    let consent = bench.awaiting().await?;
    let link = AuthorizeRequest::new(&consent.consent_id).without("redirect_uri");
    let link = bench.simulator.forged_authorize_url(&link)?;
    leads_nowhere(bench, &link, REQUEST).await
}

/// `tricks` makes addresses from PayNet's callback.
async fn refused(bench: &Bench<'_>, tricks: fn(&Url) -> Vec<String>) -> Outcome {
    let callback = Url::parse(&bench.simulator.urls().callback)?;
    let consent = bench.awaiting().await?;
    for trick in tricks(&callback) {
        let link = AuthorizeRequest::new(&consent.consent_id).redirect_uri(&trick);
        let link = bench.simulator.forged_authorize_url(&link)?;
        let refused = leads_nowhere(bench, &link, REQUEST).await;
        refused.map_err(|finding| finding.about(&trick))?;
    }
    bench.still_awaits(&consent.consent_id)
}

/// Host and port, as they stand in an address.
fn authority(callback: &Url) -> &str {
    callback.authority()
}

fn other_port(callback: &Url) -> Vec<String> {
    let mut url = callback.clone();
    let port = callback.port_or_known_default().unwrap_or_default();
    // An address without a port to change stays as it is, and the check then fails loudly.
    let _ = url.set_port(Some(if port == 1 { 2 } else { 1 }));
    vec![url.into()]
}

fn other_scheme(callback: &Url) -> Vec<String> {
    let other = if callback.scheme() == "https" {
        "http"
    } else {
        "https"
    };
    vec![
        format!("{other}://{}{}", authority(callback), callback.path()),
        format!("ftp://{}{}", authority(callback), callback.path()),
    ]
}

fn host_prefix(callback: &Url) -> Vec<String> {
    let host = callback.host_str().unwrap_or_default();
    let (scheme, path) = (callback.scheme(), callback.path());
    vec![
        format!("{scheme}://{host}.evil.example{path}"),
        format!("{scheme}://{host}evil.example{path}"),
    ]
}

fn path_prefix(callback: &Url) -> Vec<String> {
    vec![
        format!("{callback}ery"),
        format!("{callback}.evil"),
        format!("{callback}%2fmore"),
    ]
}

fn userinfo(callback: &Url) -> Vec<String> {
    let (scheme, authority, path) = (callback.scheme(), authority(callback), callback.path());
    vec![
        format!("{scheme}://{authority}@evil.example{path}"),
        format!("{scheme}://{authority}\\@evil.example{path}"),
        format!("{scheme}://user@{authority}{path}"),
        format!("{scheme}://:secret@{authority}{path}"),
    ]
}

fn traversal(callback: &Url) -> Vec<String> {
    vec![
        format!("{callback}/../elsewhere"),
        format!("{callback}/%2e%2e/elsewhere"),
        format!("{callback}/..\\elsewhere"),
    ]
}

fn code_and_content() -> Vec<String> {
    [
        "javascript:alert(1)",
        "data:text/html,<p>hello",
        "file:///etc/passwd",
    ]
    .map(str::to_owned)
    .to_vec()
}

fn relative() -> Vec<String> {
    ["/callback", "//evil.example/callback", "callback", ""]
        .map(str::to_owned)
        .to_vec()
}
