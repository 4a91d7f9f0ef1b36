//! Certificates made for the tests, with whatever is wrong with them.

use chrono::{DateTime, TimeDelta, Utc};
use openssl::asn1::Asn1Time;
use openssl::bn::{BigNum, MsbOption};
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::x509::extension::{
    BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAlternativeName,
};
use openssl::x509::{X509, X509Builder, X509NameBuilder};

/// Of which every certificate here is a number of days away.
pub fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

/// A certificate that can be an issuer.
pub struct Issuer {
    pub certificate: X509,
    key: PKey<Private>,
}

/// What is to be made.
#[expect(clippy::struct_excessive_bools, reason = "each is one defect")]
pub struct Wish {
    /// From now, both.
    pub days: (i64, i64),
    pub key: PKey<Private>,
    pub authority: bool,
    /// `basicConstraints` says so, and no key usage is given.
    pub only_says_authority: bool,
    /// The key usage says so, and `basicConstraints` does not.
    pub only_signs_certificates: bool,
    pub encipherment_only: bool,
    pub extended: Option<fn() -> ExtendedKeyUsage>,
    pub names: &'static [&'static str],
    pub hash: MessageDigest,
}

impl Wish {
    /// A usual TLS client's.
    pub fn new() -> Self {
        Self {
            days: (-300, 400),
            key: p256(),
            authority: false,
            only_says_authority: false,
            only_signs_certificates: false,
            encipherment_only: false,
            extended: Some(client),
            names: &[],
            hash: MessageDigest::sha256(),
        }
    }

    pub fn days(from: i64, until: i64) -> Self {
        Self {
            days: (from, until),
            ..Self::new()
        }
    }

    pub fn server(names: &'static [&'static str]) -> Self {
        Self {
            extended: Some(server),
            names,
            ..Self::new()
        }
    }

    pub fn signing() -> Self {
        Self {
            key: rsa(2048),
            extended: None,
            ..Self::new()
        }
    }

    pub fn self_signed(self, name: &str) -> Issuer {
        let key = self.key.clone();
        self.made(name, None, &key)
    }

    pub fn issued_by(self, issuer: &Issuer, name: &str) -> Issuer {
        self.made(name, Some(&issuer.certificate), &issuer.key)
    }

    fn made(self, name: &str, issuer: Option<&X509>, signer: &PKey<Private>) -> Issuer {
        let mut subject = X509NameBuilder::new().unwrap();
        subject.append_entry_by_text("CN", name).unwrap();
        let subject = subject.build();
        let mut builder = X509::builder().unwrap();
        builder.set_version(2).unwrap();
        let mut serial = BigNum::new().unwrap();
        serial.rand(100, MsbOption::MAYBE_ZERO, false).unwrap();
        let serial = serial.to_asn1_integer().unwrap();
        builder.set_serial_number(&serial).unwrap();
        builder.set_subject_name(&subject).unwrap();
        let above = issuer.map_or(&*subject, |issuer| issuer.subject_name());
        builder.set_issuer_name(above).unwrap();
        builder.set_pubkey(&self.key).unwrap();
        builder.set_not_before(&time(self.days.0)).unwrap();
        builder.set_not_after(&time(self.days.1)).unwrap();
        self.extend(&mut builder);
        builder.sign(signer, self.hash).unwrap();
        Issuer {
            certificate: builder.build(),
            key: self.key,
        }
    }

    fn extend(&self, builder: &mut X509Builder) {
        let mut constraints = BasicConstraints::new();
        if self.authority || self.only_says_authority {
            constraints.ca();
        }
        let constraints = constraints.critical().build().unwrap();
        builder.append_extension(constraints).unwrap();
        let mut usage = KeyUsage::new();
        let signs_certificates = self.authority || self.only_signs_certificates;
        match (signs_certificates, self.encipherment_only) {
            (true, _) => usage.key_cert_sign().crl_sign(),
            (_, true) => usage.key_encipherment(),
            _ => usage.digital_signature(),
        };
        if !self.only_says_authority {
            let usage = usage.critical().build().unwrap();
            builder.append_extension(usage).unwrap();
        }
        if let (Some(extended), false) = (self.extended, self.authority) {
            let extended = extended().build().unwrap();
            builder.append_extension(extended).unwrap();
        }
        if !self.names.is_empty() {
            let mut names = SubjectAlternativeName::new();
            for name in self.names {
                if name.parse::<std::net::IpAddr>().is_ok() {
                    names.ip(name);
                } else {
                    names.dns(name);
                }
            }
            let names = names.build(&builder.x509v3_context(None, None)).unwrap();
            builder.append_extension(names).unwrap();
        }
    }
}

pub fn authority(name: &str) -> Issuer {
    let wish = Wish {
        authority: true,
        ..Wish::days(-1000, 3000)
    };
    wish.self_signed(name)
}

pub fn rsa(bits: u32) -> PKey<Private> {
    PKey::from_rsa(Rsa::generate(bits).unwrap()).unwrap()
}

pub fn p256() -> PKey<Private> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap()
}

pub fn client() -> ExtendedKeyUsage {
    let mut usage = ExtendedKeyUsage::new();
    usage.client_auth();
    usage
}

pub fn server() -> ExtendedKeyUsage {
    let mut usage = ExtendedKeyUsage::new();
    usage.server_auth();
    usage
}

pub fn der(of: &Issuer) -> Vec<u8> {
    of.certificate.to_der().unwrap()
}

fn time(days: i64) -> Asn1Time {
    let at = now() + TimeDelta::days(days);
    Asn1Time::from_unix(at.timestamp()).unwrap()
}
