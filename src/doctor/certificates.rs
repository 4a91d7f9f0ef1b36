//! Judging certificates: pure, from what is in them and the time. Who reads them and from where is not known here.

mod chain;
#[cfg(test)]
pub mod made;
#[cfg(test)]
mod tests;
mod usage;

use chrono::{DateTime, TimeDelta, Utc};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::x509::{X509, X509Ref};

use super::finding::{Check, Finding, Theme};
use crate::keys::CertificateFacts;

pub const READABLE: Check = Check::new(Theme::Certificates, "certificate-readable", "certificate");
const EXPIRY: Check = Check::new(Theme::Certificates, "certificate-expiry", "expiry");
const USAGE: Check = Check::new(Theme::Certificates, "certificate-usage", "usage");
const NAMES: Check = Check::new(Theme::Certificates, "certificate-names", "names");
const CHAIN: Check = Check::new(Theme::Certificates, "certificate-chain", "chain");
const STRENGTH: Check = Check::new(Theme::Certificates, "certificate-strength", "strength");
pub const AUTHORITY: Check = Check::new(Theme::Certificates, "authority", "authority");

/// Days before the end at which we begin to speak: first to plan, then to act, then it fails.
const STEPS: [i64; 3] = [60, 30, 7];
/// A step counts if it is at most this part of the certificate's life; certificates of a few weeks are renewed by programs.
const PART_OF_LIFE: i32 = 3;
const LEAST_RSA_BITS: u32 = 2048;

/// What a certificate is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// TLS, towards PayNet or the bank.
    Client,
    /// TLS, on a listener.
    Server,
    /// JWS.
    Signing,
}

/// Whether other keys do a signing key's work, so that its own time matters less.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Relief {
    /// Another one may sign now.
    pub now: bool,
    /// Another one may sign when this certificate ends, or this key signs no more by then.
    pub at_the_end: bool,
}

/// How a certificate is to be judged.
#[derive(Debug, Clone, Copy)]
pub struct Judge<'a> {
    pub now: DateTime<Utc>,
    pub purpose: Purpose,
    /// The name or address by which clients reach the server; None: not known, or no server.
    pub host: Option<&'a str>,
    /// Certificates of the authorities that the configuration names, DER.
    pub authorities: &'a [Vec<u8>],
    pub relief: Relief,
}

impl Judge<'_> {
    /// `chain` is DER, the certificate itself first.
    pub fn judge(&self, chain: &[Vec<u8>]) -> Vec<Finding> {
        let read = |der: &Vec<u8>| X509::from_der(der);
        let certificates: Result<Vec<X509>, _> = chain.iter().map(read).collect();
        let (Some(der), Ok(certificates)) = (chain.first(), certificates) else {
            return vec![unreadable()];
        };
        let (Some(own), Ok(facts)) = (certificates.first(), CertificateFacts::of(der)) else {
            return vec![unreadable()];
        };
        let name = CertificateFacts::short_name(own.subject_name());
        let mut findings = vec![
            self.expiry(&name, &facts),
            usage::usage(own, der, self.purpose),
        ];
        // Of a certificate that is over, and whose work another one does, what stands above it is of no interest.
        let is_over = self.relief.now && facts.not_after < self.now;
        if !is_over {
            let above = certificates.iter().zip(chain).skip(1);
            findings.extend(above.map(|(issuer, der)| self.issuers_expiry(issuer, der)));
        }
        if let (Purpose::Server, Some(host)) = (self.purpose, self.host) {
            findings.push(usage::names(own, der, host));
        }
        findings.push(chain::chain(&certificates, chain, self.authorities));
        findings.push(strength(&facts, &certificates, self.purpose));
        findings
    }

    fn expiry(&self, name: &str, facts: &CertificateFacts) -> Finding {
        let (begin, end) = (day(facts.not_before), day(facts.not_after));
        let seen = |when: &str| format!("{name}, {}, {when}", facts.key);
        if self.now < facts.not_before {
            let seen = seen(&format!("valid from {begin} on, and not yet"));
            return if self.relief.now {
                EXPIRY.ok(seen)
            } else {
                let advice = "Use a certificate that is valid now; if this one should be, set this machine's clock.";
                EXPIRY.failed(seen, advice)
            };
        }
        let left = facts.not_after - self.now;
        let days = left.num_days();
        if self.relief.at_the_end {
            let when = if left < TimeDelta::zero() {
                format!("ended on {end}, and another key signs")
            } else {
                format!("until {end} ({}), and another key follows", counted(days))
            };
            return EXPIRY.ok(seen(&when));
        }
        if left < TimeDelta::zero() {
            return EXPIRY.failed(seen(&format!("ended on {end}")), self.renewal("now"));
        }
        let seen = seen(&format!("until {end} ({})", counted(days)));
        match step(facts, self.now) {
            Some(7) => EXPIRY.failed(seen, self.renewal("now")),
            Some(30) => EXPIRY.warning(seen, self.renewal("this week")),
            Some(_) => EXPIRY.warning(seen, format!("Plan it: {}", self.renewal("in time"))),
            None => EXPIRY.ok(seen),
        }
    }

    /// Of a certificate above ours in the file. No other key relieves it: ours is of no use without it.
    fn issuers_expiry(&self, issuer: &X509Ref, der: &[u8]) -> Finding {
        let Ok(facts) = CertificateFacts::of(der) else {
            return unreadable();
        };
        let name = CertificateFacts::short_name(issuer.subject_name());
        let advice = "Ask the authority for its certificate that is valid now, and put it below ours in the file; if it has a new key, \
                      ours must be renewed with it.";
        ending(EXPIRY, &name, &facts, self.now, advice)
    }

    fn renewal(&self, when: &str) -> String {
        match self.purpose {
            Purpose::Signing => format!(
                "Renew it {when}: izin keys new makes the request for the authority, izin keys rotate puts the new key into use \
                 (docs/keys.md)."
            ),
            Purpose::Client => format!(
                "Renew it {when}: register the new certificate with whoever it is shown to, then replace the files; the service \
                 reads them by itself."
            ),
            Purpose::Server => {
                format!("Renew it {when} and replace the files; the service reads them by itself.")
            }
        }
    }
}

