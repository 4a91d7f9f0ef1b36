//! Public keys as the other side publishes them: from registered certificates, or from a JWK set.

use izin_jose::{
    Algorithm, Jwk, JwkError, JwkSet, JwkSetError, KeyId, KeyUse, UnverifiedJws, VerificationPolicy,
};
use openssl::x509::X509;
use serde_json::Value;

/// Larger than anything PayNet or a Data Provider sends.
const MAX_TOKEN_BYTES: usize = 1 << 20;

/// v1.2.2 signs with PS256 only.
const POLICY: VerificationPolicy<'static> = VerificationPolicy {
    algorithms: &[Algorithm::Ps256],
    known_critical: &[],
    max_bytes: MAX_TOKEN_BYTES,
};

#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    #[error("not a certificate")]
    Certificate,
    #[error("the certificate's key cannot be used: {0}")]
    Key(#[from] JwkError),
    #[error("the JWK set cannot be used: {0}")]
    JwkSet(#[from] JwkSetError),
}

/// A certificate's key as it is registered and published; its kid is the certificate's x5t#S256.
pub(crate) fn public_jwk(certificate_pem: &[u8], key_use: KeyUse) -> Result<Jwk, KeysError> {
    Ok(Jwk::from_certificate_pem(certificate_pem, key_use)?)
}

/// The kid of a certificate's key, of whatever type the key is.
pub(crate) fn key_id(certificate_pem: &[u8]) -> Result<KeyId, KeysError> {
    let der = X509::from_pem(certificate_pem).and_then(|certificate| certificate.to_der());
    let der = der.map_err(|_| KeysError::Certificate)?;
    Ok(KeyId::of_certificate(&der))
}

pub(crate) fn parse_set(bytes: &[u8]) -> Result<JwkSet, KeysError> {
    Ok(JwkSet::parse(bytes)?)
}

/// Why a token was not believed; the text goes into the refusal's description.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenError {
    #[error("{0}")]
    Claim(String),
    #[error("{0}")]
    Signature(String),
    #[error("no registered key has the kid {0}")]
    UnknownKey(String),
}

impl TokenError {
    pub(crate) fn claim(text: impl Into<String>) -> Self {
        Self::Claim(text.into())
    }
}

/// Verifies an attached PS256 token against the key its kid names, and returns the payload.
pub(crate) fn verify(token: &str, keys: &JwkSet) -> Result<Vec<u8>, TokenError> {
    let signature_error = |error: &dyn std::fmt::Display| TokenError::Signature(error.to_string());
    let jws = UnverifiedJws::parse(token).map_err(|error| signature_error(&error))?;
    let Some(kid) = jws.header().kid.as_ref() else {
        return Err(TokenError::Signature("the token names no key".to_owned()));
    };
    let key = keys
        .verifying_key(kid, Algorithm::Ps256)
        .map_err(|_| TokenError::UnknownKey(kid.to_string()))?;
    let verified = jws
        .verify(key, &POLICY)
        .map_err(|error| signature_error(&error))?;
    Ok(verified.into_payload())
}

/// Verifies as [`verify`] does and reads the payload as a claims set.
pub(crate) fn verify_claims(token: &str, keys: &JwkSet) -> Result<Claims, TokenError> {
    let payload = verify(token, keys)?;
    serde_json::from_slice(&payload)
        .map(Claims)
        .map_err(|_| TokenError::claim("the payload is not a claims set"))
}

/// A verified claims set.
#[derive(Clone, Debug)]
pub(crate) struct Claims(pub(crate) serde_json::Map<String, Value>);

impl Claims {
    pub(crate) fn text(&self, name: &str) -> Result<&str, TokenError> {
        self.0
            .get(name)
            .and_then(Value::as_str)
            .ok_or_else(|| TokenError::claim(format!("{name} is missing")))
    }

    pub(crate) fn must_be(&self, name: &str, expected: &str) -> Result<(), TokenError> {
        if self.text(name)? == expected {
            Ok(())
        } else {
            Err(TokenError::claim(format!("{name} is not {expected}")))
        }
    }

    /// `NumericDate`: seconds, possibly fractional.
    pub(crate) fn time(&self, name: &str) -> Result<f64, TokenError> {
        self.0
            .get(name)
            .and_then(Value::as_f64)
            .ok_or_else(|| TokenError::claim(format!("{name} is missing")))
    }

    /// RFC 7519 §4.1.3: a string, or an array of strings.
    pub(crate) fn must_be_for(&self, audience: &str) -> Result<(), TokenError> {
        let named = match self.0.get("aud") {
            Some(Value::String(one)) => one == audience,
            Some(Value::Array(several)) => several.iter().any(|one| one == audience),
            _ => false,
        };
        if named {
            Ok(())
        } else {
            Err(TokenError::claim(format!("aud is not {audience}")))
        }
    }

    /// `iat`, `nbf` (if present) and `exp` must frame the present, and the life must not be longer than `longest` seconds.
    pub(crate) fn must_be_current(&self, now: f64, longest: f64) -> Result<(), TokenError> {
        const SKEW: f64 = 10.0;
        let issued = self.time("iat")?;
        let expires = self.time("exp")?;
        if issued > now + SKEW {
            return Err(TokenError::claim("iat lies in the future"));
        }
        if self.0.contains_key("nbf") && self.time("nbf")? > now + SKEW {
            return Err(TokenError::claim("nbf lies in the future"));
        }
        if expires <= now - SKEW {
            return Err(TokenError::claim("exp has passed"));
        }
        if expires - issued > longest || expires > now + longest + SKEW {
            return Err(TokenError::claim(format!(
                "exp is more than {longest} seconds away"
            )));
        }
        Ok(())
    }
}

/// The machine's time as `NumericDate`.
pub(crate) fn numeric_now() -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "milliseconds since 1970 fit into 52 bits"
    )]
    let milliseconds = crate::clock::Clock::machine().timestamp_millis() as f64;
    milliseconds / 1000.0
}
