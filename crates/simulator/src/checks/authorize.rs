//! `GET /v1/oauth/authorize` and what follows it: only PayNet's link opens a journey, and only once.

use http::Method;
use url::Url;

use super::{
    Bench, Check,
    bench::fresh_id,
    finding::{Finding, Outcome, Seen},
    refusal::{CONSENT, REQUEST, Refusal, SIGNATURE, SIGNATURE_OR_REQUEST},
};
use crate::{
    customer::Page,
    forge::{ForgedAlgorithm, Signing},
    scenario::{Answer, AuthorizeRequest},
};

const AUTHORIZE: &str = "v1.2.2, Authorize";
const ALGORITHMS: &str = "v1.2.2, Message Signing; RFC 8725 §3.1";

pub(super) fn checks() -> Vec<Check> {
    [links(), journeys()].concat()
}

fn links() -> Vec<Check> {
    vec![
        check!(
            "authorize-honest",
            "PayNet's link leads to the sign-in, by 303 and without a cookie on that answer",
            AUTHORIZE,
            |bench| honest(bench)
        ),
        attack!(
            "authorize-unsigned",
            "a link without a signature is refused and leads nowhere",
            AUTHORIZE,
            SIGNATURE_OR_REQUEST,
            |bench, must| refused_link(bench, must, |link| link.without("signature"))
        ),
        attack!(
            "authorize-tampered",
            "a link with a damaged signature is refused",
            AUTHORIZE,
            SIGNATURE,
            |bench, must| refused_link(bench, must, AuthorizeRequest::tampered)
        ),
        attack!(
            "authorize-foreign-key",
            "a link signed with an unpublished key is refused",
            AUTHORIZE,
            SIGNATURE,
            |bench, must| refused_link(bench, must, |link| link
                .signing(Signing::by("rogue-signing")))
        ),
        attack!(
            "authorize-consumer-key",
            "a Data Consumer cannot sign the link",
            AUTHORIZE,
            SIGNATURE,
            |bench, must| consumer_key(bench, must)
        ),
        attack!(
            "authorize-alg-rs256",
            "a link signed with RS256 is refused",
            ALGORITHMS,
            SIGNATURE,
            |bench, must| refused_link(bench, must, |link| with_algorithm(
                link,
                ForgedAlgorithm::Rs256
            ))
        ),
        attack!(
            "authorize-alg-none",
            "a link with the algorithm none is refused",
            ALGORITHMS,
            SIGNATURE,
            |bench, must| refused_link(bench, must, |link| with_algorithm(
                link,
                ForgedAlgorithm::None
            ))
        ),
        attack!(
            "authorize-alg-hs256",
            "a link signed by HMAC with the public key is refused",
            ALGORITHMS,
            SIGNATURE,
            |bench, must| refused_link(bench, must, |link| with_algorithm(
                link,
                ForgedAlgorithm::Hs256
            ))
        ),
        attack!(
            "authorize-other-consent-signed",
            "a signature for another consent is refused",
            AUTHORIZE,
            SIGNATURE,
            |bench, must| refused_link(bench, must, |link| link.payload(fresh_id()))
        ),
        attack!(
            "authorize-no-consent-id",
            "a link without a consent is refused",
            AUTHORIZE,
            REQUEST,
            |bench, must| refused_link(bench, must, |link| link.without("consent_id"))
        ),
        attack!(
            "authorize-unknown-consent",
            "a consent that PayNet does not know either is refused",
            AUTHORIZE,
            CONSENT,
            |bench, must| unknown_consent(bench, must)
        ),
    ]
}

fn journeys() -> Vec<Check> {
    vec![
        attack!(
            "authorize-handle-twice",
            "the address behind the link opens one journey, in one browser",
            "v1.2.2, Authorize; RFC 9700 §4.7",
            "an error page of 4xx without a cookie",
            |bench| handle_twice(bench)
        ),
        attack!(
            "authorize-decided",
            "the link of a decided consent asks nobody to decide again",
            AUTHORIZE,
            "a page without anything to decide",
            |bench| decided(bench)
        ),
    ]
}

fn with_algorithm(link: AuthorizeRequest, algorithm: ForgedAlgorithm) -> AuthorizeRequest {
    let mut signing = Signing::by("paynet-signing");
    signing.algorithm = algorithm;
    link.signing(signing)
}

async fn honest(bench: &Bench<'_>) -> Outcome {
    let consent = bench.awaiting().await?;
    let link = bench.link(&consent.consent_id).await?;
    let answers = [
        bench.simulator.request(Method::GET, &link).send().await?,
        on_webhooks(bench, &link).await?,
    ];
    for answer in answers {
        ensure!(answer.status == 303, "{} {}", answer.status, answer.text());
        ensure!(
            answer.header("set-cookie").is_none(),
            "the redirect sets a cookie"
        );
        let location = answer.header("location").unwrap_or_default();
        let location = Url::parse(&link)?.join(location)?;
        ensure!(
            same_origin(bench, &location)?,
            "the redirect leaves for {location}"
        );
    }
    Ok(())
}

