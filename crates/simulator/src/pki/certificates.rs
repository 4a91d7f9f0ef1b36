//! X.509 for the development PKI: authorities and leaves with the extensions that strict verifiers look at.

use openssl::{
    asn1::Asn1Time,
    bn::{BigNum, MsbOption},
    ec::{EcGroup, EcKey},
    error::ErrorStack,
    hash::MessageDigest,
    nid::Nid,
    pkey::{HasPublic, PKey, Private},
    x509::{
        X509, X509Builder, X509Name, X509NameBuilder, X509Ref,
        extension::{
            AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage,
            SubjectAlternativeName, SubjectKeyIdentifier,
        },
    },
};

use super::{Authority, Leaf, Usage};

const AUTHORITY_DAYS: u32 = 3650;
const LEAF_DAYS: u32 = 825;

pub(super) fn elliptic_key(curve: Nid) -> Result<PKey<Private>, ErrorStack> {
    let group = EcGroup::from_curve_name(curve)?;
    PKey::from_ec_key(EcKey::generate(&group)?)
}

pub(super) fn authority_certificate(
    authority: Authority,
    key: &PKey<Private>,
) -> Result<X509, ErrorStack> {
    let name = match authority {
        Authority::Rogue => "Rogue development CA",
        Authority::Trusted => "Development CA",
    };
    let mut builder = unsigned_certificate("Development only", name, key, AUTHORITY_DAYS)?;
    let subject = subject_name("Development only", name)?;
    builder.set_issuer_name(&subject)?;
    builder.append_extension(BasicConstraints::new().critical().ca().pathlen(0).build()?)?;
    builder.append_extension(
        KeyUsage::new()
            .critical()
            .key_cert_sign()
            .crl_sign()
            .build()?,
    )?;
    let identifier = SubjectKeyIdentifier::new().build(&builder.x509v3_context(None, None))?;
    builder.append_extension(identifier)?;
    builder.sign(key, MessageDigest::sha256())?;
    Ok(builder.build())
}

pub(super) fn leaf_certificate<T: HasPublic>(
    leaf: &Leaf,
    key: &PKey<T>,
    issuer: &X509Ref,
    issuer_key: &PKey<Private>,
) -> Result<X509, ErrorStack> {
    let common_name = match leaf.usage {
        Usage::Server => "localhost",
        _ => leaf.name,
    };
    let mut builder = unsigned_certificate(leaf.organization, common_name, key, LEAF_DAYS)?;
    builder.set_issuer_name(issuer.subject_name())?;
    builder.append_extension(BasicConstraints::new().critical().build()?)?;
    add_usage(&mut builder, leaf.usage, issuer)?;
    let context = builder.x509v3_context(Some(issuer), None);
    let subject_id = SubjectKeyIdentifier::new().build(&context)?;
    let authority_id = AuthorityKeyIdentifier::new().keyid(true).build(&context)?;
    builder.append_extension(subject_id)?;
    builder.append_extension(authority_id)?;
    builder.sign(issuer_key, MessageDigest::sha256())?;
    Ok(builder.build())
}

fn add_usage(builder: &mut X509Builder, usage: Usage, issuer: &X509Ref) -> Result<(), ErrorStack> {
    let mut key_usage = KeyUsage::new();
    key_usage.critical();
    match usage {
        Usage::Encryption => key_usage.key_encipherment(),
        Usage::Signing | Usage::SigningP384 | Usage::SigningP521 => {
            key_usage.digital_signature().non_repudiation()
        }
        Usage::Client | Usage::Server => key_usage.digital_signature(),
    };
    builder.append_extension(key_usage.build()?)?;
    match usage {
        Usage::Client => builder.append_extension(ExtendedKeyUsage::new().client_auth().build()?),
        Usage::Server => {
            builder.append_extension(ExtendedKeyUsage::new().server_auth().build()?)?;
            let names = SubjectAlternativeName::new()
                .dns("localhost")
                .ip("127.0.0.1")
                .ip("::1")
                .build(&builder.x509v3_context(Some(issuer), None))?;
            builder.append_extension(names)
        }
        Usage::Encryption | Usage::Signing | Usage::SigningP384 | Usage::SigningP521 => Ok(()),
    }
}

fn unsigned_certificate<T: HasPublic>(
    organization: &str,
    common_name: &str,
    key: &PKey<T>,
    days: u32,
) -> Result<X509Builder, ErrorStack> {
    let mut builder = X509::builder()?;
    builder.set_version(2)?;
    let mut serial = BigNum::new()?;
    serial.rand(120, MsbOption::MAYBE_ZERO, false)?;
    builder.set_serial_number(&*serial.to_asn1_integer()?)?;
    builder.set_subject_name(&*subject_name(organization, common_name)?)?;
    builder.set_pubkey(key)?;
    builder.set_not_before(&*Asn1Time::days_from_now(0)?)?;
    builder.set_not_after(&*Asn1Time::days_from_now(days)?)?;
    Ok(builder)
}

fn subject_name(organization: &str, common_name: &str) -> Result<X509Name, ErrorStack> {
    let mut name = X509NameBuilder::new()?;
    name.append_entry_by_text("C", "MY")?;
    name.append_entry_by_text("O", organization)?;
    name.append_entry_by_text("OU", "Development only")?;
    name.append_entry_by_text("CN", common_name)?;
    Ok(name.build())
}
