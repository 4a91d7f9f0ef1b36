//! Forged links into the customer's pages, and addresses that a stranger invents.

use chrono::Utc;
use http::Method;
use serde_json::json;
use url::Url;

use super::{
    Bench, Check,
    authorize::{error_page, leads_nowhere, refused_link, same_origin},
    finding::{Finding, Outcome, Seen},
    forged_headers::{header, rogue},
    refusal::{CLAIM, REQUEST, Refusal, SIGNATURE},
};
use crate::{
    forge::{
        Forgery, Signing,
        foreign::{KeyTransport, bare_jwk, encrypted},
    },
    scenario::AuthorizeRequest,
};

pub(super) fn checks() -> Vec<Check> {
    vec![
        attack!(
            "authorize-embedded-jwk",
            "link with the key that verifies it in its own header (jwk)",
            "RFC 8725 §3.10; RFC 7515 §4.1.3 and §4.1.6",
            SIGNATURE,
            |bench, must| embedded(bench, must)
        ),
        attack!(
            "authorize-unknown-critical",
            "link with a critical header that nobody understands",
            "RFC 7515 §4.1.11",
            SIGNATURE,
            |bench, must| {
                refused_link(bench, must, |link| {
                    let signing = Signing::by("paynet-signing");
                    let critical = header("crit", json!(["weather"]));
                    link.signing(
                        signing
                            .forged(critical)
                            .forged(header("weather", json!("fine"))),
                    )
                })
            }
        ),
        attack!(
            "authorize-stale",
            "link whose protected iat is a day old",
            "v1.2.2, Message Signing; iat in the header is checked if present",
            CLAIM,
            |bench, must| {
                refused_link(bench, must, |link| {
                    let yesterday = json!(Utc::now().timestamp() - 86_400);
                    link.signing(Signing::by("paynet-signing").forged(header("iat", yesterday)))
                })
            }
        ),
        attack!(
            "authorize-jwe",
            "link with an encrypted message where the signature belongs",
            "v1.2.2, Message Signing",
            SIGNATURE,
            |bench, must| jwe(bench, must)
        ),
        attack!(
            "authorize-parameter-twice",
            "link with a second consent_id or a second signature",
            "RFC 6749 §3.1",
            REQUEST,
            |bench, must| parameter_twice(bench, must)
        ),
        attack!(
            "authorize-handle-guessed",
            "invented addresses behind the link",
            "OWASP ASVS 7.2.3",
            "an error page of 4xx without a cookie",
            |bench| guessed(bench)
        ),
        attack!(
            "authorize-host-header",
            "link opened with another host in its headers",
            "OWASP ASVS 4.1.3; RFC 9110 §7.2",
            "a redirect to the provider's own pages, or 4xx",
            |bench| host_header(bench)
        ),
    ]
}

async fn embedded(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let kid = bench.key_id("paynet-signing")?;
    let jwk = bare_jwk(bench.simulator.pki(), "rogue-signing", &kid)?;
    let mut seen = Seen::default();
    for (_, forgeries) in rogue(bench, "paynet-signing", "jwk", &jwk)? {
        let signing = Signing::by("paynet-signing");
        let signing = forgeries.into_iter().fold(signing, Signing::forged);
        seen.add(refused_link(bench, must, |link| link.signing(signing)).await?);
    }
    Ok(seen)
}

async fn jwe(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let pki = bench.simulator.pki();
    let mut seen = Seen::default();
    for transport in [KeyTransport::RsaOaep256, KeyTransport::Rsa15] {
        let token = encrypted(pki, "dp-signing", transport, false, b"{}")?;
        let signing = Signing::by("paynet-signing").forged(Forgery::Instead(token));
        seen.add(refused_link(bench, must, |link| link.signing(signing)).await?);
    }
    Ok(seen)
}

async fn parameter_twice(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let (consent, other) = (bench.awaiting().await?, bench.awaiting().await?);
    let link = bench.link(&consent.consent_id).await?;
    let theirs = AuthorizeRequest::new(&other.consent_id);
    let theirs = Url::parse(&bench.simulator.forged_authorize_url(&theirs)?)?;
    let mut seen = Seen::default();
    for name in ["consent_id", "signature"] {
        let value = theirs.query_pairs().find(|(known, _)| known == name);
        let value = value
            .map(|(_, value)| value.into_owned())
            .unwrap_or_default();
        let first = link.replacen('?', &format!("?{name}={value}&"), 1);
        for twice in [format!("{link}&{name}={value}"), first] {
            seen.add(leads_nowhere(bench, &twice, must).await?);
        }
    }
    bench.still_awaits(&consent.consent_id)?;
    bench.still_awaits(&other.consent_id)?;
    Ok(seen)
}

async fn guessed(bench: &Bench<'_>) -> Outcome<Seen> {
    let (real, _) = bench.at_the_door().await?;
    let hops = real.hops();
    let handle = hops.first().and_then(|hop| hop.location.clone());
    let handle = handle
        .ok_or_else(|| Finding::NotApplicable("the link is no address of its own".to_owned()))?;
    let (path, last) = handle.as_str().rsplit_once('/').unwrap_or_default();
    let length = last.len().max(1);
    let mut seen = Seen::default();
    for invented in [
        "A".repeat(length),
        "A".repeat(length - 1),
        "'%20OR%20'1'='1".to_owned(),
        "%2e%2e%2fconsent".to_owned(),
        "%00".to_owned(),
        "%25".repeat(100),
    ] {
        let browser = bench.browser()?;
        let page = browser.open(&format!("{path}/{invented}")).await?;
        error_page(bench, &page).map_err(|finding| finding.about(&invented))?;
        let cookies = browser.hops();
        let cookies = cookies
            .iter()
            .any(|hop| hop.headers.contains_key("set-cookie"));
        ensure!(!cookies, "{invented}: the stranger got a cookie");
        seen.add(Seen::new(format!("{} error page", page.status)));
    }
    Ok(seen)
}

async fn host_header(bench: &Bench<'_>) -> Outcome<Seen> {
    const EVIL: &str = "evil.example";
    let consent = bench.awaiting().await?;
    let link = bench.link(&consent.consent_id).await?;
    let mut seen = Seen::default();
    for name in [
        "host",
        "x-forwarded-host",
        "forwarded",
        "x-host",
        "x-forwarded-server",
    ] {
        let value = if name == "forwarded" {
            "host=evil.example"
        } else {
            EVIL
        };
        let request = bench
            .simulator
            .request(Method::GET, &link)
            .header(name, value);
        let answer = request.send().await?;
        if answer.status == 303 {
            let location = answer.header("location").unwrap_or_default();
            let location = Url::parse(&link)?.join(location)?;
            ensure!(same_origin(bench, &location)?, "{name}: to {location}");
        } else {
            let refused = (400..500).contains(&answer.status);
            ensure!(
                refused && !answer.text().contains(EVIL),
                "{name}: {} {}",
                answer.status,
                answer.text()
            );
        }
        seen.add(Seen::new(answer.status.to_string()));
    }
    Ok(seen)
}
