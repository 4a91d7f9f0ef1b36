//! The configuration as such: what `izin serve` would refuse, and what somebody should know of before customers come.

use crate::config::{BankKind, Config, Environment};
use crate::doctor::Subject;
use crate::doctor::finding::{Check, Finding, Theme};

const SETTINGS: Check = Check::new(Theme::Configuration, "settings", "settings");
const ENVIRONMENT: Check = Check::new(Theme::Configuration, "environment", "environment");
const DANGERS: Check = Check::new(Theme::Configuration, "danger-settings", "danger_ settings");
const CLIENTS: Check = Check::new(
    Theme::Configuration,
    "allowed-clients",
    "PayNet's certificate",
);
const PASSWORDS: Check = Check::new(Theme::Configuration, "collect-passwords", "passwords");
const SESSION: Check = Check::new(Theme::Configuration, "session-minutes", "session");
const TRY_IT: Check = Check::new(Theme::Configuration, "try-it", "try it out");

/// Of a SHA-256 thumbprint in base64url.
const THUMBPRINT_LENGTH: usize = 43;
/// Longer, and a browser that was left alone is somebody else's for too long.
const LONGEST_SESSION: i64 = 30;

pub fn configuration(subject: &Subject) -> Vec<Finding> {
    let config = &subject.config;
    let mut findings = settings(subject);
    findings.push(ENVIRONMENT.ok(word(config.environment())));
    findings.push(dangers(config));
    findings.push(allowed_clients(config));
    findings.push(passwords(config));
    findings.push(session(config));
    if config.ops.try_it {
        findings.push(try_it(config));
    }
    findings
}

pub fn word(environment: Environment) -> &'static str {
    match environment {
        Environment::Demo => "demo",
        Environment::Uat => "uat",
        Environment::Production => "production",
    }
}

fn settings(subject: &Subject) -> Vec<Finding> {
    let problems = match subject.config.check() {
        Ok(()) => Vec::new(),
        Err(problems) => problems.into_sentences(),
    };
    // The danger settings have a finding of their own.
    let problems = problems.into_iter();
    let problems: Vec<_> = problems
        .filter(|problem| !problem.starts_with("ofp.profile.danger_"))
        .collect();
    if problems.is_empty() {
        return vec![SETTINGS.ok(format!("no problem in {}", subject.named()))];
    }
    let advice = format!(
        "Correct it in {}; config/default.toml describes every setting.",
        subject.named()
    );
    let told = problems.into_iter();
    told.map(|problem| SETTINGS.failed(problem, advice.clone()))
        .collect()
}

fn dangers(config: &Config) -> Finding {
    let dangers: Vec<_> = config.ofp.profile.dangers().collect();
    if dangers.is_empty() {
        return DANGERS.ok("none is set: every check of account calls is made");
    }
    let seen = format!(
        "{}: a check of account calls is left out",
        dangers.join(", ")
    );
    let settings = dangers.iter().map(|name| format!("ofp.profile.{name}"));
    let settings = settings.collect::<Vec<_>>().join(" and ");
    if config.environment() == Environment::Production {
        DANGERS.failed(seen, format!("Take {settings} out of the configuration."))
    } else {
        DANGERS.warning(
            seen,
            format!("Take {settings} out before production, which refuses it."),
        )
    }
}

fn allowed_clients(config: &Config) -> Finding {
    let listed = &config.listeners.webhooks.allowed_clients;
    let is_thumbprint = |text: &String| {
        let is_base64url = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        text.len() == THUMBPRINT_LENGTH && text.bytes().all(is_base64url)
    };
    if let Some(wrong) = listed.iter().find(|text| !is_thumbprint(text)) {
        return CLIENTS.failed(
            format!("{wrong:?} is no certificate's SHA-256 thumbprint, so it matches nobody"),
            "Put the output of izin jose thumbprint for PayNet's client certificate into listeners.webhooks.allowed_clients.",
        );
    }
    match listed.len() {
        0 => CLIENTS.warning(
            "every client certificate of client_ca passes for PayNet",
            "List PayNet's client certificate in listeners.webhooks.allowed_clients (izin jose thumbprint).",
        ),
        1 => CLIENTS.ok("1 client certificate is listed, and no other is let in"),
        count => CLIENTS.ok(format!("{count} client certificates are listed, and no other is let in")),
    }
}

