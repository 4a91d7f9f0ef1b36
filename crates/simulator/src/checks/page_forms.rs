//! Forms that no page of the provider made: without its token, too large, for another step, with somebody else's account.

use super::{
    Bench, Check,
    authorize::error_page,
    finding::{Finding, Outcome, Seen},
};
use crate::customer::Page;

const FORGERY: &str = "OWASP ASVS 3.5.1";
const STEPS: &str = "OWASP ASVS 2.3.1";

pub(super) fn checks() -> Vec<Check> {
    vec![
        attack!(
            "form-without-token",
            "a form without its token is refused, also an approval",
            FORGERY,
            "403, an error page",
            |bench| forged(bench, Forgery::WithoutToken)
        ),
        attack!(
            "form-wrong-token",
            "a form with a wrong token is refused",
            FORGERY,
            "403, an error page",
            |bench| forged(bench, Forgery::WrongToken)
        ),
        attack!(
            "form-other-sessions-token",
            "a form with the token of another session is refused",
            FORGERY,
            "403, an error page",
            |bench| forged(bench, Forgery::OtherSession)
        ),
        attack!(
            "form-approval-without-token",
            "an approval without its token is refused",
            FORGERY,
            "403, an error page",
            |bench| forged_approval(bench)
        )
        .signs_in(),
        attack!(
            "form-oversized",
            "a form of 2 MiB is refused with a page",
            "v1.2.2, Error Codes",
            "4xx, an error page",
            |bench| oversized(bench)
        ),
        attack!(
            "form-of-later-step",
            "nobody approves without having signed in",
            STEPS,
            "nothing is decided",
            |bench| later_step(bench)
        ),
        attack!(
            "form-foreign-account",
            "an account of another customer cannot be ticked",
            STEPS,
            "the accounts again, and nothing is decided",
            |bench| foreign_account(bench)
        )
        .signs_in(),
        attack!(
            "form-nothing-ticked",
            "without an account there is nothing to approve",
            STEPS,
            "the accounts again, with a message",
            |bench| nothing_ticked(bench)
        )
        .signs_in(),
    ]
}

#[derive(Clone, Copy)]
enum Forgery {
    OtherSession,
    WithoutToken,
    WrongToken,
}

/// The fields of the page's form that the customer never sees.
fn hidden(page: &Page) -> Vec<(String, String)> {
    let hidden = page.inputs().filter(|input| input.kind == "hidden");
    hidden
        .map(|input| (input.name.clone(), input.value.clone()))
        .collect()
}

fn address(page: &Page) -> Outcome<&str> {
    let form = page.forms().first();
    let form = form.ok_or_else(|| Finding::Wrong(format!("no form: {}", page.summary())))?;
    Ok(&form.action)
}

/// The page's form as it is, but with these hidden fields.
async fn send(page: &Page, hidden: &[(String, String)], fields: &[(&str, &str)]) -> Outcome<Page> {
    let mut all: Vec<_> = hidden
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    all.extend(fields);
    Ok(page.post(address(page)?, &all).await?)
}

async fn forged(bench: &Bench<'_>, forgery: Forgery) -> Outcome<Seen> {
    let (browser, consent_id) = bench.at_the_door().await?;
    let page = browser.page()?;
    let token = match forgery {
        Forgery::OtherSession => hidden(bench.at_the_door().await?.0.page()?),
        Forgery::WithoutToken => Vec::new(),
        Forgery::WrongToken => hidden(page)
            .into_iter()
            .map(|(name, value)| (name, value.chars().rev().collect()))
            .collect(),
    };
    ensure!(!hidden(page).is_empty(), "the form has no token");
    let fields = [
        ("username", bench.customer.username.as_str()),
        ("action", "continue"),
    ];
    let refused = send(page, &token, &fields).await?;
    let seen = forbidden(bench, &refused)?;
    let cancelled = send(page, &token, &[("action", "cancel")]).await?;
    forbidden(bench, &cancelled)?;
    let now = page.reload().await?;
    ensure!(
        now.screen() == page.screen(),
        "the forged form moved the journey to {}",
        now.summary()
    );
    bench.still_awaits(&consent_id)?;
    Ok(seen)
}

