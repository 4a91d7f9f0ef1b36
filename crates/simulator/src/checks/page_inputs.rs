//! Forms and addresses as no page of the provider makes them.

use http::Method;

use super::{
    Bench, Check,
    authorize::error_page,
    finding::{Outcome, Seen},
    refusal::excerpt,
    sessions::{form_of, session_cookies},
};

const FORMS: &str = "OWASP ASVS 1.2.1 and 2.2.1";

const SCREEN: &str = "4xx, or the same screen, and nothing is decided";

pub(super) fn checks() -> Vec<Check> {
    vec![
        attack!(
            "form-other-type",
            "a form as JSON, as XML, as parts and as text",
            FORMS,
            SCREEN,
            |bench| other_type(bench)
        ),
        attack!(
            "form-hostile-name",
            "a user name that is a script, a template, SQL or control characters",
            FORMS,
            "a screen of the sign-in with the name as text only",
            |bench| hostile_name(bench)
        ),
        attack!(
            "form-many-fields",
            "a form of 20,000 fields",
            FORMS,
            SCREEN,
            |bench| many_fields(bench)
        ),
        attack!(
            "page-traversal",
            "files of the provider below the path of its styles",
            "OWASP ASVS 5.3.2",
            "4xx",
            |bench| traversal(bench)
        ),
    ]
}

async fn other_type(bench: &Bench<'_>) -> Outcome<Seen> {
    let (browser, consent_id) = bench.at_the_door().await?;
    let page = browser.page()?;
    let (action, _) = form_of(page)?;
    let url = page.url.join(&action)?;
    let cookies = session_cookies(&browser.hops());
    let cookies: Vec<_> = cookies
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let mut seen = Seen::default();
    for (content_type, body) in [
        ("application/json", r#"{"action":"approve","csrf":"x"}"#),
        (
            "application/xml",
            "<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><a>&b;</a>",
        ),
        (
            "multipart/form-data; boundary=x",
            "--x\r\nContent-Disposition: form-data; name=\"action\"\r\n\r\napprove\r\n--x--\r\n",
        ),
        ("text/plain", "action=approve"),
        (
            "application/x-www-form-urlencoded; charset=utf-7",
            "action=+AGEAcABwAHIAbwB2AGU-",
        ),
        ("", "action=approve"),
    ] {
        let request = bench
            .simulator
            .request(Method::POST, url.as_str())
            .header("cookie", cookies.join("; "));
        let answer = request.body(content_type, body).send().await?;
        let refused = (400..500).contains(&answer.status);
        ensure!(
            refused,
            "{content_type}: {} {}",
            answer.status,
            excerpt(&answer.text())
        );
        ensure!(
            !answer.text().contains("root:"),
            "{content_type}: a file came back"
        );
        seen.add(Seen::new(answer.status.to_string()));
    }
    bench.still_awaits(&consent_id)?;
    Ok(seen)
}

async fn hostile_name(bench: &Bench<'_>) -> Outcome<Seen> {
    let (browser, consent_id) = bench.at_the_door().await?;
    let page = browser.page()?;
    let mut seen = Seen::default();
    for name in [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "{{7331*7331}}{% raw %}",
        "' OR '1'='1' --",
        "a\0b",
        "a\r\nset-cookie: x=y",
        "\u{202e}emanresu\u{feff}",
        "\u{fdfa}",
    ] {
        let after = page.submit_with("continue", &[("username", name)]).await?;
        let told = format!("{name:?}: {}", after.summary());
        ensure!(after.status < 500 && !after.screen().is_empty(), "{told}");
        ensure!(
            !after.html.contains("<script>alert") && !after.html.contains("<img src=x"),
            "{told}"
        );
        ensure!(!after.text().contains("53743561"), "{told}");
        seen.add(Seen::new(format!("{} {}", after.status, after.screen())));
        // Back to the first screen, whichever came.
        page.follow("?to=username").await?;
    }
    bench.still_awaits(&consent_id)?;
    Ok(seen)
}

async fn many_fields(bench: &Bench<'_>) -> Outcome<Seen> {
    let (browser, consent_id) = bench.at_the_door().await?;
    let page = browser.page()?;
    let (action, hidden) = form_of(page)?;
    let mut fields: Vec<_> = hidden
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    fields.extend(std::iter::repeat_n(("a", ""), 20_000));
    fields.push(("action", "approve"));
    let after = page.post(&action, &fields).await?;
    ensure!(
        after.status < 500 && after.screen() != "result",
        "{}",
        after.summary()
    );
    bench.still_awaits(&consent_id)?;
    let page = page.reload().await?;
    error_page(bench, &after).or_else(|finding| {
        if after.screen() == page.screen() {
            Ok(())
        } else {
            Err(finding)
        }
    })?;
    Ok(Seen::new(format!("{} {}", after.status, after.screen())))
}

async fn traversal(bench: &Bench<'_>) -> Outcome<Seen> {
    let mut seen = Seen::default();
    for path in [
        "..%2f..%2fconfig%2fdefault.toml",
        "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "..%5c..%5cconfig",
        "....//....//etc/passwd",
        "%2fetc%2fpasswd",
        "a%00.css",
        "%c0%ae%c0%ae%2fetc%2fpasswd",
    ] {
        let url = format!("{}/static/{path}", bench.pages_url);
        let answer = bench.simulator.request(Method::GET, url).send().await?;
        ensure!(
            (400..500).contains(&answer.status),
            "{path}: {} {}",
            answer.status,
            excerpt(&answer.text())
        );
        seen.add(Seen::new(answer.status.to_string()));
    }
    Ok(seen)
}
