//! The keys that sign: which one does now, which are published, and who comes after them.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use izin_jose::{HeaderFields, Signer, UnverifiedJws, VerificationPolicy};
use openssl::x509::X509;

use crate::doctor::Subject;
use crate::doctor::certificates::{Purpose, day};
use crate::doctor::finding::{Check, Finding, Theme};
use crate::doctor::inventory::{Inventory, Outcome, ReadKey};
use crate::keys::{KeyRingProblem, SigningKeys};

const SIGNS: Check = Check::new(Theme::Keys, "signing-key", "key that signs");
const SIGNATURE: Check = Check::new(Theme::Keys, "test-signature", "test signature");
const PUBLISHED: Check = Check::new(Theme::Keys, "published-keys", "published keys");
const SUCCESSOR: Check = Check::new(Theme::Keys, "signing-successor", "successor");
const DISTINCT: Check = Check::new(Theme::Keys, "distinct-keys", "one purpose each");

const ROTATE: &str =
    "Make the next key (izin keys new) and put it into use before then (izin keys rotate).";

pub async fn signing(subject: &Subject, inventory: &Inventory) -> Vec<Finding> {
    if subject.config.signing.keys.is_empty() {
        return vec![SIGNS.skipped("signing.keys is empty")];
    }
    if inventory.unread.is_some() {
        return vec![SIGNS.skipped("no key was read")];
    }
    let mut findings = match (&inventory.signing, &inventory.signing_problem) {
        (Some(keys), _) => in_use(keys).await,
        (None, problem) => vec![not_in_use(problem.as_ref())],
    };
    let all_read = inventory.signing().all(|key| key.facts().is_some());
    if inventory.signing.is_some() && all_read {
        findings.push(successor(inventory, subject.clock.now()));
    }
    findings.push(distinct(inventory));
    findings
}

async fn in_use(keys: &SigningKeys) -> Vec<Finding> {
    let published = keys.published();
    let ids: Vec<_> = published
        .keys()
        .iter()
        .map(|key| key.key_id().as_str())
        .collect();
    let listed = PUBLISHED.ok(format!("{}: {}", ids.len(), ids.join(", ")));
    let signer = match keys.current() {
        Ok(signer) => signer,
        Err(problem) => return vec![SIGNS.failed(problem.to_string(), ROTATE), listed],
    };
    let signs = SIGNS.ok(format!("kid {}", signer.key_id()));
    let tried = match test_signature(&*signer, keys).await {
        Ok(()) => SIGNATURE.ok("made, and verified with the published key"),
        Err(problem) => SIGNATURE.failed(
            problem,
            "Look at the key with izin keys list, and at the token with the vendor's tools if it is on one.",
        ),
    };
    vec![signs, tried, listed]
}

fn not_in_use(problem: Option<&KeyRingProblem>) -> Finding {
    match problem {
        Some(problem @ KeyRingProblem::NoCurrentKey(_)) => SIGNS.failed(
            problem.to_string(),
            "Correct from and until of signing.keys, or put a key with a valid certificate into use (izin keys rotate).",
        ),
        Some(problem @ KeyRingProblem::Set(_)) => SIGNS.failed(
            problem.to_string(),
            "Take the entry that stands twice out of signing.keys.",
        ),
        // What is wrong with the key has been said of the key.
        _ => SIGNS.skipped("a key of signing.keys cannot be used, and then none is"),
    }
}

async fn test_signature(signer: &dyn Signer, keys: &SigningKeys) -> Result<(), String> {
    const TEXT: &[u8] = b"izin doctor";
    let token = izin_jose::sign(signer, &HeaderFields::default(), TEXT).await;
    let token = token.map_err(|problem| problem.to_string())?;
    let algorithm = signer.algorithm();
    let published = keys.published();
    let key = published.verifying_key(signer.key_id(), algorithm);
    let key = key.map_err(|problem| problem.to_string())?;
    let algorithms = [algorithm];
    let policy = VerificationPolicy {
        algorithms: &algorithms,
        known_critical: &[],
        max_bytes: token.len(),
    };
    let verified = UnverifiedJws::parse(&token).and_then(|jws| jws.verify(key, &policy));
    verified.map(|_| ()).map_err(|problem| problem.to_string())
}

/// When no key may sign any more because of an `until`. Certificates that end are judged as certificates.
fn successor(inventory: &Inventory, now: DateTime<Utc>) -> Finding {
    let keys: Vec<&ReadKey> = inventory.signing().collect();
    let mut ends: Vec<_> = keys.iter().filter_map(|key| key.until).collect();
    if ends.is_empty() {
        return SUCCESSOR.ok("none needed: no key has an until");
    }
    ends.retain(|end| *end > now);
    ends.sort_unstable();
    let gap = ends
        .into_iter()
        .find(|end| !keys.iter().any(|key| key.may_sign(*end)));
    let Some(gap) = gap else {
        return SUCCESSOR.ok("whenever a key's until comes, another key signs");
    };
    let seen = format!("from {} on no key may sign (until)", day(gap));
    if gap - now <= TimeDelta::days(7) {
        SUCCESSOR.failed(seen, ROTATE)
    } else {
        SUCCESSOR.warning(seen, ROTATE)
    }
}

/// One key for two purposes, or two entries with the same key.
fn distinct(inventory: &Inventory) -> Finding {
    let mut by_key: BTreeMap<Vec<u8>, Vec<&ReadKey>> = BTreeMap::new();
    for key in &inventory.keys {
        if let Some(public) = public_key(key) {
            by_key.entry(public).or_default().push(key);
        }
    }
    let signs = |keys: &&Vec<&ReadKey>| keys.iter().any(|key| key.purpose == Purpose::Signing);
    let shared = by_key.values().filter(|keys| keys.len() > 1).find(signs);
    match shared {
        None => DISTINCT.ok("keys that sign are used for nothing else"),
        Some(keys) => {
            let settings: Vec<_> = keys.iter().map(|key| key.setting.as_str()).collect();
            DISTINCT.warning(
                format!("{} are the same key", settings.join(" and ")),
                "Make a key of its own for each (izin keys new): what TLS signs must never pass for a message, nor an old key for a new one.",
            )
        }
    }
}

fn public_key(key: &ReadKey) -> Option<Vec<u8>> {
    if !matches!(key.key, Outcome::Usable(_)) {
        return None;
    }
    let certificate = X509::from_der(key.certificates.first()?).ok()?;
    certificate.public_key().ok()?.public_key_to_der().ok()
}