fn passwords(config: &Config) -> Finding {
    let whose = match config.sign_in_checked_by() {
        BankKind::Demo => "the demo bank",
        BankKind::Http => "the bank, over HTTP,",
        BankKind::Linked => "the bank's code in this binary",
    };
    let setting = if config.sign_in.collect_passwords {
        " (sign_in.collect_passwords = true)"
    } else {
        ""
    };
    PASSWORDS.ok(format!(
        "our pages ask customers for them, and {whose} checks them{setting}"
    ))
}

fn session(config: &Config) -> Finding {
    let minutes = config.ui.session_minutes;
    let seen = format!("customers have {minutes} minutes on our pages");
    if minutes > LONGEST_SESSION {
        SESSION.warning(
            seen,
            format!("Set ui.session_minutes to {LONGEST_SESSION} or less."),
        )
    } else {
        SESSION.ok(seen)
    }
}

fn try_it(config: &Config) -> Finding {
    let seen = "whoever reaches listeners.ops may speak as PayNet and the consumers";
    if config.environment() == Environment::Demo {
        TRY_IT.ok(seen)
    } else {
        TRY_IT.warning(
            seen,
            "Set ops.try_it to false where nobody needs it any more.",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Verdict;

    /// Everything that a production installation must have, with nothing behind it.
    const PRODUCTION: &str = r#"
environment = "production"
[listeners.webhooks]
certificate = "server.crt"
private_key = "server.key"
client_ca = "paynet.crt"
allowed_clients = ["0123456789abcdefghijABCDEFGHIJ-_0123456789a"]
[listeners.public]
base_url = "https://consent.bank.example"
[ofp]
dp_id = "bank"
client_id = "bank"
authorization_server = "https://as.paynet.example"
resource_server = "https://rs.paynet.example"
server_ca = "paynet.crt"
client_certificate = "client.crt"
client_private_key = "client.key"
redirect_uris = ["https://paynet.example/back"]
[signing]
keys = [{ certificate = "signing.crt", private_key = "signing.key" }]
[bank]
kind = "http"
http = { url = "https://core.bank.example", token_file = "token" }
[sign_in]
collect_passwords = true
http = { url = "https://core.bank.example", token_file = "token" }
[ui]
name = "Bank Sebenar"
"#;

    fn wrong(extra: &str) -> Vec<(&'static str, Verdict)> {
        let config = Config::from_layers(&[PRODUCTION, extra]).unwrap();
        let findings = configuration(&Subject::for_tests(config));
        let wrong = findings.iter().filter(|one| one.verdict != Verdict::Ok);
        wrong
            .map(|one| {
                assert!(one.advice.is_some(), "{one:?}");
                (one.check, one.verdict)
            })
            .collect()
    }

    #[test]
    fn a_production_configuration_gives_no_cause() {
        assert_eq!(wrong(""), []);
    }

    #[test]
    fn each_cause_is_told_by_its_own_finding() {
        let danger = "ofp.profile.danger_skip_qpm = true";
        let uat = format!("environment = \"uat\"\n{danger}");
        for (extra, expected) in [
            (danger, ("danger-settings", Verdict::Failed)),
            (&*uat, ("danger-settings", Verdict::Warning)),
            (
                "ofp.client_id = \"\"\nofp.redirect_uris = []",
                ("settings", Verdict::Failed),
            ),
            (
                "ui.session_minutes = 31",
                ("session-minutes", Verdict::Warning),
            ),
            (
                "listeners.webhooks.allowed_clients = [\"AA:BB:CC\"]",
                ("allowed-clients", Verdict::Failed),
            ),
            (
                "environment = \"demo\"\nofp.authorization_server = \"https://localhost:1\"\nofp.resource_server = \"https://localhost:2\"\n\
                 listeners.webhooks.allowed_clients = []",
                ("allowed-clients", Verdict::Warning),
            ),
        ] {
            assert_eq!(wrong(extra), [expected], "{extra}");
        }
    }

    #[test]
    fn every_problem_is_a_finding() {
        let all = wrong(
            "ofp.redirect_uris = []\nui.session_minutes = 0\nsign_in.collect_passwords = false",
        );
        assert_eq!(all, [("settings", Verdict::Failed); 3]);
    }
}