fn forbidden(bench: &Bench<'_>, page: &Page) -> Outcome<Seen> {
    error_page(bench, page)?;
    ensure!(page.status == 403, "expected 403, got {}", page.summary());
    Ok(Seen::new("403, an error page"))
}

async fn forged_approval(bench: &Bench<'_>) -> Outcome<Seen> {
    let (accounts, consent_id) = bench.signed_in().await?;
    let first = accounts
        .choices()
        .into_iter()
        .find(|choice| !choice.disabled);
    let first = first.map(|choice| choice.id).unwrap_or_default();
    let page = accounts
        .submit_with("continue", &[("account_id", &first)])
        .await?;
    ensure!(
        page.screen() == "review",
        "expected the review, got {}",
        page.summary()
    );
    let wrong = [("csrf".to_owned(), "a".repeat(43))];
    let mut seen = Seen::default();
    for token in [&[][..], &wrong] {
        for action in ["approve", "reject"] {
            let refused = send(&page, token, &[("action", action)]).await?;
            seen.add(forbidden(bench, &refused)?);
        }
    }
    ensure!(
        page.reload().await?.screen() == "review",
        "the forged approval moved the journey"
    );
    bench.still_awaits(&consent_id)?;
    Ok(seen)
}

async fn oversized(bench: &Bench<'_>) -> Outcome<Seen> {
    let (browser, consent_id) = bench.at_the_door().await?;
    let page = browser.page()?;
    let huge = "a".repeat(2 * 1024 * 1024);
    let refused = send(
        page,
        &hidden(page),
        &[("username", &huge), ("action", "continue")],
    )
    .await?;
    error_page(bench, &refused)?;
    let now = page.reload().await?;
    ensure!(
        now.screen() == page.screen(),
        "the oversized form moved the journey to {}",
        now.summary()
    );
    bench.still_awaits(&consent_id)?;
    Ok(Seen::new(format!("{}, an error page", refused.status)))
}

/// The last form of a finished journey, sent from a session that has only begun, with that session's own token.
async fn later_step(bench: &Bench<'_>) -> Outcome<Seen> {
    let shared = bench.shared().await?;
    let posts = shared
        .hops
        .iter()
        .filter(|hop| hop.method == http::Method::POST);
    let approval = posts
        .map(|hop| hop.url.path())
        .next_back()
        .unwrap_or_default();
    let (browser, consent_id) = bench.at_the_door().await?;
    let page = browser.page()?;
    let mut fields = hidden(page);
    fields.push(("account_id".to_owned(), shared.account_id.clone()));
    fields.push(("action".to_owned(), "approve".to_owned()));
    let fields: Vec<_> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let after = page.post(approval, &fields).await?;
    ensure!(
        after.status < 500 && after.screen() != "result",
        "{}",
        after.summary()
    );
    ensure!(
        !after.html.contains(&shared.account_id),
        "a stranger sees an account"
    );
    bench.still_awaits(&consent_id)?;
    Ok(Seen::new(format!("{} {}", after.status, after.screen())))
}

async fn foreign_account(bench: &Bench<'_>) -> Outcome<Seen> {
    bench.other_customer()?;
    let foreign = bench.shared().await?.account_id.clone();
    let choosing = bench.choosing().await?;
    let page = &choosing.page;
    let fields = [("account_id", foreign.as_str()), ("action", "continue")];
    let after = send(page, &hidden(page), &fields).await?;
    ensure!(
        after.screen() == "accounts" && after.status < 500,
        "{}",
        after.summary()
    );
    let offered = after.choices().iter().any(|choice| choice.id == foreign);
    ensure!(!offered, "the foreign account is on offer now");
    bench.still_awaits(&choosing.consent_id)?;
    Ok(Seen::new(format!("{} {}", after.status, after.screen())))
}

async fn nothing_ticked(bench: &Bench<'_>) -> Outcome<Seen> {
    let choosing = bench.choosing().await?;
    let page = &choosing.page;
    let ticked = page.choices().iter().any(|choice| choice.checked);
    ensure!(!ticked, "an account is ticked beforehand");
    let after = page.action("continue").await?;
    ensure!(after.screen() == "accounts", "{}", after.summary());
    ensure!(
        after.text() != page.text(),
        "no message: {}",
        after.summary()
    );
    bench.still_awaits(&choosing.consent_id)?;
    Ok(Seen::new(format!("{} {}", after.status, after.screen())))
}
