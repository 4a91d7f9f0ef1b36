//! What a certificate says it is for, and whose it is.

use openssl::x509::{X509ExtendedKeyUsage as Extended, X509KeyUsage as Usage, X509Ref};
use rustls::client::verify_server_name;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::ParsedCertificate;

use super::{NAMES, Purpose, USAGE};
use crate::doctor::finding::Finding;

/// Key usage, extended key usage, and that it is nobody's authority. Extensions that are not there allow everything (RFC 5280
/// §4.2.1.3, §4.2.1.12).
pub fn usage(certificate: &X509Ref, der: &[u8], purpose: Purpose) -> Finding {
    let (wanted, command) = match purpose {
        Purpose::Client => ("TLS clients", "--purpose client"),
        Purpose::Server => ("TLS servers", "--purpose server"),
        Purpose::Signing => ("signatures", "--purpose signing"),
    };
    let advice = format!(
        "Ask the authority for a certificate for {wanted}; a request from izin keys csr {command} says so."
    );
    if is_authority(certificate, der) {
        return USAGE.failed("it is the certificate of an authority", advice);
    }
    let key_usage = certificate.key_usage();
    let signs = key_usage.is_none_or(|usage| {
        let for_documents = purpose == Purpose::Signing && usage.contains(Usage::NON_REPUDIATION);
        usage.contains(Usage::DIGITAL_SIGNATURE) || for_documents
    });
    if !signs {
        return USAGE.failed("its key usage does not allow signatures", advice);
    }
    let extended = certificate.extended_key_usage();
    let allowed = extended.is_none_or(|usage| match purpose {
        Purpose::Client => usage.contains(Extended::SSL_CLIENT),
        Purpose::Server => usage.contains(Extended::SSL_SERVER),
        Purpose::Signing => true,
    });
    if !allowed {
        return USAGE.failed(
            format!("it is not for {wanted} (extended key usage)"),
            advice,
        );
    }
    USAGE.ok(format!("for {wanted}"))
}

/// As TLS clients compare them.
pub fn names(certificate: &X509Ref, der: &[u8], host: &str) -> Finding {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let der = CertificateDer::from(der);
    let parsed = ParsedCertificate::try_from(&der);
    let wanted = ServerName::try_from(bare);
    let (Ok(parsed), Ok(wanted)) = (parsed, wanted) else {
        return NAMES.failed(
            format!("TLS cannot compare it with {host}"),
            "Ask the authority for an X.509 v3 certificate with the host's name.",
        );
    };
    if verify_server_name(&parsed, &wanted).is_ok() {
        return NAMES.ok(format!("for {host}"));
    }
    NAMES.failed(
        format!("it is for {}, and not for {host}", listed(certificate)),
        format!(
            "Ask the authority for a certificate with {host} among its names, or correct base_url."
        ),
    )
}

fn listed(certificate: &X509Ref) -> String {
    let names = certificate.subject_alt_names();
    let names = names.iter().flatten().filter_map(|name| {
        let dns = name.dnsname().map(str::to_owned);
        dns.or_else(|| address(name.ipaddress()?))
    });
    let names: Vec<String> = names.collect();
    if names.is_empty() {
        "no host (it has no subject alternative name)".into()
    } else {
        names.join(", ")
    }
}

fn address(bytes: &[u8]) -> Option<String> {
    let four = <[u8; 4]>::try_from(bytes).ok();
    let sixteen = <[u8; 16]>::try_from(bytes).ok();
    let address = four.map(std::net::IpAddr::from);
    let address = address.or_else(|| sixteen.map(std::net::IpAddr::from))?;
    Some(address.to_string())
}

/// By its key usage, or by its basic constraints.
fn is_authority(certificate: &X509Ref, der: &[u8]) -> bool {
    let usage = certificate.key_usage();
    usage.is_some_and(|usage| usage.contains(Usage::KEY_CERT_SIGN)) || says_authority(der)
}

/// Whether others may be issued with it: by its basic constraints, and by its key usage if it has one.
pub fn may_issue(certificate: &X509Ref, der: &[u8]) -> bool {
    let usage = certificate.key_usage();
    says_authority(der) && usage.is_none_or(|usage| usage.contains(Usage::KEY_CERT_SIGN))
}

/// The library does not tell what `basicConstraints` says, so it is looked for: the extension's name, perhaps "critical", a string of
/// bytes, and in it a sequence that begins with `TRUE` (RFC 5280 §4.2.1.9).
fn says_authority(der: &[u8]) -> bool {
    const NAME: [u8; 5] = [0x06, 0x03, 0x55, 0x1d, 0x13];
    const TRUE: [u8; 3] = [0x01, 0x01, 0xff];
    der.windows(NAME.len()).enumerate().any(|(at, found)| {
        let rest = &der[at + NAME.len()..];
        let value = rest.strip_prefix(&TRUE).unwrap_or(rest);
        found == NAME
            && matches!(value, [0x04, _, 0x30, _, constraints @ ..] if constraints.starts_with(&TRUE))
    })
}
