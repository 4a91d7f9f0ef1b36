//! What a certificate of ours says, for choosing among keys and for people.

use chrono::{DateTime, TimeZone, Utc};
use izin_jose::KeyId;
use openssl::asn1::{Asn1Time, Asn1TimeRef};
use openssl::error::ErrorStack;
use openssl::nid::Nid;
use openssl::x509::{X509, X509NameRef};

/// Read from DER.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFacts {
    /// x5t#S256.
    pub thumbprint: KeyId,
    pub subject: String,
    pub issuer: String,
    pub not_before: DateTime<Utc>,
    pub not_after: DateTime<Utc>,
    /// For example `RSA 2048` or `EC P-256`.
    pub key: String,
}

impl CertificateFacts {
    pub fn of(der: &[u8]) -> Result<Self, ErrorStack> {
        let certificate = X509::from_der(der)?;
        Ok(Self {
            thumbprint: KeyId::of_certificate(der),
            subject: Self::name(certificate.subject_name()),
            issuer: Self::name(certificate.issuer_name()),
            not_before: time(certificate.not_before())?,
            not_after: time(certificate.not_after())?,
            key: key(&certificate)?,
        })
    }

    pub fn is_valid_at(&self, now: DateTime<Utc>) -> bool {
        (self.not_before..=self.not_after).contains(&now)
    }

    /// The common name of a distinguished name, or all of it if it has none.
    pub fn short_name(name: &X509NameRef) -> String {
        let common = name.entries_by_nid(Nid::COMMONNAME).last();
        let common = common.and_then(|entry| entry.data().to_string().ok());
        match common {
            Some(common) => format!("CN={}", common.replace(char::is_control, " ")),
            None => Self::name(name),
        }
    }

    /// A distinguished name, in the order of the certificate.
    pub fn name(name: &X509NameRef) -> String {
        let parts = name.entries().map(|entry| {
            let value = entry.data().to_string();
            let value = value.unwrap_or_else(|_| "?".to_owned());
            let key = entry.object().nid().short_name().unwrap_or("?");
            format!("{key}={}", value.replace(char::is_control, " "))
        });
        parts.collect::<Vec<_>>().join(", ")
    }
}

fn time(time: &Asn1TimeRef) -> Result<DateTime<Utc>, ErrorStack> {
    let since = Asn1Time::from_unix(0)?.diff(time)?;
    let seconds = i64::from(since.days) * 86_400 + i64::from(since.secs);
    let at = Utc.timestamp_opt(seconds, 0).single();
    at.ok_or_else(ErrorStack::get)
}

fn key(certificate: &X509) -> Result<String, ErrorStack> {
    let public = certificate.public_key()?;
    if let Ok(ec) = public.ec_key() {
        let curve = match ec.group().curve_name() {
            Some(Nid::X9_62_PRIME256V1) => "P-256",
            Some(Nid::SECP384R1) => "P-384",
            Some(Nid::SECP521R1) => "P-521",
            _ => "of another curve",
        };
        return Ok(format!("EC {curve}"));
    }
    if public.rsa().is_ok() {
        return Ok(format!("RSA {}", public.bits()));
    }
    Ok("of another kind".into())
}
