//! Where customers are sent back to: PayNet's addresses only, and no wider than needed.

use std::time::Duration;

use reqwest::Url;
use tokio::net::lookup_host;
use tokio::time::timeout;

use crate::config::Environment;
use crate::doctor::Subject;
use crate::doctor::finding::{Check, Finding, Theme};

const REDIRECT: Check = Check::new(Theme::Redirects, "redirect-uri", "address");
const RESOLVES: Check = Check::new(Theme::Redirects, "redirect-host", "host");

const PATIENCE: Duration = Duration::from_secs(3);

pub async fn redirects(subject: &Subject) -> Vec<Finding> {
    let mut findings = Vec::new();
    for uri in &subject.config.ofp.redirect_uris {
        findings.push(judged(uri, subject.config.environment()).about(uri));
        if let Some(host) = host_of(uri) {
            findings.push(resolved(subject, &host).await.about(uri));
        }
    }
    if findings.is_empty() {
        findings.push(REDIRECT.skipped("ofp.redirect_uris is empty"));
    }
    findings
}

fn judged(uri: &str, environment: Environment) -> Finding {
    let write = |example: &str| {
        format!("Let ofp.redirect_uris have the address exactly as PayNet gives it{example}.")
    };
    let Ok(url) = Url::parse(uri) else {
        return REDIRECT.failed("it is not an address", write(""));
    };
    let is_local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    if url.scheme() != "https" && !(is_local && environment == Environment::Demo) {
        return REDIRECT.failed("it is not https", write(", with https://"));
    }
    if is_local && environment != Environment::Demo {
        return REDIRECT.warning("it is the customer's own machine, as in a demo", write(""));
    }
    let has_more = url.query().is_some() || url.fragment().is_some();
    if has_more || !url.username().is_empty() || url.password().is_some() {
        return REDIRECT.warning(
            "only origin and path are compared: query, fragment and user name do not count",
            write(", without them"),
        );
    }
    if url.path() == "/" {
        return REDIRECT.warning(
            "it allows every path of this host",
            write(", with its path"),
        );
    }
    REDIRECT.ok("this path, and what is below it")
}

fn host_of(uri: &str) -> Option<String> {
    let url = Url::parse(uri).ok()?;
    url.host_str().map(str::to_owned)
}

async fn resolved(subject: &Subject, host: &str) -> Finding {
    if subject.offline {
        return RESOLVES.skipped(super::OFFLINE);
    }
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let looked_up = timeout(PATIENCE, lookup_host((bare, 443))).await;
    if let Ok(Ok(mut addresses)) = looked_up
        && addresses.next().is_some()
    {
        return RESOLVES.ok("the host is known");
    }
    RESOLVES.warning(
        "this machine finds no address for the host; browsers may",
        "Compare the host with what PayNet gave you, and look it up from a customer's network.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Verdict::{Failed, Ok, Warning};

    #[test]
    fn addresses_are_judged() {
        use Environment::{Demo, Production, Uat};
        for (uri, environment, expected) in [
            ("https://paynet.example/back", Production, Ok),
            ("https://paynet.example/", Production, Warning),
            ("https://paynet.example", Uat, Warning),
            ("https://paynet.example/back?x=1", Uat, Warning),
            ("https://paynet.example/back#x", Uat, Warning),
            ("https://user@paynet.example/back", Uat, Warning),
            ("http://paynet.example/back", Demo, Failed),
            ("http://127.0.0.1:7705/back", Demo, Ok),
            ("http://127.0.0.1:7705/back", Uat, Failed),
            ("https://localhost/back", Uat, Warning),
            ("back", Demo, Failed),
        ] {
            let finding = judged(uri, environment);
            assert_eq!(finding.verdict, expected, "{uri}: {finding:?}");
        }
    }
}
