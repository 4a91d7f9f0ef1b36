//! New keys on a token, and the public halves of those it has.

use std::ffi::c_ulong;
use std::fmt;

use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType};
use cryptoki::session::Session;
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcKey, EcPoint};
use openssl::error::ErrorStack;
use openssl::nid::Nid;
use openssl::pkey::PKey;
use openssl::rand::rand_bytes;
use openssl::rsa::Rsa;

use super::sessions::find;
use super::{KeyHalf, Token, TokenError, TokenKeyName};

/// `CKA_EC_PARAMS` of the curves: their object identifiers in DER.
pub(super) const P256_OID: &[u8] = &[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
pub(super) const P384_OID: &[u8] = &[6, 5, 0x2b, 0x81, 4, 0, 0x22];
/// 65537.
const EXPONENT: [u8; 3] = [1, 0, 1];

/// The kinds of key that can be made and used here.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum KeyKind {
    EcP256,
    EcP384,
    Rsa2048,
    Rsa3072,
    Rsa4096,
}

impl fmt::Display for KeyKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::EcP256 => "ec-p256",
            Self::EcP384 => "ec-p384",
            Self::Rsa2048 => "rsa-2048",
            Self::Rsa3072 => "rsa-3072",
            Self::Rsa4096 => "rsa-4096",
        })
    }
}

impl Token {
    /// Makes a key pair that signs and can never be read out. Blocks, for seconds with a large RSA key.
    pub fn generate(&self, name: &TokenKeyName, kind: KeyKind) -> Result<(), TokenError> {
        self.check_label(name)?;
        self.sessions.run_writing(|session| {
            // A public half that was left over would be taken for that of the new key.
            for half in [KeyHalf::Private, KeyHalf::Public] {
                match find(session, name, half) {
                    Err(TokenError::NoKey { .. }) => {}
                    Ok(_) | Err(TokenError::Ambiguous { .. }) => {
                        let name = name.clone();
                        return Err(TokenError::Exists { half, name });
                    }
                    Err(error) => return Err(error),
                }
            }
            let (mechanism, mut public) = match kind {
                KeyKind::EcP256 => ec_template(P256_OID),
                KeyKind::EcP384 => ec_template(P384_OID),
                KeyKind::Rsa2048 => rsa_template(2048),
                KeyKind::Rsa3072 => rsa_template(3072),
                KeyKind::Rsa4096 => rsa_template(4096),
            };
            let mut private = vec![
                Attribute::Private(true),
                Attribute::Sensitive(true),
                Attribute::Extractable(false),
                Attribute::Sign(true),
            ];
            public.push(Attribute::Verify(true));
            let label = name.label.clone().map(String::into_bytes);
            let id = name.id.clone().map_or_else(fresh_id, Ok)?;
            for template in [&mut public, &mut private] {
                template.push(Attribute::Token(true));
                template.extend(label.clone().map(Attribute::Label));
                template.push(Attribute::Id(id.clone()));
            }
            session.generate_key_pair(&mechanism, &public, &private)?;
            Ok(())
        })
    }

    /// The public half as `SubjectPublicKeyInfo` in DER, from the public-key object of the same name. Blocks.
    pub fn public_key(&self, name: &TokenKeyName) -> Result<Vec<u8>, TokenError> {
        self.check_label(name)?;
        self.sessions.run(|session| {
            let attributes = public_attributes(session, name)?;
            let unreadable =
                |_: ErrorStack| TokenError::Unsupported("its public key cannot be read".to_owned());
            public_key(&attributes)
                .map_err(unreadable)?
                .ok_or_else(|| TokenError::Unsupported("neither RSA nor elliptic curve".to_owned()))
        })
    }
}

/// What tools tell a pair's halves by. As long as the hash that many take for it.
fn fresh_id() -> Result<Vec<u8>, TokenError> {
    let mut id = vec![0; 20];
    rand_bytes(&mut id).map_err(|error| TokenError::Failed(error.to_string()))?;
    Ok(id)
}

fn ec_template(curve: &[u8]) -> (Mechanism<'static>, Vec<Attribute>) {
    let template = vec![Attribute::EcParams(curve.to_vec())];
    (Mechanism::EccKeyPairGen, template)
}

fn rsa_template(bits: c_ulong) -> (Mechanism<'static>, Vec<Attribute>) {
    let template = vec![
        Attribute::ModulusBits(bits.into()),
        Attribute::PublicExponent(EXPONENT.to_vec()),
    ];
    (Mechanism::RsaPkcsKeyPairGen, template)
}

/// Everything of which a public key might consist.
fn public_attributes(session: &Session, name: &TokenKeyName) -> Result<Vec<Attribute>, TokenError> {
    let handle = find(session, name, KeyHalf::Public)?;
    let wanted = [
        AttributeType::Modulus,
        AttributeType::PublicExponent,
        AttributeType::EcParams,
        AttributeType::EcPoint,
    ];
    Ok(session.get_attributes(handle, &wanted)?)
}

fn public_key(attributes: &[Attribute]) -> Result<Option<Vec<u8>>, ErrorStack> {
    let (mut modulus, mut exponent, mut curve, mut point) = (None, None, None, None);
    for attribute in attributes {
        match attribute {
            Attribute::Modulus(value) => modulus = Some(value),
            Attribute::PublicExponent(value) => exponent = Some(value),
            Attribute::EcParams(value) => curve = Some(value.as_slice()),
            Attribute::EcPoint(value) => point = Some(value.as_slice()),
            _ => {}
        }
    }
    let key = match (modulus, exponent, curve, point) {
        (Some(modulus), Some(exponent), ..) => {
            let (modulus, exponent) = (BigNum::from_slice(modulus)?, BigNum::from_slice(exponent)?);
            PKey::from_rsa(Rsa::from_public_components(modulus, exponent)?)?
        }
        (.., Some(curve), Some(point)) => {
            let curve = match curve {
                P256_OID => Nid::X9_62_PRIME256V1,
                P384_OID => Nid::SECP384R1,
                _ => return Ok(None),
            };
            let group = EcGroup::from_curve_name(curve)?;
            let mut context = BigNumContext::new()?;
            let point = EcPoint::from_bytes(&group, unwrapped(point), &mut context)?;
            PKey::from_ec_key(EcKey::from_public_key(&group, &point)?)?
        }
        _ => return Ok(None),
    };
    key.public_key_to_der().map(Some)
}

/// A point is wrapped in an OCTET STRING (PKCS#11 §6.3.3), which some tokens leave out. The points of our curves are shorter than
/// 128 bytes, so the length takes one.
fn unwrapped(point: &[u8]) -> &[u8] {
    match point {
        [4, length, rest @ ..] if usize::from(*length) == rest.len() => rest,
        _ => point,
    }
}