pub(super) async fn refused_link(
    bench: &Bench<'_>,
    refusal: Refusal,
    change: impl FnOnce(AuthorizeRequest) -> AuthorizeRequest + Send,
) -> Outcome<Seen> {
    let consent = bench.awaiting().await?;
    let link = change(AuthorizeRequest::new(&consent.consent_id));
    let link = bench.simulator.forged_authorize_url(&link)?;
    let seen = leads_nowhere(bench, &link, refusal).await?;
    bench.still_awaits(&consent.consent_id)?;
    Ok(seen)
}

/// An error page for browsers, JSON for those who ask for it and on the webhooks; never a redirect, and nothing to click that leaves.
pub(super) async fn leads_nowhere(
    bench: &Bench<'_>,
    link: &str,
    refusal: Refusal,
) -> Outcome<Seen> {
    let page = bench.browser()?.open(link).await?;
    error_page(bench, &page)?;
    ensure!(
        refusal.has_status(page.status),
        "{} instead of {refusal}",
        page.summary()
    );
    let id = fresh_id();
    let request = bench
        .simulator
        .request(Method::GET, link)
        .header("x-fapi-interaction-id", &id);
    let answer = request.header("accept", "application/json").send().await?;
    let mut seen = refusal.check(&answer, Some(&id))?;
    seen.add(refusal.check(&on_webhooks(bench, link).await?, None)?);
    Ok(seen)
}

/// The screen for errors, and no way from it to anywhere else.
pub(super) fn error_page(bench: &Bench<'_>, page: &Page) -> Outcome {
    ensure!(
        page.screen() == "error",
        "expected an error page, got {}",
        page.summary()
    );
    ensure!((400..500).contains(&page.status), "{}", page.summary());
    ensure!(
        page.location.is_none(),
        "the error page redirects to {:?}",
        page.location
    );
    ensure!(!page.text().is_empty(), "the error page says nothing");
    for exit in page.exits() {
        ensure!(same_origin(bench, &exit)?, "the error page leads to {exit}");
    }
    Ok(())
}

pub(super) fn same_origin(bench: &Bench<'_>, url: &Url) -> Outcome<bool> {
    Ok(Url::parse(&bench.pages_url)?.origin() == url.origin())
}

/// The same request at the mutual TLS listener.
async fn on_webhooks(bench: &Bench<'_>, link: &str) -> Outcome<Answer> {
    let there = link.replacen(&bench.pages_url, &bench.webhooks_url, 1);
    let request = bench
        .simulator
        .request(Method::GET, there)
        .certificate("paynet-client");
    Ok(request.send().await?)
}

async fn consumer_key(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let key = bench.consumer()?.key("signing");
    refused_link(bench, must, |link| link.signing(Signing::by(key))).await
}

async fn unknown_consent(bench: &Bench<'_>, must: Refusal) -> Outcome<Seen> {
    let link = AuthorizeRequest::new(fresh_id()).at(&bench.dp_id);
    let link = bench.simulator.forged_authorize_url(&link)?;
    leads_nowhere(bench, &link, must).await
}

async fn handle_twice(bench: &Bench<'_>) -> Outcome<Seen> {
    let (first, consent_id) = bench.at_the_door().await?;
    let hops = first.hops();
    let Some(handle) = hops.first().and_then(|hop| hop.location.clone()) else {
        let why = "the link is no address of its own";
        return Err(Finding::NotApplicable(why.to_owned()));
    };
    let second = bench.browser()?;
    let page = second.open(handle.as_str()).await?;
    error_page(bench, &page)?;
    let cookies = second.hops().into_iter();
    let cookies: Vec<_> = cookies
        .filter(|hop| hop.headers.contains_key("set-cookie"))
        .collect();
    ensure!(cookies.is_empty(), "the second browser got a cookie");
    let still_there = first.page()?.reload().await?;
    ensure!(
        still_there.screen() == first.page()?.screen(),
        "the first browser lost its place: {}",
        still_there.summary()
    );
    bench.still_awaits(&consent_id)?;
    Ok(Seen::new(format!("{} error page", page.status)))
}

async fn decided(bench: &Bench<'_>) -> Outcome<Seen> {
    let shared = bench.shared().await?;
    let updates = bench.consent(&shared.consent_id)?.updates.len();
    let page = bench
        .browser()?
        .open(&bench.link(&shared.consent_id).await?)
        .await?;
    ensure!(
        matches!(page.screen(), "error" | "result"),
        "{}",
        page.summary()
    );
    ensure!(
        !page.has_action("approve") && page.field("password").is_none(),
        "{}",
        page.summary()
    );
    ensure!(
        !page.html.contains(&shared.account_id),
        "a stranger sees the shared accounts"
    );
    ensure!(
        bench.consent(&shared.consent_id)?.updates.len() == updates,
        "PayNet was told again"
    );
    Ok(Seen::new(format!("{} {}", page.status, page.screen())))
}