/// An authority that we trust, DER: it vouches for the other side's certificate.
pub fn authority(der: &[u8], now: DateTime<Utc>) -> Finding {
    let (Ok(certificate), Ok(facts)) = (X509::from_der(der), CertificateFacts::of(der)) else {
        return AUTHORITY.failed(
            "it cannot be read",
            "Put the authority's certificate there, in PEM.",
        );
    };
    let name = CertificateFacts::short_name(certificate.subject_name());
    if !usage::may_issue(&certificate, der) && !chain::is_self_signed(&certificate) {
        return AUTHORITY.failed(
            format!("{name} is no authority: it vouches for nobody"),
            "Put the certificate of the authority there that issued it.",
        );
    }
    let advice =
        "Ask whoever runs this authority for its next certificate, and add it to the file.";
    ending(AUTHORITY, &name, &facts, now, advice)
}

/// An authority's certificate by its time alone, in the same steps as ours.
fn ending(
    check: Check,
    name: &str,
    facts: &CertificateFacts,
    now: DateTime<Utc>,
    advice: &str,
) -> Finding {
    let (begin, end) = (day(facts.not_before), day(facts.not_after));
    if !facts.is_valid_at(now) {
        let seen = format!("{name}, valid from {begin} until {end}, and not now");
        return check.failed(seen, advice);
    }
    let days = (facts.not_after - now).num_days();
    let seen = format!("{name}, until {end} ({})", counted(days));
    match step(facts, now) {
        Some(7) => check.failed(seen, advice),
        Some(_) => check.warning(seen, advice),
        None => check.ok(seen),
    }
}

/// Which of the steps a certificate that is valid has come to, if any.
fn step(facts: &CertificateFacts, now: DateTime<Utc>) -> Option<i64> {
    let (left, life) = (facts.not_after - now, facts.not_after - facts.not_before);
    let reached = |step: &i64| {
        left <= TimeDelta::days(*step) && TimeDelta::days(*step) <= life / PART_OF_LIFE
    };
    STEPS.into_iter().rev().find(reached)
}

fn unreadable() -> Finding {
    READABLE.failed(
        "it cannot be read",
        "Put the certificate there, in PEM, with those of the authorities in between below it.",
    )
}

/// Key and signature algorithms, of the certificate and of those above it.
fn strength(facts: &CertificateFacts, certificates: &[X509], purpose: Purpose) -> Finding {
    let ask = |for_what: &str| format!("Ask the authority for a certificate {for_what}.");
    if purpose == Purpose::Signing && !facts.key.starts_with("RSA ") {
        return STRENGTH.failed(
            format!(
                "its key is {}, and signatures are made with RSA (PS256)",
                facts.key
            ),
            "Make an RSA key with izin keys new, and let the authority certify it.",
        );
    }
    for certificate in certificates {
        let name = CertificateFacts::short_name(certificate.subject_name());
        if let Some(weak) = weak_key(certificate) {
            return STRENGTH.failed(
                format!("the key of {name} is {weak}"),
                ask(&format!(
                    "of a key of at least {LEAST_RSA_BITS} bits (RSA), or P-256 or P-384"
                )),
            );
        }
        if let Some(hash) = weak_signature(certificate) {
            return STRENGTH.failed(
                format!("the certificate of {name} is signed with {hash}"),
                ask("that is signed with SHA-256 or better"),
            );
        }
    }
    STRENGTH.ok("strong enough")
}

fn weak_key(certificate: &X509Ref) -> Option<String> {
    let Ok(key) = certificate.public_key() else {
        return Some("not readable".into());
    };
    if key.rsa().is_ok() {
        return (key.bits() < LEAST_RSA_BITS).then(|| format!("RSA {}", key.bits()));
    }
    let curve = key.ec_key().ok()?.group().curve_name();
    let known = [
        Some(Nid::X9_62_PRIME256V1),
        Some(Nid::SECP384R1),
        Some(Nid::SECP521R1),
    ];
    (!known.contains(&curve)).then(|| "of an elliptic curve that is not used in TLS".into())
}

/// The name of a hash function that nobody should trust any more. A root vouches for itself, so its signature does not matter.
fn weak_signature(certificate: &X509Ref) -> Option<&'static str> {
    if chain::is_self_signed(certificate) {
        return None;
    }
    let algorithm = certificate.signature_algorithm().object().nid();
    let hash = algorithm.signature_algorithms()?.digest;
    if MessageDigest::from_nid(hash).is_some_and(|digest| digest.size() < 28) {
        return Some(hash.long_name().map_or("a weak hash", |name| match name {
            "sha1" => "SHA-1",
            "md5" => "MD5",
            _ => "a weak hash",
        }));
    }
    None
}

pub fn day(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d").to_string()
}

fn counted(days: i64) -> String {
    match days {
        1 => "1 day".into(),
        days => format!("{days} days"),
    }
}
