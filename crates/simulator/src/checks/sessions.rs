//! The customer's session: nobody else chooses it, keeps it or guesses it, and decisions need it and a form.

use http::Method;

use super::{
    Bench, Check,
    finding::{Finding, Outcome, Seen},
    refusal::excerpt,
};
use crate::{
    customer::{Hop, Page},
    scenario::Answer,
};

const SESSION: &str = "OWASP ASVS 7.2.1 to 7.2.4";
const NO_SESSION: &str = "4xx without the journey's page";

pub(super) fn checks() -> Vec<Check> {
    vec![
        attack!(
            "session-fixation",
            "a session that a stranger chose before the customer came",
            SESSION,
            "the customer gets another one, and the stranger's opens nothing",
            |bench| fixation(bench)
        ),
        attack!(
            "session-before-sign-in",
            "the session from before a sign-in, used after it",
            "OWASP ASVS 7.2.4",
            NO_SESSION,
            |bench| before_sign_in(bench)
        ),
        attack!(
            "session-forms",
            "sessions that are empty, endless, SQL, a path or not text",
            SESSION,
            NO_SESSION,
            |bench| forms(bench)
        ),
        attack!(
            "form-by-get",
            "a decision in the address instead of in a form",
            "OWASP ASVS 3.5.3",
            "nothing is decided",
            |bench| by_get(bench)
        ),
    ]
}

/// Name and value of every session cookie, in order.
pub(super) fn session_cookies(hops: &[Hop]) -> Vec<(String, String)> {
    let set = hops
        .iter()
        .flat_map(|hop| hop.headers.get_all("set-cookie"));
    let pairs = set.filter_map(|cookie| cookie.to_str().ok()?.split(';').next()?.split_once('='));
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// Of a browser that has just come in.
async fn a_cookie(bench: &Bench<'_>) -> Outcome<(String, String)> {
    let (browser, _) = bench.at_the_door().await?;
    let mut cookies = session_cookies(&browser.hops());
    cookies
        .pop()
        .ok_or_else(|| Finding::NotApplicable("the pages set no cookie".to_owned()))
}

/// The journey's page, asked for with this cookie.
async fn with_cookie(bench: &Bench<'_>, name: &str, value: &str) -> Outcome<Answer> {
    let request = bench
        .simulator
        .request(Method::GET, format!("{}/consent", bench.pages_url))
        .header("cookie", format!("{name}={value}"));
    Ok(request.send().await?)
}

fn opens_nothing(answer: &Answer, case: &str) -> Outcome<Seen> {
    ensure!(
        (400..500).contains(&answer.status) && answer.header("set-cookie").is_none(),
        "{case}: {} {}",
        answer.status,
        excerpt(&answer.text())
    );
    Ok(Seen::new(answer.status.to_string()))
}

async fn fixation(bench: &Bench<'_>) -> Outcome<Seen> {
    let (name, value) = a_cookie(bench).await?;
    let chosen: String = value.chars().rev().collect();
    opens_nothing(&with_cookie(bench, &name, &chosen).await?, "before")?;
    let consent = bench.awaiting().await?;
    let mut url = bench.link(&consent.consent_id).await?;
    for _ in 0..2 {
        let request = bench.simulator.request(Method::GET, &url);
        let answer = request
            .header("cookie", format!("{name}={chosen}"))
            .send()
            .await?;
        let given = answer.header("set-cookie").unwrap_or_default();
        ensure!(
            !given.contains(&chosen),
            "the stranger's session was taken over"
        );
        let Some(location) = answer.header("location") else {
            break;
        };
        url = url::Url::parse(&url)?.join(location)?.into();
    }
    let seen = opens_nothing(&with_cookie(bench, &name, &chosen).await?, "afterwards")?;
    bench.still_awaits(&consent.consent_id)?;
    Ok(seen)
}

async fn before_sign_in(bench: &Bench<'_>) -> Outcome<Seen> {
    let shared = bench.shared().await?;
    let cookies = session_cookies(&shared.hops);
    let [(name, first), .., (_, last)] = &cookies[..] else {
        return Err(Finding::Wrong(
            "the session kept its id through the sign-in".to_owned(),
        ));
    };
    ensure!(first != last, "the session kept its id through the sign-in");
    opens_nothing(&with_cookie(bench, name, first).await?, "the first one")
}

async fn forms(bench: &Bench<'_>) -> Outcome<Seen> {
    let (name, value) = a_cookie(bench).await?;
    let mut seen = Seen::default();
    for invented in [
        String::new(),
        "a".repeat(value.len()),
        "a".repeat(8_000),
        "' OR '1'='1' --".to_owned(),
        "../../etc/passwd".to_owned(),
        format!("\"{value}\""),
        format!("{value}{value}"),
        format!("x; {name}=y"),
        "\u{fc}".repeat(value.len()),
    ] {
        let answer = with_cookie(bench, &name, &invented).await?;
        seen.add(opens_nothing(&answer, &excerpt(&invented))?);
    }
    Ok(seen)
}

/// Where the accounts' form goes, with its hidden fields.
pub(super) fn form_of(page: &Page) -> Outcome<(String, Vec<(String, String)>)> {
    let form = page.forms().first();
    let form = form.ok_or_else(|| Finding::Wrong(format!("no form: {}", page.summary())))?;
    let hidden = page.inputs().filter(|input| input.kind == "hidden");
    let hidden = hidden.map(|input| (input.name.clone(), input.value.clone()));
    Ok((form.action.clone(), hidden.collect()))
}

async fn by_get(bench: &Bench<'_>) -> Outcome<Seen> {
    let (browser, consent_id) = bench.at_the_door().await?;
    let page = browser.page()?;
    let (action, mut fields) = form_of(page)?;
    fields.push(("action".to_owned(), "approve".to_owned()));
    let mut url = page.url.join(&action)?;
    let mut seen = Seen::default();
    for path in [url.path().to_owned(), "/consent/review".to_owned()] {
        url.set_path(&path);
        url.query_pairs_mut().clear().extend_pairs(&fields);
        let after = page.follow(url.as_str()).await?;
        ensure!(
            after.status < 500 && after.screen() != "result",
            "{}",
            after.summary()
        );
        seen.add(Seen::new(format!("{} {}", after.status, after.screen())));
    }
    bench.still_awaits(&consent_id)?;
    Ok(seen)
}
