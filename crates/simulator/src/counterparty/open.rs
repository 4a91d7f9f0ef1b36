//! Opening a sealed answer: the provider's signature first, then the consumer's encryption.

use izin_jose::{DecryptionKey, JwkSet};
use serde_json::Value;

use crate::{
    keys::verify_claims,
    options::Consumer,
    pki::Pki,
    scenario::{Answer, DataAnswer, ScenarioError},
    simulator::SimulatorError,
};

/// `keys` are those of the provider. An answer that cannot be opened is not an error; it says why.
pub(crate) fn open(
    answer: Answer,
    keys: &JwkSet,
    pki: &Pki,
    consumer: &Consumer,
) -> Result<DataAnswer, ScenarioError> {
    let envelope = answer.json();
    let token = envelope.get("data").and_then(Value::as_str);
    let certificate = pki.certificate(&consumer.key("encryption"))?;
    let key = pki.key(&consumer.key("encryption"))?;
    let key = DecryptionKey::from_pem(&certificate, &key, None).map_err(SimulatorError::from)?;
    let claims = match verify_claims(token.unwrap_or_default(), keys) {
        Ok(claims) => claims.0,
        Err(error) => return Ok(unopened(answer, None, error.to_string())),
    };
    let sealed = claims.get("data").and_then(Value::as_str);
    let plaintext = key.decrypt(sealed.unwrap_or_default());
    let claims = Some(Value::Object(claims));
    match plaintext {
        Ok(plaintext) => Ok(DataAnswer {
            answer,
            claims,
            plaintext: Some(serde_json::from_slice(&plaintext)?),
            problem: None,
        }),
        Err(error) => Ok(unopened(answer, claims, error.to_string())),
    }
}

fn unopened(answer: Answer, claims: Option<Value>, problem: String) -> DataAnswer {
    DataAnswer {
        answer,
        claims,
        plaintext: None,
        problem: Some(problem),
    }
}
