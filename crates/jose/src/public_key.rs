//! Public key material: the numbers of an RSA or elliptic-curve key, checked before they become usable keys.
//!
//! Strength is a property of the key and is decided here once: RSA of 2048 to 8192 bits with an odd public exponent from 65537
//! up, and the three NIST curves of RFC 7518 §6.2.1.1. Numbers have exactly one spelling (RFC 7518 §2, `Base64urlUInt`).

use aws_lc_rs::rsa::{OaepPublicEncryptingKey, PublicEncryptingKey};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED,
    EcdsaVerificationAlgorithm, ParsedPublicKey, RSA_PSS_2048_8192_SHA256, RsaPublicKeyComponents,
};
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::EcKeyRef;
use openssl::nid::Nid;
use openssl::pkey::{Id, PKeyRef, Public};
use openssl::rsa::RsaRef;

use crate::algorithm::Algorithm;
use crate::jwk::JwkError;

/// Numbers are big-endian.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum PublicKey {
    Ec {
        curve: Curve,
        x: Vec<u8>,
        y: Vec<u8>,
    },
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
}

impl PublicKey {
    pub(crate) fn ec(curve: Curve, x: Vec<u8>, y: Vec<u8>) -> Result<Self, JwkError> {
        // Coordinates always have the full length of the field (RFC 7518 §6.2.1.2).
        if x.len() != curve.coordinate_bytes() || y.len() != curve.coordinate_bytes() {
            return Err(JwkError::Malformed("coordinate of the wrong length"));
        }
        Ok(Self::Ec { curve, x, y })
    }

    pub(crate) fn rsa(modulus: Vec<u8>, exponent: Vec<u8>) -> Result<Self, JwkError> {
        if modulus.first().is_none_or(|byte| *byte == 0) {
            return Err(JwkError::Malformed("modulus empty or with leading zeros"));
        }
        if exponent.first().is_none_or(|byte| *byte == 0) {
            return Err(JwkError::Malformed("exponent empty or with leading zeros"));
        }
        check_modulus(&modulus)?;
        check_exponent(&exponent)?;
        Ok(Self::Rsa { modulus, exponent })
    }

    /// Reads what OpenSSL found in a certificate.
    pub(crate) fn from_openssl(key: &PKeyRef<Public>) -> Result<Self, JwkError> {
        match key.id() {
            Id::EC => key
                .ec_key()
                .map_err(|_| JwkError::Certificate)
                .and_then(|key| ec_from_openssl(&key)),
            Id::RSA => key
                .rsa()
                .map_err(|_| JwkError::Certificate)
                .and_then(|key| rsa_from_openssl(&key)),
            _ => Err(JwkError::UnsupportedType),
        }
    }

    /// The one algorithm this key verifies.
    pub(crate) fn signature_algorithm(&self) -> Algorithm {
        match self {
            Self::Ec { curve, .. } => curve.algorithm(),
            Self::Rsa { .. } => Algorithm::Ps256,
        }
    }

    /// Fails if the point is not on the curve.
    pub(crate) fn for_verification(&self) -> Result<ParsedPublicKey, JwkError> {
        let key = match self {
            Self::Ec { curve, x, y } => {
                // Uncompressed point, SEC 1 §2.3.3.
                let point = [&[0x04], x.as_slice(), y.as_slice()].concat();
                ParsedPublicKey::new(curve.verification(), point)
            }
            Self::Rsa { modulus, exponent } => RsaPublicKeyComponents {
                n: modulus,
                e: exponent,
            }
            .to_parsed_public_key(&RSA_PSS_2048_8192_SHA256),
        };
        key.map_err(|_| JwkError::Malformed("not a public key"))
    }

