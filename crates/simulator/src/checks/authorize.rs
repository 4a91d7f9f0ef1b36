//! `GET /v1/oauth/authorize` and what follows it: only PayNet's link opens a journey, and only once.

use http::Method;
use url::Url;

use super::{
    Bench, Check,
    bench::fresh_id,
    finding::Outcome,
    refusal::{CONSENT, REQUEST, Refusal, SIGNATURE},
};
use crate::{
    customer::Page,
    forge::{ForgedAlgorithm, Signing},
    scenario::{Answer, AuthorizeRequest},
};

const AUTHORIZE: &str = "v1.2.2, Authorize";
const ALGORITHMS: &str = "v1.2.2, Message Signing; RFC 8725 §3.1";

pub(super) fn checks() -> Vec<Check> {
    vec![
        check!(
            "authorize-honest",
            "PayNet's link leads to the sign-in, by 303 and without a cookie on that answer",
            AUTHORIZE,
            |bench| honest(bench)
        ),
        check!(
            "authorize-unsigned",
            "a link without a signature is refused and leads nowhere",
            AUTHORIZE,
            |bench| refused_link(bench, SIGNATURE_OR_REQUEST, |link| link
                .without("signature"))
        ),
        check!(
            "authorize-tampered",
            "a link with a damaged signature is refused",
            AUTHORIZE,
            |bench| refused_link(bench, SIGNATURE, AuthorizeRequest::tampered)
        ),
        check!(
            "authorize-foreign-key",
            "a link signed with an unpublished key is refused",
            AUTHORIZE,
            |bench| refused_link(bench, SIGNATURE, |link| link
                .signing(Signing::by("rogue-signing")))
        ),
        check!(
            "authorize-consumer-key",
            "a Data Consumer cannot sign the link",
            AUTHORIZE,
            |bench| consumer_key(bench)
        ),
        check!(
            "authorize-alg-rs256",
            "a link signed with RS256 is refused",
            ALGORITHMS,
            |bench| refused_link(bench, SIGNATURE, |link| with_algorithm(
                link,
                ForgedAlgorithm::Rs256
            ))
        ),
        check!(
            "authorize-alg-none",
            "a link with the algorithm none is refused",
            ALGORITHMS,
            |bench| refused_link(bench, SIGNATURE, |link| with_algorithm(
                link,
                ForgedAlgorithm::None
            ))
        ),
        check!(
            "authorize-alg-hs256",
            "a link signed by HMAC with the public key is refused",
            ALGORITHMS,
            |bench| refused_link(bench, SIGNATURE, |link| with_algorithm(
                link,
                ForgedAlgorithm::Hs256
            ))
        ),
        check!(
            "authorize-other-consent-signed",
            "a signature for another consent is refused",
            AUTHORIZE,
            |bench| refused_link(bench, SIGNATURE, |link| link.payload(fresh_id()))
        ),
        check!(
            "authorize-no-consent-id",
            "a link without a consent is refused",
            AUTHORIZE,
            |bench| refused_link(bench, REQUEST, |link| link.without("consent_id"))
        ),
        check!(
            "authorize-unknown-consent",
            "a consent that PayNet does not know either is refused",
            AUTHORIZE,
            |bench| unknown_consent(bench)
        ),
        check!(
            "authorize-handle-twice",
            "the address behind the link opens one journey, in one browser",
            "v1.2.2, Authorize; RFC 9700 §4.7",
            |bench| handle_twice(bench)
        ),
        check!(
            "authorize-decided",
            "the link of a decided consent asks nobody to decide again",
            AUTHORIZE,
            |bench| decided(bench)
        ),
    ]
}

/// A missing parameter of the contract, or a missing signature: the documents leave open which it is called.
const SIGNATURE_OR_REQUEST: Refusal =
    Refusal::new(400, &["JWS.InvalidSignature", "invalid_request"]);

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

async fn refused_link(
    bench: &Bench<'_>,
    refusal: Refusal,
    change: impl FnOnce(AuthorizeRequest) -> AuthorizeRequest + Send,
) -> Outcome {
    let consent = bench.awaiting().await?;
    let link = change(AuthorizeRequest::new(&consent.consent_id));
    let link = bench.simulator.forged_authorize_url(&link)?;
    leads_nowhere(bench, &link, refusal).await?;
    bench.still_awaits(&consent.consent_id)
}

/// An error page for browsers, JSON for those who ask for it and on the webhooks; never a redirect, and nothing to click that leaves.
pub(super) async fn leads_nowhere(bench: &Bench<'_>, link: &str, refusal: Refusal) -> Outcome {
    let page = bench.browser()?.open(link).await?;
    error_page(bench, &page)?;
    ensure!(
        page.status == refusal.status,
        "expected {}, got {}",
        refusal.status,
        page.summary()
    );
    let id = fresh_id();
    let request = bench
        .simulator
        .request(Method::GET, link)
        .header("x-fapi-interaction-id", &id);
    let answer = request.header("accept", "application/json").send().await?;
    refusal.check(&answer, Some(&id))?;
    refusal.check(&on_webhooks(bench, link).await?, None)
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

async fn consumer_key(bench: &Bench<'_>) -> Outcome {
    let key = bench.consumer()?.key("signing");
    refused_link(bench, SIGNATURE, |link| link.signing(Signing::by(key))).await
}

async fn unknown_consent(bench: &Bench<'_>) -> Outcome {
    let link = AuthorizeRequest::new(fresh_id()).at(&bench.dp_id);
    let link = bench.simulator.forged_authorize_url(&link)?;
    leads_nowhere(bench, &link, CONSENT).await
}

async fn handle_twice(bench: &Bench<'_>) -> Outcome {
    let (first, consent_id) = bench.at_the_door().await?;
    let hops = first.hops();
    let Some(handle) = hops.first().and_then(|hop| hop.location.clone()) else {
        return Ok(());
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
    bench.still_awaits(&consent_id)
}

async fn decided(bench: &Bench<'_>) -> Outcome {
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
    Ok(())
}
