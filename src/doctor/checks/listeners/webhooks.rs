//! PayNet's side: mutual TLS with our certificate, and nobody else is let in.

use std::net::SocketAddr;

use izin_jose::KeyId;
use reqwest::Url;

use super::call::{NoAnswer, Ourselves};
use super::{IMITATED, RELOAD, from_here, not_running, presented};
use crate::config::Environment;
use crate::doctor::Subject;
use crate::doctor::finding::{Check, Finding, Theme};
use crate::doctor::inventory::Inventory;

const RUNNING: Check = Check::new(Theme::Listeners, "webhooks-running", "webhooks");
const CERTIFICATE: Check = Check::new(
    Theme::Listeners,
    "webhooks-certificate",
    "webhooks: certificate",
);
const STRANGERS: Check = Check::new(
    Theme::Listeners,
    "webhooks-no-certificate",
    "webhooks: strangers",
);
const OTHERS: Check = Check::new(
    Theme::Listeners,
    "webhooks-other-certificate",
    "webhooks: not PayNet",
);
const BASE_URL: Check = Check::new(Theme::Listeners, "webhooks-base-url", "webhooks: base_url");

const KEY: &str = "listeners.webhooks.private_key";
/// Answers at once, changes nothing, and needs a client certificate like everything on this listener.
const HEALTH: &str = "/v1/health";

pub async fn webhooks(subject: &Subject, inventory: &Inventory, is_running: bool) -> Vec<Finding> {
    let address = subject.config.listeners.webhooks.address;
    if !is_running {
        return vec![not_running(RUNNING, subject, address)];
    }
    let mut findings = vec![RUNNING.ok(format!("something listens at {address}"))];
    let own = inventory.tls(KEY);
    let own = own.as_ref().and_then(|key| key.cert.first());
    let Some(own) = own else {
        findings
            .push(CERTIFICATE.skipped("listeners.webhooks has no certificate that can be used"));
        return findings;
    };
    let ourselves = Ourselves::known_by(own);
    let url = local_url(subject, address);
    let without = ourselves
        .get(&url, Some(address), None)
        .await
        .map(|answer| answer.status);
    let is_ours = ourselves.is_met();
    findings.push(presented(CERTIFICATE, &ourselves, without.as_ref().err()));
    if is_ours {
        let advice = "Take what stands at this address out of the way: izin itself lets nobody in without a client certificate.";
        findings.push(strangers(STRANGERS, "", &without, advice));
        findings.push(others(subject, inventory, &ourselves, &url).await);
    }
    findings.push(base_url(subject, &ourselves).await);
    findings
}

fn local_url(subject: &Subject, address: SocketAddr) -> String {
    let base_url = subject.config.listeners.webhooks.base_url.as_deref();
    let named = base_url.and_then(|url| Url::parse(url).ok());
    let host = named.as_ref().and_then(Url::domain).unwrap_or("localhost");
    format!("https://{host}:{}{HEALTH}", address.port())
}

/// Whether somebody who shows no certificate is let in. `met` begins what is said; `advice` is for when he is.
fn strangers(check: Check, met: &str, answer: &Result<u16, NoAnswer>, advice: &str) -> Finding {
    let seen = |comes: &str| format!("{met}without a client certificate there is {comes}");
    match answer {
        Ok(status @ (401 | 403)) => check.ok(seen(&format!("status {status}"))),
        Ok(status) => check.failed(seen(&format!("status {status}")), advice),
        Err(problem) if problem.is_timeout => check.failed(
            seen("no answer in time"),
            "Look at the load of this machine and at limits.connections.",
        ),
        // Why depends on which side was faster.
        Err(_) => check.ok(seen("no connection")),
    }
}

/// Our own client certificate is at hand and is not PayNet's: it must not pass for it.
async fn others(
    subject: &Subject,
    inventory: &Inventory,
    ourselves: &Ourselves,
    url: &str,
) -> Finding {
    let allowed = &subject.config.listeners.webhooks.allowed_clients;
    if allowed.is_empty() {
        return OTHERS
            .skipped("listeners.webhooks.allowed_clients is empty, so nobody is told apart");
    }
    let Some(key) = inventory.tls("ofp.client_private_key") else {
        return OTHERS.skipped("it is tried with our own client certificate, which cannot be used");
    };
    let thumbprint = key.cert.first().map(|der| KeyId::of_certificate(der));
    if thumbprint.is_some_and(|own| allowed.iter().any(|listed| listed == own.as_str())) {
        return OTHERS.warning(
            "our own client certificate is listed, so we pass for PayNet",
            "Take our own certificate out of listeners.webhooks.allowed_clients.",
        );
    }
    let address = subject.config.listeners.webhooks.address;
    match ourselves.get(url, Some(address), Some(key)).await {
        Ok(answer) if matches!(answer.status, 401 | 403) => OTHERS.ok(format!(
            "our own client certificate, which is not listed, gets status {}",
            answer.status
        )),
        Ok(answer) => OTHERS.failed(
            format!(
                "our own client certificate is not listed and gets status {}",
                answer.status
            ),
            RELOAD,
        ),
        Err(problem) if problem.is_timeout => OTHERS.skipped("no answer in time"),
        // Before it comes to the list: it is not of client_ca.
        Err(problem) => OTHERS.ok(format!(
            "our own client certificate is refused ({}); that PayNet's gets in is not proven by that",
            problem.why
        )),
    }
}

async fn base_url(subject: &Subject, ourselves: &Ourselves) -> Finding {
    let listener = &subject.config.listeners.webhooks;
    let Some(base_url) = &listener.base_url else {
        return match subject.config.environment() {
            Environment::Demo => BASE_URL.ok("not set; beside the simulator none is needed"),
            _ => BASE_URL.warning(
                "not set, so nothing says where PayNet is to call",
                "Set listeners.webhooks.base_url to the address that PayNet is given.",
            ),
        };
    };
    let url = format!("{}{HEALTH}", base_url.trim_end_matches('/'));
    let fresh = Ourselves::known_by(ourselves.certificate());
    let answer = fresh.get(&url, None, None).await;
    let answer = answer.map(|answer| answer.status);
    let untouched = "Let what stands in front pass TLS through untouched: only izin can check PayNet's client certificate.";
    if fresh.is_met() {
        let met = format!("{base_url} leads here, with our certificate; ");
        return strangers(BASE_URL, &met, &answer, untouched);
    }
    if fresh.is_imitated() {
        return BASE_URL.failed(format!("{base_url}: {IMITATED}"), untouched);
    }
    match (fresh.somebody_else(), answer) {
        (Some(other), _) => BASE_URL.failed(
            format!("{base_url} presents another certificate: {other}"),
            untouched,
        ),
        (None, Err(problem)) => BASE_URL.warning(
            format!(
                "{base_url} cannot be reached from this machine: {}",
                problem.why
            ),
            format!(
                "Try it from outside the bank's network; it must lead to {}.",
                from_here(listener.address)
            ),
        ),
        (None, Ok(_)) => BASE_URL.failed(
            format!("{base_url} answers without TLS"),
            "Let listeners.webhooks.base_url be the https address that PayNet is given.",
        ),
    }
}
