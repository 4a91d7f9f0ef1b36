//! The customer's pages: what every one of them must carry, and that a decision is made once.

use url::Url;

use super::{
    Bench, Check,
    authorize::same_origin,
    finding::{Finding, Outcome, Seen},
};
use crate::{
    customer::{Customer, Hop},
    platform::consent::ConsentStatus,
};

const HEADERS: &str = "OWASP Secure Headers; CSP Level 3";
const DECISION: &str = "v1.2.2, Update Consent";

/// What would switch the policy off again.
const UNSAFE: [&str; 6] = [
    "unsafe-inline",
    "unsafe-eval",
    "unsafe-hashes",
    "data:",
    "blob:",
    " *",
];

pub(super) fn checks() -> Vec<Check> {
    vec![
        check!(
            "page-headers",
            "every page of the journey has strict headers",
            HEADERS,
            |bench| strict_journey(bench)
        ),
        check!(
            "page-error-headers",
            "error pages have the same strict headers",
            HEADERS,
            |bench| strict_errors(bench)
        ),
        check!(
            "page-cookies",
            "cookies are kept from scripts and other sites",
            "RFC 6265bis §5.6",
            |bench| cookies(bench)
        ),
        check!(
            "page-session-renewed",
            "the session changes its id when the customer signs in",
            "OWASP ASVS 7.2.4",
            |bench| session_renewed(bench)
        ),
        attack!(
            "decision-once",
            "a decision cannot be made twice",
            DECISION,
            "the first result again, and PayNet is told nothing",
            |bench| decision_once(bench)
        )
        .signs_in(),
    ]
}

fn is_page(hop: &Hop) -> bool {
    let media_type = hop
        .headers
        .get("content-type")
        .and_then(|value| value.to_str().ok());
    media_type.is_some_and(|media_type| media_type.starts_with("text/html"))
}

fn strict(hop: &Hop) -> Outcome {
    let header = |name: &str| {
        let value = hop.headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_lowercase()
    };
    let what = format!("{} {}", hop.method, hop.url.path());
    ensure!(
        header("cache-control").contains("no-store"),
        "{what}: cache-control is {:?}",
        header("cache-control")
    );
    if !is_page(hop) {
        return Ok(());
    }
    let policy = header("content-security-policy");
    let directives: Vec<_> = policy.split(';').map(str::trim).collect();
    ensure!(
        directives.contains(&"frame-ancestors 'none'"),
        "{what}: it can be framed ({policy:?})"
    );
    let scripts = directives.iter().any(|one| {
        matches!(
            *one,
            "default-src 'none'" | "default-src 'self'" | "script-src 'none'"
        )
    });
    ensure!(scripts, "{what}: scripts are not restricted ({policy:?})");
    let weak = UNSAFE.iter().find(|word| policy.contains(**word));
    ensure!(
        weak.is_none(),
        "{what}: the policy says {weak:?} ({policy:?})"
    );
    ensure!(
        header("x-content-type-options") == "nosniff",
        "{what}: no nosniff"
    );
    ensure!(
        header("referrer-policy") == "no-referrer",
        "{what}: referrer-policy is {:?}",
        header("referrer-policy")
    );
    Ok(())
}

fn all_strict(bench: &Bench<'_>, hops: &[Hop]) -> Outcome {
    for hop in hops {
        if same_origin(bench, &hop.url)? {
            strict(hop)?;
        }
    }
    Ok(())
}

async fn strict_journey(bench: &Bench<'_>) -> Outcome {
    let shared = bench.shared().await?;
    ensure!(
        shared.hops.iter().filter(|hop| is_page(hop)).count() >= 4,
        "the journey has too few pages"
    );
    all_strict(bench, &shared.hops)
}

async fn strict_errors(bench: &Bench<'_>) -> Outcome {
    let browser = bench.browser()?;
    for path in [
        "/v1/oauth/authorize",
        "/no-such-page",
        "/authorize/not-a-handle",
        "/consent",
    ] {
        let page = browser.open(&format!("{}{path}", bench.pages_url)).await?;
        ensure!(
            page.status >= 400 && page.screen() == "error",
            "{path}: {}",
            page.summary()
        );
    }
    all_strict(bench, &browser.hops())
}

