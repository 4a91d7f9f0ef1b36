//! Opening a sealed answer: the provider's signature first, then the consumer's encryption.

use izin_jose::{DecryptionKey, JwkSet};
use serde_json::Value;

use crate::{
    dialect::{AnswerForm, AnswerPayload},
    keys::{verify, verify_claims},
    options::Consumer,
    pki::Pki,
    scenario::{Answer, DataAnswer, ScenarioError},
    simulator::SimulatorError,
};

/// The provider's token in an answer of this form.
pub(crate) fn token_of(answer: &Answer, form: AnswerForm) -> Result<String, String> {
    form.token(answer.header("content-type"), &answer.body)
}

/// `keys` are those of the provider. An answer that cannot be opened is not an error; it says why.
pub(crate) fn open(
    answer: Answer,
    keys: &JwkSet,
    pki: &Pki,
    consumer: &Consumer,
    form: AnswerForm,
) -> Result<DataAnswer, ScenarioError> {
    let certificate = pki.certificate(&consumer.key("encryption"))?;
    let key = pki.key(&consumer.key("encryption"))?;
    let key = DecryptionKey::from_pem(&certificate, &key, None).map_err(SimulatorError::from)?;
    let signed = token_of(&answer, form).and_then(|token| sealed(&token, keys, form.payload));
    let (claims, sealed) = match signed {
        Ok(signed) => signed,
        Err(problem) => return Ok(unopened(answer, None, problem)),
    };
    match key.decrypt(&sealed) {
        Ok(plaintext) => Ok(DataAnswer {
            answer,
            claims,
            plaintext: Some(serde_json::from_slice(&plaintext)?),
            problem: None,
        }),
        Err(error) => Ok(unopened(answer, claims, error.to_string())),
    }
}

/// Claims, if the token has some, and what is encrypted.
fn sealed(
    token: &str,
    keys: &JwkSet,
    payload: AnswerPayload,
) -> Result<(Option<Value>, String), String> {
    match payload {
        AnswerPayload::Claims => {
            let claims = verify_claims(token, keys)
                .map_err(|error| error.to_string())?
                .0;
            let sealed = claims.get("data").and_then(Value::as_str);
            let sealed = sealed.unwrap_or_default().to_owned();
            Ok((Some(Value::Object(claims)), sealed))
        }
        AnswerPayload::Jwe => {
            let payload = verify(token, keys).map_err(|error| error.to_string())?;
            Ok((None, String::from_utf8_lossy(&payload).into_owned()))
        }
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
