//! Whether each certificate of a file was issued by the one below it, which must be an authority's.

use openssl::x509::{X509, X509Ref, X509VerifyResult};

use super::{CHAIN, usage};
use crate::doctor::finding::Finding;
use crate::keys::CertificateFacts;

/// `ders` is the same as `certificates`.
pub fn chain(certificates: &[X509], ders: &[Vec<u8>], authorities: &[Vec<u8>]) -> Finding {
    let name = |certificate: &X509Ref| CertificateFacts::short_name(certificate.subject_name());
    for pair in certificates.windows(2) {
        let [below, above] = pair else { continue };
        if !issued(above, below) {
            return CHAIN.failed(
                format!("{} was not issued by {}, which stands next", name(below), name(above)),
                "Put the certificates of the file in order: ours first, then its issuer, then the issuer's issuer.",
            );
        }
    }
    let mut above = certificates.iter().zip(ders).skip(1);
    if let Some((other, _)) = above.find(|(issuer, der)| !usage::may_issue(issuer, der)) {
        return CHAIN.failed(
            format!("{} stands as an issuer, and its certificate is no authority's", name(other)),
            "Ask the authority for the certificates between it and ours, and put those below ours in the file.",
        );
    }
    let Some(last) = certificates.last() else {
        return CHAIN.skipped("there is no certificate");
    };
    let in_file = certificates.len();
    if is_self_signed(last) {
        return if in_file == 1 {
            CHAIN.warning(
                "self-signed: no authority vouches for it",
                "Ask an authority that the other side trusts for a certificate.",
            )
        } else {
            CHAIN.ok(format!("chain of {in_file}, up to {}", name(last)))
        };
    }
    let known = authorities
        .iter()
        .filter_map(|der| X509::from_der(der).ok());
    if let Some(issuer) = known.into_iter().find(|known| issued(known, last)) {
        return CHAIN.ok(format!("chain of {in_file}, up to {}", name(&issuer)));
    }
    let issuer = CertificateFacts::short_name(last.issuer_name());
    if in_file == 1 {
        return CHAIN.warning(
            format!("issued by {issuer}, whose certificate is not in the file"),
            "If that issuer is not a root which the other side has, put its certificate below ours in the file.",
        );
    }
    CHAIN.ok(format!("chain of {in_file}, issued by {issuer}"))
}

/// By name, by what the issuer may do, and by the signature.
fn issued(issuer: &X509Ref, certificate: &X509Ref) -> bool {
    let signed = || {
        let key = issuer.public_key().ok()?;
        certificate.verify(&key).ok()
    };
    issuer.issued(certificate) == X509VerifyResult::OK && signed() == Some(true)
}

pub fn is_self_signed(certificate: &X509Ref) -> bool {
    let key = certificate.public_key();
    key.is_ok_and(|key| certificate.verify(&key).unwrap_or(false))
}