    /// `None` for keys that do not encrypt.
    pub(crate) fn for_encryption(&self) -> Result<Option<OaepPublicEncryptingKey>, JwkError> {
        let Self::Rsa { modulus, exponent } = self else {
            return Ok(None);
        };
        let components = RsaPublicKeyComponents {
            n: modulus,
            e: exponent,
        };
        let key: Result<PublicEncryptingKey, _> = components.try_into();
        key.and_then(OaepPublicEncryptingKey::new)
            .map(Some)
            .map_err(|_| JwkError::Malformed("not a public key"))
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    const ALL: [Self; 3] = [Self::P256, Self::P384, Self::P521];

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|curve| curve.name() == name)
    }

    fn of_openssl(nid: Nid) -> Option<Self> {
        match nid {
            Nid::X9_62_PRIME256V1 => Some(Self::P256),
            Nid::SECP384R1 => Some(Self::P384),
            Nid::SECP521R1 => Some(Self::P521),
            _ => None,
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
        }
    }

    const fn algorithm(self) -> Algorithm {
        match self {
            Self::P256 => Algorithm::Es256,
            Self::P384 => Algorithm::Es384,
            Self::P521 => Algorithm::Es512,
        }
    }

    const fn coordinate_bytes(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    fn verification(self) -> &'static EcdsaVerificationAlgorithm {
        match self {
            Self::P256 => &ECDSA_P256_SHA256_FIXED,
            Self::P384 => &ECDSA_P384_SHA384_FIXED,
            Self::P521 => &ECDSA_P521_SHA512_FIXED,
        }
    }
}

fn check_modulus(modulus: &[u8]) -> Result<(), JwkError> {
    let unused = modulus
        .first()
        .map_or(0, |byte| byte.leading_zeros() as usize);
    let bits = modulus.len() * 8 - unused;
    let odd = modulus.last().is_some_and(|byte| byte % 2 == 1);
    if !(2048..=8192).contains(&bits) {
        return Err(JwkError::Weak("RSA modulus not of 2048 to 8192 bits"));
    }
    if !odd {
        return Err(JwkError::Weak("RSA modulus even"));
    }
    Ok(())
}

/// At least 65537 (FIPS 186-5 §5.1), and at most 33 bits: what aws-lc accepts, so that verification stays cheap.
fn check_exponent(exponent: &[u8]) -> Result<(), JwkError> {
    const TOO_LARGE: u64 = 1 << 33;
    let value = exponent
        .iter()
        .try_fold(0_u64, |value, byte| {
            Some(value.checked_mul(256)? | u64::from(*byte))
        })
        .unwrap_or(TOO_LARGE);
    if (65_537..TOO_LARGE).contains(&value) && value % 2 == 1 {
        Ok(())
    } else {
        Err(JwkError::Weak(
            "RSA exponent even, below 65537 or above 33 bits",
        ))
    }
}

fn rsa_from_openssl(key: &RsaRef<Public>) -> Result<PublicKey, JwkError> {
    PublicKey::rsa(key.n().to_vec(), key.e().to_vec())
}

fn ec_from_openssl(key: &EcKeyRef<Public>) -> Result<PublicKey, JwkError> {
    let curve = key.group().curve_name().and_then(Curve::of_openssl);
    let curve = curve.ok_or(JwkError::UnsupportedType)?;
    let (x, y) = coordinates(key, curve).map_err(|_| JwkError::Certificate)?;
    PublicKey::ec(curve, x, y)
}

fn coordinates(
    key: &EcKeyRef<Public>,
    curve: Curve,
) -> Result<(Vec<u8>, Vec<u8>), openssl::error::ErrorStack> {
    let (mut x, mut y) = (BigNum::new()?, BigNum::new()?);
    let mut context = BigNumContext::new()?;
    key.public_key()
        .affine_coordinates(key.group(), &mut x, &mut y, &mut context)?;
    let length = i32::try_from(curve.coordinate_bytes()).unwrap_or(i32::MAX);
    Ok((x.to_vec_padded(length)?, y.to_vec_padded(length)?))
}
