//! Published examples with their answers, run through the code that serves messages.
//!
//! They are data, `known_answers/vectors.json`, each with its source: RFCs, FIPS 180-4, Wycheproof, one message made with
//! jwcrypto. They are compiled in, so that the binary that was installed can be checked and not only the one that was tested. The
//! private keys among them are the examples' own.
//!
//! Signing and encrypting are random; they have no known answer and are checked by the opposite operation.

mod check;
mod key;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

const VECTORS: &str = include_str!("known_answers/vectors.json");

/// One example and whether its answer came out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KnownAnswer {
    /// What is checked, such as `PS256`.
    pub what: String,
    /// Where the example is published.
    pub source: String,
    /// What went wrong instead.
    pub outcome: Result<(), String>,
}

/// Runs all examples, in some ten milliseconds.
pub async fn check_known_answers() -> Vec<KnownAnswer> {
    let vectors: Vectors = match serde_json::from_str(VECTORS) {
        Ok(vectors) => vectors,
        Err(error) => {
            return vec![KnownAnswer {
                what: "the examples themselves".to_owned(),
                source: "vectors.json".to_owned(),
                outcome: Err(error.to_string()),
            }];
        }
    };
    let mut answers = Vec::with_capacity(vectors.answers.len());
    for vector in vectors.answers {
        let outcome = check::check(&vector.check, vectors.keys.get(&vector.key)).await;
        answers.push(KnownAnswer {
            what: vector.what,
            source: vector.source,
            outcome,
        });
    }
    answers
}

#[derive(Deserialize)]
struct Vectors {
    keys: BTreeMap<String, Value>,
    answers: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    source: String,
    what: String,
    /// A name in `keys`; none for a check without a key.
    #[serde(default)]
    key: String,
    #[serde(flatten)]
    check: check::Check,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_answer_comes_out() {
        let answers = check_known_answers().await;
        let failed: Vec<_> = answers
            .iter()
            .filter(|answer| answer.outcome.is_err())
            .collect();
        assert!(failed.is_empty(), "{failed:#?}");
        assert!(answers.len() >= 22);
    }

    /// A check that cannot fail proves nothing: each vector with something changed in it must come out wrong.
    #[tokio::test]
    async fn a_changed_answer_is_noticed() {
        let vectors: Value = serde_json::from_str(VECTORS).expect("vectors");
        let keys: BTreeMap<String, Value> =
            serde_json::from_value(vectors["keys"].clone()).expect("keys");
        let changeable = [
            "digest",
            "thumbprint",
            "signature",
            "token",
            "ciphertext",
            "tag",
            "encrypted",
            "secret",
        ];
        let mut changed = 0;
        for vector in vectors["answers"].as_array().expect("answers") {
            for name in changeable {
                let mut vector = vector.clone();
                let Some(text) = vector[name].as_str().map(str::to_owned) else {
                    continue;
                };
                if vector["accepted"] == false || vector["refused"].is_string() {
                    continue;
                }
                let first = if text.starts_with('A') { "B" } else { "A" };
                vector[name] = format!("{first}{}", &text[1..]).into();
                let vector: Vector = serde_json::from_value(vector).expect("vector");
                let outcome = check::check(&vector.check, keys.get(&vector.key)).await;
                assert!(outcome.is_err(), "{} {name}", vector.source);
                changed += 1;
            }
        }
        assert!(changed >= 18, "{changed}");
    }

    /// What must be refused is refused for the right reason, and the verdict is read from the data.
    #[tokio::test]
    async fn a_refusal_that_does_not_come_is_noticed() {
        let vectors: Value = serde_json::from_str(VECTORS).expect("vectors");
        let keys: BTreeMap<String, Value> =
            serde_json::from_value(vectors["keys"].clone()).expect("keys");
        for vector in vectors["answers"].as_array().expect("answers") {
            let mut vector = vector.clone();
            if let Some(accepted) = vector["accepted"].as_bool() {
                vector["accepted"] = (!accepted).into();
            } else if let Some(refused) = vector.get("refused") {
                vector["refused"] = match refused {
                    Value::Null => "jws.malformed".into(),
                    _ => Value::Null,
                };
            } else {
                continue;
            }
            let vector: Vector = serde_json::from_value(vector).expect("vector");
            let outcome = check::check(&vector.check, keys.get(&vector.key)).await;
            assert!(outcome.is_err(), "{}", vector.source);
        }
    }
}
