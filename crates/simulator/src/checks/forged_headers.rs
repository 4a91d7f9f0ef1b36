//! What a protected header may not say: which algorithm, what is critical, and keys of the sender's own choice.

use chrono::Utc;
use serde_json::{Value, json};

use super::{
    Bench, Check,
    finding::Outcome,
    forged::{Cases, forged},
    refusal::{SIGNATURE, SIGNATURE_OR_CLAIM},
};
use crate::forge::{
    ForgedAlgorithm, Forgery,
    foreign::{bare_jwk, x5c},
};

const ALGORITHMS: &str = "RFC 8725 §3.1; RFC 7515 §4.1.1";
const CRITICAL: &str = "RFC 7515 §4.1.11";
const KEYS_INSIDE: &str = "RFC 8725 §3.10; RFC 7515 §4.1.3 and §4.1.6";

pub(super) fn checks() -> Vec<Check> {
    [algorithms(), critical(), unencoded(), keys_inside()].concat()
}

fn algorithms() -> Vec<Check> {
    [
        forged!(
            "alg-none-spellings",
            "the algorithm none in other spellings and no signature",
            ALGORITHMS,
            SIGNATURE,
            |_, _| Ok(spellings(
                ["None", "NONE", "nOnE", "none ", ""],
                Some(ForgedAlgorithm::None)
            ))
        ),
        forged!(
            "alg-none-signed",
            "the algorithm none over a signature that would be right",
            ALGORITHMS,
            SIGNATURE,
            |_, _| Ok(spellings(["none"], None))
        ),
        forged!(
            "alg-absent",
            "no algorithm in the header",
            ALGORITHMS,
            SIGNATURE,
            |_, _| Ok(vec![("absent", vec![header("alg", Value::Null)])])
        ),
        forged!(
            "alg-other-spellings",
            "PS256 in other spellings; names are case-sensitive",
            ALGORITHMS,
            SIGNATURE,
            |_, _| Ok(spellings(["ps256", "Ps256", "PS256 ", "PS256\u{0}"], None))
        ),
        forged!(
            "alg-of-another-key",
            "the name of an algorithm that is not the key's",
            ALGORITHMS,
            SIGNATURE,
            |_, _| Ok(spellings(
                ["ES256", "ES384", "EdDSA", "RS256", "PS384", "HS256"],
                None
            ))
        ),
        forged!(
            "alg-hs256-public-key",
            "an HMAC with the public key as secret",
            ALGORITHMS,
            SIGNATURE,
            |_, _| Ok(vec![(
                "HS256",
                vec![Forgery::Algorithm(ForgedAlgorithm::Hs256PublicKey)]
            )])
        ),
    ]
    .concat()
}

fn critical() -> Vec<Check> {
    [
        forged!(
            "crit-empty",
            "an empty list of critical members",
            CRITICAL,
            SIGNATURE,
            |_, _| { Ok(critical_cases([("empty", json!([]))])) }
        ),
        forged!(
            "crit-standard",
            "a member of the base specification called critical",
            CRITICAL,
            SIGNATURE,
            |_, _| Ok(critical_cases([
                ("alg", json!(["alg"])),
                ("kid", json!(["kid"])),
                ("crit", json!(["crit"])),
            ]))
        ),
        forged!(
            "crit-absent",
            "a critical member that the header does not have",
            CRITICAL,
            SIGNATURE,
            |_, _| Ok(critical_cases([
                ("iat", json!(["iat"])),
                ("exp", json!(["exp"]))
            ]))
        ),
        forged!(
            "crit-repeated",
            "a critical member that is listed twice",
            CRITICAL,
            SIGNATURE,
            |_, _| Ok(vec![(
                "iat",
                vec![
                    header("crit", json!(["iat", "iat"])),
                    header("iat", json!(Utc::now().timestamp())),
                ]
            )])
        ),
        forged!(
            "crit-no-list",
            "a list of critical members that is none",
            CRITICAL,
            SIGNATURE,
            |_, _| Ok(critical_cases([
                ("a text", json!("kid")),
                ("an object", json!({ "kid": true })),
                ("numbers", json!([1])),
                ("lists", json!([["kid"]])),
                ("true", json!(true)),
            ]))
        ),
    ]
    .concat()
}

fn unencoded() -> Vec<Check> {
    [
        forged!(
            "b64-not-critical",
            "b64 false that is not called critical",
            "RFC 7797 §6",
            SIGNATURE,
            |_, _| Ok(vec![("b64", vec![header("b64", json!(false))])])
        ),
        forged!(
            "b64-other-bytes",
            "b64 false over a payload that was signed encoded",
            "RFC 7797 §3",
            SIGNATURE_OR_CLAIM,
            |_, _| Ok(vec![(
                "b64",
                vec![header("b64", json!(false)), header("crit", json!(["b64"]))]
            )])
        ),
        forged!(
            "b64-no-flag",
            "b64 that is neither true nor false",
            "RFC 7797 §3",
            SIGNATURE,
            |_, _| {
                let case = |(case, value)| {
                    let critical = header("crit", json!(["b64"]));
                    (case, vec![header("b64", value), critical])
                };
                let values = [
                    ("a text", json!("false")),
                    ("a number", json!(0)),
                    ("a list", json!([])),
                ];
                Ok(values.map(case).into())
            }
        ),
    ]
    .concat()
}

fn keys_inside() -> Vec<Check> {
    [
        forged!(
            "embedded-jwk",
            "the key that verifies it in its own header (jwk)",
            KEYS_INSIDE,
            SIGNATURE,
            embedded_key
        ),
        forged!(
            "embedded-x5c",
            "the certificate that verifies it in its own header (x5c)",
            KEYS_INSIDE,
            SIGNATURE,
            embedded_certificate
        ),
    ]
    .concat()
}

pub(super) fn header(name: &str, value: Value) -> Forgery {
    Forgery::Header(name.to_owned(), value)
}

fn spellings<const N: usize>(names: [&'static str; N], signed: Option<ForgedAlgorithm>) -> Cases {
    let case = |name: &'static str| {
        let mut forgeries = vec![header("alg", json!(name))];
        forgeries.extend(signed.map(Forgery::Algorithm));
        (name, forgeries)
    };
    names.map(case).into()
}

fn critical_cases<const N: usize>(lists: [(&'static str, Value); N]) -> Cases {
    lists
        .map(|(case, list)| (case, vec![header("crit", list)]))
        .into()
}

/// The rogue's signature with this in the header, under its own name and under the honest one.
pub(super) fn rogue(bench: &Bench<'_>, key: &str, name: &str, value: &Value) -> Outcome<Cases> {
    let rogue = Forgery::SignedBy("rogue-signing".to_owned());
    let own = vec![rogue.clone(), header(name, value.clone())];
    let mut borrowed = own.clone();
    borrowed.push(Forgery::Kid(bench.key_id(key)?));
    Ok(vec![("its own kid", own), ("the honest kid", borrowed)])
}

fn embedded_key(bench: &Bench<'_>, key: &str) -> Outcome<Cases> {
    let jwk = bare_jwk(bench.simulator.pki(), "rogue-signing", &bench.key_id(key)?)?;
    rogue(bench, key, "jwk", &jwk)
}

fn embedded_certificate(bench: &Bench<'_>, key: &str) -> Outcome<Cases> {
    let chain = x5c(bench.simulator.pki(), "rogue-signing")?;
    rogue(bench, key, "x5c", &chain)
}
