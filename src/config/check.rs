//! What a configuration must have before the service starts. Every problem is told at once.

use std::fmt;

use super::bank::SignInKind;
use super::{BankEndpoint, BankKind, Config, Environment};

/// All that is wrong, one sentence each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigProblems(Vec<String>);

impl ConfigProblems {
    /// One sentence each.
    pub fn into_sentences(self) -> Vec<String> {
        self.0
    }
}

impl From<Vec<String>> for ConfigProblems {
    fn from(problems: Vec<String>) -> Self {
        Self(problems)
    }
}

impl fmt::Display for ConfigProblems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration cannot be used:")?;
        self.0
            .iter()
            .try_for_each(|problem| write!(f, "\n  - {problem}"))
    }
}

impl std::error::Error for ConfigProblems {}

impl Config {
    /// Checks what `izin serve` needs.
    pub fn check(&self) -> Result<(), ConfigProblems> {
        let mut problems = Vec::new();
        self.missing_keys(&mut problems);
        self.private_keys(&mut problems);
        self.bad_addresses(&mut problems);
        self.bad_numbers(&mut problems);
        self.database.check(self.environment(), &mut problems);
        self.evidence.check(&mut problems);
        self.reconcile.check(&mut problems);
        self.retention.check(&mut problems);
        self.wire_profile(&mut problems);
        self.banks(&mut problems);
        self.unsafe_operations(&mut problems);
        self.refused_in_production(&mut problems);
        if problems.is_empty() {
            Ok(())
        } else {
            Err(problems.into())
        }
    }

    fn missing_keys(&self, problems: &mut Vec<String>) {
        let (ofp, webhooks) = (&self.ofp, &self.listeners.webhooks);
        let required = [
            ("ofp.dp_id", ofp.dp_id.is_some()),
            ("ofp.client_id", ofp.client_id.is_some()),
            (
                "ofp.authorization_server",
                ofp.authorization_server.is_some(),
            ),
            ("ofp.resource_server", ofp.resource_server.is_some()),
            ("ofp.server_ca", ofp.server_ca.is_some()),
            ("ofp.redirect_uris", !ofp.redirect_uris.is_empty()),
            ("listeners.webhooks.client_ca", webhooks.client_ca.is_some()),
            ("signing.keys", !self.signing.keys.is_empty()),
        ];
        let missing = required.iter().filter(|(_, present)| !present);
        problems.extend(missing.map(|(key, _)| format!("{key} is required")));
        if webhooks.allowed_clients.is_empty() && self.environment() != Environment::Demo {
            problems.push(
                "listeners.webhooks.allowed_clients is required: without it every client of client_ca \
                 passes for PayNet"
                    .into(),
            );
        }
    }

    fn bad_addresses(&self, problems: &mut Vec<String>) {
        let servers = [
            ("ofp.authorization_server", &self.ofp.authorization_server),
            ("ofp.resource_server", &self.ofp.resource_server),
            (
                "listeners.webhooks.base_url",
                &self.listeners.webhooks.base_url,
            ),
        ];
        for (key, url) in servers {
            if url.as_ref().is_some_and(|url| !url.starts_with("https://")) {
                problems.push(format!("{key} must start with https://"));
            }
        }
        if let Some(url) = &self.listeners.public.base_url
            && !url.starts_with("https://")
            && !is_loopback_http(url)
        {
            problems.push(
                "listeners.public.base_url must be https, or http on loopback for a demo".into(),
            );
        }
        let public = &self.listeners.public;
        let guarded = public.certificate.is_some() || public.base_url.is_some();
        if !guarded && !public.address.ip().is_loopback() {
            problems.push(
                "listeners.public needs a certificate, or the https base_url of the proxy in front, \
                 to listen beyond this machine"
                    .into(),
            );
        }
        for uri in &self.ofp.redirect_uris {
            let usable = reqwest::Url::parse(uri)
                .is_ok_and(|url| url.scheme() == "https" || is_loopback_http(uri));
            if !usable {
                problems.push(format!(
                    "ofp.redirect_uris: {uri:?} is not an https address"
                ));
            }
        }
    }

