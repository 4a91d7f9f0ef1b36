//! `izin keys list`: every key of a configuration, what it does, and until when it can.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};
use clap::Args;
use izin_jose::CryptoPool;
use serde_json::{Value, json};

use super::ConfigFile;
use crate::config::{Config, KeyLocation, KeySource};
use crate::keys::{CertificateFacts, KeyReader, KeyRing};

/// List the keys of a configuration: which one signs, what each is for, until when its certificate is valid
#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    config: ConfigFile,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A key of the configuration, read or not.
struct Entry {
    setting: String,
    place: String,
    /// When a signing key signs.
    from: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
    read: Result<Facts, String>,
}

struct Facts {
    certificate: CertificateFacts,
    state: String,
}

impl List {
    pub(super) fn run(self, defaults: &str) -> anyhow::Result<ExitCode> {
        let config = self.config.load(defaults)?;
        let now = Utc::now();
        let entries = entries(&config, now)?;
        let all_read = entries.iter().all(|entry| entry.read.is_ok());
        let told = if self.json {
            format!("{:#}\n", as_json(&entries))
        } else {
            as_table(&entries, now)
        };
        Ok(crate::cli::report(
            &told,
            ExitCode::from(u8::from(!all_read)),
        ))
    }
}

fn entries(config: &Config, now: DateTime<Utc>) -> anyhow::Result<Vec<Entry>> {
    let pool = Arc::new(CryptoPool::for_this_machine()?);
    let reader = KeyReader::open(config, pool)?;
    let ring = KeyRing::read(&reader, &config.signing.keys, now);
    let mut entries = Vec::new();
    for key in config.configured_keys() {
        let Some(source) = &key.source else {
            continue;
        };
        let is_signing = key.setting.starts_with("signing.");
        let read = if is_signing {
            reader.signer(source).map(|(_, facts)| facts)
        } else {
            reader.certificate(source)
        };
        let read = read.map_err(|problem| problem.to_string());
        let read = read.map(|certificate| {
            let state = match &ring {
                Ok(ring) if is_signing => ring.state_of(&certificate.thumbprint, now),
                _ => None,
            };
            let state = match state {
                Some(state) => state.to_string(),
                None if is_signing => "not clear, as long as signing.keys cannot be used".into(),
                None if certificate.is_valid_at(now) => "in use".into(),
                None => "certificate invalid".into(),
            };
            Facts { certificate, state }
        });
        entries.push(Entry {
            setting: key.setting,
            place: place(source),
            from: key.from,
            until: key.until,
            read,
        });
    }
    Ok(entries)
}

fn place(source: &KeySource) -> String {
    match &source.private_key {
        KeyLocation::File(path) => path.display().to_string(),
        KeyLocation::Token(name) => name.to_string(),
    }
}

fn as_table(entries: &[Entry], now: DateTime<Utc>) -> String {
    if entries.is_empty() {
        return "This configuration names no keys.\n".to_owned();
    }
    let mut text = String::new();
    for entry in entries {
        let _ = writeln!(text, "{}", entry.setting);
        let mut line = |name: &str, value: &str| {
            let _ = writeln!(text, "  {name:<12} {value}");
        };
        line("key", &entry.place);
        match &entry.read {
            Err(problem) => line("CANNOT BE USED", problem),
            Ok(facts) => {
                let certificate = &facts.certificate;
                let days = (certificate.not_after - now).num_days();
                line("state", &facts.state);
                if let Some(from) = entry.from {
                    line("signs from", &second(from));
                }
                if let Some(until) = entry.until {
                    line("signs until", &second(until));
                }
                line("kid", certificate.thumbprint.as_str());
                line("type", &certificate.key);
                line("subject", &certificate.subject);
                line("issuer", &certificate.issuer);
                line(
                    "valid until",
                    &format!("{} ({days} days)", day(certificate.not_after)),
                );
            }
        }
    }
    text
}

fn as_json(entries: &[Entry]) -> Value {
    let entries = entries.iter().map(|entry| match &entry.read {
        Err(problem) => json!({
            "setting": entry.setting,
            "key": entry.place,
            "problem": problem,
        }),
        Ok(Facts { certificate, state }) => json!({
            "setting": entry.setting,
            "key": entry.place,
            "state": state,
            "from": entry.from.map(second),
            "until": entry.until.map(second),
            "kid": certificate.thumbprint,
            "type": certificate.key,
            "subject": certificate.subject,
            "issuer": certificate.issuer,
            "not_before": second(certificate.not_before),
            "not_after": second(certificate.not_after),
        }),
    });
    Value::Array(entries.collect())
}

fn day(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d").to_string()
}

fn second(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
