//! The customers' side: who answers there, and our key set, which PayNet reads.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use izin_jose::JwkSet;
use reqwest::Url;

use super::call::{Answer, NoAnswer, Ourselves, get};
use super::headers::headers;
use super::{RELOAD, from_here, not_running, presented};
use crate::config::Environment;
use crate::doctor::Subject;
use crate::doctor::finding::{Check, Finding, Theme};
use crate::doctor::inventory::Inventory;
use crate::http::client_config;

const RUNNING: Check = Check::new(Theme::Listeners, "public-running", "public");
const CERTIFICATE: Check = Check::new(
    Theme::Listeners,
    "public-certificate",
    "public: certificate",
);
const BASE_URL: Check = Check::new(Theme::Listeners, "public-base-url", "public: base_url");
const KEY_SET: Check = Check::new(Theme::Listeners, "key-set", "public: our key set");

const KEY: &str = "listeners.public.private_key";
const JWKS: &str = "/v1/oauth/jwks";
/// A page that everybody may open; without a session it says so.
const PAGE: &str = "/consent";

pub const NOT_IZIN: &str = "Make sure that it is izin which listens at listeners.public.address, and that nothing changes its answers.";

pub async fn public(subject: &Subject, inventory: &Inventory, is_running: bool) -> Vec<Finding> {
    let address = subject.config.listeners.public.address;
    if !is_running {
        return vec![not_running(RUNNING, subject, address)];
    }
    let mut findings = vec![RUNNING.ok(format!("something listens at {address}"))];
    let own = inventory.tls(KEY);
    let own = own.as_ref().and_then(|key| key.cert.first());
    let ourselves = own.map(|own| Ourselves::known_by(own));
    if ourselves.is_none() && subject.config.listeners.public.private_key.is_some() {
        findings.push(CERTIFICATE.skipped("listeners.public has no certificate that can be used"));
        return findings;
    }
    let local = local_url(subject, address, ourselves.is_some());
    let page = ask(&local, PAGE, Some(address), ourselves.as_ref()).await;
    if let Some(ourselves) = &ourselves {
        findings.push(presented(CERTIFICATE, ourselves, page.as_ref().err()));
    }
    findings.push(headers(subject, &page));
    let (leads_here, set) = base_url(subject, ourselves.as_ref()).await;
    findings.push(leads_here);
    let (from, set) = if let Some((from, answer)) = set {
        (from, Ok(answer))
    } else {
        let answer = ask(&local, JWKS, Some(address), ourselves.as_ref()).await;
        (format!("{local}{JWKS}"), answer)
    };
    findings.push(key_set(inventory, &from, set));
    findings
}

fn local_url(subject: &Subject, address: SocketAddr, has_tls: bool) -> String {
    let base_url = subject.config.listeners.public.base_url.as_deref();
    let named = base_url.and_then(|url| Url::parse(url).ok());
    let host = named.as_ref().and_then(Url::domain);
    match (has_tls, host) {
        (true, host) => format!("https://{}:{}", host.unwrap_or("localhost"), address.port()),
        (false, _) => format!("http://{}", from_here(address)),
    }
}

async fn ask(
    base: &str,
    path: &str,
    at: Option<SocketAddr>,
    ourselves: Option<&Ourselves>,
) -> Result<Answer, NoAnswer> {
    let url = format!("{base}{path}");
    match ourselves {
        Some(ourselves) => ourselves.get(&url, at, None).await,
        None => get(&url, at, None).await,
    }
}

pub fn not_izin(problem: &NoAnswer) -> String {
    format!(
        "it accepts connections and does not answer as izin: {}",
        problem.why
    )
}

/// Whether customers come here by that address, and our key set as it is read there.
async fn base_url(
    subject: &Subject,
    ourselves: Option<&Ourselves>,
) -> (Finding, Option<(String, Answer)>) {
    let listener = &subject.config.listeners.public;
    let Some(base_url) = listener.base_url.as_deref() else {
        let finding = match subject.config.environment() {
            Environment::Demo => BASE_URL.ok("not set; customers are on this machine"),
            _ => BASE_URL.warning(
                "not set, so links lead to the listener's own address",
                "Set listeners.public.base_url to the https address that customers' browsers use.",
            ),
        };
        return (finding, None);
    };
    let url = format!("{}{JWKS}", base_url.trim_end_matches('/'));
    // As browsers and PayNet would: the authorities of this system.
    let trusted = match client_config(None, None) {
        Ok(tls) => get(&url, None, Some(tls)).await,
        Err(problem) => return (BASE_URL.skipped(problem.to_string()), None),
    };
    match trusted {
        Ok(answer) => (
            BASE_URL.ok(format!("{base_url} leads here")),
            Some((url, answer)),
        ),
        Err(problem) => {
            let ours = match ourselves {
                Some(ourselves) => ourselves.get(&url, None, None).await.ok(),
                None => None,
            };
            if let Some(answer) = ours {
                let finding = BASE_URL.warning(
                    format!("{base_url} leads here, and this machine does not trust our certificate: {}", problem.why),
                    "Open the address in a customer's browser; if that complains too, use a certificate of a public authority, with its chain.",
                );
                return (finding, Some((url, answer)));
            }
            let finding = BASE_URL.warning(
                format!(
                    "{base_url} cannot be reached from this machine: {}",
                    problem.why
                ),
                format!(
                    "Open {url} in a browser outside the bank's network: our key set must come."
                ),
            );
            (finding, None)
        }
    }
}

fn key_set(inventory: &Inventory, from: &str, answer: Result<Answer, NoAnswer>) -> Finding {
    let Some(signing) = &inventory.signing else {
        return KEY_SET
            .skipped("signing.keys cannot be used, so there is nothing to compare it with");
    };
    let answer = match answer {
        Ok(answer) if answer.status == 200 => answer,
        Ok(answer) => {
            return KEY_SET.failed(
                format!("{from} answers with status {}", answer.status),
                "Let what stands in front pass /v1/oauth/ on to listeners.public.",
            );
        }
        Err(problem) => {
            return KEY_SET.failed(format!("{from}: {}", not_izin(&problem)), NOT_IZIN);
        }
    };
    let set = match JwkSet::parse(&answer.body) {
        Ok(set) => set,
        Err(problem) => {
            return KEY_SET.failed(
                format!("{from}: {problem}"),
                "Let what stands in front pass /v1/oauth/ on to listeners.public.",
            );
        }
    };
    let ids = |set: &JwkSet| -> BTreeSet<String> {
        set.keys()
            .iter()
            .map(|key| key.key_id().to_string())
            .collect()
    };
    let (seen, expected) = (ids(&set), ids(&signing.published()));
    match signing.current_id() {
        Some(signs) if !seen.contains(signs.as_str()) => KEY_SET.failed(
            format!("{from} has not the key that signs ({signs})"),
            RELOAD,
        ),
        _ if seen != expected => KEY_SET.warning(
            format!(
                "{from} has {} keys, and this configuration publishes {}",
                seen.len(),
                expected.len()
            ),
            RELOAD,
        ),
        _ => KEY_SET.ok(format!("{from} has the key that signs")),
    }
}