async fn cookies(bench: &Bench<'_>) -> Outcome {
    let shared = bench.shared().await?;
    let mut seen = 0;
    for hop in &shared.hops {
        for cookie in hop.headers.get_all("set-cookie") {
            seen += 1;
            kept_safe(cookie.to_str().unwrap_or_default(), &hop.url)?;
        }
    }
    ensure!(seen > 0, "the journey sets no cookie");
    Ok(())
}

fn kept_safe(cookie: &str, url: &Url) -> Outcome {
    let attributes: Vec<_> = cookie
        .split(';')
        .skip(1)
        .map(|one| one.trim().to_lowercase())
        .collect();
    let has = |name: &str| attributes.iter().any(|one| one == name);
    let name = cookie.split('=').next().unwrap_or_default();
    ensure!(has("httponly"), "{name}: not HttpOnly");
    ensure!(
        has("samesite=lax") || has("samesite=strict"),
        "{name}: no SameSite"
    );
    ensure!(
        url.scheme() == "http" || has("secure"),
        "{name}: not Secure"
    );
    ensure!(
        !attributes.iter().any(|one| one.starts_with("domain=")),
        "{name}: for other hosts as well"
    );
    Ok(())
}

/// The session that somebody may have known before the sign-in is worth nothing after it.
async fn session_renewed(bench: &Bench<'_>) -> Outcome {
    let shared = bench.shared().await?;
    let mut values: Vec<_> = shared
        .hops
        .iter()
        .flat_map(|hop| hop.headers.get_all("set-cookie"))
        .filter_map(|cookie| cookie.to_str().ok()?.split(';').next())
        .collect();
    values.dedup();
    ensure!(
        values.len() >= 2,
        "the session kept its id through the sign-in"
    );
    Ok(())
}

/// The Back button after a decision, and a change of mind.
async fn decision_once(bench: &Bench<'_>) -> Outcome<Seen> {
    let (mut browser, consent_id) = bench.at_the_door().await?;
    let who = &bench.customer;
    browser
        .signs_in(&who.username, &who.password, &who.secret)
        .await?;
    let review = browser.selects_first().await?.clone();
    browser.approves().await?;
    browser.waits_for_result().await?;
    for action in ["approve", "reject", "cancel"] {
        let page = review.action(action).await?;
        ensure!(
            page.screen() == "result",
            "{action} afterwards: {}",
            page.summary()
        );
        ensure!(
            page.attribute("data-outcome") == Some("approved"),
            "{action} afterwards: {}",
            page.summary()
        );
        let consent = bench.consent(&consent_id)?;
        ensure!(
            consent.status() == ConsentStatus::Authorized,
            "{action} afterwards made the consent {}",
            consent.status()
        );
        ensure!(
            consent.updates.len() == 1,
            "{action} afterwards told PayNet again"
        );
    }
    once_back(bench, &browser).await?;
    Ok(Seen::new("the first result"))
}

/// The way back to PayNet, which names the consent.
async fn once_back(bench: &Bench<'_>, browser: &Customer) -> Outcome {
    let callback = bench.simulator.urls().callback.clone();
    browser.page()?.action("return").await?;
    let hops = browser.hops();
    let came_back = hops
        .iter()
        .find(|hop| hop.url.as_str().starts_with(&callback));
    let came_back = came_back
        .ok_or_else(|| Finding::Wrong("the browser did not come back to PayNet".to_owned()))?;
    ensure!(
        came_back
            .url
            .query_pairs()
            .any(|(name, _)| name == "consent_id"),
        "PayNet cannot tell whose: {}",
        came_back.url
    );
    ensure!(
        !came_back.url.query_pairs().any(|(name, _)| name == "error"),
        "an approval came back as {}",
        came_back.url
    );
    Ok(())
}
