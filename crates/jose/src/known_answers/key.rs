//! Keys of the examples, which are published as JSON with their private numbers.

use openssl::bn::BigNum;
use openssl::pkey::PKey;
use openssl::rsa::Rsa;
use serde_json::Value;
use zeroize::Zeroizing;

use crate::base64url;
use crate::jwk::Jwk;

const PUBLIC: [&str; 7] = ["crv", "e", "kid", "kty", "n", "x", "y"];

/// The public half, free for every use.
pub(super) fn public(json: &Value) -> Result<Jwk, String> {
    let mut members = json.as_object().cloned().unwrap_or_default();
    members.retain(|name, _| PUBLIC.contains(&name.as_str()));
    Jwk::parse(Value::Object(members).to_string().as_bytes()).map_err(|error| error.to_string())
}

/// An RSA key as PKCS#8 in DER.
pub(super) fn private(json: &Value) -> Result<Zeroizing<Vec<u8>>, String> {
    let number = |name: &str| -> Result<BigNum, String> {
        let text = json[name]
            .as_str()
            .ok_or("the example's key is incomplete")?;
        let bytes = base64url::decode(text).map_err(|error| error.to_string())?;
        BigNum::from_slice(&bytes).map_err(|error| error.to_string())
    };
    let key = Rsa::from_private_components(
        number("n")?,
        number("e")?,
        number("d")?,
        number("p")?,
        number("q")?,
        number("dp")?,
        number("dq")?,
        number("qi")?,
    );
    key.and_then(PKey::from_rsa)
        .and_then(|key| key.private_key_to_pkcs8())
        .map(Zeroizing::new)
        .map_err(|error| error.to_string())
}
