//! `redirect_uri` stands outside PayNet's signature, so anybody can write one into a link. Only the registered address may be believed,
//! by origin and path, however the others are dressed up.

use url::Url;

use super::{
    Bench, Check,
    authorize::leads_nowhere,
    finding::{Outcome, Seen},
    refusal::{REQUEST, Refusal},
};
use crate::scenario::AuthorizeRequest;

const REDIRECT: &str = "v1.2.2, Authorize; RFC 9700 §4.1";

pub(super) fn checks() -> Vec<Check> {
    [foreign(), dressed_up()].concat()
}

fn foreign() -> Vec<Check> {
    vec![
        attack!(
            "redirect-missing",
            "a link without redirect_uri is refused",
            REDIRECT,
            REQUEST,
            |bench, must| missing(bench, must)
        ),
        attack!(
            "redirect-other-host",
            "a redirect_uri at another host is refused",
            REDIRECT,
            REQUEST,
            |bench, must| refused(bench, must, |_| vec![
                "https://evil.example/callback".to_owned()
            ])
        ),
        attack!(
            "redirect-other-port",
            "a redirect_uri at another port is refused",
            REDIRECT,
            REQUEST,
            |bench, must| refused(bench, must, other_port)
        ),
        attack!(
            "redirect-other-scheme",
            "a redirect_uri with another scheme is refused",
            REDIRECT,
            REQUEST,
            |bench, must| refused(bench, must, other_scheme)
        ),
        attack!(
            "redirect-host-prefix",
            "a host that begins like the registered one is refused",
            REDIRECT,
            REQUEST,
            |bench, must| refused(bench, must, host_prefix)
        ),
        attack!(
            "redirect-path-prefix",
            "a path that begins like the registered one is refused",
            REDIRECT,
            REQUEST,
            |bench, must| refused(bench, must, path_prefix)
        ),
        attack!(
            "redirect-userinfo",
            "user information in a redirect_uri is refused",
            REDIRECT,
            REQUEST,
            |bench, must| refused(bench, must, userinfo)
        ),
        attack!(
            "redirect-fragment",
            "a fragment in a redirect_uri is refused",
            "RFC 6749 §3.1.2",
            REQUEST,
            |bench, must| refused(bench, must, |callback| vec![format!(
                "{callback}#somewhere"
            )])
        ),
        attack!(
            "redirect-traversal",
            "a path that climbs out of the registered one is refused",
            REDIRECT,
            REQUEST,
            |bench, must| refused(bench, must, traversal)
        ),
        attack!(
            "redirect-script",
            "addresses that are code or content are refused",
            REDIRECT,
            REQUEST,
            |bench, must| refused(bench, must, |_| code_and_content())
        ),
        attack!(
            "redirect-relative",
            "a redirect_uri that is no absolute address is refused",
            REDIRECT,
            REQUEST,
            |bench, must| refused(bench, must, |_| relative())
        ),
    ]
}

/// What one reader of addresses takes for the registered one, and another for something else.
fn dressed_up() -> Vec<Check> {
    vec![
        attack!(
            "redirect-backslash",
            "a redirect_uri with backslashes, which browsers read as slashes",
            REDIRECT,
            REQUEST,
            |bench, must| refused(bench, must, backslashes)
        ),
        attack!(
            "redirect-control-characters",
            "a redirect_uri with line ends, tabs, spaces or null bytes, which some readers drop",
            "RFC 9700 §4.1; RFC 9112 §2.2",
            REQUEST,
            |bench, must| refused(bench, must, control_characters)
        ),
        attack!(
            "redirect-unicode",
            "a redirect_uri with characters that look or fold like those of the registered one",
            "RFC 9700 §4.1; UTS #46",
            REQUEST,
            |bench, must| refused(bench, must, unicode)
        ),
        attack!(
            "redirect-twice",
            "a link with the registered redirect_uri and another one",
            "RFC 6749 §3.1",
            REQUEST,
            |bench, must| twice(bench, must)
        ),
    ]
}

async fn missing(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let consent = bench.awaiting().await?;
    let link = AuthorizeRequest::new(&consent.consent_id).without("redirect_uri");
    let link = bench.simulator.forged_authorize_url(&link)?;
    leads_nowhere(bench, &link, must).await
}

/// `tricks` makes addresses from PayNet's callback.
async fn refused(
    bench: &Bench<'_>,
    must: Refusal,
    tricks: fn(&Url) -> Vec<String>,
) -> Outcome<Seen> {
    let callback = Url::parse(&bench.simulator.urls().callback)?;
    let consent = bench.awaiting().await?;
    let mut seen = Seen::default();
    for trick in tricks(&callback) {
        let link = AuthorizeRequest::new(&consent.consent_id).redirect_uri(&trick);
        let link = bench.simulator.forged_authorize_url(&link)?;
        let refused = leads_nowhere(bench, &link, must).await;
        seen.add(refused.map_err(|finding| finding.about(&trick))?);
    }
    bench.still_awaits(&consent.consent_id)?;
    Ok(seen)
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

fn backslashes(callback: &Url) -> Vec<String> {
    let (scheme, authority, path) = (callback.scheme(), authority(callback), callback.path());
    vec![
        format!("{scheme}:\\\\{authority}{path}"),
        format!("{scheme}://{authority}\\..\\{path}"),
        format!("{scheme}://{authority}{}", path.replace('/', "\\")),
        format!("{scheme}://evil.example\\@{authority}{path}"),
    ]
}

fn control_characters(callback: &Url) -> Vec<String> {
    let (scheme, authority, path) = (callback.scheme(), authority(callback), callback.path());
    vec![
        format!(" {callback}"),
        format!("{callback} "),
        format!("{callback}\n"),
        format!("{callback}\r\nx-injected: 1"),
        format!("{callback}\0"),
        format!("{callback}%00"),
        format!("{callback}%0d%0ax-injected:%201"),
        format!("{scheme}:/\t/{authority}{path}"),
        format!("{scheme}://{authority}\n{path}"),
    ]
}

/// A full-width letter folds to an ordinary one, an ideographic full stop to a point.
fn unicode(callback: &Url) -> Vec<String> {
    let (scheme, authority, path) = (callback.scheme(), authority(callback), callback.path());
    vec![
        format!("{scheme}://{}{path}", authority.replace('.', "\u{3002}")),
        format!("{scheme}://{}{path}", authority.replace('1', "\u{ff11}")),
        format!("{scheme}://{authority}\u{3002}evil.example{path}"),
        format!("{scheme}://{authority}\u{ff0f}@evil.example{path}"),
        format!("{callback}\u{2024}\u{2024}/elsewhere"),
        format!("{scheme}://{authority}{}", path.replace('c', "\u{441}")),
        format!("{callback}\u{202e}"),
    ]
}

async fn twice(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let consent = bench.awaiting().await?;
    let link = bench.link(&consent.consent_id).await?;
    let evil = "redirect_uri=https%3A%2F%2Fevil.example%2Fcallback";
    let mut seen = leads_nowhere(bench, &format!("{link}&{evil}"), must).await?;
    let first = link.replacen('?', &format!("?{evil}&"), 1);
    seen.add(leads_nowhere(bench, &first, must).await?);
    bench.still_awaits(&consent.consent_id)?;
    Ok(seen)
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