    fn banks(&self, problems: &mut Vec<String>) {
        let checked_by = self.sign_in_checked_by();
        let kinds = [
            ("bank.kind", "bank.http", self.bank.kind, &self.bank.http),
            (
                "sign_in.checked_by",
                "sign_in.http",
                checked_by,
                &self.sign_in.http,
            ),
        ];
        for (key, section, kind, endpoint) in kinds {
            match kind {
                BankKind::Demo if self.environment() == Environment::Production => problems.push(
                    format!("{key} = \"demo\" is refused with environment = \"production\""),
                ),
                BankKind::Http => bank_endpoint(section, endpoint, problems),
                BankKind::Demo | BankKind::Linked => {}
            }
        }
        if self.environment() == Environment::Demo && !self.paynet_is_simulated() {
            problems.push(
                "environment is \"demo\" (as with bank.kind = \"demo\" where nothing else is said), but PayNet's addresses \
                 are not loopback: set environment to \"uat\" or \"production\""
                    .into(),
            );
        }
        let collects = match self.sign_in.kind {
            SignInKind::Pages => self.environment() != Environment::Demo,
        };
        if collects && !self.sign_in.collect_passwords {
            problems.push(
                "sign_in.kind = \"pages\" asks customers for their passwords: allow it with \
                 sign_in.collect_passwords = true"
                    .into(),
            );
        }
    }

    fn bad_numbers(&self, problems: &mut Vec<String>) {
        let positive = [
            ("ofp.authorization_minutes", self.ofp.authorization_minutes),
            ("ui.session_minutes", self.ui.session_minutes),
            ("sign_in.attempts", self.sign_in.attempts.into()),
            ("sign_in.lock_minutes", self.sign_in.lock_minutes),
        ];
        let wrong = positive
            .iter()
            .filter(|(_, value)| !(1..=10_000).contains(value));
        problems.extend(wrong.map(|(key, _)| format!("{key} must be between 1 and 10000")));
        let counts = [
            ("database.pool_size", self.database.pool_size),
            ("limits.connections", self.limits.connections),
            ("limits.sealing_queue", self.limits.sealing_queue),
        ];
        let wrong = counts
            .iter()
            .filter(|(_, value)| !(1..=100_000).contains(value));
        problems.extend(wrong.map(|(key, _)| format!("{key} must be between 1 and 100000")));
        let bank_timeout = self.limits.bank_timeout;
        if !(100..=4_500).contains(&bank_timeout) {
            problems.push(
                "limits.bank_timeout must be between 100 and 4500 milliseconds: PayNet waits five seconds".into(),
            );
        }
    }
}

fn bank_endpoint(section: &str, endpoint: &BankEndpoint, problems: &mut Vec<String>) {
    let Some(url) = &endpoint.url else {
        problems.push(format!("{section}.url is required"));
        return;
    };
    let is_local = is_loopback_http(url);
    let parsed = reqwest::Url::parse(url).ok();
    if !is_local && parsed.as_ref().is_none_or(|url| url.scheme() != "https") {
        problems.push(format!("{section}.url must be https, or http on loopback"));
    }
    let plain = |url: &reqwest::Url| {
        url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    };
    if !parsed.as_ref().is_none_or(plain) {
        problems.push(format!(
            "{section}.url must have no user, password, query or fragment; a token belongs into {section}.token_file"
        ));
    }
    if endpoint.client_private_key.is_none() && endpoint.token_file.is_none() && !is_local {
        problems.push(format!(
            "{section} needs client_certificate and client_private_key, or token_file: the bank must know who asks"
        ));
    }
}

/// Plain HTTP is only for this machine.
pub(super) fn is_loopback_http(url: &str) -> bool {
    let Ok(url) = reqwest::Url::parse(url) else {
        return false;
    };
    url.scheme() == "http" && matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_is_told_at_once() {
        let config = Config::from_layers(&[
            "environment = \"production\"\n[listeners.public]\nbase_url = \"http://bank.example\"\n[ui]\nsession_minutes = 0",
        ])
        .unwrap();
        let told = config.check().unwrap_err().to_string();
        for part in [
            "ofp.dp_id",
            "signing.keys",
            "public.base_url",
            "session_minutes",
            "demo",
        ] {
            assert!(told.contains(part), "{part} is missing in: {told}");
        }
    }
}
